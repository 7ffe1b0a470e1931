package main

import (
	"bufio"
	"encoding/binary"
	"io"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"
)

// accessPoint is one of the fictitious stations of the demo's capture.
type accessPoint struct {
	ssid    string // empty is hidden; %d is another number at each place
	channel uint8
	open    bool
	signal  int // dBm, where it is strongest
}

// neighbourhood returns who is on air around a demo.
func neighbourhood() []accessPoint {
	return []accessPoint{
		{ssid: "Cafe Lumen", channel: 1, open: true, signal: -48},
		{ssid: "Cafe Lumen Staff", channel: 1, signal: -49},
		{ssid: "heron-%d", channel: 1, signal: -77},
		{ssid: "Hotel Meridian", channel: 6, open: true, signal: -61},
		{ssid: "Hotel Meridian Office", channel: 6, signal: -63},
		{ssid: "printer-setup", channel: 6, open: true, signal: -83},
		{ssid: "", channel: 11, signal: -70},
		{ssid: "Waterfront Free WiFi", channel: 11, open: true, signal: -66},
		{ssid: "heron-%d-5G", channel: 36, signal: -80},
		{ssid: "Hotel Meridian", channel: 44, open: true, signal: -58},
		{ssid: "Studio Nord", channel: 52, signal: -74},
		{ssid: "Cafe Lumen", channel: 149, open: true, signal: -52},
	}
}

// beaconInterval is 100 time units of 1 024 us, as nearly everywhere.
const beaconInterval = 102_400 * time.Microsecond

// passing is for how long a sensor that drives hears a station.
const passing = 40 * time.Second

// onAir says when the beacons of a capture are heard, and from whom.
type onAir struct {
	start    time.Time
	step     time.Duration // from one beacon to the next
	stations int           // in earshot: as many as make beacons at that pace
	moving   bool          // others come, and those heard go
}

// standing is what a sensor hears that stands somewhere: every beacon.
func standing() onAir {
	n := len(neighbourhood())
	return onAir{start: time.Date(2026, time.May, 1, 10, 0, 0, 0, time.UTC), step: beaconInterval / time.Duration(n), stations: n}
}

// driving is what a sensor hears that drives and, over so much time, n beacons:
// of a few stations some, as one that hops; of many all.
func driving(start time.Time, length time.Duration, n int) onAir {
	step := max(length/time.Duration(n), 1)
	each := len(neighbourhood())
	blocks := (beaconInterval + time.Duration(each)*step - 1) / (time.Duration(each) * step)
	return onAir{start: start, step: step, stations: each * int(blocks), moving: true}
}

// writeBeacons writes a pcap file of n beacons with radiotap headers. It is the
// same each time.
func writeBeacons(w io.Writer, n int, air onAir) error {
	le := binary.LittleEndian
	buf := le.AppendUint32(nil, 0xa1b23c4d) // times in nanoseconds
	buf = le.AppendUint16(buf, 2)
	buf = le.AppendUint16(buf, 4)
	buf = append(buf, make([]byte, 8)...) // time zone and accuracy: unused
	buf = le.AppendUint32(buf, 65535)     // longest frame
	buf = le.AppendUint32(buf, 127)       // radiotap

	out := bufio.NewWriterSize(w, 64<<10)
	kinds := neighbourhood()
	random := rand.New(rand.NewPCG(1, 2))
	start, step := air.start.UnixNano(), int64(air.step)
	for i := range n {
		ns := int64(i)*step + random.Int64N(max(step/2, 1))
		s := air.transmitter(i%air.stations, time.Duration(ns))
		frame := kinds[s.kind].beacon(s, ns, random)
		at := start + ns
		buf = le.AppendUint32(buf, uint32(at/1e9))
		buf = le.AppendUint32(buf, uint32(at%1e9))
		buf = le.AppendUint32(buf, uint32(len(frame)))
		buf = le.AppendUint32(buf, uint32(len(frame)))
		buf = append(buf, frame...)
		if _, err := out.Write(buf); err != nil {
			return err
		}
		buf = buf[:0]
	}
	return out.Flush()
}

