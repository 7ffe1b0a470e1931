package actors

import (
	"slices"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sensord/sensord/capture/hop"
	"github.com/sensord/sensord/configs"
)

// join offers the radio to the rig's split list, with what is known of it by now.
func (h *hopper) join(ctx actor.Context) {
	if h.command.mode != configs.HopSplit || h.hopper == nil {
		return
	}
	ctx.Send(h.boss, HopJoin{
		Source: h.state, Hopper: ctx.Self(), Channels: h.list,
		Period: h.command.plan.Period(), Switch: h.state.coverage.Snapshot().MeanSwitch(),
	})
	h.measure = after(ctx, h.measure, measureEvery, remeasure{})
}

// shared takes the radio's part of the split list.
func (h *hopper) shared(ctx actor.Context, s hop.Share) {
	p := &h.command.plan
	if slices.Equal(p.Channels, s.Channels) && p.Offset == s.Offset {
		return
	}
	p.Channels, p.Offset = s.Channels, s.Offset
	h.log.Info("part of the split list", "channels", len(s.Channels), "shared", s.Extra)
	if h.hopper != nil {
		h.hopper.SetPlan(h.command.effect())
		h.report(ctx, ServerAsked{}, nil)
	}
}
