//go:build !lite

package bus_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/sensord/sensord/bus"
	"github.com/sensord/sensord/bus/pb"
)

// How long the rigs of a benchmark talk, and how often.
const (
	fleetSpan = 10 * time.Second
	fleetRate = 10              // positions a second
	fleetCalm = 5 * time.Second // between joining and talking
)

// BenchmarkFleet is a fleet at one hub: rigs that say where they are ten times
// a second, each with a connection and credentials of its own, and somebody who
// hears them all. Hub and rigs have processes of their own, and share the
// machine:
//
//	go test -run - -bench Fleet -benchtime 1x ./bus
//
// An operation is a position, and ns/op the CPU time that it costs the rigs'
// processes, with all that belongs to it. With all=true they also say how they
// are, and hold claims on their sources. Each leaf has a server of its own that
// keeps what is said. What is in % is of one core: of all rigs and of the hub
// while nobody talks (idle), then of the hub and of who listens.
func BenchmarkFleet(b *testing.B) {
	for _, f := range []fleetBench{
		{rigs: 100, mode: bus.Join},
		{rigs: 1000, mode: bus.Join},
		{rigs: 1000, mode: bus.Join, whole: true},
		{rigs: 20, mode: bus.Leaf, whole: true},
	} {
		b.Run(f.String(), f.run)
	}
}

type fleetBench struct {
	rigs  int
	mode  bus.Mode
	whole bool
}

func (f fleetBench) String() string {
	return fmt.Sprintf("rigs=%d/leaf=%t/all=%t", f.rigs, f.mode == bus.Leaf, f.whole)
}

func (f fleetBench) run(b *testing.B) {
	hub := startHubProcess(b)
	creds := hub.issue(b, f.rigs)
	w := watchFleet(b, hub)
	fleet := f.start(b, hub, creds)
	var m fleetMeasure
	m.rigsIdle, m.hubIdle = idle(b, hub, fleet)
	for b.Loop() {
		m.add(f.measure(b, hub, fleet, w))
	}
	w.settle(b, m.positions)
	m.report(b, w)
}

// start starts the rigs, in two processes, and waits until all have joined.
func (f fleetBench) start(b *testing.B, hub *hubProcess, creds string) []rigsProcess {
	b.Helper()
	url, store := "nats://"+hub.Client, ""
	if f.mode == bus.Leaf {
		url, store = "nats://"+hub.Leaf, b.TempDir()
	}
	var fleet []rigsProcess
	half := f.rigs / 2
	for i := range 2 {
		fleet = append(fleet, startRigs(b, rigsWith{Mode: f.mode, URL: url, Creds: creds, StoreDir: store, First: i * half, N: half, Whole: f.whole}))
	}
	for _, p := range fleet {
		p.joined(b)
	}
	return fleet
}

// idle is the share of a core that rigs and hub take while nobody talks.
func idle(b *testing.B, hub *hubProcess, fleet []rigsProcess) (rigs, ofHub float64) {
	b.Helper()
	<-time.After(fleetCalm)
	var before, after int64
	begin, hubBefore := time.Now(), hub.cost(b)
	for _, p := range fleet {
		before += p.cost(b).CPUNs
	}
	<-time.After(fleetCalm)
	for _, p := range fleet {
		after += p.cost(b).CPUNs
	}
	took := float64(time.Since(begin))
	return float64(after-before) / took, float64(hub.cost(b).since(hubBefore).CPUNs) / took
}

// measure has the rigs talk for fleetSpan.
func (f fleetBench) measure(b *testing.B, hub *hubProcess, fleet []rigsProcess, w *fleetWatcher) (m fleetMeasure) {
	b.Helper()
	hubBefore, selfBefore := hub.cost(b), ownCost(b)
	begin := time.Now()
	for _, p := range fleet {
		p.tell(b, fmt.Sprint("publish ", fleetRate, " ", fleetSpan))
	}
	for _, p := range fleet {
		var said published
		p.read(b, &said)
		m.positions += said.Positions
		m.cpuNs += said.CPUNs
		m.mallocs += said.Mallocs
		m.bytes += said.Bytes
		m.rigsKiB += said.RSSKiB
	}
	m.took = time.Since(begin)
	ofHub := hub.cost(b).since(hubBefore)
	m.hubNs, m.hubKiB, m.watcherNs = ofHub.CPUNs, ofHub.RSSKiB, ownCost(b).since(selfBefore).CPUNs
	for _, p := range fleet {
		m.failed += p.state(b).Failed
	}
	return m
}

func ownCost(b *testing.B) processCost {
	b.Helper()
	c, err := cost()
	if err != nil {
		b.Fatal(err)
	}
	return c
}

