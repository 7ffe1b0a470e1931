package bus

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"time"

	"github.com/sensord/sensord/internal/fault"
)

// Probe joins a bus as a rig with these options would, and leaves it: it says
// nothing there, keeps nothing, and is in nobody's way, not even in that of the
// same rig that runs. It returns what it joined, a URL without secrets or
// "embedded", or why it could not until ctx ended.
func Probe(ctx context.Context, o Options) (joined string, err error) {
	changed := make(chan struct{}, 1)
	o.RigID, o.Listen, o.StoreDir, o.Claims = rand.Text(), "", "", false
	o.Log, o.Notify = slog.New(slog.DiscardHandler), func(Change) { kick(changed) }
	b, err := New(o)
	if err != nil {
		return "", err
	}
	running, cancel := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- b.Run(running) }()
	defer func() {
		cancel()
		if ended != nil {
			<-ended
		}
	}()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		switch s := b.State(); {
		case s.Connected && (o.Mode != Leaf || s.Leaf.Connected):
			if o.Mode == Leaf {
				return s.Leaf.URL, nil
			}
			return s.Server, nil
		case s.Leaf.Err != nil:
			return "", s.Leaf.Err
		case s.Err != nil:
			return "", s.Err
		}
		select {
		case <-tick.C:
		case <-changed:
		case err := <-ended:
			ended = nil
			if err == nil {
				err = ctx.Err()
			}
			return "", err
		case <-ctx.Done():
			return "", fault.New(fault.BusRefused, b.object(), errors.New("no answer in time"))
		}
	}
}
