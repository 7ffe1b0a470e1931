package main

import (
	"fmt"
	"io"
	"math"
	"strings"

	"github.com/sensord/sensord/bus"
)

// fleetScreen shows a fleet on the whole terminal.
type fleetScreen struct {
	board
	view fleetView

	last bus.FleetView
}

func newFleetScreen(out io.Writer, st style, events bool) *fleetScreen {
	return &fleetScreen{board: newBoard(out, st), view: fleetView{events: events}}
}

func (f *fleetScreen) show(v *bus.FleetView) error {
	f.last = *v
	return f.draw(f.lines)
}

func (f *fleetScreen) resized() error {
	f.moved()
	return f.draw(f.lines)
}

// finish leaves the last answer below what was there before.
func (f *fleetScreen) finish() {
	width, _ := f.size()
	f.leave(flowed(max(width-1, 1), "", fleetTone(f.last.State), f.last.Sentence))
}

// lines are as much as the terminal has room for. The last one is how to leave.
func (f *fleetScreen) lines(width, height int) []styledLine {
	lines, hidden := f.view.fitted(&f.last, width-viewMargin, max(height-1, 1))
	foot := timeOfDay(f.last.Time) + " UTC, q to quit"
	if hidden != "" {
		foot += "; " + hidden
	}
	return append(lines, styledLine{{foot, toneFaint}})
}

// printFleet prints how a fleet is, whole.
func (a *app) printFleet(v *bus.FleetView, f *fleetFlags) error {
	if f.json {
		return jsonEncoder(a.out).Encode(v)
	}
	width, _, terminal := terminalSize(a.out)
	if !terminal {
		width = fleetPrinted
	}
	style := styleOf(a.environ, terminal)
	view := fleetView{events: f.events}
	lines, _ := view.fitted(v, width-viewMargin, math.MaxInt)
	var b strings.Builder
	for _, l := range lines {
		const widest = 1000
		b.WriteString(strings.TrimRight(l.render(widest, style), " ") + "\n")
	}
	_, err := io.WriteString(a.out, b.String())
	return err
}

// fleetPrinted is how wide a table is that is no terminal's.
const fleetPrinted = 132

// hiddenText says what a terminal has no room for, "" if that is nothing.
func hiddenText(rigs []bus.FleetRig) string {
	if len(rigs) == 0 {
		return ""
	}
	text := plural(len(rigs), "more rig", "more rigs") + " in a higher window"
	alarmed := 0
	for i := range rigs {
		if rigs[i].Alarmed() {
			alarmed++
		}
	}
	if alarmed > 0 {
		text += fmt.Sprintf(", %d with alarms", alarmed)
	}
	return text
}
