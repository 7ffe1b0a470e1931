package web_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sensord/sensord/web"
)

// A spool that is full, with its server away, for minutes: what is heard is kept
// as long as the oldest makes room, whatever moment one looks at, and lost where
// the newest goes. Both rules drop as many frames.
func TestAFullSpoolRecordsByItsRule(t *testing.T) {
	const perSecond = 700
	for _, tt := range []struct {
		reason   string
		every    uint64 // seconds, in which that many seconds' frames go at once
		state    web.State
		sentence string
	}{
		{"size", 1, web.StateImpaired, "RECORDING, BUT the oldest frames are given up: 1 400/s (the spool is full)"},
		{"size", 15, web.StateImpaired, "RECORDING, BUT the oldest frames are given up: 1 400/s (the spool is full)"},
		{"age", 15, web.StateImpaired, "RECORDING, BUT the oldest frames are given up: 1 400/s (the spool keeps none that are older)"},
		{"newest", 1, web.StateStopped, "NOT RECORDING: source roof: 42 000 frames lost in the last minute: memory and disk are full, and what comes is dropped"},
		{"disk", 1, web.StateStopped, "NOT RECORDING: source roof: 42 000 frames lost in the last minute: nothing can be written to disk, and memory is full"},
		{"memory", 1, web.StateStopped, "NOT RECORDING: source roof: 42 000 frames lost in the last minute: memory is full"},
		{"damaged", 1, web.StateImpaired, "RECORDING, BUT source roof: 42 000 frames lost in the last minute: what was on disk cannot be read any more"},
	} {
		second := uint64(0)
		look := func() web.Status {
			s := web.Status{
				Servers: []web.Endpoint{{Name: "home", Address: "wss://home"}},
				Spool:   &web.Spool{Dir: "/s", Bytes: 8 << 20, Limit: 8 << 20, After: 2},
			}
			for _, name := range []string{"roof", "side"} {
				src := without(nil)
				src.Name = name
				gone := second / tt.every * tt.every * perSecond
				src.Frames = web.Frames{
					Captured: 100_000 + second*perSecond, Dropped: gone, DroppedBy: map[string]uint64{tt.reason: gone},
					OnDisk: 9000, Waiting: 9000, Oldest: new(13.0),
				}
				s.Sources = append(s.Sources, src)
			}
			return s
		}
		o, began := web.NewObserver(look), time.Now()
		for ; second < 200; second++ {
			s := o.Now(began.Add(time.Duration(second) * time.Second))
			if second < 120 {
				continue
			}
			if s.State != tt.state || s.Recording != (tt.state == web.StateImpaired) {
				t.Errorf("%s every %d s: second %d: %s, %t", tt.reason, tt.every, second, s.State, s.Recording)
			}
			if diff := cmp.Diff(tt.sentence, s.Sentence); diff != "" && tt.every == 1 {
				t.Errorf("%s (-want +got):\n%s", tt.reason, diff)
			}
		}
	}
}

// How many go is of the last minute, since whole files go at once; few are told
// as a number.
func TestHowManyOfTheOldestAreGivenUp(t *testing.T) {
	source := func(change func(*web.Frames)) web.Source {
		s := without(nil)
		change(&s.Frames)
		return s
	}
	for _, tt := range []struct {
		name, sentence string
		sources        []web.Source
	}{
		{
			"one source", "RECORDING, BUT the oldest frames are given up: 28/s (the spool is full)",
			[]web.Source{source(func(f *web.Frames) {
				f.DroppedLately, f.GiveUpRate, f.MissRate = map[string]uint64{"size": 1700}, new(28.3), new(0.0)
			})},
		},
		{
			"few", "RECORDING, BUT the oldest frames are given up: 12 in the last minute (the spool keeps none that are older)",
			[]web.Source{source(func(f *web.Frames) {
				f.DroppedLately, f.GiveUpRate = map[string]uint64{"age": 12}, new(0.2)
			})},
		},
		{
			"beside a zone", "RECORDING, BUT the oldest frames are given up: 28/s (the spool is full)",
			[]web.Source{source(func(f *web.Frames) {
				f.DroppedLately, f.GiveUpRate = map[string]uint64{"size": 1700, "privacy": 9}, new(28.3)
			})},
		},
		{
			"worse things first", "RECORDING, BUT source roof: 3 frames lost in the last minute: memory and disk are full, and what comes is dropped",
			[]web.Source{source(func(f *web.Frames) {
				f.DroppedLately, f.GiveUpRate, f.MissRate = map[string]uint64{"size": 1700, "newest": 3}, new(28.3), new(0.6)
			})},
		},
	} {
		s := web.Status{Servers: []web.Endpoint{{Name: "home"}}, Spool: &web.Spool{Dir: "/s"}, Sources: tt.sources}
		s.Judge()
		if diff := cmp.Diff(tt.sentence, s.Sentence); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}
