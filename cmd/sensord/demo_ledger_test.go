package main

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sensord/sensord/uplink/kismet"
)

func TestLedgerTellsWhatIsNotAsCaptured(t *testing.T) {
	const (
		foreign = -1 // a frame that is in no capture
		away    = -2 // from here on without a position
	)
	upTo := func(from, to int) (frames []int) {
		for i := from; i < to; i++ {
			frames = append(frames, i)
		}
		return frames
	}
	for _, tt := range []struct {
		name     string
		sessions [][]int // frames by number
		want     tally
	}{
		{"nothing", nil, tally{}},
		{"all", [][]int{upTo(0, 10)}, tally{Arrived: 10, Newest: 10}},
		{"resumed without repetition", [][]int{upTo(0, 5), upTo(5, 10)}, tally{Arrived: 10, Newest: 10}},
		{"resumed with repetition", [][]int{upTo(0, 5), upTo(2, 10)}, tally{Arrived: 10, Newest: 10, Duplicates: 3}},
		{"resumed behind a gap", [][]int{upTo(0, 5), upTo(7, 10)}, tally{Arrived: 8, Newest: 10}},
		{"gap within a session", [][]int{{0, 1, 3}}, tally{Arrived: 3, Newest: 4}},
		{"begins late", [][]int{{3, 4}}, tally{Arrived: 2, Newest: 5}},
		{"gap that closes", [][]int{{0, 1, 3}, {2, 3}}, tally{Arrived: 4, Newest: 4, Duplicates: 1}},
		{"out of order", [][]int{{0, 2, 1}}, tally{Arrived: 3, Newest: 3, Disordered: 1}},
		{"twice in a session", [][]int{{0, 1, 1}}, tally{Arrived: 2, Newest: 2, Duplicates: 1, Disordered: 1}},
		{"foreign", [][]int{{0, foreign, 1}}, tally{Arrived: 2, Newest: 2, Foreign: 1}},
		{"without position", [][]int{{0, away, 1, 2}}, tally{Arrived: 3, Newest: 3, Misplaced: 2}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			content := func(n int) []byte { return []byte{1, 2, 3, byte(n)} }
			var want []fingerprint
			for n := range 10 {
				want = append(want, fingerprintOf(127, 1e6*int64(n), 4, content(n)))
			}
			l := newLedger(want)
			l.expect(place{1, 2, 3})
			gps := &kismet.GPS{Lat: 1, Lon: 2, AltM: 3, Fix: 3}
			for session, frames := range tt.sessions {
				for _, n := range frames {
					if n == away {
						gps = nil
						continue
					}
					l.take("", session+1, &kismet.Data{GPS: gps, Packet: &kismet.Packet{LinkType: 127, Sec: uint64(max(n, 0)), OrigLen: 4, Content: content(n)}})
				}
			}
			got, resumed := l.read()
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if len(resumed) != len(tt.sessions) {
				t.Errorf("%d sessions with frames, want %d", len(resumed), len(tt.sessions))
			}
		})
	}
}

