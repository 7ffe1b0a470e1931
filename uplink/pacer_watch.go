package uplink

import (
	"context"
	"time"

	"github.com/sensord/sensord/internal/fault"
)

// askDropsEvery is how often the server is asked what it dropped, while a
// backlog leaves or the pace is slower than it may be.
const askDropsEvery = 5 * time.Second

// A PaceChange says that a pacer has changed its pace.
type PaceChange struct {
	Limits  ReplayLimits // in effect from now on
	Dropped uint64       // frames that the server has dropped since it was asked before
	Slower  bool         // because it dropped; else it has not for a while
}

// Watch asks for the server's drops while late frames leave, until ctx is done.
// Both functions are called from its goroutine; told may not block. It ends
// before with the error of ask where the login is not allowed to know: nobody
// has to mend that, the limits hold without. Other errors are passed over.
func (p *Pacer) Watch(ctx context.Context, ask func(context.Context) (uint64, error), told func(PaceChange)) error {
	tick := time.NewTicker(askDropsEvery)
	defer tick.Stop()
	last, known := uint64(0), false
	for {
		if p.toAsk() || !known {
			total, err := ask(ctx)
			switch {
			case ctx.Err() != nil:
				return ctx.Err()
			case fault.CodeOf(err) == fault.RESTRole:
				return err
			case err == nil:
				if p.Drops(total, time.Now()) {
					c := PaceChange{Limits: p.Limits(), Slower: total > last}
					if c.Slower {
						c.Dropped = total - last
					}
					told(c)
				}
				last, known = total, true
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// toAsk reports whether the server's drops matter now.
func (p *Pacer) toAsk() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	matter := p.used || p.share < 1
	p.used = false
	return matter
}
