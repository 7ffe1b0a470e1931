package actors

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/internal/fault"
)

// maxCredit is how many batches may be between radio and source.
const maxCredit = 16

// radio reads a source's capture engine in a goroutine of its own and hands
// batches to the source, one per credit.
type radio struct {
	state  *sourceState
	run    Run
	credit chan struct{}
	task   *task
	gone   atomic.Bool // stopping or restarting: the source hears no RadioEnded of this
}

func newRadio(state *sourceState, run Run) *radio {
	return &radio{state: state, run: run, credit: make(chan struct{}, maxCredit)}
}

// Receive implements actor.Actor.
func (r *radio) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *actor.Started:
		r.start(ctx)
	case Credit:
		for range m.Batches {
			select {
			case r.credit <- struct{}{}:
			default: // more than maxCredit is a mistake of the source; the bound holds
			}
		}
	case StopCapture:
		r.task.cancel()
	case *actor.Stopping, *actor.Restarting:
		r.gone.Store(true)
		r.task.stop()
	}
}

func (r *radio) start(ctx actor.Context) {
	work, cancel := context.WithCancel(context.Background())
	r.task = &task{cancel: cancel, done: make(chan struct{})}
	source, send := ctx.Parent(), ctx.ActorSystem().Root.Send
	done := r.task.done
	go func() {
		defer close(done)
		err := r.read(work, func(d Details) {
			send(source, RadioOpened{Run: r.run, Details: d})
		}, func(b *capture.Batch) {
			send(source, Batch{Run: r.run, Frames: b})
		})
		if !r.gone.Load() {
			send(source, RadioEnded{Run: r.run, Err: err})
		}
	}()
}

// errStopped is the end of a capture that somebody asked for.
var errStopped = errors.New("stopped")

// read runs until the engine or ctx ends. A panic in an engine is the end
// of that capture, and of nothing else.
func (r *radio) read(ctx context.Context, opened func(Details), emit func(*capture.Batch)) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fault.New(fault.Internal, "source "+r.state.cfg.Name, fmt.Errorf("panic: %v", p))
		}
	}()
	e, details, err := r.state.engine.open(r.state.cfg)
	if err != nil {
		return err
	}
	opened(details)
	for {
		select {
		case <-r.credit:
		case <-ctx.Done():
			return errStopped
		}
		batch, err := e.ReadBatch(ctx)
		switch {
		case batch != nil && batch.Len() > 0:
			r.state.read.Add(uint64(batch.Len()))
			emit(batch)
		case err == nil:
			select {
			case r.credit <- struct{}{}: // nothing came: the credit is not used up
			default:
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if ctx.Err() != nil {
			return errStopped
		}
		if err != nil {
			return err
		}
	}
}