// A fleetMeasure is what some positions of a fleet took.
type fleetMeasure struct {
	positions               int
	took                    time.Duration
	cpuNs, hubNs, watcherNs int64
	mallocs, bytes, failed  uint64
	hubKiB, rigsKiB         int64   // at the end
	rigsIdle, hubIdle       float64 // share of a core
}

func (m *fleetMeasure) add(n fleetMeasure) {
	m.positions += n.positions
	m.took += n.took
	m.cpuNs += n.cpuNs
	m.hubNs += n.hubNs
	m.watcherNs += n.watcherNs
	m.mallocs += n.mallocs
	m.bytes += n.bytes
	m.failed, m.hubKiB, m.rigsKiB = n.failed, n.hubKiB, n.rigsKiB
}

func (m *fleetMeasure) report(b *testing.B, w *fleetWatcher) {
	b.Helper()
	n := float64(m.positions)
	b.ReportMetric(float64(m.cpuNs)/n, "ns/op")
	b.ReportMetric(float64(m.mallocs)/n, "allocs/op")
	b.ReportMetric(float64(m.bytes)/n, "B/op")
	b.ReportMetric(n/m.took.Seconds(), "positions/s")
	b.ReportMetric(100*m.rigsIdle, "rigs-idle-cpu-%")
	b.ReportMetric(100*m.hubIdle, "hub-idle-cpu-%")
	b.ReportMetric(float64(m.rigsKiB)/1024, "rigs-MiB-rss")
	b.ReportMetric(100*float64(m.hubNs)/float64(m.took), "hub-cpu-%")
	b.ReportMetric(float64(m.hubKiB)/1024, "hub-MiB-rss")
	b.ReportMetric(100*float64(m.watcherNs)/float64(m.took), "watcher-cpu-%")
	w.mu.Lock()
	defer w.mu.Unlock()
	slices.Sort(w.late)
	for _, q := range []struct {
		name  string
		share float64
	}{{"p50-ms", 0.5}, {"p99-ms", 0.99}, {"worst-ms", 1}} {
		b.ReportMetric(float64(quantile(w.late, q.share))/1e6, q.name)
	}
	b.ReportMetric(n-float64(len(w.late)), "lost")
	if lost := m.positions - len(w.late); lost != 0 || m.failed > 0 || w.wrong != "" {
		b.Errorf("%d of %d positions are lost, %d were not published; %s", lost, m.positions, m.failed, w.wrong)
	}
}

// quantile is the value of a sorted list that a share of it does not exceed.
func quantile(list []int64, share float64) int64 {
	if len(list) == 0 {
		return 0
	}
	return list[min(len(list)-1, int(share*float64(len(list))))]
}

// A fleetWatcher hears all positions of a fleet, as anybody with credentials
// can with a NATS client.
type fleetWatcher struct {
	mu    sync.Mutex
	late  []int64           // from each position's publishing to its being read
	last  map[string]uint64 // sequence, by rig
	wrong string            // the first mistake
	more  chan struct{}     // a doorbell
	clock func() (int64, bool)
}

func watchFleet(b *testing.B, hub *hubProcess) *fleetWatcher {
	b.Helper()
	w := &fleetWatcher{last: map[string]uint64{}, more: make(chan struct{}, 1), clock: systemUTC}
	conn, err := nats.Connect("nats://"+hub.Client, nats.UserCredentials(credsFile(hub.creds, watcherName)))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(conn.Close)
	if _, err := conn.Subscribe(bus.Subject(testFleet, bus.Any, bus.KindPosition), func(m *nats.Msg) { w.hear(m.Subject, m.Data) }); err != nil {
		b.Fatal(err)
	}
	if err := conn.Flush(); err != nil {
		b.Fatal(err)
	}
	return w
}

// hear reads a position. The sequence of a rig has no gaps, and goes up.
func (w *fleetWatcher) hear(subject string, data []byte) {
	p, err := pb.DecodePosition(data)
	now, _ := w.clock()
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case err != nil:
		w.complain("%s: %v", subject, err)
		return
	case p.GetHead().GetSequence() != w.last[subject]+1:
		w.complain("%s: %d came behind %d", subject, p.GetHead().GetSequence(), w.last[subject])
	}
	w.last[subject] = p.GetHead().GetSequence()
	w.late = append(w.late, now-p.GetHead().GetSentNs())
	select {
	case w.more <- struct{}{}:
	default:
	}
}

func (w *fleetWatcher) complain(format string, args ...any) {
	if w.wrong == "" {
		w.wrong = fmt.Sprintf(format, args...)
	}
}

// settle waits until so many positions were heard, or none comes any more.
func (w *fleetWatcher) settle(b *testing.B, want int) {
	b.Helper()
	for {
		w.mu.Lock()
		n := len(w.late)
		w.mu.Unlock()
		if n >= want {
			return
		}
		select {
		case <-w.more:
		case <-time.After(5 * time.Second):
			return
		}
	}
}
