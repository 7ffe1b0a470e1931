package linuxwifi

import (
	"context"
	"time"

	"github.com/sensord/sensord/capture"
)

const (
	// blockTime is longer than the kernel keeps a block that is not full.
	blockTime = 200 * time.Millisecond
	// drainTime is how long frames still come before the fault that ended the
	// capture. Under some faults the interface goes on to deliver.
	drainTime = 500 * time.Millisecond
	// verdictTime is how long the watcher has to say why the socket failed.
	verdictTime = time.Second
)

// end ends the capture with a fault; the first one counts.
func (r *Radio) end(why error) {
	r.drained.CompareAndSwap(nil, new(time.Now().Add(drainTime)))
	r.die(why)
}

// ReadBatch waits for frames and returns them; the caller owns the batch. It
// ends with ctx, with os.ErrClosed after Close, or with the *fault.Error that
// ended the capture: radio.gone, radio.down, radio.mode, radio.busy,
// radio.blocked or radio.driver. Frames captured before that come first.
// After a fault every call returns it; only Close and another Open help.
func (r *Radio) ReadBatch(ctx context.Context) (*capture.Batch, error) {
	if r.dead.Err() != nil {
		return r.drain(ctx)
	}
	reading, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(r.dead, cancel)
	b, err := r.socket.ReadBatch(reading)
	stop()
	cancel()
	switch {
	case err == nil:
		return b, nil
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case r.dead.Err() != nil:
		return r.drain(ctx)
	}
	return nil, r.verdict(ctx, err)
}

// drain returns what was captured before the fault, then the fault.
func (r *Radio) drain(ctx context.Context) (*capture.Batch, error) {
	if !time.Now().Before(*r.drained.Load()) {
		return nil, context.Cause(r.dead)
	}
	reading, cancel := context.WithTimeout(ctx, blockTime)
	defer cancel()
	if b, err := r.socket.ReadBatch(reading); err == nil {
		return b, nil
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return nil, context.Cause(r.dead)
}

// verdict asks the watcher why the socket failed, and takes the socket's own
// word if it finds nothing.
func (r *Radio) verdict(ctx context.Context, err error) error {
	select {
	case r.again <- struct{}{}:
	default:
	}
	timer := time.NewTimer(verdictTime)
	defer timer.Stop()
	select {
	case <-r.dead.Done():
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		r.end(radioFault(r.name, "capture", err))
	}
	return context.Cause(r.dead)
}
