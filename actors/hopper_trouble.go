package actors

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sensord/sensord/capture/hop"
	"github.com/sensord/sensord/internal/fault"
)

// event notes what went wrong, or right again, to be told once a second.
func (h *hopper) event(ctx actor.Context, e hop.Event) {
	switch e := e.(type) {
	case hop.Refused:
		h.note(e.Err)
	case hop.AllRefused:
		h.note(fmt.Errorf("no channel of the list can be tuned: %w", e.Err))
	case hop.Failing:
		if fault.CodeOf(e.Err) == fault.RadioGone {
			return // the radio says so itself
		}
		h.note(e.Err)
	case hop.Back:
		h.log.Info("channel is back", "channel", e.Channel.String())
		h.report(ctx, ServerAsked{}, nil)
		return
	case hop.Recovered:
		h.log.Info("the radio can be tuned again", "failures", e.Failures)
		h.report(ctx, ServerAsked{}, nil)
		return
	default:
		return
	}
	if len(h.trouble) == 1 {
		h.telling = after(ctx, h.telling, troubleEvery, tellTrouble{})
	}
}

// note keeps what is to be told, not without bound.
func (h *hopper) note(err error) {
	if len(h.trouble) < maxHopChannels {
		h.trouble = append(h.trouble, err)
	}
}

// told takes out of the trouble what an answer has told already.
func (h *hopper) told(err error) {
	if err == nil {
		return
	}
	text := err.Error()
	h.trouble = slices.DeleteFunc(h.trouble, func(e error) bool { return e.Error() == text })
}

// tell tells the trouble, if it has not been settled since.
func (h *hopper) tell(ctx actor.Context) {
	if len(h.trouble) == 0 {
		return
	}
	err := joined(h.command.source, h.trouble)
	h.trouble = nil
	h.report(ctx, ServerAsked{}, err)
}

// after sends the actor a message of its own in a while, in place of what old
// would have sent.
func after(ctx actor.Context, old *time.Timer, d time.Duration, m any) *time.Timer {
	if old != nil {
		old.Stop()
	}
	self, send := ctx.Self(), ctx.ActorSystem().Root.Send
	return time.AfterFunc(d, func() { send(self, m) })
}

// joined makes one error of several, naming no more than a few.
func joined(source string, errs []error) error {
	if len(errs) == 0 {
		return nil
	}
	if len(errs) > maxTold {
		errs = append(errs[:maxTold:maxTold], fmt.Errorf("and %d more", len(errs)-maxTold))
	}
	texts := make([]string, len(errs))
	for i, err := range errs {
		texts[i] = err.Error()
	}
	return fault.New(codeOr(errs[0], fault.RadioChannel), source, errors.New(strings.Join(texts, "; ")))
}

func codeOr(err error, or fault.Code) fault.Code {
	if c := fault.CodeOf(err); c != "" {
		return c
	}
	return or
}
