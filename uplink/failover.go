package uplink

import (
	"math/rand/v2"
	"time"

	"github.com/sensord/sensord/internal/fault"
)

// A Failover says which of a source's servers is next and how long to wait
// before it is dialled. It is one source's memory of how its links went; it is
// not safe for concurrent use.
//
// A server that cannot be reached, or does not take the source, is left at once
// for the first in the list that was not tried since frames last flowed. A link
// that was up and ended is dialled once more where it was: servers restart and
// lines break, and a source is better kept on one server. While frames flow to
// another server than the first, the first is looked at from time to time, and
// returned to when it answered twice in a row.
type Failover struct {
	servers []standby
	current int
	lost    int       // links in a row that ended soon on the current server
	upSince time.Time // when frames began to flow on this link; zero before

	lookAt   time.Time     // when to look at the first server
	lookWait time.Duration // from one look to the next
	alive    int           // looks in a row that found it alive
	returned bool          // this is an attempt to return to it
}

// standby is one server of a Failover.
type standby struct {
	redial Redial
	due    time.Time // not dialled before
	tried  bool      // since frames last flowed
}

// How a source moves between its servers.
const (
	stayLost  = 3 // links in a row that end soon, the reconnect race among them, before a server is left
	lookFirst = 10 * time.Second
	lookMost  = 5 * time.Minute
	lookAgain = 5 * time.Second // to be sure
	looksToGo = 2
)

// NewFailover returns the memory for a list of n servers, of which the first is
// the one to be on. n is at least 1.
func NewFailover(n int) *Failover {
	return &Failover{servers: make([]standby, n), lookWait: lookFirst}
}

// Current is the server to dial, or that is linked: its index in the list.
func (f *Failover) Current() int { return f.current }

// Healthy says that frames flow to the current server at now. Say it once for
// each link.
func (f *Failover) Healthy(now time.Time) {
	f.servers[f.current].redial.Healthy(now)
	f.upSince = now
	for i := range f.servers {
		f.servers[i].tried = false
	}
	if f.current == 0 {
		return
	}
	f.alive = 0
	f.lookAt = now.Add(spread(f.lookWait))
}

// Failed takes note of a dial or a link that ended with err at now. It returns
// how long to wait before Current, which it may have changed, is dialled.
func (f *Failover) Failed(err error, now time.Time) time.Duration {
	s := &f.servers[f.current]
	wait := s.redial.After(err, now)
	s.due = now.Add(wait)
	if f.stays(err, now) {
		return wait
	}
	s.tried = true
	f.current = f.choose(now)
	return max(0, f.servers[f.current].due.Sub(now))
}

// stays reports whether the current server is worth another attempt.
func (f *Failover) stays(err error, now time.Time) bool {
	up := f.upSince
	f.upSince = time.Time{}
	if dialling(err) {
		up = time.Time{} // the link before was ended by us
	}
	if f.current == 0 {
		f.settled(up, now)
	}
	if up.IsZero() {
		f.lost = 0
		return len(f.servers) == 1
	}
	if now.Sub(up) < settleWithin {
		f.lost++
	} else {
		f.lost = 1
	}
	switch fault.CodeOf(err) {
	case fault.LinkReplaced, fault.LinkRejected, fault.LinkProtocol:
		return len(f.servers) == 1
	}
	return f.lost < stayLost || len(f.servers) == 1
}

// dialling reports whether err can only be from a dial.
func dialling(err error) bool {
	switch fault.CodeOf(err) {
	case fault.LinkRefused, fault.LinkTimeout, fault.LinkUnreachable, fault.LinkResolve, fault.LinkProxy,
		fault.LinkTLS, fault.LinkPlain, fault.LinkAuth, fault.LinkEndpoint:
		return true
	}
	return false
}

// settled takes note of how an attempt on the first server ended: one that
// answers and yet takes no frames is looked at ever less often.
func (f *Failover) settled(up, now time.Time) {
	stayed := !up.IsZero() && now.Sub(up) >= time.Minute
	switch {
	case stayed:
		f.lookWait = lookFirst
	case f.returned:
		f.lookWait = min(2*f.lookWait, lookMost)
	}
	f.returned = false
}

// choose returns the first server that was not tried in this round and may be
// dialled now, or if none may be, about the one that may be first. A new round
// begins when all were tried.
func (f *Failover) choose(now time.Time) int {
	if f.untried() == 0 {
		for i := range f.servers {
			f.servers[i].tried = false
		}
	}
	best := -1
	for i, s := range f.servers {
		if s.tried {
			continue
		}
		if !s.due.After(now) {
			return i
		}
		if best < 0 || f.servers[best].due.Sub(s.due) > slowMin { // jitter is no reason to change the order
			best = i
		}
	}
	return best
}

func (f *Failover) untried() (n int) {
	for _, s := range f.servers {
		if !s.tried {
			n++
		}
	}
	return n
}

// NetworkChanged says that the machine's network is another one now. No failure
// from before counts: the first server may be dialled at once, and the next
// ones after it. A link on which frames flow stays Current's. One that is made
// just now would not be: end it, or say nothing.
func (f *Failover) NetworkChanged(now time.Time) {
	for i := range f.servers {
		s := &f.servers[i]
		s.due, s.tried = now, false
		s.redial.forget()
	}
	f.lookWait = lookFirst
	if f.upSince.IsZero() {
		f.current, f.returned = 0, false
		return
	}
	f.lookAt = now
}

// forget makes the next failure count as the first of its kind.
func (r *Redial) forget() { r.slow, r.last, r.brief = nil, "", 0 }

// ReturnDue reports whether it is time to see (Dialer.Probe) if the first server
// is alive: frames flow to another one, and the last look is long enough ago.
// Say with Looked what was found.
func (f *Failover) ReturnDue(now time.Time) bool {
	return f.current != 0 && !f.upSince.IsZero() && !now.Before(f.lookAt)
}

// Looked takes note of whether the first server answered. It returns true when
// the source is to go back: end the link, and dial Current, which is the first
// server then, after Settle.
func (f *Failover) Looked(alive bool, now time.Time) bool {
	if f.current == 0 || f.upSince.IsZero() {
		return false
	}
	if !alive {
		f.alive = 0
		f.lookAt = now.Add(spread(f.lookWait))
		return false
	}
	f.alive++
	if f.alive < looksToGo {
		f.lookAt = now.Add(lookAgain)
		return false
	}
	f.alive, f.lost, f.upSince = 0, 0, time.Time{}
	f.current, f.returned = 0, true
	return true
}

// spread keeps the sources of a rig, and rigs, from looking all at once.
func spread(d time.Duration) time.Duration { return d + rand.N(d/4) }
