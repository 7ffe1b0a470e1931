package main

import (
	"bytes"
	"net"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcapgo"
)

// A decoder that is not ours has to find what an analyser would want to see.
func TestBeaconsAreAPlausibleCapture(t *testing.T) {
	const n = 2400
	got, signals := readBeacons(t, n, standing())
	want := map[string]*station{}
	for i, ap := range neighbourhood() {
		want[transmitterAddress(transmitter{kind: i})] = &station{SSID: ap.name(transmitter{}), Channel: ap.channel, Beacons: n / len(neighbourhood())}
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(station{}, "First", "Last", "Nearest")); diff != "" {
		t.Errorf("stations (-want +got):\n%s", diff)
	}
	if len(signals) < 20 {
		t.Errorf("only %d signals", len(signals))
	}
}

// One who drives hears others come and go, each for a while, none more often
// than it sends.
func TestBeaconsAlongADrive(t *testing.T) {
	const length = 390 * time.Second
	for _, n := range []int{2000, 30_000, 300_000} {
		air := driving(time.Date(2026, time.June, 1, 10, 0, 0, 0, time.UTC), length, n)
		stations, signals := readBeacons(t, n, air)
		end := time.Duration(0)
		for address, s := range stations {
			heard := s.Last.Sub(s.First)
			end = max(end, s.Last.Sub(air.start))
			if heard > passing || s.Nearest < -92 || float64(s.Beacons) > float64(heard)/float64(beaconInterval)+2 {
				t.Errorf("%d frames: %s is heard for %v, %d times, best with %d dBm", n, address, heard, s.Beacons, s.Nearest)
			}
		}
		if places := int(length / passing); len(stations) < places*air.stations || len(signals) < 20 || end > length || end < length-time.Second {
			t.Errorf("%d frames: %d stations, %d signals, in %v", n, len(stations), len(signals), end)
		}
	}
}

// readBeacons writes a capture, twice, and reads who is in it, and which signals.
func readBeacons(t *testing.T, n int, air onAir) (map[string]*station, map[int8]bool) {
	t.Helper()
	var file, again bytes.Buffer
	for _, b := range []*bytes.Buffer{&file, &again} {
		if err := writeBeacons(b, n, air); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(file.Bytes(), again.Bytes()) {
		t.Error("two captures differ")
	}
	r, err := pcapgo.NewReader(&file)
	if err != nil {
		t.Fatal(err)
	}
	if r.LinkType() != layers.LinkTypeIEEE80211Radio {
		t.Errorf("link type %d", r.LinkType())
	}
	got := map[string]*station{}
	signals := map[int8]bool{}
	var last time.Time
	for range n {
		data, info, err := r.ReadPacketData()
		if err != nil {
			t.Fatal(err)
		}
		if !info.Timestamp.After(last) {
			t.Fatalf("%v follows %v", info.Timestamp, last)
		}
		last = info.Timestamp
		readBeacon(t, data, last, got, signals)
	}
	return got, signals
}

// station is what a beacon says of who sends it.
type station struct {
	SSID    string
	Channel uint8
	Beacons int

	First, Last time.Time
	Nearest     int8 // signal, dBm
}

// readBeacon notes who sends a beacon, and how strong it was.
func readBeacon(t *testing.T, data []byte, at time.Time, stations map[string]*station, signals map[int8]bool) {
	t.Helper()
	p := gopacket.NewPacket(data, layers.LinkTypeIEEE80211Radio, gopacket.Default)
	tap, _ := p.Layer(layers.LayerTypeRadioTap).(*layers.RadioTap)
	wifi, _ := p.Layer(layers.LayerTypeDot11).(*layers.Dot11)
	if p.ErrorLayer() != nil || tap == nil || wifi == nil || p.Layer(layers.LayerTypeDot11MgmtBeacon) == nil {
		t.Fatalf("no beacon: %v", p)
	}
	signals[tap.DBMAntennaSignal] = true
	s := stations[wifi.Address3.String()]
	if s == nil {
		s = &station{First: at, Nearest: -128}
		stations[wifi.Address3.String()] = s
	}
	s.Beacons++
	s.Last, s.Nearest = at, max(s.Nearest, tap.DBMAntennaSignal)
	for _, l := range p.Layers() {
		switch e, _ := l.(*layers.Dot11InformationElement); {
		case e == nil:
		case e.ID == layers.Dot11InformationElementIDSSID:
			s.SSID = string(e.Info)
		case e.ID == layers.Dot11InformationElementIDDSSet:
			s.Channel = e.Info[0]
			if want := frequency(e.Info[0]); uint16(tap.ChannelFrequency) != want {
				t.Errorf("heard on %d MHz, want %d", tap.ChannelFrequency, want)
			}
		}
	}
}

func transmitterAddress(x transmitter) string {
	address := x.address()
	return net.HardwareAddr(address[:]).String()
}

func TestReplayKnowsItsFramesByContentAndTime(t *testing.T) {
	d := demo{length: 2 * time.Second, position: "1,2"}
	r, err := d.replay()
	if err != nil {
		t.Fatal(err)
	}
	defer r.remove()
	if len(r.frames) != 2000 || r.rate != 1000 || r.endless || r.length != 2*time.Second || r.drive != nil {
		t.Errorf("%d frames at %g/s, endless %t, for %v", len(r.frames), r.rate, r.endless, r.length)
	}
	seen := map[fingerprint]bool{}
	for i, p := range r.frames {
		if seen[p] {
			t.Errorf("frame %d is one of those before", i)
		}
		seen[p] = true
	}
}

func TestLongReplayIsSlowerNotLarger(t *testing.T) {
	d := demo{length: demoLongest}
	r, err := d.replay()
	if err != nil {
		t.Fatal(err)
	}
	defer r.remove()
	if len(r.frames) > demoFrames+int(demoLongest.Seconds()) || r.length != demoLongest {
		t.Errorf("%d frames at %g/s, for %v", len(r.frames), r.rate, r.length)
	}
}

func TestReplayOfAFile(t *testing.T) {
	file := t.TempDir() + "/a.pcap"
	for _, tt := range []struct {
		frames  int
		length  time.Duration
		endless bool
	}{
		{1500, 1500 * time.Millisecond, false},
		{2000, 2 * time.Second, false},
		{2001, 2 * time.Second, true},
		{60_000, 2 * time.Second, true},
	} {
		writeFile(t, file, pcap(tt.frames))
		d := demo{length: 2 * time.Second, file: file}
		r, err := d.replay()
		if err != nil {
			t.Fatal(err)
		}
		if r.length != tt.length || r.endless != tt.endless || r.name != "a.pcap" {
			t.Errorf("%d frames: %v, endless %t", tt.frames, r.length, r.endless)
		}
		r.remove()
		r.remove()
	}
}
