package kismet_test

import (
	"bytes"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sensord/sensord/uplink/kismet"
)

var generations = []kismet.Version{kismet.V0, kismet.V2, kismet.V3}

func TestAppendRoundTrip(t *testing.T) {
	hop := &kismet.Hop{Rate: 2.5, Shuffle: true, Skip: 4, Offset: 7, Channels: []string{"1", "6HT40+", "36VHT80"}}
	full := goldenData()
	full.Signal = &kismet.Signal{
		SignalDBm: -71, NoiseDBm: -95, SignalRSSI: 3, NoiseRSSI: 1, FreqKHz: 5180000, DataRate: 540, Channel: "36",
	}
	full.JSON = &kismet.JSON{Type: "RTL433", Sec: 1750000001, Usec: 999999, Text: `{"id":1}`}
	for _, m := range []kismet.Message{
		kismet.Ping{},
		kismet.Pong{Seq: 4711},
		kismet.NewSource{Definition: "wlan1:name=ä", Type: "linuxwifi", UUID: goldenUUID},
		kismet.OpenSource{Definition: "wlan1:name=ä"},
		kismet.OpenReport{
			Seq: 70000, OK: true, LinkType: 127, CaptureInterface: "wlan1mon", Channels: hop.Channels, Channel: "1",
			Hop: hop, Hardware: "ath9k", UUID: goldenUUID, Text: "opened",
		},
		kismet.OpenReport{Seq: 1, Text: "no such interface"},
		kismet.Configure{Channel: "11"},
		kismet.ConfigureReport{Seq: 8, OK: true, Channel: "11"},
		kismet.ConfigureReport{Seq: 8, OK: true, Hop: hop},
		kismet.ConfigureReport{Seq: 8, OK: true, Channel: "6", Hop: hop, Text: "channel 11 is disabled"},
		kismet.ConfigureReport{Seq: 8, Text: "radio is gone"},
		kismet.Text{Severity: kismet.Fatal, Text: "radio is gone"},
		kismet.Shutdown{Reason: "done"},
		kismet.Data{},
		full,
	} {
		for _, v := range generations {
			for name, write := range map[string]func([]byte, kismet.Version, uint32, kismet.Message) []byte{
				"sensor": kismet.Append, "server": kismet.AppendServer,
			} {
				want := m
				if name == "server" {
					want = withoutSkip(m)
				}
				h, got := decode(t, write(nil, v, 3, m))
				if h.Version != v {
					t.Errorf("%v %s %T: header %+v", v, name, m, h)
				}
				if diff := cmp.Diff(want, got, equal); diff != "" {
					t.Errorf("%v %s %T (-want +got):\n%s", v, name, m, diff)
				}
			}
		}
	}
}

// withoutSkip is what is left of a report if a server sends it: servers do not
// send a hop plan's skip.
func withoutSkip(m kismet.Message) kismet.Message {
	strip := func(h *kismet.Hop) *kismet.Hop {
		if h == nil {
			return nil
		}
		c := *h
		c.Skip = 0
		return &c
	}
	switch r := m.(type) {
	case kismet.OpenReport:
		r.Hop = strip(r.Hop)
		return r
	case kismet.ConfigureReport:
		r.Hop = strip(r.Hop)
		return r
	}
	return m
}

func TestAppendSequenceNumbersAndCodes(t *testing.T) {
	for _, c := range []struct {
		name   string
		server bool
		m      kismet.Message
		seq    uint32 // of the v3 header
		code   uint16
	}{
		{"ping", false, kismet.Ping{}, 3, 0},
		{"server's ping", true, kismet.Ping{}, 3, 1},
		{"pong", false, kismet.Pong{Seq: 0x12345678}, 0x12345678, 0},
		{"unasked pong", false, kismet.Pong{}, 3, 0},
		{"server's pong", true, kismet.Pong{Seq: 0x12345678}, 0x5678, 1},
		{"server's pong to 65536", true, kismet.Pong{Seq: 1 << 16}, 3, 1},
		{"data", false, kismet.Data{}, 3, 0},
		{"good open report", false, kismet.OpenReport{Seq: 9, OK: true}, 9, 1},
		{"bad open report", false, kismet.OpenReport{Seq: 9}, 9, 0},
		{"good configure report", false, kismet.ConfigureReport{Seq: 9, OK: true}, 9, 1},
		{"bad configure report", false, kismet.ConfigureReport{Seq: 9}, 9, 0},
		{"unasked configure report", false, kismet.ConfigureReport{OK: true}, 3, 1},
		{"server's open request", true, kismet.OpenSource{}, 3, 1},
		{"unknown", false, kismet.Unknown{Type: 32}, 3, 0},
	} {
		write := kismet.Append
		if c.server {
			write = kismet.AppendServer
		}
		h, _ := decode(t, write(nil, kismet.V3, 3, c.m))
		if h.Seq != c.seq || h.Code != c.code {
			t.Errorf("%s: sequence number %d, code %d; want %d, %d", c.name, h.Seq, h.Code, c.seq, c.code)
		}
		for _, v := range []kismet.Version{kismet.V0, kismet.V2} {
			if h, _ := decode(t, write(nil, v, 3, c.m)); h.Seq != 3 {
				t.Errorf("%s: %v sequence number %d, want 3", c.name, v, h.Seq)
			}
		}
	}
	// v2 has the number in the body, all 32 bits of it.
	if _, m := decode(t, kismet.AppendServer(nil, kismet.V2, 3, kismet.Pong{Seq: 0x12345678})); m != (kismet.Pong{Seq: 0x12345678}) {
		t.Errorf("got %+v", m)
	}
}

