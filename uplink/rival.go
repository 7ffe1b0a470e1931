package uplink

import (
	"errors"
	"fmt"
	"time"

	"github.com/sensord/sensord/internal/fault"
)

// A Rivalry recognises a second sensor with the same UUID by what it does to our
// links. A server that hears of a UUID anew drops the session that it has, and
// says nothing; the dropped sensor comes back, and drops the other one.
//
// The rule: three times within a minute the server ended the link, either within
// rivalSoon of frames flowing, or right behind the announcement, and the one
// before it had been up. A 2023 server leaves some of the connections that it
// replaced open and deaf: a link that falls silent so soon does not count, and
// does not end the count. Anything else is another trouble and begins it anew: a
// dial that fails, a network that is gone, or a link that lasts. The race of a
// server that still holds the session of a link that was lost, and ends the new
// one together with it, ends one link so, or two, and no more.
//
// Once recognised, a rivalry goes on until a link lasts, or fails otherwise.
//
// The value is one source's memory with one server; it is not safe for
// concurrent use.
type Rivalry struct {
	upSince time.Time // when frames began to flow on this link; zero before
	wasUp   bool      // frames flowed on the link before, or on one that counted
	first   time.Time // when the first of the ends came
	ends    int       // in a row
	recent  [rivalEnds]time.Time
	known   bool
}

const (
	rivalEnds   = 3
	rivalWithin = time.Minute
	// rivalSoon is more than any sensor waits before it comes back, Kismet's own
	// 5 s and ours up to 10 s where they are dropped again and again; and more
	// than a silent link takes to be given up.
	rivalSoon = 12 * time.Second
)

// errEnded is why a link was lost that the server ended: in the orderly way, or
// with a reset, as when it closes a connection on which frames wait unread.
var errEnded = errors.New("the server ended the connection")

// Streaming says that frames flow at now.
func (r *Rivalry) Streaming(now time.Time) { r.upSince = now }

// Explain returns err, with which a dial or a link ended at now, or in its place
// a fault.LinkReplaced that says how often. Ask it before Redial.After or
// Failover.Failed, with every error that these hear of.
func (r *Rivalry) Explain(err error, now time.Time) error {
	brief, counts := r.judge(err, now)
	if !brief {
		*r = Rivalry{wasUp: !r.upSince.IsZero()}
		return err
	}
	r.upSince, r.wasUp = time.Time{}, true
	if counts {
		r.count(now)
	}
	if !r.known {
		return err
	}
	object := ""
	if f, ok := errors.AsType[*fault.Error](err); ok {
		object = f.Object
	}
	over := now.Sub(r.first).Round(time.Second)
	return fault.New(fault.LinkReplaced, object, fmt.Errorf(
		"another sensor uses this source's UUID, or the line is reset again and again: the server dropped the source that it had just taken, %d times within %v", r.ends, over))
}

// judge reports whether a link went as it does beside a rival, and whether that
// counts.
func (r *Rivalry) judge(err error, now time.Time) (brief, counts bool) {
	soon := !r.upSince.IsZero() && now.Sub(r.upSince) <= rivalSoon
	switch fault.CodeOf(err) {
	case fault.LinkLost:
		ended := soon && errors.Is(err, errEnded)
		return ended, ended
	case fault.LinkRejected:
		return r.wasUp, r.wasUp
	case fault.LinkSilent:
		return soon, false
	}
	return false, false
}

func (r *Rivalry) count(now time.Time) {
	if r.ends == 0 {
		r.first = now
	}
	r.ends++
	copy(r.recent[:], r.recent[1:])
	r.recent[rivalEnds-1] = now
	r.known = r.known || r.ends >= rivalEnds && now.Sub(r.recent[0]) <= rivalWithin
}
