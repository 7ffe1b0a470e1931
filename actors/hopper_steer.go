package actors

import (
	"context"
	"errors"
	"slices"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/internal/fault"
)

// steer queues a command of the server, so that its answers come in order.
func (h *hopper) steer(ctx actor.Context, m Steer) {
	if len(h.waiting) >= maxSteers {
		h.report(ctx, m.For, fault.New(fault.RadioBusy, h.command.source, errSteers))
		return
	}
	h.waiting = append(h.waiting, m)
	if len(h.waiting) == 1 {
		h.next(ctx)
	}
}

var errSteers = errors.New("more commands than the radio can follow: this one is left out")

// next does the first command that waits. Tuning takes its time and is awaited:
// the answer says what is really tuned.
func (h *hopper) next(ctx actor.Context) {
	for len(h.waiting) > 0 {
		want := h.waiting[0].Want
		var err error
		switch {
		case want == nil:
		case want.Hop != nil:
			err = h.command.hop(*want.Hop)
			if h.hopper != nil {
				h.hopper.SetPlan(h.command.effect())
				h.locks++
				h.hopper.Unlock()
			}
		default:
			if err = h.command.single(want.Channel); err == nil && h.hopper != nil {
				h.lock(ctx, h.command.lock)
				return
			}
		}
		if err == nil && h.hopper == nil && want != nil {
			err = errNoRadio
		}
		h.answer(ctx, err)
	}
}

func (h *hopper) lock(ctx actor.Context, ch capture.Channel) {
	h.locks++
	hopper, t, n := h.hopper, h.task, h.locks
	self, send := ctx.Self(), ctx.ActorSystem().Root.Send
	go func() {
		work, cancel := context.WithTimeout(context.Background(), lockTimeout)
		defer cancel()
		send(self, steerDone{from: t, lock: n, err: hopper.Lock(work, ch)})
	}()
}

// steered goes on behind a lock.
func (h *hopper) steered(ctx actor.Context, err error) {
	if len(h.waiting) == 0 { // a lock from before the radio was lost
		if err != nil {
			h.report(ctx, ServerAsked{}, err)
		}
		return
	}
	if err != nil && !errors.Is(err, errNoRadio) {
		h.command.lock = h.hopper.Status().Locked
	}
	h.told(err)
	h.answer(ctx, err)
	h.next(ctx)
}

func (h *hopper) answer(ctx actor.Context, err error) {
	m := h.waiting[0]
	h.waiting = slices.Delete(h.waiting, 0, 1)
	h.report(ctx, m.For, err)
}
