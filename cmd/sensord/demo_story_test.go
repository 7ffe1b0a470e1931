package main

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sensord/sensord/actors"
	"github.com/sensord/sensord/internal/fault"
	"github.com/sensord/sensord/uplink/kismettest"
)

// play is a demo that is acted to a story in steps of 50 ms: 1 000 frames a
// second are captured.
type play struct {
	*story
	status   actors.Status
	count    tally
	sessions []time.Time
	now      time.Time
}

func newPlay() *play {
	p := &play{
		story:  newStory(&replay{name: "a.pcap", rate: 1000, length: 4 * time.Second}, kismettest.T23),
		status: actors.Status{Sources: make([]actors.SourceStatus, 1)},
	}
	p.now = p.began
	return p
}

func (p *play) source() *actors.SourceStatus { return &p.status.Sources[0] }

func (p *play) link(state actors.LinkState, err error) {
	p.source().Link.State, p.source().Link.Err = state, err
}

func (p *play) look() { p.observe(p.now, p.status, p.count, p.sessions) }

// run lets time pass, in which frames arrive at once or not at all.
func (p *play) run(length time.Duration, flows bool) {
	for end := p.now.Add(length); p.now.Before(end); {
		p.now = p.now.Add(watchEvery)
		p.source().Frames.Captured += 50
		if flows {
			p.count.Arrived = p.source().Frames.Captured
		}
		p.look()
	}
}

func TestStoryTellsWhatChanges(t *testing.T) {
	p := newPlay()
	p.link(actors.LinkDialling, nil)
	p.look()
	p.source().Capture = actors.CaptureRunning
	p.link(actors.LinkStreaming, nil)
	p.sessions = append(p.sessions, p.now)
	p.run(2*time.Second, true)
	if p.CaptureRate != 1000 || p.ArrivalRate != 1000 {
		t.Errorf("%v captured and %v arrived a second", p.CaptureRate, p.ArrivalRate)
	}

	p.broke(p.now, 321)
	lost := fault.New(fault.LinkLost, "server a", errors.New("connection reset"))
	p.link(actors.LinkWaiting, lost)
	p.run(time.Second, false)
	p.link(actors.LinkDialling, lost)
	p.run(200*time.Millisecond, false)
	p.link(actors.LinkDialling, fault.New(fault.LinkRefused, "server a", errors.New("refused")))
	p.run(300*time.Millisecond, false)
	if p.ArrivalRate != 0 {
		t.Errorf("%v arrive a second over a broken link", p.ArrivalRate)
	}

	p.link(actors.LinkStreaming, nil)
	p.sessions = append(p.sessions, p.now.Add(20*time.Millisecond))
	p.run(500*time.Millisecond, true)
	p.sessions = append(p.sessions, p.now)
	p.status.Restarts = 1
	p.look()
	p.source().Capture = actors.CaptureEnded
	p.link(actors.LinkFinished, nil)
	p.look()

	var got strings.Builder
	for _, e := range p.Events {
		got.WriteString(e.line().String() + "\n")
	}
	golden(t, "testdata/demo/story.view", got.String())
	if p.recovery != 1520*time.Millisecond {
		t.Errorf("flowed again after %v", p.recovery)
	}
	// Two seconds as captured, 1.5 s of nothing, then all of it at once.
	if diff := cmp.Diff([]uint64{500, 500, 500, 500, 0, 0, 0, 2000}, p.Flow); diff != "" {
		t.Errorf("flow (-want +got):\n%s", diff)
	}
}

func TestFlowEndsWithWhatIsLeft(t *testing.T) {
	for _, tt := range []struct {
		elapsed time.Duration
		arrived uint64
		want    []uint64
	}{
		{100 * time.Millisecond, 90, []uint64{90}},
		{1100 * time.Millisecond, 1090, []uint64{500, 590}},
		{1400 * time.Millisecond, 1390, []uint64{500, 500, 390}},
	} {
		s := &story{snapshot: snapshot{Elapsed: tt.elapsed}}
		s.fill(int(tt.elapsed/flowStep), uint64(tt.elapsed/flowStep)*500)
		s.finish(tt.arrived)
		if diff := cmp.Diff(tt.want, s.Flow); diff != "" {
			t.Errorf("%v (-want +got):\n%s", tt.elapsed, diff)
		}
	}
}

func TestShrunkFlowFits(t *testing.T) {
	got, steps := shrunk([]uint64{1, 2, 3, 4, 6}, 2)
	if diff := cmp.Diff([]uint64{6, 15}, got); diff != "" || steps != 3 {
		t.Errorf("%d steps (-want +got):\n%s", steps, diff)
	}
	if got, steps := shrunk(nil, 0); len(got) != 0 || steps != 1 {
		t.Errorf("nothing became %v, %d steps", got, steps)
	}
}
