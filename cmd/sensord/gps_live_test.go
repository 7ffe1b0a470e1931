package main

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sensord/sensord/actors"
	"github.com/sensord/sensord/internal/fault"
)

// watchedRig is a rig of which a test says how it is.
type watchedRig struct {
	status  func() actors.Status
	done    chan struct{}
	err     error
	stopped int
}

func (r *watchedRig) Status() actors.Status { return r.status() }
func (r *watchedRig) Done() <-chan struct{} { return r.done }
func (r *watchedRig) Err() error            { return r.err }
func (r *watchedRig) Stop(context.Context) error {
	r.stopped++
	return nil
}

func newWatchedRig(status actors.Status) *watchedRig {
	return &watchedRig{status: func() actors.Status { return status }, done: make(chan struct{})}
}

func TestGPSWatchShowsASecondAndEnds(t *testing.T) {
	interrupt := make(chan os.Signal, 1)
	for _, tt := range []struct {
		name  string
		watch func(*watchedRig, *gpsWatch, io.Writer) // sets up
		lines int
		exit  int
		takes time.Duration
	}{
		{"until the time is up", func(_ *watchedRig, w *gpsWatch, _ io.Writer) { w.length = 5 * time.Second }, 5, 0, 5 * time.Second},
		{"a moment more", func(_ *watchedRig, w *gpsWatch, _ io.Writer) { w.length = 5800 * time.Millisecond }, 6, 0, 5800 * time.Millisecond},
		{"without a position", func(r *watchedRig, w *gpsWatch, _ io.Writer) {
			w.length = 2 * time.Second
			r.status = func() actors.Status { return situations()["unknown"] }
		}, 2, 7, 2 * time.Second},
		{"with one at the end only", func(r *watchedRig, w *gpsWatch, _ io.Writer) {
			w.length = 2 * time.Second
			began := time.Now()
			r.status = func() actors.Status {
				if time.Since(began) < 2*time.Second {
					return situations()["unknown"]
				}
				return situations()["fix"]
			}
		}, 2, 0, 2 * time.Second},
		{"until a signal", func(_ *watchedRig, w *gpsWatch, _ io.Writer) {
			time.AfterFunc(3500*time.Millisecond, func() { interrupt <- os.Interrupt })
		}, 3, 0, 3500 * time.Millisecond},
		{"until the rig ends", func(r *watchedRig, _ *gpsWatch, _ io.Writer) {
			r.err = fault.New(fault.WebToken, "token file x", errors.New("no"))
			time.AfterFunc(1500*time.Millisecond, func() { close(r.done) })
		}, 1, 2, 1500 * time.Millisecond},
		{"until nobody reads", func(_ *watchedRig, w *gpsWatch, _ io.Writer) {
			w.show = &gpsLines{out: full{&os.PathError{Op: "write", Path: "|1", Err: syscall.EPIPE}}}
		}, 0, 0, time.Second},
		{"until nothing can be written", func(_ *watchedRig, w *gpsWatch, _ io.Writer) {
			w.show = &gpsLines{out: full{errors.New("no space left on device")}}
		}, 0, 1, time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var out strings.Builder
				rig := newWatchedRig(situations()["fix"])
				interrupt = make(chan os.Signal, 1)
				w := &gpsWatch{rig: rig, show: &gpsLines{out: &out}, signals: interrupt}
				tt.watch(rig, w, &out)
				began := time.Now()
				err := w.run()
				exit := 0
				if err != nil {
					exit = fault.Exit(err)
				}
				if exit != tt.exit || strings.Count(out.String(), "\n") != tt.lines || time.Since(began) != tt.takes {
					t.Errorf("exit %d (%v), after %v:\n%s", exit, err, time.Since(began), out.String())
				}
				if rig.err == nil && rig.stopped != 1 {
					t.Errorf("stopped %d times", rig.stopped)
				}
			})
		})
	}
}

func TestGPSScreenIsDrawnInPlace(t *testing.T) {
	g := &glass{t: t}
	width, height := 80, 24
	view := ofSituations()
	c := &gpsScreen{screen: &screen{out: g, size: func() (int, int) { return width, height }}, view: view}
	for _, name := range []string{"begin", "unknown", "fix", "rejecting", "fixed"} {
		s := situations()[name]
		if err := c.show(s, time.Now()); err != nil {
			t.Fatal(err)
		}
		g.shows(view.lines(&s, width, height))
		if !g.hidden {
			t.Error("the cursor shows")
		}
	}
	c.finish()
	if g.hidden {
		t.Error("the cursor is gone")
	}
}

func TestGPSNeedsSomethingToAsk(t *testing.T) {
	file := t.TempDir() + "/rig.yaml"
	writeFile(t, file, []byte("rig: a\n"))
	status, out, errs := sensord(t, "gps", "--config", file)
	want := "sensord: --config " + file + ": it names no receiver\n  add gps: {receivers: [{type: gpsd}]}, or name one with --gps (see sensord help receivers)\n"
	if status != 2 || out != "" || errs != want {
		t.Errorf("exit %d\n%s%s", status, out, errs)
	}
}

// A place that stays is known at once, and asks nobody.
func TestGPSOfAFixedPlace(t *testing.T) {
	status, out, errs := sensord(t, "gps", "--gps", "virtual:lat=52.5,lon=-13.25,alt=35", "--json", "--for", "1s")
	list := objects[gpsReport](t, out)
	if status != 0 || len(list) == 0 {
		t.Fatalf("exit %d\n%s%s", status, out, errs)
	}
	if p := list[0].Position; p == nil || !about(p.Lat, 52.5, 0) || !about(p.Lon, -13.25, 0) || !about(p.AltMSL, 35, 0) || p.By != "remote-fixed" {
		t.Errorf("%s", out)
	}
}
