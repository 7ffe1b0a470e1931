package feed

import (
	"bytes"
	"context"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/sensord/sensord/gps"
	"github.com/sensord/sensord/internal/fault"
)

// maxSenders bounds the senders of datagrams.
const maxSenders = 8

// maxDatagram is the most of a datagram that is read: several epochs.
const maxDatagram = 16 << 10

// fullDatagram is what a sender that sends no more than fits into one frame
// of most networks may have filled up.
const fullDatagram = 1200

// A sender is who datagrams come from.
type sender struct {
	*peer

	addr    netip.AddrPort
	earlier []uint16 // ports that it used before this one
	shares  bool     // others send from the same address, by other ports
	open    bool     // its last datagram did not end with a line
}

// A hearer is the senders of a UDP feed.
type hearer struct {
	r        *Receiver
	tell     func(gps.Event)
	senders  []*sender
	refused  complaint
	lastByte time.Time // from anybody, or when it began
	lastGood time.Time // the last datagram with a valid sentence, or the first one
	heard    bool      // there was one
	bad      int       // bytes since
	looks    looks     // of those
}

// runUDP reads datagrams from everybody who sends them.
func (r *Receiver) runUDP(ctx context.Context, tell func(gps.Event)) error {
	c, err := r.listenUDP(ctx)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	pieces, next := make(chan piece), make(chan struct{}, 1)
	var readers sync.WaitGroup
	defer readers.Wait()
	defer c.Close()
	defer cancel()
	readers.Go(func() { r.pumpUDP(ctx, c, pieces, next) })

	h := &hearer{r: r, tell: tell, lastByte: time.Now()}
	r.say("nobody has sent anything")
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		due, err := h.check(time.Now())
		if err != nil {
			return err
		}
		timer.Reset(time.Until(due))
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-timer.C:
		case got := <-pieces:
			if got.err != nil {
				return r.fail(fault.GPSLost, "%w", bare(got.err))
			}
			h.hear(got)
			next <- struct{}{}
		}
	}
}

// pumpUDP is pump for datagrams.
func (r *Receiver) pumpUDP(ctx context.Context, c *net.UDPConn, pieces chan<- piece, next <-chan struct{}) {
	buf := make([]byte, maxDatagram)
	for {
		n, addr, err := c.ReadFromUDPAddrPort(buf)
		got := piece{
			addr: netip.AddrPortFrom(addr.Addr().Unmap(), addr.Port()),
			data: buf[:n], ns: r.o.Now(), at: time.Now(), err: err,
		}
		select {
		case pieces <- got:
		case <-ctx.Done():
			return
		}
		if err != nil {
			return
		}
		select {
		case <-next:
		case <-ctx.Done():
			return
		}
	}
}

// hear reads a datagram.
func (h *hearer) hear(got piece) {
	if len(got.data) == 0 {
		return
	}
	s := h.sender(got.addr, got.at)
	if s == nil {
		return
	}
	if s.allowance.empty(got.at) {
		s.dropped.count++
		s.crowd(got.at, "it sends more than %d KiB a second; what is more is dropped")
		return
	}
	s.allowance.take(len(got.data), got.at)
	before := s.valid()
	s.datagram(got)
	h.lastByte = got.at
	if h.lastGood.IsZero() || s.valid() != before {
		h.lastGood, h.bad, h.looks = got.at, 0, looks{}
	}
	if s.valid() != before {
		h.heard = true
	} else {
		h.bad += len(got.data)
		h.looks.note(got.data)
		h.looks.lineEnds()
	}
	h.r.arrived(h.heard, h.bad, h.looks)
}

// datagram reads one datagram. Most senders put whole lines into one, some
// without an end, and some cut a stream where it falls.
func (s *sender) datagram(got piece) {
	data := got.data
	if s.open && (data[0] == '$' || data[0] == '!' || data[0] == '\\') {
		s.write([]byte("\r\n"), got.ns, got.at)
	}
	s.write(data, got.ns, got.at)
	s.looks.lineEnds()
	s.open = data[len(data)-1] != '\n'
	// Several whole sentences are an epoch, unless they filled the datagram.
	whole := !s.open || endsWithChecksum(data)
	if whole && bytes.Count(data, []byte{'$'}) > 1 && len(data) < fullDatagram {
		s.flush()
	}
}

