package actors

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/capture/linuxwifi"
	"github.com/sensord/sensord/internal/fault"
)

// maxCredit is how many batches may be between radio and source.
const maxCredit = 16

// radio reads a source's capture engine in a goroutine of its own and hands
// batches to the source, one per credit. What it captures from may go and come
// back: it opens it again.
type radio struct {
	state  *sourceState
	rig    *shared
	run    Run
	credit chan struct{}
	task   *task
	gone   atomic.Bool // stopping or restarting: the source hears no RadioEnded of this
}

func newRadio(state *sourceState, rig *shared, run Run) *radio {
	return &radio{state: state, rig: rig, run: run, credit: make(chan struct{}, maxCredit)}
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
	source, system := ctx.Parent(), ctx.ActorSystem().Root
	tell := func(m any) { system.Send(source, m) }
	r.task = startTask(func(work context.Context, _ *task) {
		err := r.capture(work, tell)
		if !r.gone.Load() {
			tell(RadioEnded{Run: r.run, Err: err})
		}
	})
}

// errStopped is the end of a capture that somebody asked for.
var errStopped = errors.New("stopped")

// Waits between attempts to open a radio.
const (
	reopenMin = 250 * time.Millisecond
	reopenMax = 2 * time.Second
)

// capture reads until ctx is done. A file has one end; a radio that is lost, or
// is not there yet, is opened again for as long as it takes, unless the user
// wants no second attempt.
func (r *radio) capture(ctx context.Context, tell func(any)) error {
	wait := reopenMin
	for {
		began := time.Now()
		err := r.read(ctx, tell)
		if ctx.Err() != nil {
			return errStopped
		}
		if r.state.cfg.Type != capture.TypeLinuxWifi {
			return err
		}
		if r.rig.cfg.NoRetry || errors.Is(err, errTwin) {
			r.state.engine.lose()()
			return err
		}
		if time.Since(began) > reopenMax { // it was open for a while
			wait = reopenMin
		}
		// Nobody finds it any more when its loss is told, and that does not wait
		// for what closing has to put back.
		closeIt := r.state.engine.lose()
		tell(RadioLost{Run: r.run, Err: err})
		closeIt()
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return errStopped
		}
		wait = min(2*wait, reopenMax)
	}
}

// read runs until the engine or ctx ends. A panic in an engine is the end
// of that capture, and of nothing else.
func (r *radio) read(ctx context.Context, tell func(any)) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fault.New(fault.Internal, "source "+r.state.cfg.Name, fmt.Errorf("panic: %v", p))
		}
	}()
	e, details, err := r.state.engine.open(ctx, r.state.cfg, r.rig.open, func(n linuxwifi.Notice) {
		tell(RadioNoticed{Notice: n})
	})
	if err != nil {
		return err
	}
	if err := r.rig.claim(r.state, details); err != nil {
		return err
	}
	tell(RadioOpened{Run: r.run, Details: details})
	var drops dropWatch
	for {
		select {
		case <-r.credit:
		case <-ctx.Done():
			return errStopped
		}
		if rec := r.rig.recorder; rec != nil && !details.Live {
			rec.WaitRoom(ctx)
		}
		batch, err := e.ReadBatch(ctx)
		drops.look(e, r.rig.log, r.state.cfg.Name)
		switch {
		case batch != nil && batch.Len() > 0:
			r.state.read.Add(uint64(batch.Len()))
			if r.state.coverage != nil {
				r.state.coverage.Heard(batch)
			}
			tell(Batch{Run: r.run, Frames: batch})
		default:
			if batch != nil {
				batch.Release()
			}
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

// dropWatch notices frames that the kernel dropped because they were not read
// in time, and says so no more often than every ten seconds.
type dropWatch struct {
	next    time.Time
	dropped uint64
}

const dropEvery = 10 * time.Second

func (w *dropWatch) look(e engine, log *slog.Logger, source string) {
	live, ok := e.(liveRadio)
	now := time.Now()
	if !ok || now.Before(w.next) {
		return
	}
	w.next = now.Add(dropEvery)
	if n := live.Stats().KernelDropped; n > w.dropped {
		log.Warn("the kernel dropped frames that were not read in time", "source", source, "frames", n-w.dropped, "in_all", n,
			"remedy", "give the source a larger ring, or filter more")
		w.dropped = n
	}
}
