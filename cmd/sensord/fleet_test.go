package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/sensord/sensord/bus"
	"github.com/sensord/sensord/internal/fault"
)

// Each golden file names, in its first line, what is shown.
func TestFleetViews(t *testing.T) {
	for name, v := range fleets(t) {
		t.Run(name, func(t *testing.T) {
			var b strings.Builder
			for _, way := range []struct {
				width, height int
				color, events bool
			}{{80, 24, false, false}, {80, 24, false, true}, {60, 12, false, false}, {160, 50, true, false}, {20, 3, false, true}, {1, 1, false, true}} {
				if name == "thousand" && way.height > 24 {
					continue
				}
				fmt.Fprintf(&b, "-- %d columns, %d lines, colour %t, events %t --\n", way.width, way.height, way.color, way.events)
				f := &fleetScreen{view: fleetView{events: way.events}, last: v}
				lines := f.lines(way.width, way.height)
				if len(lines) > max(way.height, 2) {
					t.Errorf("%d lines of %d", len(lines), way.height)
				}
				for i, l := range lines {
					if n := utf8.RuneCountInString(l.String()); n > way.width && way.width >= 60 && i < len(lines)-1 {
						t.Errorf("%d columns of %d: %s", n, way.width, l)
					}
					text := l.render(way.width, style{color: way.color})
					if strings.ContainsFunc(strings.ReplaceAll(text, "\x1b[", ""), func(r rune) bool { return !unicode.IsPrint(r) }) {
						t.Errorf("%q", text)
					}
					b.WriteString(strings.ReplaceAll(strings.TrimRight(text, " "), "\x1b", "^") + "\n")
				}
			}
			golden(t, "testdata/fleet/"+name+".view", b.String())
		})
	}
}

// What is printed once is complete, however many there are.
func TestFleetPrinted(t *testing.T) {
	views := fleets(t)
	for name, v := range views {
		for _, asJSON := range []bool{false, true} {
			var out strings.Builder
			a := &app{out: &out}
			if err := a.printFleet(&v, &fleetFlags{json: asJSON, events: true}); err != nil {
				t.Fatal(err)
			}
			text := out.String()
			if asJSON {
				var got bus.FleetView
				if err := json.Unmarshal([]byte(text), &got); err != nil || len(got.Rigs) != len(v.Rigs) || strings.Count(text, "\n") != 1 {
					t.Errorf("%s: %v, %d rigs of %d", name, err, len(got.Rigs), len(v.Rigs))
				}
			}
			for i := range v.Rigs {
				if !strings.Contains(text, shortened(v.Rigs[i].Name, 13)) && !asJSON {
					t.Errorf("%s: without %s", name, v.Rigs[i].Name)
				}
			}
			if strings.ContainsFunc(text, func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }) {
				t.Errorf("%s: %q", name, text)
			}
		}
	}
	var out strings.Builder
	wrong := views["wrong"]
	if err := (&app{out: &out}).printFleet(&wrong, &fleetFlags{events: true}); err != nil {
		t.Fatal(err)
	}
	golden(t, "testdata/fleet/once.view", out.String())
}

// A program and a reader of lines are told what is new, and that once.
func TestFleetNews(t *testing.T) {
	views := fleets(t)
	for file, audience := range map[string]func(*strings.Builder) fleetAudience{
		"lines": func(b *strings.Builder) fleetAudience { return &fleetLines{out: b, events: true} },
		"json":  func(b *strings.Builder) fleetAudience { return &fleetJSON{out: jsonEncoder(b)} },
	} {
		var all strings.Builder
		for _, name := range slices.Sorted(maps.Keys(views)) {
			if name == "thousand" {
				continue
			}
			v := views[name]
			fmt.Fprintf(&all, "-- %s --\n", name)
			before := all.Len()
			show := audience(&all)
			for i := range 2 {
				if err := show.show(&v); err != nil {
					t.Fatal(err)
				}
				if i == 0 {
					before = all.Len()
				}
			}
			if all.Len() != before {
				t.Errorf("%s: told twice:\n%s", name, all.String()[before:])
			}
			v.Rigs = slices.Clone(v.Rigs)
			for i := range v.Rigs {
				v.Rigs[i].Alarms, v.Rigs[i].Changed = []bus.FleetAlarm{}, v.Rigs[i].Changed+100
			}
			if err := show.show(&v); err != nil {
				t.Fatal(err)
			}
		}
		if strings.ContainsFunc(all.String(), func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }) {
			t.Errorf("%q", all.String())
		}
		golden(t, "testdata/fleet/"+file+".view", all.String())
	}
}

