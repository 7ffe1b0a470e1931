package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/sensord/sensord/actors"
	"github.com/sensord/sensord/configs"
	"github.com/sensord/sensord/internal/fault"
)

// gpsAudience is shown again and again how the receivers are. An error is one of
// writing, and ends it.
type gpsAudience interface {
	every() time.Duration
	show(s actors.Status, now time.Time) error
	finish()
}

// gpsAudience chooses who is shown: a program, a terminal, or whoever reads the
// lines.
func (a *app) gpsAudience(asJSON bool, c configs.Config) gpsAudience {
	_, _, terminal := terminalSize(a.out)
	style := styleOf(a.environ, terminal)
	switch {
	case asJSON:
		return &gpsJSON{jsonEncoder(a.out)}
	case !terminal || style.dumb:
		return &gpsLines{out: a.out}
	}
	return &gpsScreen{screen: newScreen(a.out, style), view: gpsView{web: c.Web}}
}

// gpsWatch shows receivers until a signal comes, or the time is up.
type gpsWatch struct {
	rig     gpsRig
	show    gpsAudience
	length  time.Duration // 0 is endless
	signals <-chan os.Signal
}

// gpsRig is what gpsWatch needs of a rig.
type gpsRig interface {
	stopper
	Status() actors.Status
	Done() <-chan struct{}
	Err() error
}

func (w *gpsWatch) run() error {
	defer w.show.finish()
	every := w.show.every()
	tick := time.NewTicker(every)
	defer tick.Stop()
	var shown time.Time
	var up <-chan time.Time
	if w.length > 0 {
		timer := time.NewTimer(w.length)
		defer timer.Stop()
		up = timer.C
	}
	for {
		select {
		case shown = <-tick.C:
			if err := w.show.show(w.rig.Status(), shown); err != nil {
				return enough(errors.Join(err, stopInOrder(w.rig, w.signals)))
			}
		case <-w.rig.Done():
			return w.rig.Err()
		case <-w.signals:
			return stopInOrder(w.rig, w.signals)
		case now := <-up:
			s := w.rig.Status()
			var err error
			if now.Sub(shown) > every/2 { // or this was shown just now
				err = w.show.show(s, now)
			}
			if err := errors.Join(err, stopInOrder(w.rig, w.signals)); err != nil {
				return enough(err)
			}
			return w.missed(&s)
		}
	}
}

// enough takes that nobody reads any more for a good end.
func enough(err error) error {
	if errors.Is(err, syscall.EPIPE) {
		return nil
	}
	return err
}

// missed says why there is no position, nil if there is one.
func (w *gpsWatch) missed(s *actors.Status) error {
	if s.HasPosition {
		return nil
	}
	e := &fault.Error{Code: fault.GPSSearching, Object: "gps", Err: fmt.Errorf("no position within %v", w.length)}
	if why := s.GPS.Unplaced; why != nil {
		e.Code, e.Err, e.Advice = fault.CodeOf(why), fmt.Errorf("%w: %s", e.Err, causeText(why)), fault.RemedyOf(why)
		return e
	}
	colon := ":"
	for i := range s.GPS.Receivers {
		why := withoutFix(&s.GPS.Receivers[i])
		if why == nil {
			continue
		}
		if colon == ":" { // the first one's remedy
			e.Advice = fault.RemedyOf(why)
			if fault.Exit(why) == fault.ExitRadio {
				e.Code = fault.CodeOf(why)
			}
		}
		e.Err = fmt.Errorf("%w%s %w", e.Err, colon, why)
		colon = ";"
	}
	return e
}

// withoutFix says why a receiver has none, nil if it has one.
func withoutFix(r *actors.ReceiverStatus) error {
	if r.State == actors.ReceiverConnecting && r.Err == nil {
		return &fault.Error{
			Code: fault.GPSSilent, Object: r.Object, Err: errors.New("nothing has come yet"),
			Advice: "check that it sends, and give it more time with --for",
		}
	}
	return r.Err
}

// unplacedText says why there is no position although a receiver has a fix, ""
// if that is not so.
func unplacedText(s *actors.Status) string {
	if s.GPS.Unplaced == nil {
		return ""
	}
	return causeText(s.GPS.Unplaced)
}

// gpsLines prints a line a second.
type gpsLines struct{ out io.Writer }

func (g *gpsLines) every() time.Duration { return time.Second }

func (g *gpsLines) show(s actors.Status, now time.Time) error {
	place := positionKnown(&s)
	if s.HasPosition {
		place = withCommas(place, movementText(&s), worthText(&s))
	} else if why := unplacedText(&s); why != "" {
		place += ": " + why
	}
	parts := []string{now.UTC().Format("15:04:05") + "  " + place}
	for i := range s.GPS.Receivers {
		r := &s.GPS.Receivers[i]
		text := r.Name + " " + r.State.String()
		switch {
		case r.State == actors.ReceiverFix:
			text += " " + fixText(&r.Fix) + " " + accuracyText(&r.Fix) + ", satellites " + satelliteText(r)
		case r.Err != nil:
			text += ": " + causeText(r.Err)
		}
		parts = append(parts, text)
	}
	_, err := io.WriteString(g.out, harmless(strings.Join(parts, " | "))+"\n")
	return err
}

func (g *gpsLines) finish() {}

// gpsScreen draws a view in place.
type gpsScreen struct {
	*screen
	view gpsView
}

func (g *gpsScreen) every() time.Duration { return drawEvery }

func (g *gpsScreen) show(s actors.Status, _ time.Time) error {
	width, height := g.size()
	g.draw(g.view.lines(&s, width, height), width, height)
	return nil
}

func (g *gpsScreen) finish() { _, _ = io.WriteString(g.out, showCursor) }