// A frame along a drive has the position of its own time, within reason.
func TestLedgerComparesPositionsWithTheDrive(t *testing.T) {
	d, err := newDrive(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	at := d.start.Add(200 * time.Second)
	frame := kismet.Packet{LinkType: 127, Sec: uint64(at.Unix()), Usec: 250_000, OrigLen: 1, Content: []byte{1}}
	truth := d.at(&frame)
	right := kismet.GPS{
		Lat: truth.Lat, Lon: truth.Lon, AltM: truth.AltMSL, Fix: 3, Precision: 2.5, Sec: frame.Sec, Usec: frame.Usec,
		SpeedKMH: 3.6 * truth.SpeedMPS, Heading: truth.CourseDeg,
	}
	const metre = 1 / 111_267.0 // of latitude, in degrees, there
	for _, tt := range []struct {
		name   string
		change func(*kismet.GPS)
		off    float64
		ok     bool
	}{
		{"right", func(*kismet.GPS) {}, 0, true},
		{"two metres off", func(g *kismet.GPS) { g.Lat += 2 * metre }, 2, true},
		{"farther than it claims", func(g *kismet.GPS) { g.Lat -= 7 * metre }, 7, true},
		{"far farther than it claims", func(g *kismet.GPS) { g.Lat -= 8 * metre }, 8, false},
		{"far off, and it says so", func(g *kismet.GPS) { g.Lat += 26 * metre; g.Precision = 30 }, 26, false},
		{"no accuracy", func(g *kismet.GPS) { g.Precision = 0 }, 0, false},
		{"another height", func(g *kismet.GPS) { g.AltM += 26 }, 0, false},
		{"no height", func(g *kismet.GPS) { g.Fix = 2 }, 0, false},
		{"of another time", func(g *kismet.GPS) { g.Usec++ }, 0, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g := right
			tt.change(&g)
			l := newLedger([]fingerprint{fingerprintOf(127, at.Unix()*1e6+250_000, 1, frame.Content)})
			l.follow(d)
			l.take("", 1, &kismet.Data{GPS: &g, Packet: &frame})
			got, _ := l.read()
			if math.Abs(got.OffSumM-tt.off) > 0.01 || math.Abs(got.OffWorstM-tt.off) > 0.01 || (got.Misplaced == 0) != tt.ok || got.Placed != 1 || got.Arrived != 1 || (got.Within == 1) != (tt.off <= g.Precision) {
				t.Errorf("%+v", got)
			}
			if diff := cmp.Diff(g, got.Last); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	l := newLedger(nil)
	l.follow(d)
	l.take("", 1, &kismet.Data{Packet: &frame})
	if got, _ := l.read(); got.Misplaced != 1 || got.Placed != 0 {
		t.Errorf("without a position: %+v", got)
	}
}

// What a frame is known by is everything that the server is told of it.
func TestFingerprintDependsOnEverything(t *testing.T) {
	base := func() (uint32, int64, uint32, []byte) { return 127, 1_000_000, 4, []byte{1, 2, 3, 4} }
	link, at, length, content := base()
	prints := map[fingerprint]string{fingerprintOf(link, at, length, content): "itself"}
	for name, p := range map[string]fingerprint{
		"link type":       fingerprintOf(105, at, length, content),
		"time":            fingerprintOf(link, at+1, length, content),
		"original length": fingerprintOf(link, at, length+1, content),
		"content":         fingerprintOf(link, at, length, []byte{1, 2, 3, 5}),
		"cut content":     fingerprintOf(link, at, length, content[:3]),
	} {
		if other, ok := prints[p]; ok {
			t.Errorf("another %s is taken for %s", name, other)
		}
		prints[p] = name
	}
}

func TestPlaceIsWhatTheServerWasTold(t *testing.T) {
	here := kismet.GPS{Lat: 52.5, Lon: 13.4, AltM: 35, Fix: 3}
	for _, tt := range []struct {
		name  string
		place place
		got   *kismet.GPS
		want  bool
	}{
		{"same", place{52.5, 13.4, 35}, &here, true},
		{"none", place{52.5, 13.4, 35}, nil, false},
		{"other latitude", place{52.6, 13.4, 35}, &here, false},
		{"other longitude", place{52.5, 13.5, 35}, &here, false},
		{"other altitude", place{52.5, 13.4, 36}, &here, false},
		{"altitude not known", place{52.5, 13.4, math.NaN()}, &here, false},
		{"flat", place{52.5, 13.4, math.NaN()}, &kismet.GPS{Lat: 52.5, Lon: 13.4, AltM: math.NaN(), Fix: 2}, true},
		{"flat as v2 says it", place{0, 0, math.NaN()}, &kismet.GPS{Fix: 2}, true},
	} {
		if got := tt.place.is(tt.got); got != tt.want {
			t.Errorf("%s: %t", tt.name, got)
		}
	}
}

func TestTotalsSayWhatIsWrong(t *testing.T) {
	for _, tt := range []struct {
		totals totals
		want   string // empty is nothing
	}{
		{totals{Captured: 5, tally: tally{Arrived: 5, Duplicates: 2}}, ""},
		{totals{Captured: 2005, Lost: 1005, tally: tally{Arrived: 1000}}, "1 005 of 2 005 captured frames did not arrive"},
		{totals{Captured: 5, tally: tally{Arrived: 5, Foreign: 1}}, "1 frames arrived that are not in the capture"},
		{totals{Captured: 5, tally: tally{Arrived: 5, Disordered: 1}}, "1 frames arrived out of order"},
		{totals{Captured: 5, tally: tally{Arrived: 5, Misplaced: 1}}, "1 frames arrived without their position"},
		{totals{Captured: 5, Moving: true, tally: tally{Arrived: 5, Misplaced: 1}}, "1 frames arrived with a wrong position, or without one"},
	} {
		err := tt.totals.err()
		if tt.want == "" {
			if err != nil {
				t.Errorf("%v", err)
			}
			continue
		}
		var errs strings.Builder
		if status := (&app{errs: &errs}).finish(err); status != 3 || !strings.Contains(errs.String(), tt.want) {
			t.Errorf("exit %d, want %q:\n%s", status, tt.want, errs.String())
		}
	}
}
