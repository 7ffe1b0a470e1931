package bus

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"

	"github.com/nats-io/nats.go/jetstream"
)

// A loss of power takes what a rig has kept since the last sync, and the hub may
// have that already: it then asks for what has a higher number, and would never
// see what got the lost ones' numbers. So after every boot the rig leaves out
// more numbers than it can have used between two syncs.
const (
	gapNumbers = 1024
	gapSubject = "_GAP"
	bootKey    = "boot" // of the stream's metadata
)

// bootID is the kernel's name of this boot, "" if it has none.
func bootID() string {
	id, _ := os.ReadFile("/proc/sys/kernel/random/boot_id")
	return strings.TrimSpace(string(id))
}

// leaveGap leaves numbers out if what is in the store may be of another boot.
// What it puts there in their place is not of the fleet, and the last of it
// stays so that the server does not forget how far it was.
func (b *Bus) leaveGap(ctx context.Context, l *link) error {
	s, err := l.js.Stream(ctx, rigStream)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	is := s.CachedInfo()
	boot := is.Config.Metadata[bootKey]
	if is.Config.Storage == jetstream.MemoryStorage || is.State.LastSeq == 0 || boot != "" && boot == bootID() {
		return nil
	}
	if !slices.Contains(is.Config.Subjects, gapSubject) {
		is.Config.Subjects = append(is.Config.Subjects, gapSubject)
		if _, err := l.js.UpdateStream(ctx, is.Config); err != nil {
			return err
		}
	}
	for range gapNumbers {
		if err := l.nc.Publish(gapSubject, nil); err != nil {
			return err
		}
	}
	if _, err := l.js.Publish(ctx, gapSubject, nil); err != nil { // behind all others
		return err
	}
	return s.Purge(ctx, jetstream.WithPurgeSubject(gapSubject), jetstream.WithPurgeKeep(1))
}
