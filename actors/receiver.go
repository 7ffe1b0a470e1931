package actors

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/cenkalti/backoff/v5"

	"github.com/sensord/sensord/gps"
	"github.com/sensord/sensord/internal/fault"
)

// receiver keeps one receiver of positions running: it connects, hands fixes to
// the navigator, and connects again, for ever. It says in words when it gets a
// fix and when it loses it.
type receiver struct {
	state     *receiverState
	rig       *shared
	navigator *actor.PID
	log       *slog.Logger
	task      *task
	retry     *backoff.ExponentialBackOff
	retryAt   *time.Timer
	look      *time.Timer
	told      ReceiverState // what was said of it last
	code      fault.Code    // and why
	toldAt    time.Time
}

// What the receiver's goroutine and timers tell it.
type (
	receiverEnded struct {
		task  *task
		err   error
		after time.Duration
	}
	connectNow struct{}
	lookNow    struct{}
)

// Waits between attempts, and when a receiver counts as one that worked.
const (
	connectMin  = 250 * time.Millisecond
	connectMax  = 5 * time.Second
	workedAfter = 4 * time.Second // less than the silence that ends one
	lookEvery   = time.Second
)

func newReceiver(state *receiverState, rig *shared, navigator *actor.PID) *receiver {
	r := &receiver{
		state: state, rig: rig, navigator: navigator, log: rig.log.With("receiver", state.cfg.Name),
		retry: &backoff.ExponentialBackOff{
			InitialInterval: connectMin, MaxInterval: connectMax, Multiplier: 2, RandomizationFactor: 0.25,
		},
	}
	r.retry.Reset()
	return r
}

// Receive implements actor.Actor.
func (r *receiver) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *actor.Started:
		r.connect(ctx)
		r.lookLater(ctx)
	case connectNow:
		if r.task.ended() { // else it is that of before a restart
			r.connect(ctx)
		}
	case lookNow:
		r.tell(r.state.status(), time.Now())
		r.lookLater(ctx)
	case receiverEnded:
		if m.task == r.task {
			r.ended(ctx, m)
		}
	case *actor.Stopping, *actor.Restarting:
		for _, t := range []*time.Timer{r.retryAt, r.look} {
			if t != nil {
				t.Stop()
			}
		}
		r.task.stop()
	}
}

func (r *receiver) lookLater(ctx actor.Context) {
	self, send := ctx.Self(), ctx.ActorSystem().Root.Send
	r.look = time.AfterFunc(lookEvery, func() { send(self, lookNow{}) })
}

// connect starts the goroutine in which the receiver runs. Fixes go from there
// to the navigator, past this actor: nothing is to be done with them on the way.
func (r *receiver) connect(ctx actor.Context) {
	self, send := ctx.Self(), ctx.ActorSystem().Root.Send
	r.task = startTask(func(work context.Context, t *task) {
		began := time.Now()
		err := r.run(work, func(m any) { send(r.navigator, m) })
		if work.Err() == nil {
			send(self, receiverEnded{task: t, err: err, after: time.Since(began)})
		}
	})
}

// run is one connection's life. A panic in it is its end, and of nothing else.
func (r *receiver) run(ctx context.Context, send func(any)) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fault.New(fault.Internal, r.state.fixer.Object(), fmt.Errorf("panic: %v", p))
		}
	}()
	return r.state.fixer.Run(ctx, func(e gps.Event) {
		from, pass := r.state.heard(e)
		if !pass {
			return
		}
		switch m := e.(type) {
		case gps.Fix:
			if m.Receiver, m.Of = from, ""; from != r.state.cfg.Name {
				m.Of = r.state.cfg.Name
			}
			r.rig.handOn(r.state, &m)
			send(FixArrived{Receiver: r.state, Fix: m})
		case gps.Pulse:
			send(PulseArrived{Receiver: r.state, From: from, Pulse: m})
		}
	})
}

func (r *receiver) ended(ctx actor.Context, m receiverEnded) {
	if m.err == nil {
		m.err = fault.Newf(fault.GPSLost, r.state.fixer.Object(), "it ended")
	}
	r.state.away(m.err)
	r.tell(r.state.status(), time.Now())
	if m.after > workedAfter {
		r.retry.Reset()
	}
	self, send := ctx.Self(), ctx.ActorSystem().Root.Send
	r.retryAt = time.AfterFunc(r.retry.NextBackOff(), func() { send(self, connectNow{}) })
}

// tell logs what changed with the receiver: the same trouble once in a while
// only, also when it comes and goes, as a device with a loose plug does.
func (r *receiver) tell(s ReceiverStatus, now time.Time) {
	code := fault.CodeOf(s.Err)
	if s.State == r.told && code == r.code || s.State == ReceiverConnecting {
		return
	}
	r.told, r.code = s.State, code
	level := slog.LevelInfo
	if s.State == ReceiverAway || s.State == ReceiverStale {
		level = slog.LevelWarn
	}
	if now.Sub(r.toldAt) < tellEvery && s.State != ReceiverFix {
		level = slog.LevelDebug
	} else {
		r.toldAt = now
	}
	if s.State != ReceiverFix {
		r.log.Log(context.Background(), level, "no position from this receiver", "state", s.State.String(), "err", s.Err, "code", code, "remedy", fault.RemedyOf(s.Err))
		return
	}
	what := []any{"from", s.Object, "detail", s.Detail, "satellites", s.Fix.Satellites}
	if !math.IsNaN(s.Fix.AccuracyM) {
		what = append(what, "accuracy_m", math.Round(s.Fix.AccuracyM*10)/10, "accuracy_from", string(s.Fix.AccuracyOrigin))
	}
	r.log.Log(context.Background(), level, "the receiver has a fix", what...)
}

// tellEvery is how often trouble of one receiver is told, if it changes.
const tellEvery = 5 * time.Second
