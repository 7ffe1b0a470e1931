package nmea_test

import (
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sensord/sensord/gps"
	"github.com/sensord/sensord/gps/nmea"
)

var update = flag.Bool("update", false, "rewrite the golden files")

const want = "-- want --\n"

// TestDecode reads testdata/decode/*.txt: sentences, to which checksums and
// line ends are added, and below -- want -- what they say, with the line after
// which it was told.
func TestDecode(t *testing.T) {
	files, err := filepath.Glob("testdata/decode/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			in, golden, _ := strings.Cut(string(text), want)
			got := decodeLines(in)
			if *update {
				if err := os.WriteFile(file, []byte(in+want+got), 0o600); err != nil {
					t.Fatal(err)
				}
				return
			}
			if d := cmp.Diff(golden, got); d != "" {
				t.Errorf("(-want +got)\n%s", d)
			}
		})
	}
}

func decodeLines(in string) string {
	var out strings.Builder
	d := nmea.NewDecoder(nmea.Options{})
	at := 0
	tell := func(e gps.Event) { fmt.Fprintf(&out, "%d: %s\n", at, describe(e)) }
	for i, line := range strings.Split(strings.TrimSuffix(in, "\n"), "\n") {
		if at = i + 1; line == "" || line[0] == '#' {
			continue
		}
		d.Write(sum(line), int64(at), tell)
	}
	at++
	d.Flush(tell)
	fmt.Fprintf(&out, "%+v\n", d.Counts())
	return out.String()
}

// sum adds the checksum and the line's end to a sentence.
func sum(sentence string) []byte {
	b := nmea.Append(nil, sentence[1:])
	b[0] = sentence[0]
	return b
}

// sums does so for many.
func sums(sentences ...string) []byte {
	var b []byte
	for _, s := range sentences {
		b = append(b, sum(s)...)
	}
	return b
}

// describe puts an event on one line; what is absent is left out.
func describe(e gps.Event) string {
	switch e := e.(type) {
	case gps.Notice:
		return "notice " + e.Text
	case gps.Sky:
		parts := []string{"sky"}
		for _, s := range e.Satellites {
			text := fmt.Sprintf("%s/%d %v/%v %v", s.System, s.ID, s.Elevation, s.Azimuth, s.SNR)
			if s.Used {
				text += " used"
			}
			parts = append(parts, text)
		}
		return strings.Join(parts, ", ")
	case gps.Fix:
		return describeFix(e)
	}
	return fmt.Sprintf("%T", e)
}

func describeFix(f gps.Fix) string {
	parts := []string{[]string{"unknown", "none", "2D", "3D"}[f.Mode]}
	if f.TimeNs != 0 {
		parts = append(parts, time.Unix(0, f.TimeNs).UTC().Format("2006-01-02T15:04:05.999Z"))
	}
	if !math.IsNaN(f.Lat) {
		parts = append(parts, fmt.Sprintf("%.7f,%.7f", f.Lat, f.Lon))
	}
	for _, n := range []struct {
		name string
		v    float64
	}{
		{"msl", f.AltMSL},
		{"hae", f.AltHAE},
		{"speed", f.SpeedMPS},
		{"course", f.CourseDeg},
		{"climb", f.ClimbMPS},
		{"hdop", f.HDOP},
		{"acc", f.AccuracyM},
		{"alt acc", f.AltAccuracyM},
		{"speed acc", f.SpeedAccuracyMPS},
	} {
		if !math.IsNaN(n.v) {
			parts = append(parts, fmt.Sprintf("%s %.4g", n.name, n.v))
		}
	}
	if f.AccuracyOrigin != "" {
		parts = append(parts, "by "+string(f.AccuracyOrigin))
	}
	if f.Satellites >= 0 {
		parts = append(parts, fmt.Sprintf("sats %d", f.Satellites))
	}
	return strings.Join(append(parts, fmt.Sprintf("from %d: %s", f.ReceivedNs, strings.Join(f.Sentences, " "))), " ")
}

// decode reads bytes in one piece and flushes.
func decode(o nmea.Options, b []byte) ([]gps.Event, nmea.Counts) {
	var events []gps.Event
	d := nmea.NewDecoder(o)
	tell := func(e gps.Event) { events = append(events, e) }
	d.Write(b, 1, tell)
	d.Flush(tell)
	return events, d.Counts()
}

// texts describes events, so that they can be compared: NaN is not NaN.
func texts(events []gps.Event) []string {
	out := []string{}
	for _, e := range events {
		out = append(out, describe(e))
	}
	return out
}

func fixes(events []gps.Event) []gps.Fix {
	var out []gps.Fix
	for _, e := range events {
		if f, ok := e.(gps.Fix); ok {
			out = append(out, f)
		}
	}
	return out
}

func TestStartDateIsTheDayOfTheFirstFix(t *testing.T) {
	in := sums(
		"$GPGGA,235959,4807.0380,N,01131.0000,E,1,08,0.9,545.4,M,46.9,M,,",
		"$GPGGA,000000,4807.0380,N,01131.0000,E,1,08,0.9,545.4,M,46.9,M,,",
		"$GPRMC,000001,A,4807.0380,N,01131.0000,E,0.00,,010526,,,A",
		"$GPGGA,000002,4807.0380,N,01131.0000,E,1,08,0.9,545.4,M,46.9,M,,",
	)
	start := time.Date(2026, 3, 4, 23, 0, 0, 0, time.FixedZone("west", -3*3600)) // the 5th in UTC
	events, _ := decode(nmea.Options{StartDate: start}, in)
	var got []string
	for _, f := range fixes(events) {
		got = append(got, time.Unix(0, f.TimeNs).UTC().Format(time.DateTime))
	}
	days := []string{"2026-03-05 23:59:59", "2026-03-06 00:00:00", "2026-05-01 00:00:01", "2026-05-01 00:00:02"}
	if d := cmp.Diff(days, got); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
}

