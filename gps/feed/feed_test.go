package feed_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sensord/sensord/gps"
	"github.com/sensord/sensord/gps/feed"
	"github.com/sensord/sensord/gps/nmea"
	"github.com/sensord/sensord/internal/fault"
)

// A run is a receiver at work.
type run struct {
	t      testing.TB
	r      *feed.Receiver
	cancel context.CancelFunc
	events chan gps.Event
	ended  chan error
}

func newReceiver(t testing.TB, o feed.Options) *feed.Receiver {
	t.Helper()
	start := time.Now()
	if o.Now == nil {
		o.Now = func() int64 { return time.Since(start).Nanoseconds() }
	}
	r, err := feed.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// start runs the receiver; it is stopped at the end of the test.
func start(t testing.TB, r *feed.Receiver) *run {
	t.Helper()
	return startWith(t, r, r.Run)
}

func startWith(t testing.TB, r *feed.Receiver, do func(context.Context, func(gps.Event)) error) *run {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	u := &run{t: t, r: r, cancel: cancel, events: make(chan gps.Event, 1<<16), ended: make(chan error, 1)}
	var done sync.WaitGroup
	done.Go(func() { u.ended <- do(ctx, func(e gps.Event) { u.events <- e }) })
	t.Cleanup(func() { cancel(); done.Wait() })
	return u
}

// patience is how long a test waits for what has to come.
func patience() <-chan time.Time { return time.After(30 * time.Second) }

// fix waits for the next fix.
func (u *run) fix() gps.Fix {
	u.t.Helper()
	late := patience()
	for {
		select {
		case e := <-u.events:
			if f, ok := e.(gps.Fix); ok {
				return f
			}
		case err := <-u.ended:
			u.t.Fatalf("ended: %v", err)
		case <-late:
			u.t.Fatalf("no fix; %s", u.r.Detail())
		}
	}
}

// notice waits for the next notice that contains text.
func (u *run) notice(text string) gps.Notice {
	u.t.Helper()
	late := patience()
	for {
		select {
		case e := <-u.events:
			if n, ok := e.(gps.Notice); ok && strings.Contains(n.Text, text) {
				return n
			}
		case err := <-u.ended:
			u.t.Fatalf("ended: %v", err)
		case <-late:
			u.t.Fatalf("no notice of %q", text)
		}
	}
}

// fault waits for the end, which has to have that code, and returns its text.
func (u *run) fault(code fault.Code) string {
	u.t.Helper()
	return u.failed(code, "")
}

// failed is fault for an end whose remedy has these words.
func (u *run) failed(code fault.Code, remedy string) string {
	u.t.Helper()
	select {
	case err := <-u.ended:
		if fault.CodeOf(err) != code || !strings.Contains(fault.RemedyOf(err), remedy) {
			u.t.Fatalf("ended with %v (%s, %s), want %s, %s", err, fault.CodeOf(err), fault.RemedyOf(err), code, remedy)
		}
		return err.Error()
	case <-patience():
		u.t.Fatalf("did not end; %s", u.r.Detail())
	}
	return ""
}

// stop ends the run from outside.
func (u *run) stop() {
	u.t.Helper()
	u.cancel()
	select {
	case err := <-u.ended:
		if !errors.Is(err, context.Canceled) {
			u.t.Fatalf("ended with %v", err)
		}
	case <-patience():
		u.t.Fatal("did not end")
	}
	if d := u.r.Detail(); d != "" {
		u.t.Errorf("detail %q of a receiver that is not open", d)
	}
}

func contains(t testing.TB, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%q does not say %q", text, part)
		}
	}
}

// noise is bytes without meaning, with the characters that matter among them.
func noise(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(rand.Uint32())
		if rand.IntN(12) == 0 {
			b[i] = "$*\r\n!"[rand.IntN(5)]
		}
	}
	return b
}

// epoch is what a receiver says of the n-th instant.
func epoch(n int) []byte {
	f := gps.NewFix()
	f.Mode, f.Lat, f.Lon, f.AltMSL = gps.Mode3D, 50.0875, 8.2414, 117
	f.SpeedMPS, f.CourseDeg, f.HDOP, f.Satellites = 12, 90, 0.9, 9
	f.TimeNs = time.Date(2026, 11, 23, 10, 11, 12, n*1e8, time.UTC).UnixNano()
	return nmea.AppendGGA(nmea.AppendRMC(nil, "GP", f), "GP", f)
}

func TestNewRefusesWhatCannotBe(t *testing.T) {
	now := func() int64 { return 0 }
	for name, c := range map[string]struct {
		o    feed.Options
		want string // of the error, or the object
	}{
		"nothing":     {feed.Options{}, `"" is no kind of feed`},
		"no device":   {feed.Options{Kind: feed.Serial}, "no device"},
		"baud":        {feed.Options{Kind: feed.Serial, Device: "/dev/ttyS0", Baud: -1}, "baud is -1"},
		"baud, large": {feed.Options{Kind: feed.Serial, Device: "/dev/ttyS0", Baud: 5e6}, "baud is 5000000"},
		"no address":  {feed.Options{Kind: feed.TCP}, "no address"},
		"no host":     {feed.Options{Kind: feed.TCP, Address: ":10110"}, "no address"},
		"port":        {feed.Options{Kind: feed.TCP, Address: "host:70000"}, "between 1 and 65535"},
		"a URL":       {feed.Options{Kind: feed.TCP, Address: "tcp://host"}, "host:port"},
		"no clock":    {feed.Options{Kind: feed.UDP, Now: nil}, "clock"},
	} {
		t.Run(name, func(t *testing.T) {
			if name != "no clock" {
				c.o.Now = now
			}
			_, err := feed.New(c.o)
			if err == nil {
				t.Fatal("no error")
			}
			contains(t, err.Error(), c.want)
		})
	}
}

func TestObjectNamesTheFeed(t *testing.T) {
	for want, o := range map[string]feed.Options{
		"serial /dev/ttyUSB0":      {Kind: feed.Serial, Device: "/dev/ttyUSB0"},
		"tcp 192.0.2.7:10110":      {Kind: feed.TCP, Address: "192.0.2.7"},
		"tcp [2001:db8::7]:4000":   {Kind: feed.TCP, Address: "[2001:db8::7]:4000"},
		"tcp [2001:db8::8]:10110":  {Kind: feed.TCP, Address: "[2001:db8::8]"},
		"listen :10110":            {Kind: feed.Listen},
		"listen :4000":             {Kind: feed.Listen, Address: ":4000"},
		"udp 239.2.1.1%eth0:10110": {Kind: feed.UDP, Address: "239.2.1.1%eth0"},
	} {
		if got := newReceiver(t, o).Object(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
