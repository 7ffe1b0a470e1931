package export_test

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"math"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/uplink/export"
	"github.com/sensord/sensord/uplink/frames"
)

func TestWigleWritesTheFormatsTwoHeads(t *testing.T) {
	got, _ := wigle(t, export.WigleOptions{Version: "1.2.3", Rig: "van 2, \"blue\""})
	want := "WigleWifi-1.6,appRelease=1.2.3,model=" + runtime.GOOS + ",release=1.2.3," +
		`"device=van 2, ""blue""",display=none,board=` + runtime.GOARCH + ",brand=sensord,star=Sol,body=3,subBody=0\n" +
		"MAC,SSID,AuthMode,FirstSeen,Channel,Frequency,RSSI,CurrentLatitude,CurrentLongitude,AltitudeMeters,AccuracyMeters,RCOIs,MfgrId,Type\n"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestWigleWritesEachColumn(t *testing.T) {
	text, stats := wigle(t, export.WigleOptions{},
		sound{bssid: 0xC6, ssid: "Scampoodle", rest: wpa2 + roaming, mhz: 5805, dbm: -43, accuracy: 3.24},
		sound{bssid: 0xC7, ssid: "", mhz: 2437, dbm: -90, seconds: 1, metres: 500, accuracy: math.NaN()})
	want := []map[string]string{{
		"MAC": "1a:9f:ee:5c:71:c6", "SSID": "Scampoodle", "AuthMode": "[WPA2-PSK-CCMP][ESS]",
		"FirstSeen": "2026-11-23 05:42:10", "Channel": "161", "Frequency": "5805", "RSSI": "-43",
		"CurrentLatitude": "52.00000000", "CurrentLongitude": "-4.25000000", "AltitudeMeters": "67", "AccuracyMeters": "3.2",
		"RCOIs": "5A03BA0000 BAA2D00000 BAA2D02000", "MfgrId": "", "Type": "WIFI",
	}, {
		"MAC": "1a:9f:ee:5c:71:c7", "SSID": "", "AuthMode": "[ESS]",
		"FirstSeen": "2026-11-23 05:42:11", "Channel": "6", "Frequency": "2437", "RSSI": "-90",
		"CurrentLatitude": "52.00449378", "CurrentLongitude": "-4.25000000", "AltitudeMeters": "67", "AccuracyMeters": "0.0",
		"RCOIs": "", "MfgrId": "", "Type": "WIFI",
	}}
	if diff := cmp.Diff(want, rows(t, text)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(export.WigleStats{Rows: 2, Beacons: 2}, stats); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// What a radio or a receiver does not say is an empty column, or 0 as WiGLE's
// own program writes it.
func TestWigleWritesWhatIsNotKnown(t *testing.T) {
	l := sound{bssid: 1}.located()
	b := l.Frame.Data[15:]
	l.Frame = capture.Frame{LinkType: capture.LinkTypeIEEE80211, OrigLen: uint32(len(b)), Data: b}
	l.Position.AltMSL, l.Position.AccuracyM = math.NaN(), math.Inf(1)
	var out bytes.Buffer
	w := export.NewWigle(&out, export.WigleOptions{})
	if err := errors.Join(w.Add(l), w.Close()); err != nil {
		t.Fatal(err)
	}
	want := "1a:9f:ee:5c:71:01,,[ESS],2026-11-23 05:42:10,,,0,52.00000000,-4.25000000,0,0.0,,,WIFI\n"
	if _, got, _ := strings.Cut(out.String(), ",Type\n"); got != want {
		t.Errorf("row is\n%swant\n%s", got, want)
	}
}

// The strongest of a network at one place is its row.
func TestWigleKeepsTheStrongestOfEachPlace(t *testing.T) {
	at := func(bssid byte, seconds, metres float64, dbm int8) sound {
		return sound{bssid: bssid, ssid: "a", mhz: 2437, dbm: dbm, seconds: seconds, metres: metres, accuracy: 5}
	}
	for _, tt := range []struct {
		name string
		all  []sound
		want string // last digits of MAC, seconds, signal
	}{
		{"strongest in the middle", []sound{at(1, 0, 0, -80), at(1, 1, 9, -60), at(1, 2, 19, -70)}, "01 11 -60"},
		{"further", []sound{at(1, 0, 0, -80), at(1, 1, 9, -60), at(1, 2, 21, -70), at(1, 3, 30, -65)}, "01 11 -60, 01 13 -65"},
		{"and back", []sound{at(1, 0, 0, -80), at(1, 2, 21, -70), at(1, 4, 0, -60)}, "01 10 -80, 01 12 -70, 01 14 -60"},
		{"two networks", []sound{at(1, 0, 0, -80), at(2, 0, 0, -70), at(1, 1, 0, -70), at(2, 1, 0, -80)}, "01 11 -70, 02 10 -70"},
		{"parked", []sound{at(1, 0, 0, -80), at(1, 599, 3, -60), at(1, 601, 3, -50), at(1, 900, 3, -70)}, "01 09 -60, 01 11 -50"},
		{"gone, then another", []sound{at(1, 0, 0, -80), at(2, 700, 9000, -80)}, "01 10 -80, 02 50 -80"},
		{"clock that was set back", []sound{at(1, 0, 0, -80), at(1, -700, 0, -70)}, "01 10 -80, 01 30 -70"},
		{"equal signals, better position", []sound{at(1, 0, 0, -80), {bssid: 1, ssid: "a", dbm: -80, seconds: 1, accuracy: 3}}, "01 11 -80"},
	} {
		text, _ := wigle(t, export.WigleOptions{}, tt.all...)
		var got []string
		for _, r := range rows(t, text) {
			got = append(got, r["MAC"][15:]+" "+r["FirstSeen"][17:]+" "+r["RSSI"])
		}
		if diff := cmp.Diff(tt.want, strings.Join(got, ", ")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

func TestWigleTakesNamesFromAnyFrameOfARow(t *testing.T) {
	text, _ := wigle(t, export.WigleOptions{},
		sound{bssid: 1, ssid: "\x00\x00\x00", rest: wpa2, mhz: 2437, dbm: -40},
		sound{bssid: 1, ssid: "shy", rest: wpa2 + roaming, mhz: 2437, dbm: -90, seconds: 1},
		sound{bssid: 1, ssid: "", rest: wpa2, mhz: 2437, dbm: -50, seconds: 2, metres: 100},
		sound{bssid: 1, ssid: "bold", rest: wpa2, mhz: 2437, dbm: -60, seconds: 3, metres: 100})
	var got []string
	for _, r := range rows(t, text) {
		got = append(got, r["SSID"]+" "+r["RSSI"]+" "+r["RCOIs"])
	}
	want := []string{
		"shy -40 5A03BA0000 BAA2D00000 BAA2D02000",
		"shy -50 5A03BA0000 BAA2D00000 BAA2D02000",
		"bold -60 ",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Names are chosen by strangers.
func TestWigleQuotesHostileNames(t *testing.T) {
	for ssid, want := range map[string]string{
		`plain`: `plain`, `a,b`: `"a,b"`, `say "hi"`: `"say ""hi"""`, ` x`: `" x"`, "x\t": "\"x\t\"",
		"a\nb": "\"a\nb\"", "a\r\nb": "\"a\r\nb\"", "\n": "\"\n\"", `"`: `""""`, "Caf\u00e9 \U0001F4F6": "Caf\u00e9 \U0001F4F6",
		"caf\xe9": "caf\uFFFD", "\x00a\x1b[31m": "\uFFFDa\uFFFD[31m", "\u0085x": "\uFFFDx",
		"x,,,,\n11:22:33:44:55:66,evil":     "\"x,,,,\n11:22:33:44:55:66,evil\"",
		"\xff" + strings.Repeat("\xfe", 31): strings.Repeat("\uFFFD", 32),
		`=HYPERLINK("x")`:                   `"=HYPERLINK(""x"")"`,
	} {
		text, _ := wigle(t, export.WigleOptions{}, sound{bssid: 1, ssid: ssid, mhz: 2437})
		if _, row, _ := strings.Cut(text, ",Type\n"); !strings.HasPrefix(row, "1a:9f:ee:5c:71:01,"+want+",[ESS],2026") {
			t.Errorf("%q is written as\n%s", ssid, row)
		}
		if got := rows(t, text); len(got) != 1 || got[0]["Type"] != "WIFI" {
			t.Errorf("%q is read as %v", ssid, got)
		}
	}
}

// Whatever a network calls itself: one row of 14 columns, in valid UTF-8.
func FuzzWigleName(f *testing.F) {
	for _, s := range []string{"", "plain", "a,b", "\"", "\n", "\r\n,\"", "caf\xe9", "\x00a", "\ufeff", "\xf0\x9f\x93"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, ssid string) {
		if len(ssid) > 32 {
			return
		}
		text, _ := wigle(t, export.WigleOptions{Rig: ssid}, sound{bssid: 1, ssid: ssid, mhz: 2437})
		head, _, _ := strings.Cut(text, "\nMAC,")
		if got, err := csv.NewReader(strings.NewReader(head)).Read(); err != nil || len(got) != 11 {
			t.Errorf("the line in front is read as %q, %v", got, err)
		}
		got := rows(t, "\nMAC,"+strings.TrimPrefix(text[len(head):], "\nMAC,"))
		if len(got) != 1 || got[0]["Type"] != "WIFI" || got[0]["Frequency"] != "2437" || !utf8.ValidString(got[0]["SSID"]) {
			t.Errorf("%q is read as %q", ssid, got)
		}
	})
}

func TestWigleCountsWhatMakesNoRow(t *testing.T) {
	data := sound{bssid: 1}.located()
	data.Frame.Data[15] = 0x08
	cut := sound{bssid: 1, ssid: "a", rest: wpa2[:9]}.located()
	off := sound{bssid: 1}.located()
	off.Position.Lat = math.NaN()
	var out bytes.Buffer
	w := export.NewWigle(&out, export.WigleOptions{})
	for _, l := range []*frames.Located{data, cut, off, sound{bssid: 1, nowhere: true}.located()} {
		if err := w.Add(l); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(export.WigleStats{Unplaced: 2, Other: 2}, w.Stats()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if n := len(rows(t, out.String())); n != 0 {
		t.Errorf("%d rows", n)
	}
}

// Networks that are heard on and on, more than fit: each has its row.
func TestWigleKeepsNoMoreNetworksThanItMay(t *testing.T) {
	var all []sound
	for i := range 250 {
		all = append(all, sound{bssid: byte(i), ssid: strconv.Itoa(i), mhz: 2437, dbm: -50, seconds: float64(i) / 100})
	}
	text, stats := wigle(t, export.WigleOptions{Open: 10}, all...)
	if n := len(rows(t, text)); n != 250 || stats.Rows != 250 {
		t.Errorf("%d rows, counted %d", n, stats.Rows)
	}
}

func TestWigleWritesNetworksWithoutABeaconOfTheirOwn(t *testing.T) {
	const multiple = "\x47\x11\x02\x00\x0e\x53\x02\x11\x04\x00\x05other\x55\x01\x01"
	text, _ := wigle(t, export.WigleOptions{}, sound{bssid: 0xF0, ssid: "one", rest: wpa2 + multiple, mhz: 5975, dbm: -50, accuracy: 5})
	var got []string
	for _, r := range rows(t, text) {
		got = append(got, r["MAC"][15:]+" "+r["SSID"]+" "+r["AuthMode"]+" "+r["Channel"]+" "+r["Frequency"]+" "+r["RSSI"])
	}
	want := []string{"f0 one [WPA2-PSK-CCMP][ESS] 5 5975 -50", "f1 other [WPA2-PSK-CCMP][ESS] 5 5975 -50"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// full is a disk that is.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, io.ErrShortWrite }

func TestWigleTellsOfAWriterThatFails(t *testing.T) {
	w := export.NewWigle(full{}, export.WigleOptions{})
	if err := w.Add(sound{bssid: 1}.located()); err != nil {
		t.Errorf("before anything was written: %v", err)
	}
	if err := w.Close(); !errors.Is(err, io.ErrShortWrite) {
		t.Errorf("error %v", err)
	}
}

func BenchmarkWigle(b *testing.B) {
	var all []*frames.Located
	for i := range 200 {
		all = append(all, sound{bssid: byte(i), ssid: "network", rest: wpa2, mhz: 2437, dbm: -50, accuracy: 5}.located())
	}
	w := export.NewWigle(io.Discard, export.WigleOptions{})
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		l := all[i%len(all)]
		l.TimeNs += int64(time.Millisecond)
		l.Position.Lat += 1e-6 // 9 frames a place
		if err := w.Add(l); err != nil {
			b.Fatal(err)
		}
		i++
	}
}