// An epoch begins when the first byte of its first sentence with a time came,
// not when that sentence was whole.
func TestReceivedIsWhenTheEpochBegan(t *testing.T) {
	in := sums("$GPVTG,1.0,T,,M,5.0,N,9.3,K", "$GPGGA,120000,4807.0380,N,01131.0000,E,1,08,0.9,545.4,M,46.9,M,,",
		"$GPVTG,1.0,T,,M,5.0,N,9.3,K")
	d := nmea.NewDecoder(nmea.Options{})
	var got []gps.Fix
	tell := func(e gps.Event) { got = append(got, e.(gps.Fix)) }
	first := strings.Index(string(in), "$GPGGA")
	for i := range in {
		d.Write(in[i:i+1], int64(1000+i), tell)
	}
	d.Flush(tell)
	if len(got) != 1 || got[0].ReceivedNs != int64(1000+first) {
		t.Fatalf("%+v, want one fix received at %d", got, 1000+first)
	}
}

// Silence ends an epoch, once; what still comes of it is not another one.
func TestFlushEndsTheEpoch(t *testing.T) {
	d := nmea.NewDecoder(nmea.Options{})
	var got []string
	tell := func(e gps.Event) { got = append(got, describe(e)) }
	flush := func() int { d.Flush(tell); return len(got) }
	if flush() != 0 {
		t.Errorf("nothing came, and yet %q", got)
	}
	d.Write(sum("$GPVTG,1.0,T,,M,5.0,N,9.3,K"), 1, tell)
	if flush() != 0 {
		t.Errorf("speed alone is no fix, and yet %q", got)
	}
	d.Write(sum("$GPRMC,120000,A,4807.0380,N,01131.0000,E,10.0,84.4,040326,,,A"), 2, tell)
	for range 2 {
		if flush() != 1 {
			t.Errorf("one fix told once expected, got %q", got)
		}
	}
	d.Write(sum("$GPGGA,120000,4807.0380,N,01131.0000,E,1,08,0.9,545.4,M,46.9,M,,"), 3, tell)
	if flush() != 1 {
		t.Errorf("its other half came later, and made a second fix: %q", got)
	}
	d.Write(sum("$GPRMC,120001,A,4807.0380,N,01131.0000,E,10.0,84.4,040326,,,A"), 4, tell)
	if flush() != 2 {
		t.Errorf("the next one expected, got %q", got)
	}
}

// What go-nmea panics on is malformed, and nothing else.
func TestPanicsOfTheParserAreErrors(t *testing.T) {
	for _, s := range []string{"$GPTXT", "$GPTXT,", "$GPTXT,01,01"} {
		if _, c := decode(nmea.Options{}, sum(s)); c != (nmea.Counts{Malformed: 1}) {
			t.Errorf("%s: %+v", s, c)
		}
	}
}

// GSA every five epochs, behind the sentence that ends the others, must not
// make the other four wait.
func TestRareSentencesDelayNothing(t *testing.T) {
	d := nmea.NewDecoder(nmea.Options{})
	for i := range 30 {
		late := true
		tell := func(e gps.Event) { _, isFix := e.(gps.Fix); late = late && !isFix }
		at := fmt.Sprintf("1200%02d", i)
		d.Write(sums("$GPGGA,"+at+",4807.0380,N,01131.0000,E,1,08,0.9,545.4,M,46.9,M,,",
			"$GPRMC,"+at+",A,4807.0380,N,01131.0000,E,10.0,84.4,040326,,,A"), 1, tell)
		if late && i > 0 {
			t.Errorf("second %d: the fix waits", i)
		}
		if i%5 == 4 {
			d.Write(sum("$GPGSA,A,3,04,05,09,12,24,25,29,31,,,,,2.5,0.9,2.1"), 1, func(gps.Event) {})
		}
	}
}

// A sentence lost on the line makes one fix wait, and no other one poorer.
func TestALostSentenceTeachesNothing(t *testing.T) {
	d := nmea.NewDecoder(nmea.Options{})
	var got []gps.Fix
	tell := func(e gps.Event) { got = append(got, e.(gps.Fix)) }
	for i := range 10 {
		at := fmt.Sprintf("1200%02d", i)
		d.Write(sum("$GPGGA,"+at+",4807.0380,N,01131.0000,E,1,08,0.9,545.4,M,46.9,M,,"), 1, tell)
		if i != 5 {
			d.Write(sum("$GPRMC,"+at+",A,4807.0380,N,01131.0000,E,10.0,84.4,040326,,,A"), 1, tell)
		}
	}
	d.Flush(tell)
	if len(got) != 10 {
		t.Fatalf("%d fixes of 10 epochs", len(got))
	}
	for i, f := range got {
		if math.IsNaN(f.SpeedMPS) != (i == 5) {
			t.Errorf("epoch %d: %s", i, describe(f))
		}
	}
}
