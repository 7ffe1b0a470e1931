package main

import (
	"context"
	"errors"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sensord/sensord/internal/fault"
)

func TestStatusWatch(t *testing.T) {
	nobody := fault.New(fault.StatusAbsent, "", errors.New("NOT RECORDING: no sensord runs on this machine"))
	for _, tt := range []struct {
		name  string
		watch func(*statusWatch, context.CancelFunc) // sets up
		lines int
		exit  int
		takes time.Duration
	}{
		{"until a signal", func(_ *statusWatch, stop context.CancelFunc) { time.AfterFunc(3500*time.Millisecond, stop) }, 4, 0, 3500 * time.Millisecond},
		{"until q", func(w *statusWatch, _ context.CancelFunc) {
			keys := make(chan byte, 3)
			w.keys = keys
			time.AfterFunc(1500*time.Millisecond, func() { keys <- 'x'; keys <- 'q' })
		}, 2, 0, 1500 * time.Millisecond},
		{"while nobody is there", func(w *statusWatch, stop context.CancelFunc) {
			began := time.Now()
			answers := w.ask
			w.ask = func(ctx context.Context) ([]answer, error) {
				if time.Since(began) < 2*time.Second {
					return nil, nobody
				}
				return answers(ctx)
			}
			time.AfterFunc(3500*time.Millisecond, stop)
		}, 4, 0, 3500 * time.Millisecond},
		{"while somebody is stuck", func(w *statusWatch, stop context.CancelFunc) {
			w.ask = func(ctx context.Context) ([]answer, error) {
				<-ctx.Done()
				return nil, ctx.Err()
			}
			time.AfterFunc(3500*time.Millisecond, stop)
		}, 0, 0, 3500 * time.Millisecond},
		{"until nobody reads", func(w *statusWatch, _ context.CancelFunc) {
			w.show = &statusPlain{out: full{&os.PathError{Op: "write", Path: "|1", Err: syscall.EPIPE}}}
		}, 0, 0, 0},
		{"until nothing can be written", func(w *statusWatch, _ context.CancelFunc) {
			w.show = &statusPlain{out: full{errors.New("no space left on device")}}
		}, 0, 1, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var out strings.Builder
				ctx, stop := context.WithCancel(t.Context())
				defer stop()
				w := &statusWatch{
					ask:   func(context.Context) ([]answer, error) { return []answer{*answerOf("recording")}, nil },
					every: statusEvery, show: &statusPlain{out: &out},
				}
				tt.watch(w, stop)
				began := time.Now()
				err := enough(w.run(ctx))
				if fault.Exit(err) != tt.exit || strings.Count(out.String(), "\n") != tt.lines || time.Since(began) != tt.takes {
					t.Errorf("%v, after %v:\n%s", err, time.Since(began), out.String())
				}
			})
		})
	}
}

// What is shown is the last view, whatever was there before, and only what has
// changed is written.
func TestStatusScreen(t *testing.T) {
	g := &glass{t: t}
	counted := &counter{w: g}
	width, height := 80, 24
	f := &fullScreen{board: board{out: counted, size: func() (int, int) { return width, height }}}
	at := time.Date(2026, 3, 27, 10, 0, 0, 0, time.UTC)
	show := func(s asked) {
		t.Helper()
		s.at = at
		if err := f.show(s); err != nil {
			t.Fatal(err)
		}
		g.shows(f.lines(width, height))
		if !g.hidden {
			t.Error("the cursor is seen")
		}
	}
	show(asked{err: fault.New(fault.StatusAbsent, "", errors.New("NOT RECORDING: no sensord runs on this machine"))})
	for _, name := range []string{"starting", "recording", "disk-full", "finished"} {
		show(asked{answers: []answer{*answerOf(name)}})
	}
	before := counted.n
	show(asked{answers: []answer{*answerOf("finished")}})
	if counted.n != before {
		t.Errorf("%d bytes written for nothing", counted.n-before)
	}
	show(asked{answers: []answer{*answerOf("recording"), *answerOf("finished")}})
	for _, size := range [][2]int{{60, 10}, {20, 2}, {1, 1}, {200, 60}} {
		width, height = size[0], size[1]
		g.lines, g.row = nil, 0 // what the terminal did to it
		if err := f.resized(); err != nil {
			t.Fatal(err)
		}
		if len(g.lines) > max(height, 2) {
			t.Errorf("%d lines of %d", len(g.lines), height)
		}
	}
	f.finish()
	if g.hidden || g.nowrap {
		t.Error("the terminal is not as it was")
	}
}

type counter struct {
	w *glass
	n int
}

func (c *counter) Write(p []byte) (int, error) {
	c.n += len(p)
	return c.w.Write(p)
}
