package export_test

import (
	"bytes"
	"encoding/csv"
	"strings"
	"testing"
	"time"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/gps"
	"github.com/sensord/sensord/uplink/export"
	"github.com/sensord/sensord/uplink/frames"
)

// wigleStart is 2026-11-23 05:42:10.9 UTC.
var wigleStart = time.Date(2026, 11, 23, 5, 42, 10, 900_000_000, time.UTC)

// wpa2 is an RSN element of WPA2 with a passphrase, roaming one of three
// consortiums.
const (
	wpa2    = "\x30\x14\x01\x00\x00\x0f\xac\x04\x01\x00\x00\x0f\xac\x04\x01\x00\x00\x0f\xac\x02\x00\x00"
	roaming = "\x6f\x11\x02\x55\x5a\x03\xba\x00\x00\xba\xa2\xd0\x00\x00\xba\xa2\xd0\x20\x00"
)

// A sound is a beacon as it is heard somewhere.
type sound struct {
	bssid    byte // last byte of it
	ssid     string
	rest     string // elements behind the name
	mhz      int
	dbm      int8
	seconds  float64 // since the start
	metres   float64 // north of 52 degrees
	accuracy float64
	nowhere  bool
}

func (s sound) located() *frames.Located {
	capabilities := byte(0x01)
	if s.rest != "" {
		capabilities = 0x11
	}
	b := []byte{0, 0, 15, 0, 0x2A, 0, 0, 0, 0, 0, byte(s.mhz), byte(s.mhz >> 8), 0, 0, byte(s.dbm)}
	b = append(b, 0x80, 0, 0, 0, 255, 255, 255, 255, 255, 255)
	b = append(b, 0x1A, 0x9F, 0xEE, 0x5C, 0x71, s.bssid, 0x1A, 0x9F, 0xEE, 0x5C, 0x71, s.bssid, 0, 0)
	b = append(b, 0, 0, 0, 0, 0, 0, 0, 0, 100, 0, capabilities, 4, 0, byte(len(s.ssid)))
	b = append(append(b, s.ssid...), s.rest...)
	l := &frames.Located{
		Frame:       capture.Frame{LinkType: capture.LinkTypeRadiotap, OrigLen: uint32(len(b)), Data: b},
		TimeNs:      wigleStart.Add(time.Duration(s.seconds * 1e9)).UnixNano(),
		HasPosition: !s.nowhere,
	}
	if l.HasPosition {
		l.Position = gps.Position{
			Lat: 52 + s.metres/111265, Lon: -4.25, AltMSL: 67.4, SpeedMPS: 10, Heading: 0,
			AccuracyM: s.accuracy, Kind: gps.Kind,
		}
	}
	return l
}

func wigle(t *testing.T, o export.WigleOptions, all ...sound) (string, export.WigleStats) {
	t.Helper()
	var out bytes.Buffer
	w := export.NewWigle(&out, o)
	for _, s := range all {
		if err := w.Add(s.located()); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String(), w.Stats()
}

// rows reads the file as a program does that knows RFC 4180: without the line
// in front, by the names of the columns.
func rows(t *testing.T, text string) []map[string]string {
	t.Helper()
	_, text, _ = strings.Cut(text, "\n")
	r := csv.NewReader(strings.NewReader(text))
	all, err := r.ReadAll() // all of the same number of columns
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	var out []map[string]string
	for _, row := range all[1:] {
		m := map[string]string{}
		for i, name := range all[0] {
			m[name] = row[i]
		}
		out = append(out, m)
	}
	return out
}
