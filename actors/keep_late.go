package actors

import (
	"context"
	"time"

	"github.com/sensord/sensord/internal/fault"
	"github.com/sensord/sensord/uplink"
)

// Waits between attempts to open what could not be opened at the start.
const (
	openAgainMin = 2 * time.Second
	openAgainMax = 15 * time.Second
)

// storeOpened says that a source's store was opened late, and waits for the log
// to take it.
type storeOpened struct{}

// openLate opens a source's store that the disk did not let be opened, as soon
// as it does, and tells of it. It runs until ctx is done.
func (s *shared) openLate(ctx context.Context, state *sourceState, tell func()) error {
	wait := openAgainMin
	for {
		var again <-chan time.Time
		if state.unkept.Load() {
			again = time.After(wait)
		}
		select {
		case <-state.missed:
			wait = openAgainMin
			continue
		case <-again:
			wait = min(2*wait, openAgainMax)
		case <-ctx.Done():
			return nil
		}
		if s.openAgain(state) {
			tell()
		}
	}
}

// openAgain tries to open a source's store, and reports whether that was done.
func (s *shared) openAgain(state *sourceState) bool {
	if s.nobodyYet(state) {
		return false
	}
	store, err := s.spool.Source(state.uuid(), state.cfg.Name, state.cfg.Type, true)
	if err != nil {
		if last := s.spoolErr.Swap(&err); last == nil || fault.CodeOf(*last) != fault.CodeOf(err) {
			s.log.Warn("the spool cannot be opened yet", "source", state.cfg.Name, "err", err, "code", fault.CodeOf(err), "remedy", fault.RemedyOf(err))
		}
		return false
	}
	s.log.Info("the spool is open now, and frames are kept on disk", "source", state.cfg.Name)
	state.late.Store(store)
	s.opened(state)
	return true
}

// nobodyYet reports whether the UUID of a source is not known yet: then whoever
// finds it opens the store, if the directory is there again.
func (s *shared) nobodyYet(state *sourceState) bool {
	s.claims.Lock()
	defer s.claims.Unlock()
	if !state.uuid().IsZero() {
		return false
	}
	if s.spool.Make() == nil {
		s.opened(state)
	}
	return true
}

// opened notes that nothing keeps a source's store from being opened any more.
func (s *shared) opened(state *sourceState) {
	state.unkept.Store(false)
	for _, other := range s.sources {
		if other.unkept.Load() {
			return
		}
	}
	s.spoolErr.Store(nil)
}

// adopt gives the log the store that was opened late, if it waits for one. There
// is no link.
func (s *sourceState) adopt() {
	if store := s.late.Load(); store != nil && s.log.AttachLate(store) {
		s.attached.Store(true)
	}
}

// lastAttempt opens what could not be opened before, at the end: a disk may work
// that did not a moment ago.
func (s *shared) lastAttempt(state *sourceState) {
	if state.unkept.Load() {
		s.openAgain(state)
	}
	state.adopt()
}

// storeOpened takes the store between two links. One that runs is ended for it:
// its frames have the numbers of a log without a store.
func (k *uplinkActor) storeOpened() {
	switch k.state.link.Load().State {
	case LinkDialling, LinkAnnounced, LinkStreaming:
		if k.planned || k.state.log.Closed() {
			return // it ends anyway
		}
		k.log.Debug("connecting again, so that what is kept on disk is sent")
		k.reconnect(uplink.Settle())
	default:
		k.state.adopt()
	}
}
