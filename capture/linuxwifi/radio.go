package linuxwifi

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/capture/bpf"
	"github.com/sensord/sensord/internal/fault"
)

// A Radio is an open radio: an interface in monitor mode that frames are read
// from. What was changed to get there is put back by Close.
type Radio struct {
	m       *machine
	o       Options
	log     *slog.Logger
	journal *journal // the watcher's, and after its end Close's
	socket  frameSocket
	list    capture.ChannelOptions

	name       string // of the source, for messages
	phy        int
	index      int   // of the capture interface
	source     int   // of the source interface
	tolerated  []int // interfaces that were up at the opening and stay
	turn       chan struct{}
	tunes      atomic.Uint64 // counts the beginnings and the ends of tunings: odd during one
	untested   int           // tunings since the last was read back; of whose turn it is
	known      atomic.Pointer[known]
	stop       context.CancelFunc
	watching   sync.WaitGroup
	dead       context.Context // ends with the fault as its cause
	die        context.CancelCauseFunc
	drained    atomic.Pointer[time.Time] // until when frames come before the fault; set before dead ends
	again      chan struct{}             // asks the watcher to look now
	closeOnce  sync.Once
	closeError error
}

// known is what may change while the radio is open. It is replaced as a whole.
type known struct {
	tuned    capture.Channel
	channels []capture.ListedChannel
	bands    []capture.BandCapability
	details  Details
}

// update replaces what is known.
func (r *Radio) update(f func(*known)) {
	for {
		old := r.known.Load()
		next := *old
		f(&next)
		if r.known.CompareAndSwap(old, &next) {
			return
		}
	}
}

// Open brings a radio up: it tells NetworkManager to keep off, lifts a soft
// rfkill block, makes a monitor interface (or switches the mode, where the
// driver cannot), sets the source interface down unless ignoreprimary=true,
// tunes to channel= and starts to capture. What went not as wished and stops
// nothing is logged and stands in Details.
//
// Errors are *fault.Error with a radio code, or config.source for options that
// cannot be. After an error everything is as it was; what could not be put
// back is joined to it.
func Open(ctx context.Context, o Options) (*Radio, error) {
	m, err := newMachine()
	if err != nil {
		return nil, noWireless(o, err)
	}
	r, err := open(ctx, m, o)
	if err != nil {
		return nil, errors.Join(err, m.Close())
	}
	return r, nil
}

// open is Open on any machine, which stays the caller's if it fails.
func open(ctx context.Context, m *machine, o Options) (*Radio, error) {
	want, err := wishesOf(o.Definition, o.name())
	if err != nil {
		return nil, err
	}
	log := orDiscard(o.Log)
	s, err := m.survey(ctx, o.name())
	if err != nil {
		return nil, err
	}
	b := &bringUp{m: m, log: log, want: want, s: s}
	st, err := b.openStore(o.StateDir)
	if err != nil {
		return nil, err
	}
	b.j = newJournal(st, s.link.Name, m.boot, log)
	// What an earlier run left is in the way of this one, and changes what is
	// to be put back.
	recovered, err := b.j.recover(ctx, m)
	if err != nil {
		b.note("%v", err)
	}
	r, err := b.open(ctx, o, recovered)
	if err != nil {
		return nil, errors.Join(err, b.j.close(ctx, m))
	}
	return r, nil
}

// open brings the radio up and starts to read.
func (b *bringUp) open(ctx context.Context, o Options, recovered bool) (*Radio, error) {
	var err error
	if recovered { // which changed what the survey found
		if b.s, err = b.m.survey(ctx, o.name()); err != nil {
			return nil, err
		}
	}
	if err := b.run(ctx); err != nil {
		return nil, err
	}
	r := b.radio(o)
	b.tuneFirst(ctx, r)
	config := SocketConfig{Interface: b.capture.Name, Index: b.capture.Index, RingBytes: o.RingBytes, Plain: o.Plain}
	if o.Filter != nil { // else the interface would hold a nil pointer
		config.Filter = o.Filter
	}
	if r.socket, err = b.m.openFrame(config); err != nil {
		return nil, radioFault(b.s.name, "capture from "+b.capture.Name, err)
	}
	r.update(func(k *known) {
		k.details.LinkType = r.socket.LinkType()
		k.details.Notes = b.notes
	})
	r.tellFilter()
	for _, note := range b.notes {
		b.log.Warn("radio opens with a note", "radio", b.s.name, "note", note)
	}
	r.watch()
	return r, nil
}

