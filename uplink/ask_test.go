package uplink_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sensord/sensord/internal/fault"
	"github.com/sensord/sensord/uplink"
	"github.com/sensord/sensord/uplink/kismet"
	"github.com/sensord/sensord/uplink/kismettest"
)

// run dials and runs a link, and returns it with its end.
func (r *rig) run(ctx context.Context) (*uplink.Link, <-chan error) {
	r.t.Helper()
	l, err := r.dialer.Dial(ctx)
	if err != nil {
		r.t.Fatal(err)
	}
	s := r.session
	s.Heard = func(e uplink.Event) {
		if e, ok := e.(uplink.OpenAsked); ok {
			l.Answer(kismet.OpenReport{Seq: e.Seq, OK: true, LinkType: 127, UUID: testUUID})
		}
	}
	ended := make(chan error, 1)
	go func() { ended <- l.Run(ctx, s) }()
	return l, ended
}

// After a resume, or when the way to the server is another one now, a link that
// is dead is left at once, and one that lives goes on.
func TestLinkThatIsAskedShowsWhetherItLives(t *testing.T) {
	for _, tt := range []struct {
		name  string
		line  *line
		cut   bool
		limit time.Duration
	}{
		{"dead", &line{delay: 50 * time.Millisecond}, true, 2 * time.Second},
		{"dead with a long round trip", &line{delay: 900 * time.Millisecond}, true, 4 * time.Second},
		{"alive", &line{delay: 50 * time.Millisecond}, false, 0},
		{"alive with a long round trip", &line{delay: 900 * time.Millisecond}, false, 0},
		{"alive and slow", &line{delay: time.Second, bytesPerSecond: 50_000}, false, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, kismettest.Config{}, false)
				way := tt.line.over(r)
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				l, ended := r.run(ctx)
				stop := r.captures(50 * time.Millisecond)
				defer stop()
				elapse(time.Minute)
				if tt.cut {
					way.cut()
				}
				asked := time.Now()
				for range 5 { // a network that changes says so many times
					l.Ask()
				}
				if !tt.cut {
					elapse(time.Minute)
					cancel()
					if err := <-ended; !errors.Is(err, context.Canceled) {
						t.Errorf("a link that lives ended: %v", err)
					}
					return
				}
				err := <-ended
				if took := time.Since(asked); fault.CodeOf(err) != fault.LinkSilent || took > tt.limit {
					t.Errorf("after %v: %v", took, err)
				}
			})
		})
	}
}

// A link that idles is asked with a PING, and not only when the next one is due.
func TestAskIsAPingAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, kismettest.Config{}, false)
		(&line{delay: 50 * time.Millisecond}).over(r)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		l, ended := r.run(ctx)
		for range 50 { // whatever the phase of its own PINGs is
			elapse(2170 * time.Millisecond)
			l.Ask()
		}
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		l.Ask() // of a link that has ended: nothing happens
		elapse(time.Minute)
	})
}
