package hop

import (
	"context"
	"time"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/internal/fault"
)

// A radio calls a Tuner in a goroutine of its own, because a driver can hold
// the call in the kernel for seconds, where no context reaches it.
type radio struct {
	asks    chan ask
	answers chan answer
	pending *ask // given up waiting for
}

type ask struct {
	ctx     context.Context
	cancel  context.CancelFunc
	channel capture.Channel
	began   time.Time
}

type answer struct {
	err  error
	done time.Time
}

// outcome is what came of a tune.
type outcome struct {
	channel     capture.Channel
	began, done time.Time
	err         error
	told        bool // that it took too long
}

func startRadio(t Tuner) radio {
	r := radio{asks: make(chan ask), answers: make(chan answer, 1)}
	go func() {
		for a := range r.asks {
			err := tune(t, a)
			r.answers <- answer{err, time.Now()}
		}
		close(r.answers)
	}()
	return r
}

// tune tunes; a Tuner that panics has failed to.
func tune(t Tuner, a ask) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fault.Newf(fault.Internal, "tune to "+a.channel.String(), "panic: %v", p)
		}
	}()
	return t.Tune(a.ctx, a.channel)
}

// tune returns what came of it, or, after TuneTimeout or when ctx ends, false
// and an outcome with the fault to report. The radio is then busy.
func (r *radio) tune(ctx context.Context, c capture.Channel) (outcome, bool) {
	a := ask{channel: c, began: time.Now()}
	a.ctx, a.cancel = context.WithTimeout(ctx, TuneTimeout)
	r.asks <- a
	select {
	case res := <-r.answers:
		a.cancel()
		return outcome{channel: c, began: a.began, done: res.done, err: res.err}, true
	case <-a.ctx.Done():
		r.pending = &a
		return outcome{channel: c, began: a.began, done: time.Now(), err: r.hang()}, false
	}
}

// busy reports whether a tune has not returned in time.
func (r *radio) busy() bool { return r.pending != nil }

// hang is the fault of a radio that is busy.
func (r *radio) hang() error {
	return fault.Newf(fault.RadioDriver, "tune to "+r.pending.channel.String(), "no answer from the driver for %v", TuneTimeout)
}

// late is where the answer of a busy radio comes; nil blocks for ever.
func (r *radio) late() <-chan answer {
	if r.pending == nil {
		return nil
	}
	return r.answers
}

// returned makes an outcome of a late answer.
func (r *radio) returned(res answer) outcome {
	a := r.pending
	a.cancel()
	r.pending = nil
	return outcome{channel: a.channel, began: a.began, done: res.done, err: res.err, told: true}
}

// stop ends the goroutine, or says why not. The context of the last tune has
// ended.
func (r *radio) stop() error {
	close(r.asks)
	if r.pending == nil {
		<-r.answers
		return nil
	}
	defer r.pending.cancel()
	timer := time.NewTimer(TuneTimeout)
	defer timer.Stop()
	select {
	case <-r.answers:
		return nil
	case <-timer.C:
		return r.hang()
	}
}
