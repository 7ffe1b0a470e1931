package replay_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/sensord/sensord/gps"
	"github.com/sensord/sensord/gps/nmea"
	"github.com/sensord/sensord/gps/replay"
)

// counter counts what is read of a log without end.
type counter struct {
	text string
	rest string
	n    int
}

func (c *counter) Read(p []byte) (int, error) {
	if c.rest == "" {
		c.rest = c.text
	}
	n := copy(p, c.rest)
	c.rest = c.rest[n:]
	c.n += n
	return n, nil
}

func TestReadsNoMoreThanItNeeds(t *testing.T) {
	enough := errors.New("enough")
	r := &counter{text: drive(10)}
	fixes := 0
	err := replay.Read(t.Context(), r, replay.Options{}, func(e gps.Event) error {
		if fixes++; fixes == 3 {
			return enough
		}
		return nil
	})
	if !errors.Is(err, enough) || fixes != 3 {
		t.Errorf("%d fixes and %v", fixes, err)
	}
	if r.n > 1<<20 {
		t.Errorf("%d bytes were read for three fixes", r.n)
	}

	ctx, cancel := context.WithCancel(t.Context())
	err = replay.Read(ctx, r, replay.Options{}, func(gps.Event) error {
		cancel()
		return nil
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("ended with %v", err)
	}
}

// moments are sentences of n seconds, each with gpsd's report of it, too, or not.
func moments(n int, both bool) string {
	var b []byte
	for i := range n {
		f := gps.NewFix()
		f.Mode, f.TimeNs, f.Lat, f.Lon = gps.Mode2D, time.Date(2026, 3, 27, 10, 0, i, 0, time.UTC).UnixNano(), 1, 2
		b = nmea.AppendRMC(b, "GP", f)
		if both {
			b = fmt.Appendf(b, `{"class":"TPV","mode":2,"time":"2026-03-27T10:00:%02dZ","lat":1,"lon":2}`+"\n", i)
		}
	}
	return string(b)
}

// What is written into a pipe is told as it comes, and not once the pipe ends.
func TestReadsAPipeAsItIsWritten(t *testing.T) {
	const version = `{"class":"VERSION","release":"3.22","proto_major":3,"proto_minor":14}` + "\n" + `{"class":"DEVICES","devices":[]}` + "\n"
	for name, log := range map[string]string{
		"reports":       drive(5),
		"NMEA":          moments(3, false),
		"gpspipe -r":    version + moments(3, false),
		"gpspipe -r -w": version + moments(3, true),
		"gpsd": `{"class":"VERSION","release":"3.22","proto_major":3,"proto_minor":14}` + "\n" +
			`{"class":"TPV","mode":3,"time":"2026-03-27T10:00:00.000Z","lat":1,"lon":2}` + "\n" +
			`{"class":"TPV","mode":3,"time":"2026-03-27T10:00:01.000Z","lat":1,"lon":2}` + "\n",
	} {
		t.Run(name, func(t *testing.T) {
			r, w, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			if _, err := w.WriteString(log); err != nil {
				t.Fatal(err)
			}
			told := 0
			err = replay.Read(t.Context(), r, replay.Options{}, func(e gps.Event) error {
				if _, ok := e.(gps.Fix); ok {
					told++
					_ = w.Close() // or it would wait for more for ever
				}
				return nil
			})
			if err != nil || told == 0 {
				t.Errorf("%d fixes, %v", told, err)
			}
		})
	}
}

func TestSkipsWhatHasNoEnd(t *testing.T) {
	long := strings.Repeat("x", 1<<20)
	told, err := read(t, strings.NewReader(drive(1)+long+drive(2)+"tail"), replay.Options{})
	if err != nil {
		t.Fatal(err)
	}
	// The first line after the long one is a part of it.
	diff(t, []string{
		`notice "" "line 2: too long"`,
		`fix "/dev/a" 3D 2026-03-23T23:59:50 received 2026-03-23T23:59:50 at 48.000000 11.500000 545.0 m, NaN m/s, ± NaN m by  [TPV]`,
		`fix "/dev/a" 3D 2026-03-23T23:59:51 received 2026-03-23T23:59:51 at 48.000100 11.500000 545.0 m, NaN m/s, ± NaN m by  [TPV]`,
		"",
	}, strings.Split(told, "\n"))
}

// However a log of both kinds is cut and goes on, no moment is told twice.
func TestTellsNoMomentTwice(t *testing.T) {
	both, either := moments(60, true), strings.Split(moments(60, true), "\n")
	for name, log := range map[string]string{
		"both":                 both,
		"sentences, then both": only(either[:80], "$") + strings.Join(either[80:], "\n"),
		"both, then sentences": strings.Join(either[:40], "\n") + "\n" + only(either[40:], "$"),
		"reports, then both":   only(either[:40], "{") + strings.Join(either[40:], "\n"),
		"both, then reports":   strings.Join(either[:40], "\n") + "\n" + only(either[40:], "{"),
		"in turns":             only(either[:40], "$") + only(either[40:80], "{") + only(either[80:], "$"),
	} {
		t.Run(name, func(t *testing.T) {
			var got []int64
			err := replay.Read(t.Context(), strings.NewReader(log), replay.Options{}, func(e gps.Event) error {
				if f, ok := e.(gps.Fix); ok {
					got = append(got, f.TimeNs)
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			for i := range got[1:] {
				if got[i+1]-got[i] != int64(time.Second) {
					t.Errorf("fix %d is %v after the one before", i+1, time.Duration(got[i+1]-got[i]))
				}
			}
			if len(got) != 60 {
				t.Errorf("%d fixes of 60 moments", len(got))
			}
		})
	}
}

// only returns the lines that begin with what.
func only(lines []string, what string) string {
	var b strings.Builder
	for _, line := range lines {
		if strings.HasPrefix(line, what) {
			b.WriteString(line + "\n")
		}
	}
	return b.String()
}
