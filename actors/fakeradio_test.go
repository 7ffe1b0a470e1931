package actors

import (
	"context"
	"encoding/binary"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/capture/bpf"
	"github.com/sensord/sensord/capture/linuxwifi"
	"github.com/sensord/sensord/configs"
	"github.com/sensord/sensord/internal/fault"
)

// in is time.After, but has no timer for no time at all: two goroutines of a
// bubble that wait for such at once end the process in Go's race detector, for
// which all timers of a bubble are one goroutine.
func in(d time.Duration) <-chan time.Time {
	if d <= 0 {
		now := make(chan time.Time, 1)
		now <- time.Now()
		return now
	}
	return time.After(d)
}

// A scripted radio: it hears a numbered frame every interval, on whatever it
// is tuned to, until it is told to fail. With a machine's clock the frame says
// when that was, too.
type fakeRadio struct {
	every time.Duration
	burst int // frames at once; 0 is one
	bands []capture.BandCapability
	next  *atomic.Uint64 // number of the next frame, over all openings
	clock *fakeMachine   // whose times frames have; nil is the bubble's

	mu      sync.Mutex
	tuned   capture.Channel
	visits  []capture.Channel
	refuse  map[capture.Channel]error
	slow    time.Duration
	filters []*bpf.Program
	failed  error
	wake    chan struct{}
	closed  bool
	closing time.Duration // how long closing takes
	panics  bool          // the next look at its bands
}

func (r *fakeRadio) ReadBatch(ctx context.Context) (*capture.Batch, error) {
	select {
	case <-time.After(r.every):
	case <-r.wake:
		r.mu.Lock()
		defer r.mu.Unlock()
		return nil, r.failed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	b := capture.NewBatch()
	data := make([]byte, 120)
	at := time.Now().UnixNano()
	if r.clock != nil {
		at, b.ClockOffsetNs = r.clock.realtime()
		b.Live = true
		binary.BigEndian.PutUint64(data[16:], uint64(at-b.ClockOffsetNs))
	}
	for range max(1, r.burst) {
		binary.BigEndian.PutUint64(data[8:], r.next.Add(1)-1)
		b.Append(at, capture.LinkTypeRadiotap, 120, data)
	}
	return b, nil
}

func (r *fakeRadio) Tune(ctx context.Context, ch capture.Channel) error {
	r.mu.Lock()
	slow, err := r.slow, r.refuse[ch]
	r.mu.Unlock()
	select {
	case <-in(slow):
	case <-ctx.Done():
		return ctx.Err()
	}
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tuned = ch
	r.visits = append(r.visits, ch)
	return nil
}

func (r *fakeRadio) Tuned() capture.Channel {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.tuned
}

func (r *fakeRadio) visited() []capture.Channel {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.visits)
}

func (r *fakeRadio) forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.visits = nil
}

func (r *fakeRadio) refuses(ch capture.Channel, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.refuse[ch] = err
}

// fail ends the capture as an unplugged radio would.
func (r *fakeRadio) fail(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failed = err
	close(r.wake)
}

func (r *fakeRadio) Bands() []capture.BandCapability {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.panics {
		r.panics = false
		panic("a mistake")
	}
	return r.bands
}

func (r *fakeRadio) SetFilter(p *bpf.Program) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.filters = append(r.filters, p)
	return nil
}

// filter is the last that was set.
func (r *fakeRadio) filter() *bpf.Program {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.filters[len(r.filters)-1]
}

func (r *fakeRadio) Stats() linuxwifi.SocketStats { return linuxwifi.SocketStats{} }

func (r *fakeRadio) Close() error {
	<-in(r.closing)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
	return nil
}

// fakeWorld has radios that can be plugged in and out, and addresses.
type fakeWorld struct {
	mu      sync.Mutex
	bands   []capture.BandCapability
	radios  map[string]*fakeRadio // by interface, the one that is plugged in
	macs    map[string]net.HardwareAddr
	numbers map[string]*atomic.Uint64
	opened  map[string]int
	opening time.Duration                     // how long it takes, whatever becomes of the context
	notices map[string]func(linuxwifi.Notice) // of the last opening
	tell    func([]linuxwifi.LinkAddress, bool)
	machine *fakeMachine
}

func newFakeWorld(mhz ...int) *fakeWorld {
	w := &fakeWorld{
		radios: map[string]*fakeRadio{}, macs: map[string]net.HardwareAddr{},
		numbers: map[string]*atomic.Uint64{}, opened: map[string]int{}, notices: map[string]func(linuxwifi.Notice){},
	}
	var band capture.BandCapability
	for _, f := range mhz {
		band.Frequencies = append(band.Frequencies, capture.Frequency{MHz: f})
	}
	w.bands = []capture.BandCapability{band}
	return w
}

func (w *fakeWorld) plug(name string) *fakeRadio {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.numbers[name] == nil {
		w.numbers[name] = &atomic.Uint64{}
		w.macs[name] = net.HardwareAddr{2, 0, 0, 0, byte(len(w.macs)), 0}
	}
	r := &fakeRadio{every: 50 * time.Millisecond, bands: w.bands, next: w.numbers[name], refuse: map[capture.Channel]error{}, wake: make(chan struct{}), clock: w.machine}
	w.radios[name] = r
	return r
}

func (w *fakeWorld) unplug(name string) {
	w.mu.Lock()
	r := w.radios[name]
	delete(w.radios, name)
	w.mu.Unlock()
	r.fail(fault.Newf(fault.RadioGone, "radio "+name, "unplugged"))
}

func (w *fakeWorld) open(_ context.Context, cfg configs.Source, filter *bpf.Program, notice func(linuxwifi.Notice)) (engine, Details, error) {
	if cfg.Type == capture.TypePcapFile {
		return openFile(cfg)
	}
	<-in(w.opening)
	w.mu.Lock()
	defer w.mu.Unlock()
	name := cfg.Definition.Interface
	r := w.radios[name]
	if r == nil {
		return nil, Details{}, fault.Newf(fault.RadioMissing, "radio "+name, "there is no such interface")
	}
	w.opened[name]++
	w.notices[name] = notice
	r.mu.Lock()
	defer r.mu.Unlock()
	r.filters = append(r.filters, filter)
	return r, Details{LinkType: capture.LinkTypeRadiotap, CaptureInterface: name + "mon", Hardware: "fake", Live: true, MAC: w.macs[name]}, nil
}

// retuned says that another program tuned a radio.
func (w *fakeWorld) retuned(name string) {
	w.mu.Lock()
	notice := w.notices[name]
	w.mu.Unlock()
	notice(linuxwifi.Notice{Kind: linuxwifi.NoticeRetuned, Text: "another program tuned it"})
}

// watch tells no addresses until the test does.
func (w *fakeWorld) watch(ctx context.Context, tell func([]linuxwifi.LinkAddress, bool)) error {
	w.mu.Lock()
	w.tell = tell
	w.mu.Unlock()
	tell(nil, false)
	<-ctx.Done()
	return nil
}
