package uplink

import (
	"context"
	"time"
)

// WatchNetwork tells, until ctx is done, of each change after which links are
// worth a new attempt: an address or a default route came or went, the carrier
// of an interface that has an address, and the end of a sleep of the machine.
// What belongs together is told once, a moment after it settled, with a reason
// for people: "default route over wwan0 is new". tell is called from
// WatchNetwork's goroutine. The error is about what the kernel refuses; nil is
// returned when ctx is done.
//
// On other systems than Linux it tells nothing.
func WatchNetwork(ctx context.Context, tell func(reason string)) error {
	return watchNetwork(ctx, tell)
}

// How changes are gathered.
const (
	networkQuiet = 300 * time.Millisecond // without another message, before it is looked what changed
	networkMost  = 2 * time.Second        // that it is put off
)