func TestShutdownEndsWithNUL(t *testing.T) {
	got := kismet.Append(nil, kismet.V3, 9, kismet.Shutdown{Reason: "a"})
	if want := frame3(t, shutdown, 0, "81 01 a161 00"); !bytes.Equal(got, want) {
		t.Errorf("got  %x\nwant %x", got, want)
	}
}

func TestErrorReport(t *testing.T) {
	want := kismet.ErrorReport{Seq: 4, Text: "radio is gone"}
	if _, got := decode(t, kismet.Append(nil, kismet.V2, 5, want)); got != want {
		t.Errorf("v2: got %#v", got)
	}
	got := kismet.Append(nil, kismet.V3, 9, kismet.ErrorReport{Text: "a"})
	if want := frame3(t, 6, 0, "81 01 a161"); !bytes.Equal(got, want) {
		t.Errorf("v3: got  %x\nwant %x", got, want)
	}
}

// A number that is not known is left out in v3 and 0 in v2, and so is one that
// 32 bits cannot hold.
func TestAppendUnknownNumbers(t *testing.T) {
	d := kismet.Data{GPS: &kismet.GPS{
		Lat: nan(), Lon: math.Inf(1), AltM: 1e300, SpeedKMH: math.Inf(-1), Heading: nan(), Precision: nan(), Sec: 1,
	}}
	got := kismet.AppendData(nil, kismet.V3, 9, &d)
	if want := frame3(t, data, 0, "81 01 83 04 00 08 01 09 00"); !bytes.Equal(got, want) {
		t.Errorf("v3: got  %x\nwant %x", got, want)
	}
	_, m := decode(t, kismet.AppendData(nil, kismet.V2, 9, &d))
	if diff := cmp.Diff(kismet.Data{GPS: &kismet.GPS{AltM: 1e300, Sec: 1}}, m); diff != "" {
		t.Errorf("v2 (-want +got):\n%s", diff)
	}
}

// What the wire has no room or no value for is not sent as something that a
// server rejects.
func TestAppendStaysInRange(t *testing.T) {
	for _, v := range generations {
		for _, rate := range []float64{nan(), math.Inf(1), -1, 1e300} {
			h := &kismet.Hop{Rate: rate, Skip: 1 << 20, Offset: 1 << 20}
			decode(t, kismet.Append(nil, v, 1, kismet.ConfigureReport{Seq: 1, OK: true, Hop: h}))
		}
		if _, m := decode(t, kismet.Append(nil, v, 1, kismet.Text{Severity: 3, Text: "a"})); v != kismet.V3 && m.(kismet.Text).Severity != kismet.Info {
			t.Errorf("%v: severity 3 became %v", v, m)
		}
		d := kismet.Data{Packet: &kismet.Packet{Content: make([]byte, 10), OrigLen: 2}}
		if _, m := decode(t, kismet.AppendData(nil, v, 1, &d)); m.(kismet.Data).Packet.OrigLen != 10 {
			t.Errorf("%v: original length %d of 10 captured bytes", v, m.(kismet.Data).Packet.OrigLen)
		}
		for _, pointer := range []kismet.Message{&d, d} {
			if got, want := kismet.Append(nil, v, 1, pointer), kismet.AppendData(nil, v, 1, &d); !bytes.Equal(got, want) {
				t.Errorf("%v: %T is not the same as AppendData", v, pointer)
			}
		}
	}
}

