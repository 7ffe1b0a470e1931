package uplink

import (
	"math/rand/v2"
	"time"

	"github.com/cenkalti/backoff/v5"

	"github.com/sensord/sensord/internal/fault"
)

// A Redial says how long to wait before the next attempt at a link. The value
// is one source's memory of how its links went; it is not safe for concurrent
// use.
type Redial struct {
	healthyAt time.Time // when frames last flowed
	healthy   bool      // the present link streams, or did until it ended
	brief     int       // links in a row that ended soon
	slow      *backoff.ExponentialBackOff
	last      fault.Code
}

// How long to wait, by what happened.
const (
	briskMin, briskMax = 200 * time.Millisecond, 400 * time.Millisecond // a server that was there restarts
	briskFor           = 15 * time.Minute
	// A server may still be ending the old session: a 2025-09 server that is
	// asked to replace it meanwhile was seen to crash (free(): invalid pointer).
	settleMin, settleMax = time.Second, 2 * time.Second
	settleWithin         = 20 * time.Second
	briefLinks           = 5                                 // more than that in a row are a fight: two sensors with one UUID replace each other
	firmMin, firmMax     = 5 * time.Second, 30 * time.Second // somebody has to change something
	slowMin, slowMax     = 500 * time.Millisecond, 10 * time.Second
)

// Healthy says that frames flow at now.
func (r *Redial) Healthy(now time.Time) {
	r.healthyAt, r.healthy = now, true
	if r.brief <= briefLinks {
		r.slow, r.last = nil, ""
	}
}

// After returns the wait behind a dial or a link that ended with err at now.
func (r *Redial) After(err error, now time.Time) time.Duration {
	code := fault.CodeOf(err)
	if r.healthy {
		if now.Sub(r.healthyAt) < settleWithin {
			r.brief++
		} else {
			r.brief = 0
		}
		r.healthyAt, r.healthy = now, false
	}
	wasUp := !r.healthyAt.IsZero()
	switch code {
	case fault.LinkLost, fault.LinkSilent:
		if r.brief > briefLinks {
			return r.grow(code, settleMin, slowMax)
		}
		return between(settleMin, settleMax)
	case fault.LinkReplaced:
		return r.grow(code, settleMin, slowMax)
	case fault.LinkRefused, fault.LinkUnreachable:
		if wasUp && now.Sub(r.healthyAt) < briskFor {
			return between(briskMin, briskMax)
		}
		return r.grow(code, slowMin, slowMax)
	case fault.LinkTimeout, fault.LinkResolve:
		return r.grow(code, slowMin, slowMax)
	case fault.LinkProxy: // on the vehicle, it says 502 while its own line is down
		if !isProxyLogin(err) {
			return r.grow(code, slowMin, slowMax)
		}
	case fault.LinkRejected, fault.LinkProtocol, fault.LinkNotKismet, fault.LinkTLS:
		// A server that restarts behind a tunnel or a proxy looks like many other
		// things on its way, and one that lost us may still hold the old session.
		passes := code != fault.LinkTLS || isNoHandshake(err)
		if passes && wasUp && now.Sub(r.healthyAt) < briskFor {
			return between(settleMin, settleMax)
		}
	}
	return r.grow(code, firmMin, firmMax)
}

// grow waits longer each time the same thing happens, with jitter.
func (r *Redial) grow(code fault.Code, first, most time.Duration) time.Duration {
	if r.slow == nil || r.last != code {
		r.slow = &backoff.ExponentialBackOff{
			InitialInterval: first, MaxInterval: most,
			Multiplier: 1.7, RandomizationFactor: 0.25,
		}
		r.slow.Reset()
		r.last = code
	}
	return min(max(r.slow.NextBackOff(), first), most)
}

// Settle returns the wait behind a link that the sensor ended itself.
func Settle() time.Duration { return between(settleMin, settleMax) }

func between(low, high time.Duration) time.Duration {
	return low + rand.N(high-low)
}

// Final reports whether err can only be mended by a person: no wait changes a
// wrong password, path, certificate or protocol.
func Final(err error) bool {
	switch fault.CodeOf(err) {
	case fault.LinkAuth, fault.LinkEndpoint, fault.LinkNotKismet, fault.LinkTLS, fault.LinkPlain, fault.LinkProtocol, fault.LinkRejected:
		return true
	case fault.LinkProxy:
		return isProxyLogin(err)
	}
	return false
}
