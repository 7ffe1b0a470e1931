package actors

import (
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sensord/sensord/configs"
	"github.com/sensord/sensord/internal/fault"
)

// rivalAgain is how often it is looked whether the other rig is gone.
const rivalAgain = time.Second

// claimsKnown is how long a rig that gives way waits at its start for what others
// say of their sources: some servers do not survive two sensors of one UUID.
const claimsKnown = 2 * time.Second

// replacedKnown is how long a status tells that another sensor took a source's
// place: as long as what it knows of the frames that were lost lately. Two that
// fight for a place do so several times a minute.
const replacedKnown = time.Minute

// fail remembers why a link ended.
func (s *LinkStatus) fail(err error, now time.Time) {
	s.Err = err
	if fault.CodeOf(err) == fault.LinkReplaced {
		s.Replaced, s.ReplacedAt = err, now
	}
}

// replaced is by what the source's place was taken within replacedKnown before
// now, nil if it was not.
func (s *LinkStatus) replaced(now time.Time) error {
	if s.Replaced == nil || now.Sub(s.ReplacedAt) > replacedKnown {
		return nil
	}
	return s.Replaced
}

// givesWay waits instead of dialling where the server would take this source in
// the place of another rig's, which had the UUID first. What is captured is kept.
func (k *uplinkActor) givesWay(ctx actor.Context) bool {
	if k.rig.bus == nil || k.rig.cfg.Bus.Claims != configs.ClaimRefuse {
		return false
	}
	if early := claimsKnown - time.Since(k.rig.began); early > 0 {
		k.again(ctx, early)
		return true
	}
	why := k.rig.rival(k.state.uuid(), k.state.cfg.Name)
	if why == nil {
		return false
	}
	link := k.state.link.Load()
	since, waits := link.Since, link.State == LinkWaiting && fault.CodeOf(link.Err) == fault.CodeOf(why)
	if !waits {
		since = time.Now()
		k.log.Warn("not linked while another rig has this source", "err", why, "code", fault.CodeOf(why), "remedy", fault.RemedyOf(why))
	}
	k.again(ctx, rivalAgain)
	k.update(func(s *LinkStatus) { s.Err, s.Since = why, since })
	return true
}

// lookAtRival ends the link when another rig turns out to have had the source
// before: the bus may be joined later than the server.
func (k *uplinkActor) lookAtRival() {
	if !k.planned && k.rig.rival(k.state.uuid(), k.state.cfg.Name) != nil {
		k.reconnect(rivalAgain)
	}
}
