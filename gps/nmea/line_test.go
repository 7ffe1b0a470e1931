package nmea_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/sensord/sensord/gps"
	"github.com/sensord/sensord/gps/nmea"
)

const (
	gga = "$GPGGA,120000,4807.0380,N,01131.0000,E,1,08,0.9,545.4,M,46.9,M,,"
	rmc = "$GPRMC,120000,A,4807.0380,N,01131.0000,E,10.0,84.4,040326,,,A"
)

// clean is what both sentences say without anything around them.
func clean(t *testing.T) []string {
	t.Helper()
	events, counts := decode(nmea.Options{}, sums(gga, rmc))
	if len(events) != 1 || counts != (nmea.Counts{Sentences: 2}) {
		t.Fatalf("%q, %+v", texts(events), counts)
	}
	return texts(events)
}

// Whatever stands between sentences, the sentences are found.
func TestSentencesAreFoundInNoise(t *testing.T) {
	ubx := []byte{0xb5, 0x62, 0x01, 0x07, 0x04, 0x00, '$', 'G', 'P', 0x00, 0x12, 0x34} // with a $ inside
	rtcm := []byte{0xd3, 0x00, 0x06, '\\', '$', '!', '*', 0xff, 0x7f, 0x01, 0x02, 0x03}
	a, b := sum(gga), sum(rmc)
	bare := func(b []byte) []byte { return bytes.TrimSuffix(b, []byte("\r\n")) }
	cases := []struct {
		name string
		in   [][]byte
		want nmea.Counts
	}{
		{"UBX", [][]byte{ubx, a, ubx, b, ubx}, nmea.Counts{Sentences: 2, GarbageBytes: 36}},
		{"RTCM", [][]byte{rtcm, a, rtcm, b}, nmea.Counts{Sentences: 2, BadChecksum: 2, GarbageBytes: 18}},
		{"NUL", [][]byte{{0, 0}, a, {0}, b, {0}}, nmea.Counts{Sentences: 2, GarbageBytes: 4}},
		{"no carriage return", [][]byte{bare(a), []byte("\n"), bare(b), []byte("\n")}, nmea.Counts{Sentences: 2}},
		{"no line feed", [][]byte{bare(a), []byte("\r"), bare(b), []byte("\r")}, nmea.Counts{Sentences: 2}},
		{"no line end", [][]byte{bare(a), bare(b)}, nmea.Counts{Sentences: 2}},
		{"two carriage returns", [][]byte{bare(a), []byte("\r\r\n"), bare(b), []byte("\r\r\n")}, nmea.Counts{Sentences: 2}},
		{"doubled dollar", [][]byte{[]byte("$"), a, []byte("$"), b}, nmea.Counts{Sentences: 2}},
		{"tag block", [][]byte{[]byte(`\s:r1,c:1120959341*4A\`), a, b}, nmea.Counts{Sentences: 2}},
		{"half a tag block", [][]byte{[]byte(`\s:r1`), a, b}, nmea.Counts{Sentences: 2, GarbageBytes: 5}},
		{"rest of a sentence", [][]byte{a[20:], a, b}, nmea.Counts{Sentences: 2, GarbageBytes: uint64(len(a) - 22)}},
		{"begun and cut off", [][]byte{a[:30], a, b[:12], b}, nmea.Counts{Sentences: 2, BadChecksum: 2}},
		{"too long", [][]byte{[]byte("$GPGGA," + strings.Repeat("9", 3000)), a, b}, nmea.Counts{Sentences: 2, GarbageBytes: 3007}},
		{"text", [][]byte{[]byte("login: "), a, b, []byte("#")}, nmea.Counts{Sentences: 2, GarbageBytes: 8}},
	}
	want := clean(t)
	for _, c := range cases {
		events, counts := decode(nmea.Options{}, slices.Concat(c.in...))
		if d := cmp.Diff(want, texts(events)); d != "" {
			t.Errorf("%s: (-want +got)\n%s", c.name, d)
		}
		if counts != c.want {
			t.Errorf("%s: %+v, want %+v", c.name, counts, c.want)
		}
	}
}

func TestChecksumIsRequired(t *testing.T) {
	cases := []struct {
		line       string
		noChecksum bool
		want       nmea.Counts
	}{
		{gga + "*47\r\n", false, nmea.Counts{BadChecksum: 1}},
		{gga + "*47\r\n", true, nmea.Counts{BadChecksum: 1}},
		{gga + "\r\n", false, nmea.Counts{BadChecksum: 1}},
		{gga + "\r\n", true, nmea.Counts{Sentences: 1}},
		{gga + "*\r\n", true, nmea.Counts{BadChecksum: 1}},
		{gga + "*4\r\n", true, nmea.Counts{BadChecksum: 1}},
		{gga + "*4G\r\n", true, nmea.Counts{BadChecksum: 1, GarbageBytes: 1}},
		// Without its line's end it may have been cut off.
		{gga, true, nmea.Counts{}},
		{gga + gga + "\n", true, nmea.Counts{BadChecksum: 1, Sentences: 1}},
	}
	for _, c := range cases {
		events, counts := decode(nmea.Options{NoChecksum: c.noChecksum}, []byte(c.line))
		if counts != c.want || uint64(len(events)) != c.want.Sentences {
			t.Errorf("%q (no checksum: %v): %+v and %d events, want %+v", c.line, c.noChecksum, counts, len(events), c.want)
		}
	}
}

// corpus is two minutes of a receiver with several systems, with noise.
func corpus() []byte {
	var b []byte
	for i := range 120 {
		f := gps.NewFix()
		f.Mode, f.TimeNs = gps.Mode3D, 1772625590e9+int64(i)*1e9
		f.Lat, f.Lon, f.AltMSL, f.AltHAE = 48+float64(i)/1e4, 11.5, 500, 547
		f.SpeedMPS, f.CourseDeg, f.HDOP, f.Satellites, f.AccuracyM = 10, 12, 0.9, 9, 4
		if i%40 > 35 {
			f.Mode = gps.ModeNone
		}
		b = nmea.AppendRMC(b, "GN", f)
		b = append(b, 0xb5, 0x62, '$', byte(i))
		b = nmea.AppendGGA(b, "GN", f)
		b = nmea.AppendGSA(b, "GN", f, 1, 2, 3, 4)
		b = nmea.AppendGSV(b, "GP", []gps.Satellite{{ID: 1}, {ID: 2}, {ID: 3}, {ID: 4}, {ID: 5}})
		b = nmea.AppendGST(b, "GN", f)
		if i%7 == 0 {
			b = nmea.AppendTXT(b, "GN", 1, fmt.Sprintf("trouble %d", i))
		}
	}
	return b
}

// The same bytes give the same events, however they are cut.
func TestCutsDoNotMatter(t *testing.T) {
	in := corpus()
	whole, counts := decode(nmea.Options{}, in)
	want := texts(whole)
	rapid.Check(t, func(t *rapid.T) {
		var events []gps.Event
		tell := func(e gps.Event) { events = append(events, e) }
		d := nmea.NewDecoder(nmea.Options{})
		for rest := in; len(rest) > 0; {
			n := rapid.IntRange(1, min(len(rest), 300)).Draw(t, "piece")
			d.Write(rest[:n], 1, tell)
			rest = rest[n:]
		}
		d.Flush(tell)
		if diff := cmp.Diff(want, texts(events)); diff != "" || d.Counts() != counts {
			t.Fatalf("%+v, want %+v (-whole +cut)\n%s", d.Counts(), counts, diff)
		}
	})
}

// Whatever is cut off at either end, the rest is read: no position appears that
// was not there, and only the epochs at the cut are poorer.
func TestEveryTruncationIsSurvived(t *testing.T) {
	in := corpus()[:3500]
	whole, _ := decode(nmea.Options{}, in)
	places, epochs := map[[2]float64]bool{}, map[string]bool{}
	for _, f := range fixes(whole) {
		places[[2]float64{f.Lat, f.Lon}] = f.HasPosition()
		epochs[describe(f)] = true
	}
	for cut := range in {
		for _, part := range [][]byte{in[:cut], in[cut:]} {
			events, _ := decode(nmea.Options{}, part)
			poorer := 0
			for _, f := range fixes(events) {
				if f.HasPosition() && !places[[2]float64{f.Lat, f.Lon}] {
					t.Errorf("cut at %d: invented %s", cut, describe(f))
				}
				if !epochs[describe(f)] {
					poorer++
				}
			}
			if poorer > 1 {
				t.Errorf("cut at %d: %d fixes are poorer", cut, poorer)
			}
		}
	}
}

// The order of the sentences of an epoch does not matter.
func TestEveryOrderGivesTheSameFix(t *testing.T) {
	epoch := []string{
		"$GNRMC,120000.00,A,4807.03800,N,01131.00000,E,10.0,84.4,040326,,,A,V",
		"$GNGGA,120000.00,4807.03801,N,01131.00001,E,1,08,0.9,545.4,M,46.9,M,,",
		"$GNGSA,A,3,04,05,09,12,24,25,29,31,,,,,2.5,0.9,2.1,1",
		"$GNVTG,84.5,T,,M,9.9,N,18.3,K,A",
		"$GNGST,120000.00,2.1,3.0,2.0,45.0,2.5,2.6,4.0",
		"$GNZDA,120000.00,04,03,2026,00,00",
	}
	ending := []string{ // the next epoch, in the first order
		"$GNRMC,120001.00,A,4807.03800,N,01131.00000,E,10.0,84.4,040326,,,A,V",
	}
	fix := func(order []string) string {
		events, _ := decode(nmea.Options{}, sums(append(slices.Clone(order), ending...)...))
		f := fixes(events)[0]
		slices.Sort(f.Sentences)
		return describe(f)
	}
	want, n := fix(epoch), 0
	permute(epoch, func(order []string) {
		n++
		if got := fix(order); got != want {
			t.Errorf("%q\n gives %s\n  want %s", order, got, want)
		}
	})
	if n != 720 {
		t.Errorf("%d orders", n)
	}
}

func permute(s []string, f func([]string)) {
	var walk func(int)
	walk = func(k int) {
		if k == len(s) {
			f(s)
			return
		}
		for i := k; i < len(s); i++ {
			s[k], s[i] = s[i], s[k]
			walk(k + 1)
			s[k], s[i] = s[i], s[k]
		}
	}
	walk(0)
}
