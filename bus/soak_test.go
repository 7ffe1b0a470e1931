//go:build !lite

package bus_test

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/sensord/sensord/bus"
	"github.com/sensord/sensord/bus/bustest"
	"github.com/sensord/sensord/bus/pb"
)

// soakCut is how long the fleet has no hub. 10m is the promise; the default is
// what an ordinary test run can wait for.
var soakCut = flag.Duration("soak", 3*time.Second, "how long the line to the hub is cut in TestSoak")

const (
	soakRigs = 3
	soakRate = 10 // positions a second
	soakCalm = time.Second

	// soakLimit is for the hub to fetch what it missed, which takes seconds, on a
	// machine that is busy with everything else.
	soakLimit = 5 * time.Minute
)

// TestSoakNothingIsLost is F2 with processes: rigs with a leaf each, of which
// one is killed and started again, a line to the hub that is cut, a hub that is
// killed and started again. What the rigs' own stores have acknowledged is at
// the hub in the end, all of it, once, in order for each rig.
func TestSoakNothingIsLost(t *testing.T) {
	t.Parallel() // it mostly waits
	s := startSoak(t)
	s.pass(t, soakCalm)

	s.line.Cut()
	s.pass(t, *soakCut/3)
	s.kill(t, 0)
	s.launch(t, 0)
	s.pass(t, *soakCut*2/3)
	s.line.Heal()
	s.pass(t, soakCalm)

	s.hub.kill(t)
	s.pass(t, soakCalm)
	s.hub.restart(t)
	s.back = time.Now()
	s.pass(t, soakCalm)
	for i := range s.rigs {
		s.hush(t, i)
	}
	s.check(t)
}

// A soak is a fleet that things happen to.
type soak struct {
	hub  *hubProcess
	line *bustest.Proxy // between all leaves and the hub
	dir  string         // of the rigs' stores
	rigs [soakRigs]rigsProcess
	runs []soakRun // that are over
	back time.Time // when the hub was back
}

// soakRun is what a rig has said from one start to the next.
type soakRun struct {
	rig    int
	said   rigsState // the last that was known of it
	killed bool      // it may have said more
}

func startSoak(t *testing.T) *soak {
	t.Helper()
	s := &soak{hub: startHubProcess(t), dir: t.TempDir()}
	s.hub.issue(t, soakRigs)
	s.line = bustest.NewProxy(t, s.hub.Leaf)
	for i := range s.rigs {
		s.launch(t, i)
	}
	for _, p := range s.rigs {
		p.joined(t)
	}
	return s
}

// launch starts a rig, which talks as soon as its own server is up.
func (s *soak) launch(t *testing.T, i int) {
	t.Helper()
	s.rigs[i] = startRigs(t, rigsWith{Mode: bus.Leaf, URL: "nats://" + s.line.Addr(), Creds: s.hub.creds, StoreDir: s.dir, First: i, N: 1, Whole: true})
	s.rigs[i].up(t)
	var said rigsState
	s.rigs[i].ask(t, fmt.Sprint("talk ", soakRate), &said)
}

// kill kills a rig while it talks.
func (s *soak) kill(t *testing.T, i int) {
	t.Helper()
	s.runs = append(s.runs, soakRun{rig: i, said: s.rigs[i].state(t), killed: true})
	s.rigs[i].kill(t)
}

// hush waits until the rig's own store has all that it said.
func (s *soak) hush(t *testing.T, i int) {
	t.Helper()
	var said rigsState
	s.rigs[i].ask(t, "hush", &said)
	bustest.Wait(t, fmt.Sprint("the acknowledgements of rig ", i), func() bool {
		said = s.rigs[i].state(t)
		return said.Kept+said.Failed >= said.Positions+said.Events
	})
	if said.Failed > 0 {
		t.Errorf("rig %d: %+v", i, said)
	}
	s.runs = append(s.runs, soakRun{rig: i, said: said})
}

