package uplink

import (
	"net"
	"net/netip"
	"time"

	"github.com/sensord/sensord/internal/fault"
)

// LocalAddr is the address of this machine from which the link goes out. It is
// not valid where there is none, as on a connection in memory.
func (k *Link) LocalAddr() netip.Addr { return k.local }

// HasAddress reports whether this machine has an address now. A link from an
// address that is gone is dead, and no server says so. It is true for an
// address that is not valid, and when the machine's cannot be read.
func HasAddress(addr netip.Addr) bool {
	if !addr.IsValid() {
		return true
	}
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return true
	}
	for _, a := range addrs {
		if p, err := netip.ParsePrefix(a.String()); err == nil && p.Addr().Unmap() == addr {
			return true
		}
	}
	return false
}

// localAddr returns where a connection goes out, without a zone.
func localAddr(c conn) netip.Addr {
	a, err := netip.ParseAddrPort(c.LocalAddr().String())
	if err != nil {
		return netip.Addr{}
	}
	return a.Addr().Unmap().WithZone("")
}

// askLimit is how long a server has for a sign of life that was asked for. It is
// short: who asks has a reason to think that the link is dead.
const askLimit = 2 * time.Second

// Ask sends a PING at once and ends the link if nothing comes from the server
// within 2 s, or twice the last round trip where that is longer. It is for after
// a resume or a change of the network. It never blocks and may be called from
// any goroutine, also before Run.
func (k *Link) Ask() {
	select {
	case k.asks <- struct{}{}:
	default: // asked already
	}
	limit := min(max(askLimit, 2*k.RoundTrip()), pongTimeout)
	before := k.words.Load() // a message that is on its way here says as much as a PONG
	time.AfterFunc(limit, func() {
		if k.words.Load() == before {
			k.end(fault.Newf(fault.LinkSilent, k.object, "no answer to a PING for %v", limit))
		}
	})
}

// ask writes the PING of an Ask. Where as many as may be are unanswered, theirs
// are the PONGs to wait for.
func (w *writer) ask() error {
	if w.window.outstanding() < maxPings {
		if err := w.writePing(w.session.Log.SentTo(), time.Now()); err != nil {
			return err
		}
	}
	return w.flush()
}