func TestAppendCutsFramesToMaxFrame(t *testing.T) {
	long := strings.Repeat("ä", 20000)
	channels := make([]string, 6000)
	for i := range channels {
		channels[i] = "165VHT160"
	}
	gps := func(name string) *kismet.GPS { return &kismet.GPS{Name: name, Sec: 1} }
	for name, m := range map[string]kismet.Message{
		"content":             kismet.Data{Packet: &kismet.Packet{Content: make([]byte, 20000)}, GPS: gps("a")},
		"content and JSON":    kismet.Data{Packet: &kismet.Packet{Content: make([]byte, 20000)}, JSON: &kismet.JSON{Type: "a", Text: long[:9000]}},
		"JSON":                kismet.Data{JSON: &kismet.JSON{Type: "a", Text: long}},
		"JSON and some bytes": kismet.Data{Packet: &kismet.Packet{Content: make([]byte, 100)}, JSON: &kismet.JSON{Type: "a", Text: long}},
		"names":               kismet.Data{Packet: &kismet.Packet{Content: make([]byte, 100)}, GPS: gps(long), Signal: &kismet.Signal{Channel: long}},
		"definition":          kismet.NewSource{Definition: long, Type: long, UUID: long},
		"server's definition": kismet.OpenSource{Definition: long},
		"text":                kismet.Text{Severity: kismet.Info, Text: long},
		"reason":              kismet.Shutdown{Reason: long},
		"error":               kismet.ErrorReport{Text: long},
		"channels": kismet.OpenReport{
			OK: true, Channels: channels, Channel: long, Hardware: long, UUID: long, Text: long, Version: long,
			CaptureInterface: long, Hop: &kismet.Hop{Channels: channels},
		},
		"hop list":     kismet.Configure{Hop: &kismet.Hop{Channels: channels}},
		"long channel": kismet.Configure{Channel: long},
		"reported hop": kismet.ConfigureReport{OK: true, Channel: long, Text: long, Hop: &kismet.Hop{Channels: []string{long, long}}},
		"command":      kismet.Unknown{Command: long},
	} {
		for _, v := range generations {
			frame := kismet.Append([]byte("before"), v, 1, m)[6:]
			if len(frame) > kismet.MaxFrame {
				t.Errorf("%v %s: %d bytes", v, name, len(frame))
			}
			decode(t, frame)
		}
	}
}

func TestAppendDataCutsNoMoreThanItMust(t *testing.T) {
	content := bytes.Repeat([]byte("0123456789abcdef"), 1100)
	for _, v := range []kismet.Version{kismet.V2, kismet.V3} {
		d := goldenData()
		d.Packet.Content, d.Packet.OrigLen = content, 20000
		frame := kismet.AppendData(nil, v, 1, &d)
		// Lengths in front of the content get shorter with it, a byte or two.
		if len(frame) > kismet.MaxFrame || len(frame) < kismet.MaxFrame-2 {
			t.Errorf("%v: frame of %d bytes, want %d", v, len(frame), kismet.MaxFrame)
		}
		_, m := decode(t, frame)
		got := m.(kismet.Data)
		if got.Packet.OrigLen != 20000 || !bytes.HasPrefix(content, got.Packet.Content) {
			t.Errorf("%v: %d of %d bytes", v, len(got.Packet.Content), got.Packet.OrigLen)
		}
		got.Packet, d.Packet = nil, nil
		if diff := cmp.Diff(d, got); diff != "" {
			t.Errorf("%v (-want +got):\n%s", v, diff)
		}
	}
}

func TestAppendDataAllocatesNothing(t *testing.T) {
	buf := make([]byte, 0, kismet.MaxFrame)
	for _, v := range []kismet.Version{kismet.V2, kismet.V3} {
		d := benchData()
		if n := testing.AllocsPerRun(100, func() { buf = kismet.AppendData(buf[:0], v, 1, &d) }); n != 0 {
			t.Errorf("%v: %v allocations", v, n)
		}
		onStack := func() {
			g := kismet.GPS{Lat: 1, Lon: 2, Fix: 2, Type: "sensord"}
			p := kismet.Packet{LinkType: 127, Content: d.Packet.Content}
			buf = kismet.AppendData(buf[:0], v, 1, &kismet.Data{GPS: &g, Packet: &p})
		}
		if n := testing.AllocsPerRun(100, onStack); n != 0 {
			t.Errorf("%v, values on the stack: %v allocations", v, n)
		}
	}
}

func TestAppendPanicsForCallersBugs(t *testing.T) {
	for name, f := range map[string]func(){
		"no such generation": func() { kismet.Append(nil, 1, 1, kismet.Ping{}) },
		"nil, v2":            func() { kismet.Append(nil, kismet.V2, 1, nil) },
		"nil, v3":            func() { kismet.Append(nil, kismet.V3, 1, nil) },
		"pointer":            func() { kismet.Append(nil, kismet.V3, 1, &kismet.Ping{}) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			f()
		}()
	}
}
