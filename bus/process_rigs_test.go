//go:build !lite

package bus_test

import (
	"context"
	"fmt"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/sensord/sensord/bus"
	"github.com/sensord/sensord/bus/pb"
	"github.com/sensord/sensord/gps"
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

// How often a rig says how it is, and how many sources each has.
const (
	statusEvery = 5 * time.Second
	rigSources  = 2
)

// rigs are the rigs of a process.
type rigs struct {
	rigsWith
	buses []*bus.Bus

	mu        sync.Mutex
	positions uint64
	events    uint64
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
	TookNs    int64
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

// joined waits until all rigs are connected, and their leaves.
func (p rigsProcess) joined(tb testing.TB) {
	tb.Helper()
	var s rigsState
	p.ask(tb, "joined", &s)
	if s.Error != "" {
		tb.Fatalf("rigs do not join: %+v", s)
	}
}

// runRigs is the rigs' process.
func runRigs(o *orders) error {
	r := &rigs{}
	if err := o.with(&r.rigsWith); err != nil {
		return err
	}
	ctx, leave := context.WithCancel(context.Background())
	var running sync.WaitGroup
	defer running.Wait()
	defer leave()
	for i := range r.N {
		b, err := bus.New(r.options(r.First + i))
		if err != nil {
			return err
		}
		r.buses = append(r.buses, b)
		if r.Whole {
			b.Claim(claims(r.First + i))
		}
		running.Go(func() { _ = b.Run(ctx) })
	}
	return o.each(func(words []string) (any, error) { return r.obey(ctx, words) })
}

func (r *rigs) obey(ctx context.Context, words []string) (any, error) {
	switch words[0] {
	case "state":
		return r.state(), nil
	case "joined":
		return r.joined(ctx), nil
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
	o := bus.Options{
		Fleet: testFleet, Rig: rigName(i), RigID: fmt.Sprintf("id-%04d", i), Version: "test",
		Mode: r.Mode, URLs: []string{r.URL}, CredsFile: credsFile(r.Creds, rigName(i)),
		Claims: r.Whole, ClaimMode: "warn", Now: boottime, UTC: systemUTC,
	}
	if r.StoreDir != "" {
		o.StoreDir, o.StoreBytes, o.StoreAge = filepath.Join(r.StoreDir, rigName(i)), 64<<20, time.Hour
	}
	return o
}

// claims are the sources of a rig.
func claims(rig int) []bus.ClaimRequest {
	var list []bus.ClaimRequest
	for i := range rigSources {
		list = append(list, bus.ClaimRequest{UUID: fmt.Sprintf("5FE308BD-0000-0000-%04X-02000000%04X", i, rig), Source: fmt.Sprint("wlan", i)})
	}
	return list
}

func (r *rigs) state() rigsState {
	r.mu.Lock()
	s := rigsState{Positions: r.positions, Events: r.events}
	r.mu.Unlock()
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

func (r *rigs) joined(ctx context.Context) rigsState {
	ctx, cancel := context.WithTimeout(ctx, joinPatience)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		s := r.state()
		if s.Connected == r.N && (r.Mode != bus.Leaf || s.Leaves == r.N) {
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
	after.CPUNs -= before.CPUNs
	after.Mallocs -= before.Mallocs
	return published{total, int64(time.Since(begin)), after}, err
}

// aPosition is what a rig that drives says.
func aPosition(i int) *pb.Position {
	return pb.FromPosition(gps.Position{
		Lat: 52.1 + float64(i)*1e-5, Lon: 4.3, AltMSL: 12.5, SpeedMPS: 13.8, Heading: 271.5, AccuracyM: 3.2, Receiver: "fusion",
	}, time.Now().UnixNano(), int64(40*time.Millisecond))
}

// aStatus is what a rig with two radios says of itself.
func aStatus(rig int) *pb.Status {
	s := &pb.Status{
		Name: rigName(rig), State: "recording", Sentence: "everything is recorded and sent", Recording: true,
		StartedNs: time.Now().UnixNano(), UptimeS: 3600, EveryS: statusEvery.Seconds(),
		Receivers: []*pb.Receiver{{Name: "puck", Type: "gpsd", State: "fix"}, {Name: "phone", Type: "meta", State: "fix"}},
	}
	for _, c := range claims(rig) {
		s.Sources = append(s.Sources, &pb.Source{
			Name: c.Source, Type: "linuxwifi", Uuid: c.UUID, Capture: "capturing", Recorded: true, Channel: "6", Hopping: true,
			HopsPerS: 5, Channels: 38, LinkState: "streaming", Server: "home", Protocol: "v3",
			Captured: 1_000_000, Sent: 1_000_000, Acknowledged: 999_000, Waiting: 1000,
		})
	}
	return s
}
