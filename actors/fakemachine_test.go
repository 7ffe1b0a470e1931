package actors

import (
	"context"
	"math"
	"sync"
	"time"

	"github.com/sensord/sensord/configs"
	"github.com/sensord/sensord/gps"
	"github.com/sensord/sensord/gps/clock"
	"github.com/sensord/sensord/gps/gpstest"
	"github.com/sensord/sensord/internal/fault"
)

// A fakeMachine drives east at a steady speed. It has clocks, of which one may
// be wrong, and receivers that can be unplugged.
type fakeMachine struct {
	start time.Time // on the bubble's clock
	boot  int64     // CLOCK_BOOTTIME then
	zero  int64     // UTC when CLOCK_BOOTTIME was 0
	drive *gpstest.Drive

	mu        sync.Mutex
	wrongBy   time.Duration // the system clock is ahead of the true time
	synced    bool
	receivers map[string]*fakeReceiver
}

// The machine starts an hour before the test does, at this time.
const fakeUTC = 1_795_400_000_000_000_000 // 2026-11-22

func newFakeMachine() *fakeMachine {
	return &fakeMachine{start: time.Now(), boot: int64(time.Hour), zero: fakeUTC, synced: true, receivers: map[string]*fakeReceiver{}}
}

// follow makes the machine take a simulated drive, with its receivers.
func (m *fakeMachine) follow(d *gpstest.Drive) {
	m.drive, m.boot, m.zero = d, d.BootNs, d.OffsetNs()
}

// played are the names of a simulated drive's receivers.
func (m *fakeMachine) played() []string {
	var names []string
	for _, model := range m.drive.Models {
		names = append(names, model.Name)
	}
	return names
}

func (m *fakeMachine) boottime() int64 { return m.boot + int64(time.Since(m.start)) }

// utc is the true time at a time of CLOCK_BOOTTIME.
func (m *fakeMachine) utc(boottimeNs int64) int64 { return m.zero + boottimeNs }

// realtime is what the system clock shows, and what it is ahead of
// CLOCK_BOOTTIME.
func (m *fakeMachine) realtime() (ns, offsetNs int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	offsetNs = m.zero + int64(m.wrongBy)
	return m.boottime() + offsetNs, offsetNs
}

func (m *fakeMachine) system() (clock.System, error) {
	_, offset := m.realtime()
	m.mu.Lock()
	defer m.mu.Unlock()
	return clock.System{AtNs: m.boottime(), OffsetNs: offset, Synchronised: m.synced, ErrorNs: 1e6}, nil
}

// setClock steps the system clock.
func (m *fakeMachine) setClock(wrongBy time.Duration, synced bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.wrongBy, m.synced = wrongBy, synced
}

// metresPerDegree is close enough to what WGS 84 says of 52 degrees north.
const (
	fakeLat, fakeLon = 52.0, 5.0
	fakeSpeed        = 30.0 // m/s
	metresEast       = 68_677.6
	metresNorth      = 111_264.9
)

// place is where the machine is at a time of CLOCK_BOOTTIME.
func (m *fakeMachine) place(boottimeNs int64) (lat, lon float64) {
	return fakeLat, fakeLon + fakeSpeed*float64(boottimeNs)/1e9/metresEast
}

// off is how far a place is from where the machine was.
func (m *fakeMachine) off(boottimeNs int64, lat, lon float64) float64 {
	trueLat, trueLon := m.place(boottimeNs)
	return math.Hypot((lat-trueLat)*metresNorth, (lon-trueLon)*metresEast)
}

// A fakeReceiver gives fixes without noise, late by latency.
type fakeReceiver struct {
	machine *fakeMachine
	name    string
	every   time.Duration
	latency time.Duration
	north   float64 // metres that it is off

	mu   sync.Mutex
	gone chan struct{} // closed while it is unplugged
	runs int
}

func (m *fakeMachine) plugReceiver(name string) *fakeReceiver {
	m.mu.Lock()
	defer m.mu.Unlock()
	r := &fakeReceiver{machine: m, name: name, every: time.Second, latency: 300 * time.Millisecond, gone: make(chan struct{})}
	m.receivers[name] = r
	return r
}

func (r *fakeReceiver) unplug() {
	r.mu.Lock()
	defer r.mu.Unlock()
	close(r.gone)
}

func (r *fakeReceiver) replug() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.gone = make(chan struct{})
}

func (r *fakeReceiver) unplugged() <-chan struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.gone
}

func (r *fakeReceiver) Object() string { return "fake " + r.name }
func (r *fakeReceiver) Detail() string { return "without noise" }

func (r *fakeReceiver) Run(ctx context.Context, tell func(gps.Event)) error {
	r.mu.Lock()
	r.runs++
	r.mu.Unlock()
	gone := r.unplugged()
	for {
		now := r.machine.boottime()
		next := (now/int64(r.every) + 1) * int64(r.every)
		select {
		case <-gone:
			return fault.Newf(fault.GPSLost, r.Object(), "unplugged")
		case <-ctx.Done():
			return ctx.Err()
		case <-in(time.Duration(next - now)):
		}
		fix := r.fix(next)
		select {
		case <-gone:
			return fault.Newf(fault.GPSLost, r.Object(), "unplugged")
		case <-ctx.Done():
			return ctx.Err()
		case <-in(r.latency):
		}
		fix.ReceivedNs = r.machine.boottime()
		tell(fix)
	}
}

func (r *fakeReceiver) fix(at int64) gps.Fix {
	f := gps.NewFix()
	f.Mode, f.TimeNs = gps.Mode3D, r.machine.utc(at)
	f.Lat, f.Lon = r.machine.place(at)
	f.Lat += r.north / metresNorth
	f.AltMSL, f.SpeedMPS, f.CourseDeg = 12, fakeSpeed, 90
	f.AccuracyM, f.AccuracyOrigin = max(2, 1.5*r.north), gps.OriginGST
	return f
}

// receive makes the receivers of the configuration: all are plugged in already.
func (m *fakeMachine) receive(c configs.Receiver, s *shared) (fixer, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if r := m.receivers[c.Name]; r != nil {
		return r, nil
	}
	if m.drive != nil {
		return &player{drive: m.drive, name: c.Name, now: m.boottime}, nil
	}
	return newFixer(c, s)
}