// Each field is in the page on the bus, in the section about what has it.
func TestFleetFieldsAreDocumented(t *testing.T) {
	page, err := os.ReadFile("../../docs/bus.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, found := strings.Cut(string(page), "\n### `sensord fleet --json`\n")
	section, _, _ = strings.Cut(section, "\n## ")
	if !found {
		t.Fatal("there is no such section")
	}
	for _, of := range []reflect.Type{reflect.TypeFor[fleetLine](), reflect.TypeFor[bus.FleetView]()} {
		for _, name := range jsonFields(of, true) {
			if name != "-" && !regexp.MustCompile("`\\.?"+regexp.QuoteMeta(name)+"(\\[\\])?`").MatchString(section) {
				t.Errorf("%s is not documented", name)
			}
		}
	}
}

// seen is a fleet that stays as it is.
type seen struct {
	view bus.FleetView
	err  error
}

func (s *seen) View() bus.FleetView { return s.view }
func (s *seen) Err() error          { return s.err }

func TestFleetWatch(t *testing.T) {
	views := fleets(t)
	refused := fault.Newf(fault.BusRefused, "bus", "connection refused")
	for _, tt := range []struct {
		name, fleet string
		err         error
		watch       func(*fleetWatch, context.CancelFunc)
		exit        int
		takes       time.Duration
	}{
		{"until a signal", "wrong", nil, func(_ *fleetWatch, stop context.CancelFunc) { time.AfterFunc(3500*time.Millisecond, stop) }, 0, 3500 * time.Millisecond},
		{"until q", "wrong", nil, func(w *fleetWatch, _ context.CancelFunc) {
			keys := make(chan byte, 2)
			w.keys = keys
			time.AfterFunc(1500*time.Millisecond, func() { keys <- 'x'; keys <- 'q' })
		}, 0, 1500 * time.Millisecond},
		{"for a time", "right", nil, func(w *fleetWatch, _ context.CancelFunc) { w.length = 2500 * time.Millisecond }, 0, 2500 * time.Millisecond},
		{"for a time, and somebody is silent", "wrong", nil, func(w *fleetWatch, _ context.CancelFunc) { w.length = 2500 * time.Millisecond }, 1, 2500 * time.Millisecond},
		{"for a time, and nobody is there", "nobody", nil, func(w *fleetWatch, _ context.CancelFunc) { w.length = 2500 * time.Millisecond }, 1, 2500 * time.Millisecond},
		{"for a time, and the bus is away", "away", refused, func(w *fleetWatch, _ context.CancelFunc) { w.length = 2500 * time.Millisecond }, 4, 2500 * time.Millisecond},
		{"for a time, and nothing answers", "away", nil, func(w *fleetWatch, _ context.CancelFunc) { w.length = 2500 * time.Millisecond }, 4, 2500 * time.Millisecond},
		{"until nobody reads", "right", nil, func(w *fleetWatch, _ context.CancelFunc) {
			w.show = &fleetLines{out: full{fmt.Errorf("no space left on device")}}
		}, 1, fleetFirst},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var out strings.Builder
				ctx, stop := context.WithCancel(t.Context())
				defer stop()
				w := &fleetWatch{fleet: &seen{views[tt.fleet], tt.err}, every: fleetEvery, show: &fleetLines{out: &out}}
				tt.watch(w, stop)
				began := time.Now()
				err := enough(w.run(ctx))
				status := fault.Exit(err)
				if done, ok := err.(reported); ok { //nolint:errorlint // it is not wrapped
					status = done.status
				}
				if status != tt.exit || time.Since(began) != tt.takes {
					t.Errorf("%v, after %v:\n%s", err, time.Since(began), out.String())
				}
			})
		})
	}
}

// What is shown is the last view, whatever was there before, and only what has
// changed is written.
func TestFleetScreen(t *testing.T) {
	g := &glass{t: t}
	counted := &counter{w: g}
	width, height := 80, 24
	f := &fleetScreen{board: board{out: counted, size: func() (int, int) { return width, height }}}
	views := fleets(t)
	for _, name := range []string{"nobody", "starting", "thousand", "wrong", "right", "hostile", "away"} {
		v := views[name]
		g.lines, g.row = nil, 0
		if err := f.show(&v); err != nil {
			t.Fatal(err)
		}
		g.shows(f.lines(width, height))
		before := counted.n
		if err := f.show(&v); err != nil || counted.n != before {
			t.Errorf("%v, %d bytes written for nothing", err, counted.n-before)
		}
	}
	for _, size := range [][2]int{{60, 10}, {20, 2}, {1, 1}, {200, 60}} {
		width, height = size[0], size[1]
		g.lines, g.row = nil, 0 // what the terminal did to it
		if err := f.resized(); err != nil {
			t.Fatal(err)
		}
	}
	width = 30
	v := views["away"]
	if err := f.show(&v); err != nil {
		t.Fatal(err)
	}
	f.finish()
	if last := strings.TrimSpace(strings.Join(g.lines, " ")); !strings.HasSuffix(last, "connection refused") {
		t.Errorf("the last word is %q", last)
	}
	if g.hidden || g.nowrap {
		t.Error("the terminal is not as it was")
	}
}
