package gpsd_test

import (
	"bytes"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sensord/sensord/gps"
	"github.com/sensord/sensord/gps/gpsd"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// Each file holds lines of gpsd's, a line "-- want --", and what is told of
// them: live, and where it differs, as a log.
func TestDecodes(t *testing.T) {
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
			input, _, _ := strings.Cut(string(text), "-- want --\n")
			live, log := decode(input, gpsd.DecoderOptions{}), decode(input, gpsd.DecoderOptions{Whole: true})
			got := input + "-- want --\n" + live
			if log != live {
				got += "-- as a log --\n" + log
			}
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			diff(t, strings.Split(string(text), "\n"), strings.Split(got, "\n"))
		})
	}
}

// decode returns what a decoder tells of lines that come 1 s apart.
func decode(input string, o gpsd.DecoderOptions) string {
	var out strings.Builder
	d := gpsd.NewDecoder(o)
	tell := func(e gps.Event) { out.WriteString(describe(e) + "\n") }
	for i, line := range strings.Split(strings.TrimSuffix(input, "\n"), "\n") {
		if err := d.Line([]byte(line), int64(i)*1e9, tell); err != nil {
			fmt.Fprintf(&out, "line %d: %v\n", i+1, err)
		}
	}
	d.Flush(tell)
	return out.String()
}

func describe(e gps.Event) string {
	switch e := e.(type) {
	case gps.Fix:
		return describeFix(e)
	case gps.Sky:
		var b strings.Builder
		fmt.Fprintf(&b, "sky %q", e.Device)
		for _, s := range e.Satellites {
			fmt.Fprintf(&b, " [%s %d el %v az %v snr %v used %v]", s.System, s.ID, s.Elevation, s.Azimuth, s.SNR, s.Used)
		}
		return b.String()
	case gps.Pulse:
		return fmt.Sprintf("pulse %q utc %d boottime %d ± %d", e.Device, e.UTCNs, e.BoottimeNs, e.ErrorNs)
	case gps.Notice:
		return fmt.Sprintf("notice %q %q", e.Device, e.Text)
	}
	return "?"
}

func describeFix(f gps.Fix) string {
	var b strings.Builder
	at := "no time"
	if f.TimeNs != 0 {
		at = time.Unix(0, f.TimeNs).UTC().Format("2006-01-02T15:04:05.999999999Z")
	}
	fmt.Fprintf(&b, "fix %q %s %s", f.Device, []string{"unknown", "none", "2D", "3D"}[f.Mode], at)
	for _, v := range []struct {
		name  string
		value float64
	}{
		{"lat", f.Lat},
		{"lon", f.Lon},
		{"msl", f.AltMSL},
		{"hae", f.AltHAE},
		{"speed", f.SpeedMPS},
		{"course", f.CourseDeg},
		{"climb", f.ClimbMPS},
		{"hdop", f.HDOP},
		{"±", f.AccuracyM},
		{"alt±", f.AltAccuracyM},
		{"speed±", f.SpeedAccuracyMPS},
	} {
		if !math.IsNaN(v.value) {
			fmt.Fprintf(&b, " %s %.9g", v.name, v.value)
		}
	}
	if f.AccuracyOrigin != "" {
		fmt.Fprintf(&b, " by %s", f.AccuracyOrigin)
	}
	if f.Satellites >= 0 {
		fmt.Fprintf(&b, " satellites %d", f.Satellites)
	}
	fmt.Fprintf(&b, " received %vs %v", float64(f.ReceivedNs)/1e9, f.Sentences)
	return b.String()
}

func TestTellsPulsesOnTheBoottimeClock(t *testing.T) {
	const (
		utc      = 1774267200_000000000
		realtime = utc + 250 // what the system clock says at the pulse
		received = 5000_000000000
		before   = received - 1000 // the pulse, CLOCK_BOOTTIME
		off      = 70              // how far off the offset of the clocks may be
	)
	pulse := func(errorNs int64) gps.Event {
		return gps.Pulse{Device: "/dev/pps0", UTCNs: utc, BoottimeNs: before, ErrorNs: errorNs + off}
	}
	strange := gps.Event(gps.Notice{
		Device: "/dev/pps0", Text: "pulses of /dev/pps0 are not used: gpsd measures them with another machine's clock",
	})
	for _, c := range []struct {
		name, keys string
		offset     int64
		unknown    bool
		want       []gps.Event // of two pulses
	}{
		{name: "a serial line", keys: `"precision":-20`, offset: realtime - before, want: []gps.Event{pulse(953), pulse(953)}},
		{
			name: "USB", keys: `"precision":-10,"shm":"NTP1","qErr":1234`, offset: realtime - before,
			want: []gps.Event{pulse(976562), pulse(976562)},
		},
		{
			name: "precision not said", keys: `"precision":"good"`, offset: realtime - before,
			want: []gps.Event{pulse(976562), pulse(976562)},
		},
		{name: "another machine", keys: `"precision":-20`, offset: realtime - before, unknown: true, want: []gps.Event{strange}},
		{name: "a tunnel to a clock that is late", keys: `"precision":-20`, offset: realtime - before + 2e9, want: []gps.Event{strange}},
		{name: "a tunnel to a clock that is fast", keys: `"precision":-20`, offset: realtime - before - 6e7, want: []gps.Event{strange}},
		{name: "not a time", keys: `"precision":-20,"clock_nsec":-1`, offset: realtime - before},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []gps.Event
			d := gpsd.NewDecoder(gpsd.DecoderOptions{Offset: func() (int64, int64, bool) { return c.offset, off, !c.unknown }})
			line := `{"class":"PPS","device":"/dev/pps0","real_sec":1774267200,"real_nsec":0,"clock_sec":1774267200,"clock_nsec":250,` + c.keys + `}`
			for range 2 {
				if err := d.Line([]byte(line), received, func(e gps.Event) { got = append(got, e) }); err != nil {
					t.Fatal(err)
				}
			}
			diff(t, c.want, got)
		})
	}
}

