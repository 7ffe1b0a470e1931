package replay_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sensord/sensord/gps"
	"github.com/sensord/sensord/gps/replay"
	"github.com/sensord/sensord/internal/fault"
)

// bootNs is how much later than UTC the boottime clock of these tests began.
const bootNs = 1_000_000_000_000_000_000

func boottime() int64 { return time.Now().UnixNano() - bootNs }

// play plays a log for a time and returns what was told, with when: since the
// start, by arrival, and by the fix's own time.
func play(t *testing.T, file string, o replay.Options, length time.Duration) ([]string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), length)
	defer cancel()
	began := time.Now()
	p := replay.New(file, o, boottime)
	var got []string
	err := p.Run(ctx, func(e gps.Event) {
		line := time.Since(began).String()
		switch e := e.(type) {
		case gps.Fix:
			line += fmt.Sprintf(" fix %d", e.Mode)
			if e.HasPosition() {
				line += fmt.Sprintf(" %.4f", e.Lat)
			}
			if e.ReceivedNs != boottime() {
				line += fmt.Sprintf(" received %v", time.Duration(e.ReceivedNs-boottime()))
			}
			if e.TimeNs != 0 {
				line += fmt.Sprintf(" of %v", time.Unix(0, e.TimeNs).Sub(began))
			}
			line += " " + p.Detail()
		case gps.Notice:
			line += " " + e.Text
		default:
			line += fmt.Sprintf(" %T", e)
		}
		got = append(got, line)
	})
	if p.Detail() != "" {
		t.Errorf("detail %q afterwards", p.Detail())
	}
	return got, err
}

func file(t *testing.T, log string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "log")
	if err := os.WriteFile(name, []byte(log), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// tpv is a fix of a time of day, "" for none.
func tpv(at string, lat float64) string {
	if at != "" {
		at = `"time":"2020-05-17T` + at + `Z",`
	}
	return fmt.Sprintf(`{"class":"TPV","mode":2,%s"lat":%.4f,"lon":11.5}`+"\n", at, lat)
}

func TestPlaysAtTheLogsPace(t *testing.T) {
	for _, c := range []struct {
		name, log string
		length    time.Duration
		want      []string
	}{
		{
			name: "once", log: tpv("10:00:00", 1) + tpv("10:00:01.5", 2) + tpv("10:05:00", 3), length: time.Hour,
			want: []string{
				"0s fix 2 1.0000 of 0s at 2020-05-17 10:00:00",
				"1.5s fix 2 2.0000 of 1.5s at 2020-05-17 10:00:01",
				"5m0s fix 2 3.0000 of 5m0s at 2020-05-17 10:05:00",
				"5m1s the log is at its end",
				"5m1s fix 1 ended",
			},
		}, {
			name: "clocks that jump", log: tpv("10:00:00", 1) + tpv("22:00:00", 2) + tpv("22:00:01", 3) + tpv("10:00:02", 4) + tpv("", 5) + tpv("10:00:03", 6),
			length: 4500 * time.Millisecond,
			want: []string{
				"0s fix 2 1.0000 of 0s at 2020-05-17 10:00:00",
				"1s fix 2 2.0000 of 1s at 2020-05-17 22:00:00",
				"2s fix 2 3.0000 of 2s at 2020-05-17 22:00:01",
				"3s fix 2 4.0000 of 3s at 2020-05-17 10:00:02",
				"3s fix 2 5.0000 at a fix without a time",
				"4s fix 2 6.0000 of 4s at 2020-05-17 10:00:03",
			},
		}, {
			name: "no times", log: tpv("", 1) + tpv("", 2) + tpv("", 3), length: 4 * time.Second,
			want: []string{
				"0s fix 2 1.0000 at a fix without a time",
				"1s fix 2 2.0000 at a fix without a time",
				"2s fix 2 3.0000 at a fix without a time",
				"3s the log is at its end",
				"3s fix 1 ended",
			},
		}, {
			name: "arrivals", log: "1589709600.25 " + tpv("10:00:00", 1) + "1589709601.40 " + tpv("10:00:01", 2), length: 2 * time.Second,
			want: []string{
				"0s fix 2 1.0000 of -250ms at 2020-05-17 10:00:00",
				"1.15s fix 2 2.0000 of 750ms at 2020-05-17 10:00:01",
			},
		}, {
			name: "one arrival", log: "1589709600.25 " + tpv("10:00:00", 1) + tpv("10:00:01", 2) + tpv("", 3) + tpv("10:00:02", 4), length: 2 * time.Second,
			want: []string{
				"0s fix 2 1.0000 of -250ms at 2020-05-17 10:00:00",
				"750ms fix 2 2.0000 of 750ms at 2020-05-17 10:00:01",
				"750ms fix 2 3.0000 at a fix without a time",
				"1.75s fix 2 4.0000 of 1.75s at 2020-05-17 10:00:02",
			},
		}, {
			name: "damage", log: tpv("10:00:00", 1) + "{\"class\":\"TPV\"\n" + tpv("10:00:01", 2), length: 1500 * time.Millisecond,
			want: []string{
				"0s line 2: half a report",
				"0s fix 2 1.0000 of 0s at 2020-05-17 10:00:00",
				"1s fix 2 2.0000 of 1s at 2020-05-17 10:00:01",
			},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			name := file(t, c.log)
			synctest.Test(t, func(t *testing.T) {
				got, err := play(t, name, replay.Options{}, c.length)
				if !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("ended with %v", err)
				}
				diff(t, c.want, got)
			})
		})
	}
}

func TestPlaysALogWithoutDates(t *testing.T) {
	log, err := os.ReadFile("testdata/nmea-without-date.txt")
	if err != nil {
		t.Fatal(err)
	}
	text, _, _ := strings.Cut(string(log), "-- want --\n")
	name := file(t, text)
	synctest.Test(t, func(t *testing.T) {
		got, _ := play(t, name, replay.Options{}, 1500*time.Millisecond)
		diff(t, []string{
			"0s fix 3 48.1000 of 0s at 2000-01-01 12:00:00",
			"1s fix 3 48.1001 of 1s at 2000-01-01 12:00:01",
		}, got)
	})
}

func TestPlaysWhatIsThereOfADamagedLog(t *testing.T) {
	packed := pack(t, drive(5000))
	name := file(t, string(packed[:len(packed)-8]))
	synctest.Test(t, func(t *testing.T) {
		got, _ := play(t, name, replay.Options{}, 3*time.Hour)
		if n := len(got); n < 5000 {
			t.Fatalf("%d events", n)
		}
		diff(t, []string{
			"1h23m19s the log ends early: replay " + name + ": after line 5000: it is cut off there",
			"1h23m20s the log is at its end", "1h23m20s fix 1 ended",
		}, got[len(got)-3:])
	})
}

func TestSaysWhyALogCannotBePlayed(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "none.nmea")
	empty := file(t, "")
	for name, want := range map[string]string{
		missing:     "no such file or directory",
		empty:       "it is empty",
		t.TempDir(): "it is a directory",
	} {
		p := replay.New(name, replay.Options{}, boottime)
		err := p.Run(t.Context(), func(e gps.Event) { t.Errorf("%+v", e) })
		if fault.CodeOf(err) != fault.GPSFile || err.Error() != "replay "+name+": "+want {
			t.Errorf("ended with %v", err)
		}
		if p.Object() != "replay "+name {
			t.Errorf("object %q", p.Object())
		}
	}
}
