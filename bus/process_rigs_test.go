//go:build !lite

package bus_test

import (
	"context"
	"fmt"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sensord/sensord/bus"
)

// roleRigs is a process that is many rigs: each has its own place on the bus,
// and so its own connection and credentials.
const roleRigs = "rigs"

// rigsWith is what a process of rigs is started with.
type rigsWith struct {
	Mode     bus.Mode
	URL      string
	Creds    string // directory
	StoreDir string // directory; of Leaf
	First, N int    // rigs are numbered
	Whole    bool   // with what a rig says besides positions: how it is, and its claims
}

// rigs are the rigs of a process.
type rigs struct {
	rigsWith
	buses  []*bus.Bus
	notify func(rig int, c bus.Change) // nil is nobody

	positions, events atomic.Uint64 // that were told while talking
	hush              func()        // ends talking
}

// rigsState is how the rigs of a process are.
type rigsState struct {
	Connected, Leaves       int    // rigs that are connected; to the hub
	Positions, Events       uint64 // that were told
	Published, Kept, Failed uint64
	Error                   string // of one of them
}

// published is what some positions cost.
type published struct {
	Positions int
	processCost
}

// rigsProcess is rigs in a process of their own.
type rigsProcess struct{ *process }

func startRigs(tb testing.TB, with rigsWith) rigsProcess {
	tb.Helper()
	return rigsProcess{startProcess(tb, roleRigs, with)}
}

func (p rigsProcess) state(tb testing.TB) (s rigsState) {
	tb.Helper()
	p.ask(tb, "state", &s)
	return s
}

func (p rigsProcess) cost(tb testing.TB) (c processCost) {
	tb.Helper()
	p.ask(tb, "cost", &c)
	return c
}

// joined waits until all rigs are connected, and their leaves.
func (p rigsProcess) joined(tb testing.TB) {
	tb.Helper()
	p.await(tb, "joined")
}

// up waits until all rigs are connected to what is nearest to them.
func (p rigsProcess) up(tb testing.TB) {
	tb.Helper()
	p.await(tb, "up")
}

func (p rigsProcess) await(tb testing.TB, what string) {
	tb.Helper()
	var s rigsState
	if p.ask(tb, what, &s); s.Error != "" {
		tb.Fatalf("rigs are not %s: %+v", what, s)
	}
}

// runRigs is the rigs' process.
func runRigs(o *orders) error {
	r := &rigs{hush: func() {}}
	defer func() { r.hush() }()
	if err := o.with(&r.rigsWith); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	stop, err := r.run(ctx)
	if err != nil {
		return err
	}
	defer stop()
	return o.each(func(words []string) (any, error) { return r.obey(ctx, words) })
}

// run makes the rigs and has them join. stop ends them, and waits for that.
func (r *rigs) run(ctx context.Context) (stop func(), err error) {
	ctx, leave := context.WithCancel(ctx)
	var running sync.WaitGroup
	stop = func() {
		leave()
		running.Wait()
	}
	for i := range r.N {
		b, err := bus.New(r.options(i))
		if err != nil {
			stop()
			return nil, err
		}
		r.buses = append(r.buses, b)
		if r.Whole {
			b.Claim(claims(r.First + i))
		}
		running.Go(func() { _ = b.Run(ctx) })
	}
	return stop, nil
}

func (r *rigs) obey(ctx context.Context, words []string) (any, error) {
	switch words[0] {
	case "state":
		return r.state(), nil
	case "joined":
		return r.joined(ctx, r.Mode == bus.Leaf), nil
	case "up":
		return r.joined(ctx, false), nil
	case "talk":
		rate, err := strconv.Atoi(words[1])
		r.talk(ctx, rate)
		return r.state(), err
	case "cost":
		return cost()
	case "hush":
		r.hush()
		return r.state(), nil
	case "publish":
		rate, err := strconv.Atoi(words[1])
		if err != nil {
			return nil, err
		}
		span, err := time.ParseDuration(words[2])
		if err != nil {
			return nil, err
		}
		return r.publish(rate, span)
	}
	return nil, errOrder
}

func (r *rigs) options(i int) bus.Options {
	name := rigName(r.First + i)
	o := bus.Options{
		Fleet: testFleet, Rig: name, RigID: "id-" + name, Version: "test",
		Mode: r.Mode, URLs: []string{r.URL}, CredsFile: credsFile(r.Creds, name),
		Claims: r.Whole, ClaimMode: "warn", Now: boottime, UTC: systemUTC,
	}
	if r.StoreDir != "" {
		o.StoreDir, o.StoreBytes, o.StoreAge = filepath.Join(r.StoreDir, name), 64<<20, time.Hour
	}
	if r.notify != nil {
		o.Notify = func(c bus.Change) { r.notify(i, c) }
	}
	return o
}

func (r *rigs) state() rigsState {
	s := rigsState{Positions: r.positions.Load(), Events: r.events.Load()}
	for _, b := range r.buses {
		st := b.State()
		if st.Connected {
			s.Connected++
		}
		if st.Leaf.Connected {
			s.Leaves++
		}
		s.Published += st.Published
		s.Kept += st.Kept
		s.Failed += st.Failed
		if st.Err != nil {
			s.Error = st.Err.Error()
		}
	}
	return s
}

// joinPatience is how long rigs have to join, on a machine that is busy with
// a thousand of them.
const joinPatience = time.Minute

// joined waits until all rigs are connected, and their leaves if they are asked for.
func (r *rigs) joined(ctx context.Context, leaves bool) rigsState {
	ctx, cancel := context.WithTimeout(ctx, joinPatience)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		s := r.state()
		if s.Connected == r.N && (!leaves || s.Leaves == r.N) {
			s.Error = ""
			return s
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			s.Error = fmt.Sprintf("not all are connected after %v: %s", joinPatience, s.Error)
			return s
		}
	}
}

// publish has each rig say where it is so many times a second, one after the
// other, so that the bus is as busy at any time. Who falls behind catches up.
func (r *rigs) publish(rate int, span time.Duration) (p published, err error) {
	perSecond := float64(r.N * rate)
	total := int(perSecond * span.Seconds())
	before, err := cost()
	if err != nil {
		return p, err
	}
	begin, tick := time.Now(), time.NewTicker(time.Millisecond)
	defer tick.Stop()
	perStatus := rate * int(statusEvery/time.Second)
	for i := range total {
		for float64(i) > time.Since(begin).Seconds()*perSecond {
			<-tick.C
		}
		rig, round := i%r.N, i/r.N
		b := r.buses[rig]
		b.PublishPosition(aPosition(round))
		if r.Whole && (rig+round)%perStatus == 0 {
			b.PublishStatus(aStatus(r.First + rig))
		}
	}
	after, err := cost()
	return published{total, after.since(before)}, err
}
