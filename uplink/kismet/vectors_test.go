package kismet_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/uplink/kismet"
)

const (
	goldenUUID       = "5FE308BD-0000-0000-0000-020000000001"
	goldenDefinition = "wlan0:name=sensor1,uuid=" + goldenUUID
)

// goldenData is the data report of V3-6 and V2-5: a radiotap header without
// fields and an ACK.
func goldenData() kismet.Data {
	return kismet.Data{
		GPS: &kismet.GPS{
			Lat: 47.5, Lon: 8.25, AltM: 432.5, Fix: 3, SpeedKMH: 36, Heading: 90, Precision: 2.5,
			Sec: 1750000000, Usec: 250000, Type: "gpsd", Name: "sensor1",
		},
		Signal: &kismet.Signal{SignalDBm: -60, FreqKHz: 2412000, Channel: "1"},
		Packet: &kismet.Packet{
			LinkType: 127, Sec: 1750000000, Usec: 250000, OrigLen: 18,
			Content: []byte("\x00\x00\x08\x00\x00\x00\x00\x00\xd4\x00\x00\x00\x02\x00\x00\x00\x00\x02"),
		},
	}
}

type vector struct {
	name   string // file below testdata/wire
	server bool
	header kismet.Header
	m      kismet.Message
}

func vectors() []vector {
	channels := []string{"1", "6", "11"}
	open := kismet.OpenReport{
		Seq: 1, OK: true, LinkType: 127, CaptureInterface: "wlan0mon", Channels: channels, Channel: "1",
		Hardware: "ath9k", UUID: goldenUUID,
	}
	open3 := open
	open3.Version = "sensord-0.1"
	hop := kismet.Configure{Hop: &kismet.Hop{Rate: 5, Shuffle: true, Channels: channels}}
	v3 := func(typ, code uint16, seq uint32, size int) kismet.Header {
		return kismet.Header{Version: kismet.V3, Type: typ, Code: code, Seq: seq, Size: size}
	}
	v2 := func(command string, seq uint32, size int) kismet.Header {
		return kismet.Header{Version: kismet.V2, Command: command, Seq: seq, Size: size}
	}
	source := kismet.NewSource{Definition: goldenDefinition, Type: "linuxwifi", UUID: goldenUUID}
	return []vector{
		{"v3-1-ping", true, v3(2, 1, 7, 20), kismet.Ping{}},
		{"v3-2-pong", false, v3(3, 0, 7, 20), kismet.Pong{Seq: 7}},
		{"v3-3-newsource", false, v3(19, 0, 1, 134), source},
		{"v3-4-openreq", true, v3(12, 1, 1, 84), kismet.OpenSource{Definition: goldenDefinition}},
		{"v3-5-openreport", false, v3(13, 1, 1, 106), open3},
		{"v3-6-data", false, v3(16, 0, 3, 152), goldenData()},
		{"v3-7-configreq", true, v3(17, 1, 2, 42), hop},
		{"v3-8-configreport", false, v3(18, 1, 2, 48), kismet.ConfigureReport{
			Seq: 2, OK: true, Hop: &kismet.Hop{Rate: 5, Shuffle: true, Skip: 1, Channels: channels},
		}},
		{"v3-9-message", false, v3(5, 0, 4, 44), kismet.Text{Severity: kismet.Info, Text: "sensord: capture up"}},
		{"v2-1-kdsnewsource", false, v2("KDSNEWSOURCE", 1, 159), source},
		{"v2-2-ping", true, v2("PING", 7, 48), kismet.Ping{}},
		{"v2-3-pong", false, v2("PONG", 2, 50), kismet.Pong{Seq: 7}},
		{
			"v0-1-kdsopensource", true,
			kismet.Header{Version: kismet.V0, Command: "KDSOPENSOURCE", Seq: 1, Size: 93},
			kismet.OpenSource{Definition: goldenDefinition},
		},
		{"v2-4-kdsopensourcereport", false, v2("KDSOPENSOURCEREPORT", 3, 128), open},
		{"v2-5-kdsdatareport", false, v2("KDSDATAREPORT", 4, 192), goldenData()},
		{"v2-6-kdsconfigure", true, v2("KDSCONFIGURE", 2, 73), hop},
	}
}

func TestVectorsDecode(t *testing.T) {
	for _, v := range vectors() {
		t.Run(v.name, func(t *testing.T) {
			h, m := decode(t, readHex(t, v.name))
			if diff := cmp.Diff(v.header, h); diff != "" {
				t.Errorf("header (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(v.m, m, equal); diff != "" {
				t.Errorf("message (-want +got):\n%s", diff)
			}
		})
	}
}

func TestVectorsEncodeByteForByte(t *testing.T) {
	for _, v := range vectors() {
		t.Run(v.name, func(t *testing.T) {
			write := kismet.Append
			if v.server {
				write = kismet.AppendServer
			}
			got := write([]byte("before"), v.header.Version, v.header.Seq, v.m)
			if want := append([]byte("before"), readHex(t, v.name)...); string(got) != string(want) {
				t.Errorf("got  %x\nwant %x", got, want)
			}
		})
	}
}

// T23 verifies the checksum on websockets, so ours has to be Kismet's.
func TestV0ChecksumIsKismets(t *testing.T) {
	frame := readHex(t, "v0-1-kdsopensource")
	if got, want := capture.Checksum(frame[12:]), uint32(0x876314A8); got != want {
		t.Errorf("checksum of the vector's payload = %08X, want %08X", got, want)
	}
	for text, want := range map[string]uint32{
		"kismet_cap_linux_wifi":      0x5FE308BD,
		"kismet_cap_linux_bluetooth": 0x91DD0AE4,
		"kismet_cap_pcapfile":        0x4E1D07C3,
		"kismet_cap_sdr_rtl433":      0x5E600813,
	} {
		if got := capture.Checksum([]byte(text)); got != want {
			t.Errorf("checksum of %q = %08X, want %08X", text, got, want)
		}
	}
	ping := kismet.AppendServer(nil, kismet.V0, 5, kismet.Ping{})
	if got, want := capture.Checksum(ping[12:]), uint32(ping[4])<<24|uint32(ping[5])<<16|uint32(ping[6])<<8|uint32(ping[7]); got != want {
		t.Errorf("checksum in %x is %08X, want %08X", ping, want, got)
	}
}

// A v0 frame with a wrong checksum is read all the same, as Kismet's tools do.
func TestV0ChecksumIsNotVerified(t *testing.T) {
	frame := readHex(t, "v0-1-kdsopensource")
	frame[5] ^= 0xff
	if _, m := decode(t, frame); m != (kismet.OpenSource{Definition: goldenDefinition}) {
		t.Errorf("got %#v", m)
	}
}

func TestAnnouncementVector(t *testing.T) {
	want := kismet.Announcement{
		TCPPort: 3501, ServerUUID: "11111111-2222-3333-4444-555555555555", ServerName: "lab",
		Time: time.Unix(1750000000, 250000000).UTC(),
	}
	frame := readHex(t, "ann-1-announcement")
	got, err := kismet.DecodeAnnouncement(frame)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if p := kismet.AppendAnnouncement(nil, want); string(p) != string(frame) {
		t.Errorf("got  %x\nwant %x", p, frame)
	}
}

func TestEveryVectorIsTested(t *testing.T) {
	tested := map[string]bool{"ann-1-announcement": true}
	for _, v := range vectors() {
		tested[v.name] = true
	}
	for _, name := range wireFiles(t) {
		if !tested[name] {
			t.Errorf("testdata/wire/%s.hex is in no table", name)
		}
	}
}