// pass lets time pass: it is what the rigs say meanwhile that counts.
func (s *soak) pass(t *testing.T, d time.Duration) {
	t.Helper()
	select {
	case <-time.After(d):
	case <-t.Context().Done():
		t.Fatal(t.Context().Err())
	}
}

// check reads what the hub keeps, until all is there.
func (s *soak) check(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), soakLimit)
	defer cancel()
	conn, err := nats.Connect("nats://"+s.hub.Client, nats.UserCredentials(credsFile(s.hub.creds, watcherName)), nats.CustomInboxPrefix("_INBOX_watch"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	messages := pushed(ctx, t, conn, bus.Prefix+"."+testFleet+".>")

	h := soakHeard{}
	for n := uint64(1); ; n++ {
		m, err := messages.NextMsgWithContext(ctx)
		if err != nil {
			t.Fatalf("%v behind %d messages\nthe hub has %v\nthe rigs said %+v", err, n-1, h, s.runs)
		}
		h.take(t, m.Subject, m.Data)
		if !s.complete(h) {
			continue
		}
		meta, err := m.Metadata()
		if err != nil {
			t.Fatal(err)
		}
		if meta.NumPending == 0 {
			t.Logf("%d messages of %d runs are at the hub, in order, %.0f s after it was back", n, len(s.runs), time.Since(s.back).Seconds())
			return
		}
	}
}

// soakSeen is what is known at the hub of one run of a rig: the sequences of
// its positions and events go from 1 up to these.
type soakSeen struct{ incarnation, positions, events uint64 }

// soakHeard is what the hub has of each rig: its runs, in order.
type soakHeard map[string][]*soakSeen

func (h soakHeard) String() string {
	var b strings.Builder
	for _, rig := range slices.Sorted(maps.Keys(h)) {
		for _, run := range h[rig] {
			fmt.Fprintf(&b, " %s: %+v", rig, *run)
		}
	}
	return b.String()
}

// take takes a message, which has to be the next one of its run.
func (h soakHeard) take(t *testing.T, subject string, data []byte) {
	t.Helper()
	a, ok := bus.ParseSubject(subject)
	if !ok {
		t.Fatalf("the hub keeps %s", subject)
	}
	var head *pb.Head
	next := func(r *soakSeen) *uint64 { return &r.positions }
	switch a.Kind {
	case bus.KindPosition:
		m, err := pb.DecodePosition(data)
		if err != nil {
			t.Fatal(err)
		}
		head = m.GetHead()
	case bus.KindEvent:
		m, err := pb.DecodeEvent(data)
		if err != nil {
			t.Fatal(err)
		}
		head = m.GetHead()
		next = func(r *soakSeen) *uint64 { return &r.events }
	default:
		t.Fatalf("the hub keeps %s", subject)
	}
	runs := h[a.Rig]
	if len(runs) == 0 || runs[len(runs)-1].incarnation != head.GetIncarnation() {
		runs = append(runs, &soakSeen{incarnation: head.GetIncarnation()})
		h[a.Rig] = runs
	}
	last := next(runs[len(runs)-1])
	if head.GetSequence() != *last+1 {
		t.Errorf("%s of incarnation %x: %d comes behind %d", subject, head.GetIncarnation(), head.GetSequence(), *last)
	}
	*last = head.GetSequence()
}

// complete reports whether the hub has all of every run: what was said, or of
// one that was killed at least what its store had acknowledged.
func (s *soak) complete(h soakHeard) bool {
	begun := map[int]int{} // runs of each rig
	for _, run := range s.runs {
		n := begun[run.rig]
		begun[run.rig]++
		runs := h[rigName(run.rig)]
		if n >= len(runs) {
			return false
		}
		seen := runs[n]
		if run.killed && seen.positions+seen.events < run.said.Kept {
			return false
		}
		if !run.killed && (seen.positions < run.said.Positions || seen.events < run.said.Events) {
			return false
		}
	}
	return true
}