// openStore locks the radio's state. Without a place for it the radio works
// all the same, and a killed run leaves its changes.
func (b *bringUp) openStore(dir string) (store, error) {
	if dir == "" {
		return memoryStore{}, nil
	}
	st, err := b.m.openStore(dir, b.s.link.Name)
	switch {
	case errors.Is(err, errLocked):
		return nil, newFault(fault.RadioBusy, b.s.name, "end the other sensord, or give it another radio", "%w", err)
	case err != nil:
		b.note("no state file, a killed run would leave the radio as it is: %v", err)
		return memoryStore{}, nil
	}
	return st, nil
}

// radio is the object for what was brought up.
func (b *bringUp) radio(o Options) *Radio {
	r := &Radio{
		m: b.m, o: o, log: b.log, journal: b.j, list: b.want.list,
		name: b.s.name, phy: b.s.phy.Index, index: b.capture.Index, source: b.s.link.Index,
		turn: make(chan struct{}, 1), again: make(chan struct{}, 1),
	}
	r.dead, r.die = context.WithCancelCause(context.Background())
	r.known.Store(&known{
		tuned:    b.capture.Channel,
		channels: capture.ListChannels(b.s.phy.Bands, b.want.list),
		bands:    b.s.phy.Bands,
		details: Details{
			Interface: b.s.link.Name, CaptureInterface: b.capture.Name, CaptureIndex: b.capture.Index,
			Phy: b.s.phy.Name, PhyIndex: b.s.phy.Index, Driver: b.s.driver, Bus: b.s.bus,
			MAC: b.s.link.MAC, PermanentMAC: b.s.link.PermanentMAC,
		},
	})
	return r
}

// tuneFirst tunes to channel=, and looks whether tuning is possible at all.
func (b *bringUp) tuneFirst(ctx context.Context, r *Radio) {
	r.tolerated = slices.DeleteFunc(r.up(ctx), func(index int) bool {
		return index == r.source && !b.want.ignorePrimary // somebody was quick
	})
	if names := b.m.busyNow(ctx, r.phy, r.index); len(names) > 0 {
		b.note("it cannot be tuned while %s", areUp(names))
	}
	if b.want.channel.IsZero() {
		return
	}
	if err := r.Tune(ctx, b.want.channel); err != nil {
		b.note("channel=%s: %v", b.want.channelText, err)
	}
}

// Details says what the radio is, as of now.
func (r *Radio) Details() Details {
	d := r.known.Load().details
	d.Notes = slices.Clone(d.Notes)
	return d
}

// Channels returns what the radio can be tuned to by its definition, in the
// order of the kernel, and what it cannot be tuned to with the reason. The
// slice is the caller's to read.
func (r *Radio) Channels() []capture.ListedChannel { return r.known.Load().channels }

// Bands returns what the radio can do and the regulatory domain allows. The
// slice is the caller's to read.
func (r *Radio) Bands() []capture.BandCapability { return r.known.Load().bands }

// SetFilter replaces the filter while frames go on; nil keeps all.
func (r *Radio) SetFilter(p *bpf.Program) error {
	var f Filter
	if p != nil {
		f = p
	}
	err := r.socket.SetFilter(f)
	r.tellFilter()
	return radioFault(r.name, "set the filter", err)
}

// Stats returns the socket's counters since the opening.
func (r *Radio) Stats() SocketStats { return r.socket.Stats() }

// Close ends the capture and puts everything back. Its error, a *fault.Error,
// says what could not be; that stays in the state file for the next start.
// Further calls return the same.
func (r *Radio) Close() error {
	r.closeOnce.Do(func() {
		r.end(os.ErrClosed)
		r.stop()
		r.watching.Wait()
		err := r.socket.Close()
		r.closeError = errors.Join(err, r.journal.close(context.Background(), r.m), r.m.Close())
	})
	return r.closeError
}

// close puts everything back, whatever became of ctx, and lets go of the state.
func (j *journal) close(ctx context.Context, m *machine) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoTimeout)
	defer cancel()
	err := j.undo(ctx, m)
	if err != nil {
		err = newFault(codeOf(err), j.state.Interface, "it is tried again at the next start",
			"put back what was changed: %w", err)
	}
	return errors.Join(err, j.store.Close())
}

// tellFilter says if the kernel does not run its part of the filter. Nothing is
// captured by that which should not be; it costs more.
func (r *Radio) tellFilter() {
	if err := r.socket.FilterProblem(); err != nil {
		r.log.Warn("the kernel does not take the filter, so all of it runs behind the kernel", "radio", r.name, "err", err,
			"remedy", "sysctl net.core.optmem_max=131072")
	}
}
