package main

import (
	"context"
	"io"
	"os"
	"strings"
	"time"

	"github.com/sensord/sensord/bus"
)

// fleetEvery is how often the view is shown anew, and fleetFirst when it is shown
// first: a bus has answered by then.
const (
	fleetEvery = time.Second
	fleetFirst = 200 * time.Millisecond
)

// A fleetAudience is shown again and again how a fleet is. An error is one of
// writing, and ends it.
type fleetAudience interface {
	show(*bus.FleetView) error
	resized() error // the terminal has another size now
	finish()
}

// fleetAudience chooses who is shown: a program, a terminal, or whoever reads
// the lines.
func (a *app) fleetAudience(v *fleetFlags) fleetAudience {
	_, _, terminal := terminalSize(a.out)
	style := styleOf(a.environ, terminal)
	switch {
	case v.json:
		return &fleetJSON{out: jsonEncoder(a.out)}
	case !terminal || style.dumb:
		return &fleetLines{out: a.out, events: v.events}
	}
	return newFleetScreen(a.out, style, v.events)
}

// watched is a fleet as fleetWatch needs it.
type watched interface {
	View() bus.FleetView
	Err() error
}

// fleetWatch shows a fleet until ctx is done, the time is up, or q is pressed.
type fleetWatch struct {
	fleet  watched
	every  time.Duration
	length time.Duration // 0 is endless
	show   fleetAudience
	sizes  <-chan os.Signal
	keys   <-chan byte
}

func (w *fleetWatch) run(ctx context.Context) error {
	defer w.show.finish()
	tick := time.NewTicker(fleetFirst)
	defer tick.Stop()
	var up <-chan time.Time
	if w.length > 0 {
		timer := time.NewTimer(w.length)
		defer timer.Stop()
		up = timer.C
	}
	for {
		var err error
		select {
		case <-tick.C:
			tick.Reset(w.every)
			view := w.fleet.View()
			err = w.show.show(&view)
		case <-w.sizes:
			err = w.show.resized()
		case key := <-w.keys:
			if key == 'q' || key == 'Q' || key == 4 { // Ctrl-D
				return nil
			}
		case <-up:
			view := w.fleet.View()
			if err := w.show.show(&view); err != nil {
				return err
			}
			return fleetStatus(&view, w.fleet.Err())
		case <-ctx.Done():
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// fleetLines prints a line for each change: of the answer, of a rig's state and
// alarms, and each event where they are asked for.
type fleetLines struct {
	out    io.Writer
	events bool

	sentence string
	rigs     map[string]string // what was said of each
	told     uint64            // the last event
}

func (p *fleetLines) show(v *bus.FleetView) error {
	var b strings.Builder
	at := timeOfDay(v.Time)
	say := func(text string) { b.WriteString(harmless(at+"  "+text) + "\n") }
	if v.Sentence != p.sentence {
		p.sentence = v.Sentence
		say(withCommas(v.Sentence, v.Remedy))
	}
	if p.rigs == nil {
		p.rigs = map[string]string{}
	}
	for i := range v.Rigs {
		g := &v.Rigs[i]
		text := fleetRigLine(g)
		if text == p.rigs[g.Name] {
			continue
		}
		_, known := p.rigs[g.Name]
		p.rigs[g.Name] = text
		if !known && g.Position != nil {
			text += ", at " + fleetPlaceText(g.Position)
		}
		say(text)
	}
	for i := range v.Events {
		if e := &v.Events[i]; e.Number > p.told {
			p.told = e.Number
			if p.events {
				say("event: " + fleetEventText(e))
			}
		}
	}
	_, err := io.WriteString(p.out, b.String())
	return err
}

func (p *fleetLines) resized() error { return nil }
func (p *fleetLines) finish()        {}

// fleetRigLine is a rig in one line, without what changes all the time.
func fleetRigLine(g *bus.FleetRig) string {
	if g.Presence == bus.PresenceSilent && len(g.Alarms) > 0 {
		return g.Name + " " + fleetAlarmText(&g.Alarms[0])
	}
	parts := []string{g.Name + " " + fleetStateWord(g)}
	for i := range g.Alarms {
		parts = append(parts, fleetAlarmText(&g.Alarms[i]))
	}
	return strings.Join(parts, "; ")
}

// timeOfDay is the time of day of a time in RFC 3339.
func timeOfDay(text string) string {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return "--:--:--"
	}
	return t.UTC().Format(time.TimeOnly)
}
