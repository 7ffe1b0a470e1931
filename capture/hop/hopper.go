package hop

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/sensord/sensord/capture"
)

// A Tuner is a radio that can be tuned. Tune returns when the radio listens on
// the channel, or with a *fault.Error: radio.channel is about the channel, all
// others are about the radio. It has TuneTimeout to do so; it is called from
// one goroutine and never twice at once.
type Tuner interface {
	Tune(ctx context.Context, c capture.Channel) error
}

// TuneTimeout is how long a Tuner may take. What takes longer is reported as
// radio.driver. It is waited for all the same, since a radio does not take a
// second command meanwhile, but the Hopper goes on answering.
const TuneTimeout = 2 * time.Second

// A Hopper tunes one radio by a plan, which may be replaced at any time, or
// keeps it locked to one channel. Its methods may be called from any
// goroutine.
type Hopper struct {
	tuner   Tuner
	cover   *Coverage
	onEvent func(Event)
	wake    chan struct{} // something in wish is new

	running chan struct{} // full while Run runs

	mu   sync.Mutex
	wish wish
	done progress // written by Run only, which therefore reads it without mu
}

// wish is what was asked of a Hopper.
type wish struct {
	plan   Plan
	plans  int             // how often SetPlan was called
	lock   capture.Channel // zero: none
	locks  int             // how often Lock was called: each one tunes
	waiter chan error      // of the last Lock, until it is answered
	retry  bool
}

// New returns a Hopper that does nothing until Run. It counts in cover. The
// function onEvent, which may be nil, is called from Run's goroutine with no
// lock held; it may not block and may call the Hopper's methods, but not Lock.
func New(p Plan, t Tuner, cover *Coverage, onEvent func(Event)) *Hopper {
	if onEvent == nil {
		onEvent = func(Event) {}
	}
	p.Channels = slices.Clone(p.Channels)
	return &Hopper{
		tuner: t, cover: cover, onEvent: onEvent,
		wake:    make(chan struct{}, 1),
		running: make(chan struct{}, 1),
		wish:    wish{plan: p},
		done:    progress{refusals: map[capture.Channel]*refusal{}},
	}
}

// SetPlan replaces the plan. The first channel of the new one is tuned at
// once, unless only the rate is new: the walk then goes on where it was. All
// counters go on.
func (h *Hopper) SetPlan(p Plan) {
	p.Channels = slices.Clone(p.Channels)
	h.ask(func(w *wish) {
		w.plan = p
		w.plans++
	})
}

// ErrSuperseded is Lock's error when another Lock or Unlock came first.
var ErrSuperseded = errors.New("another command came first")

// Lock ends hopping, tunes the radio to c and keeps it there. It returns when
// that was tried: nil when the radio listens on c, else why not. The radio
// then stays where it is and c is tried again, once a second, or, if it was
// refused, as Refused says, until Unlock hands the radio back to the plan.
// Lock also returns when ctx ends; what it asked for stands. While no Run runs,
// it waits for one.
func (h *Hopper) Lock(ctx context.Context, c capture.Channel) error {
	waiter := make(chan error, 1)
	h.ask(func(w *wish) {
		w.supersede()
		w.lock, w.waiter = c, waiter
		w.locks++
	})
	select {
	case err := <-waiter:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Unlock hands the radio back to the plan, which goes on where it was left, at
// once. Without a lock it does nothing.
func (h *Hopper) Unlock() {
	h.ask(func(w *wish) {
		w.supersede()
		w.lock = capture.Channel{}
	})
}

// Retry is for when the radio or what it may do has changed: another
// regulatory domain, a radio opened again. It tunes at once, also to where the
// radio was, and tries the refused channels again when their turn comes.
func (h *Hopper) Retry() { h.ask(func(w *wish) { w.retry = true }) }

func (h *Hopper) ask(change func(*wish)) {
	h.mu.Lock()
	change(&h.wish)
	h.mu.Unlock()
	select {
	case h.wake <- struct{}{}:
	default: // it will see this one too
	}
}

func (w *wish) supersede() {
	if w.waiter != nil {
		w.waiter <- ErrSuperseded
		w.waiter = nil
	}
}

// answer tells who waits for the locks-th Lock what came of it.
func (h *Hopper) answer(locks int, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.wish.locks == locks && h.wish.waiter != nil {
		h.wish.waiter <- err
		h.wish.waiter = nil
	}
}

// note changes what Status tells. Only Run calls it.
func (h *Hopper) note(change func(*progress)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	change(&h.done)
}