func TestKnowsWhenAnEpochBegan(t *testing.T) {
	const (
		toff  = `{"class":"TOFF","device":"a","real_sec":1774267200, "real_nsec":0,"clock_sec":1774267200,"clock_nsec":150000000}`
		tpv   = `{"class":"TPV","device":"a","mode":2,"time":"2026-03-23T12:00:00.000Z","lat":1,"lon":2}`
		more  = `{"class":"TPV","device":"a","mode":2,"time":"2026-03-23T12:00:00.000Z","lat":1,"lon":2,"speed":3}`
		next  = `{"class":"TPV","device":"a","mode":2,"time":"2026-03-23T12:00:01.000Z","lat":1,"lon":2}`
		other = `{"class":"TPV","device":"b","mode":2,"time":"2026-03-23T12:00:00.000Z","lat":1,"lon":2}`

		toffNs = 1774267200_150000000
		bootNs = 70_000_000_000 // when gpsd saw the first sentence
	)
	d := gpsd.NewDecoder(gpsd.DecoderOptions{Offset: func() (int64, int64, bool) { return toffNs - bootNs, 0, true }})
	var got []int64
	for i, line := range []string{toff, tpv, more, other, next} {
		receivedNs := bootNs + 400e6 + int64(i)
		if err := d.Line([]byte(line), receivedNs, func(e gps.Event) { got = append(got, e.(gps.Fix).ReceivedNs-bootNs) }); err != nil {
			t.Fatal(err)
		}
	}
	diff(t, []int64{0, 0, 400e6 + 3, 400e6 + 4}, got)
}

func TestBoundsNotices(t *testing.T) {
	d := gpsd.NewDecoder(gpsd.DecoderOptions{})
	told := 0
	for i := range 6000 {
		line := fmt.Sprintf(`{"class":"ERROR","message":"again %d"}`, i)
		if err := d.Line([]byte(line), int64(i)*10e6, func(gps.Event) { told++ }); err != nil {
			t.Fatal(err)
		}
	}
	if told != 20 {
		t.Errorf("%d notices in a minute, want 20", told)
	}
}

func FuzzLine(f *testing.F) {
	files, err := filepath.Glob("testdata/decode/*.txt")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		input, _, _ := bytes.Cut(text, []byte("-- want --\n"))
		// Short ones: the fuzzer spends its time on making long ones shorter.
		for pair := range slices.Chunk(bytes.Split(input, []byte("\n")), 2) {
			f.Add(bytes.Join(pair, []byte("\n")))
		}
	}
	f.Add([]byte(`{"class":"PPS","device":"a","real_sec":1774267200,"real_nsec":0,"clock_sec":1774267200,"clock_nsec":250,"precision":-20}`))
	for _, unit := range []string{`{"class":"TPV","tpv":[`, `{"class":"SKY","satellites":[`, `{"devices":[{"gst":[{"sky":[`} {
		end := strings.Repeat("]}", strings.Count(unit, "["))
		f.Add([]byte(`{"class":"POLL","sky":[` + strings.Repeat(unit, 6) + strings.Repeat(end, 6) + "]}"))
	}
	f.Fuzz(func(t *testing.T, input []byte) {
		offset := func() (int64, int64, bool) { return 1774267200_000000000, 0, true }
		for _, o := range []gpsd.DecoderOptions{{Offset: offset}, {Offset: offset, Whole: true}, {Device: "/dev/b"}} {
			d := gpsd.NewDecoder(o)
			tell := func(e gps.Event) { plausible(t, e) }
			for i, line := range bytes.Split(input, []byte("\n")) {
				told := false
				err := d.Line(line, int64(i)*1e9, func(e gps.Event) {
					told = true
					tell(e)
				})
				if err != nil && told {
					t.Fatalf("%q: both an event and %v", line, err)
				}
			}
			d.Flush(tell)
		}
	})
}

// plausible fails if an event says what no receiver can say.
func plausible(t *testing.T, e gps.Event) {
	t.Helper()
	switch e := e.(type) {
	case gps.Fix:
		nowhere := math.IsNaN(e.Lat) && math.IsNaN(e.Lon)
		there := math.Abs(e.Lat) <= 90 && math.Abs(e.Lon) <= 180
		if e.HasPosition() && !there || !e.HasPosition() && !nowhere {
			t.Fatalf("place of %+v", e)
		}
		if e.AccuracyM <= 0 || e.AltAccuracyM <= 0 || e.SpeedAccuracyMPS <= 0 || e.SpeedMPS < 0 || e.CourseDeg < 0 || e.CourseDeg >= 360 {
			t.Fatalf("numbers of %+v", e)
		}
		if math.IsNaN(e.AccuracyM) != (e.AccuracyOrigin == gps.OriginUnknown) {
			t.Fatalf("origin of %+v", e)
		}
		if e.Mode != gps.Mode3D && !(math.IsNaN(e.AltMSL) && math.IsNaN(e.AltHAE)) {
			t.Fatalf("altitude of %+v", e)
		}
		if e.TimeNs < 0 {
			t.Fatalf("time of %+v", e)
		}
	case gps.Pulse:
		if e.ErrorNs < 0 || e.UTCNs <= 0 {
			t.Fatalf("%+v", e)
		}
	case gps.Notice:
		if len(e.Text) > 1000 || strings.ContainsAny(e.Text, "\r\n") {
			t.Fatalf("%+v", e)
		}
	}
}

func diff(t *testing.T, want, got any) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}
