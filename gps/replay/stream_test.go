package replay_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/sensord/sensord/gps"
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

// What is written into a pipe is told as it comes, and not once the pipe ends.
func TestReadsAPipeAsItIsWritten(t *testing.T) {
	for name, log := range map[string]string{
		"NMEA": drive(5),
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