func endsWithChecksum(b []byte) bool {
	n := len(b)
	return n > 3 && b[n-3] == '*' && hex(b[n-2]) && hex(b[n-1])
}

func hex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'A' && c <= 'F' || c >= 'a' && c <= 'f'
}

// sender returns who sends from addr, or nil when there are too many.
//
// A sender is an address. It may use another port for each datagram, as scripts
// do; but when a port comes back after another one was used, these are two
// senders, who go on under address and port.
func (h *hearer) sender(addr netip.AddrPort, now time.Time) *sender {
	for _, s := range h.senders {
		if s.addr == addr {
			return s
		}
	}
	shares := false
	for _, s := range h.senders {
		if s.addr.Addr() != addr.Addr() {
			continue
		}
		if !s.shares && !slices.Contains(s.earlier, addr.Port()) {
			s.earlier = append(s.earlier, s.addr.Port())
			s.earlier = s.earlier[max(0, len(s.earlier)-maxSenders):]
			s.addr = addr
			return s
		}
		if !s.shares {
			s.flush()
			s.shares, s.earlier, s.device = true, nil, s.addr.String()
		}
		shares = true
	}
	return h.add(addr, shares, now)
}

// add takes a new sender in, if there is a place: a stranger must not push out
// who is heard.
func (h *hearer) add(addr netip.AddrPort, shares bool, now time.Time) *sender {
	if len(h.senders) >= maxSenders {
		worst := slices.MinFunc(h.senders, func(a, b *sender) int { return h.worth(a, now).Compare(h.worth(b, now)) })
		if now.Sub(h.worth(worst, now)) < h.r.limits.silence {
			h.refused.make(now, func(n int) {
				h.tell(gps.Notice{Device: addr.Addr().String(), Text: refusal(n, maxSenders, "sender")})
			})
			return nil
		}
		h.forget(worst)
	}
	device := addr.Addr().String()
	if shares {
		device = addr.String()
	}
	s := &sender{peer: h.r.newPeer(device, quietNetwork, now, h.tell), addr: addr, shares: shares}
	h.senders = append(h.senders, s)
	h.describe()
	return s
}

// worth is when a sender last said something that may be a receiver's.
func (h *hearer) worth(s *sender, now time.Time) time.Time {
	if s.garbledFor(now) >= h.r.limits.garbled {
		return s.badSince
	}
	return s.lastByte
}

func (h *hearer) forget(s *sender) {
	s.flush()
	h.senders = slices.DeleteFunc(h.senders, func(q *sender) bool { return q == s })
	h.describe()
}

func (h *hearer) describe() {
	peers := make([]*peer, len(h.senders))
	for i, s := range h.senders {
		peers[i] = s.peer
	}
	h.r.say(from(peers))
}

// check does what time makes necessary, and returns when to come again, or why
// the feed ends.
func (h *hearer) check(now time.Time) (time.Time, error) {
	due := h.lastByte.Add(h.r.limits.silence)
	for _, s := range slices.Clone(h.senders) {
		s.tick(now)
		if now.Sub(s.lastByte) >= h.r.limits.forget {
			h.forget(s)
			continue
		}
		due = earliest(due, earliest(s.due(), s.lastByte.Add(h.r.limits.forget)))
	}
	if d := now.Sub(h.lastByte); d >= h.r.limits.silence {
		if h.bad > 0 && !h.heard {
			return due, h.r.garbled(h.looks, "%d bytes %s, no valid sentence among them, and then nothing in %s", h.bad, h.r.Detail(), roundSeconds(d))
		}
		return due, h.r.silent("not one datagram in %s", roundSeconds(d))
	}
	if h.bad == 0 {
		return due, nil
	}
	d := now.Sub(h.lastGood)
	if d < h.r.limits.garbled {
		return earliest(due, h.lastGood.Add(h.r.limits.garbled)), nil
	}
	return due, h.r.garbled(h.looks, "%d bytes in %s %s, and no valid sentence among them", h.bad, roundSeconds(d), h.r.Detail())
}