// transmitter is one of those stations, as it is heard at a time.
type transmitter struct {
	kind  int     // of accessPoint
	block int     // which one of that kind
	place int     // along the road
	away  float64 // 0 is as near as it comes, 1 as far as it is heard
}

// transmitter is number index of those in earshot. They change one after the other.
func (a onAir) transmitter(index int, since time.Duration) transmitter {
	kinds := len(neighbourhood())
	s := transmitter{kind: index % kinds, block: index / kinds}
	if !a.moving {
		return s
	}
	passed := since.Seconds()/passing.Seconds() + float64(index)/float64(a.stations)
	s.place = int(passed)
	s.away = math.Abs(2*(passed-float64(s.place)) - 1)
	return s
}

// address is what it calls itself: locally administered, so nobody's.
func (s transmitter) address() [6]byte {
	return [6]byte{0x02, 0x53, 0x45, byte(s.block), byte(s.place), byte(s.kind + 1)}
}

// beacon is a station's beacon, heard ns after the start.
func (ap *accessPoint) beacon(s transmitter, ns int64, random *rand.Rand) []byte {
	le := binary.LittleEndian
	// Radiotap: TSFT, flags, rate, channel, signal, noise, antenna.
	signal := ap.signal + random.IntN(7) - 3 - int(30*s.away)
	signal = min(max(signal, -92), -38)
	rate, band := byte(2), uint16(0x00a0) // 1 Mbit/s, CCK in 2.4 GHz
	if ap.channel > 14 {
		rate, band = 12, 0x0140 // 6 Mbit/s, OFDM in 5 GHz
	}
	b := []byte{0, 0, 25, 0}
	b = le.AppendUint32(b, 1<<0|1<<1|1<<2|1<<3|1<<5|1<<6|1<<11)
	b = le.AppendUint64(b, uint64(ns/1000))
	b = append(b, 0, rate)
	b = le.AppendUint16(b, frequency(ap.channel))
	b = le.AppendUint16(b, band)
	b = append(b, byte(int8(signal)), byte(0xa1), 0) // noise -95 dBm

	bssid := s.address()
	b = append(b, 0x80, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff)
	b = append(b, bssid[:]...)
	b = append(b, bssid[:]...)
	b = le.AppendUint16(b, uint16(ns/int64(beaconInterval)&0xfff)<<4)
	b = le.AppendUint64(b, uint64(s.kind+1)*86_400_000_000+uint64(ns/1000))
	b = le.AppendUint16(b, 100)
	return ap.elements(b, s)
}

// name is the station's SSID.
func (ap *accessPoint) name(s transmitter) string {
	return strings.ReplaceAll(ap.ssid, "%d", strconv.Itoa(42+s.place+100*s.block))
}

// elements appends the capabilities and what follows them in a beacon.
func (ap *accessPoint) elements(b []byte, s transmitter) []byte {
	ssid := ap.name(s)
	capabilities := uint16(0x0411) // station of an ESS, privacy, short slots
	if ap.open {
		capabilities = 0x0401
	}
	b = binary.LittleEndian.AppendUint16(b, capabilities)
	b = append(b, 0, byte(len(ssid)))
	b = append(b, ssid...)
	b = append(b, 1, 8, 0x82, 0x84, 0x8b, 0x96, 0x0c, 0x12, 0x18, 0x24) // rates
	b = append(b, 3, 1, ap.channel)
	b = append(b, 5, 4, 0, 1, 0, 0) // traffic map
	if !ap.open {                   // WPA2 with a pre-shared key, CCMP
		b = append(b, 48, 20, 1, 0, 0, 0x0f, 0xac, 4, 1, 0, 0, 0x0f, 0xac, 4, 1, 0, 0, 0x0f, 0xac, 2, 0, 0)
	}
	b = append(b, 61, 22, ap.channel) // HT operation
	return append(b, make([]byte, 21)...)
}

// frequency returns a channel's frequency in MHz.
func frequency(channel uint8) uint16 {
	if channel > 14 {
		return 5000 + 5*uint16(channel)
	}
	return 2407 + 5*uint16(channel)
}
