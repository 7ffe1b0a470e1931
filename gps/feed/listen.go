package feed

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/sensord/sensord/gps"
	"github.com/sensord/sensord/internal/fault"
)

// maxConnections bounds the connections to a listener.
const maxConnections = 4

// acceptPause is between two connections: who connects at full speed must not
// keep the machine busy.
const acceptPause = 20 * time.Millisecond

// A listener is the connections of a Listen feed. All but accept belongs to the
// goroutine that called Run.
type listener struct {
	r       *Receiver
	tell    func(gps.Event)
	peers   []*peer
	pieces  chan piece
	readers sync.WaitGroup
	refused complaint
	useless complaint // connections that ended without a valid sentence
}

// runListen reads from everybody who connects.
func (r *Receiver) runListen(ctx context.Context, tell func(gps.Event)) error {
	config := net.ListenConfig{KeepAliveConfig: keepAlive()}
	l, err := config.Listen(ctx, "tcp", r.o.Address)
	if err != nil {
		return r.listenError(err)
	}
	return r.serve(ctx, l, tell)
}

// serve is runListen behind the listening. It closes l.
func (r *Receiver) serve(ctx context.Context, l net.Listener, tell func(gps.Event)) error {
	ctx, cancel := context.WithCancel(ctx)
	s := &listener{r: r, tell: tell, pieces: make(chan piece)}
	accepted, broken := make(chan net.Conn), make(chan error, 1)
	defer s.readers.Wait()
	defer s.closeAll()
	defer l.Close()
	defer cancel()
	s.describe()
	s.readers.Go(func() { broken <- accept(ctx, l, accepted) })

	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		timer.Reset(time.Until(s.check(time.Now())))
		select {
		case <-ctx.Done():
			return ctx.Err()
		case err := <-broken:
			return r.fail(fault.GPSLost, "%w", bare(err))
		case c := <-accepted:
			s.admit(ctx, c, time.Now())
		case got := <-s.pieces:
			s.read(got)
		case <-timer.C:
		}
	}
}

// accept waits for connections until ctx or l ends.
func accept(ctx context.Context, l net.Listener, accepted chan<- net.Conn) error {
	for {
		c, err := l.Accept()
		switch {
		case err == nil:
			select {
			case accepted <- c:
			case <-ctx.Done():
				_ = c.Close()
				return ctx.Err()
			}
		case !scarce(err):
			return err
		}
		select {
		case <-time.After(acceptPause):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// scarce reports whether the machine lacks something that may be there later.
func scarce(err error) bool {
	return errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE) ||
		errors.Is(err, syscall.ENOBUFS) || errors.Is(err, syscall.ENOMEM)
}

// admit takes a connection in. When there are too many, it takes the place of
// the one that has been silent for longest; if all are alive, it is refused.
func (s *listener) admit(ctx context.Context, c net.Conn, now time.Time) {
	device := c.RemoteAddr().String()
	if ap, err := netip.ParseAddrPort(device); err == nil {
		device = netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port()).String()
	}
	if len(s.peers) >= maxConnections {
		quietest := stalest(s.peers)
		if now.Sub(quietest.lastByte) < s.r.limits.silence {
			_ = c.Close()
			s.refused.make(now, func(n int) {
				s.tell(gps.Notice{Device: device, Text: refusal(n, maxConnections, "connection")})
			})
			return
		}
		s.drop(quietest, "another one took its place", now)
	}
	setReceiveBuffer(c)
	ctx, cancel := context.WithCancel(ctx)
	p := s.r.newPeer(device, quietNetwork, now, s.tell)
	p.conn, p.cancel = c, cancel
	s.peers = append(s.peers, p)
	s.describe()
	s.readers.Go(func() { s.r.pump(ctx, c, p, s.pieces) })
	s.r.log.Debug("connected", "from", device)
}

// read takes what a connection brought. A connection is told of when it turns
// out to be that of a receiver: scanners come and go all the time.
func (s *listener) read(got piece) {
	p := got.from
	known := p.heard
	p.write(got.data, got.ns, got.at)
	s.r.arrived(p.heard, p.badBytes, p.looks)
	if p.heard && !known {
		s.r.log.Info("receiver connected", "from", p.device)
		p.notice("connected")
	}
	if got.err != nil {
		s.drop(p, ending(got.err), got.at)
		return
	}
	p.release(len(got.data), got.at)
}

// check does what time makes necessary, and returns when to come again.
func (s *listener) check(now time.Time) time.Time {
	due := now.Add(time.Minute)
	for _, p := range slices.Clone(s.peers) {
		p.tick(now)
		silent, garbled := now.Sub(p.lastByte), p.garbledFor(now)
		switch {
		case silent >= s.r.limits.halfOpen && p.resume.IsZero():
			s.drop(p, "not one byte in "+roundSeconds(silent).String()+p.suspicion(), now)
			continue
		case garbled >= s.r.limits.garbled:
			what, _ := p.looks.judge(p.strict)
			s.drop(p, "no valid sentence in "+roundSeconds(garbled).String()+what, now)
			continue
		}
		due = earliest(due, p.lastByte.Add(s.r.limits.halfOpen))
		if !p.badSince.IsZero() {
			due = earliest(due, p.badSince.Add(s.r.limits.garbled))
		}
		due = earliest(due, p.due())
	}
	return due
}

// drop ends a connection.
func (s *listener) drop(p *peer, why string, now time.Time) {
	p.flush()
	p.cancel()
	_ = p.conn.Close()
	s.peers = slices.DeleteFunc(s.peers, func(q *peer) bool { return q == p })
	s.describe()
	if p.heard {
		s.r.log.Info("receiver disconnected", "from", p.device, "reason", why)
		p.notice("disconnected: %s", why)
		return
	}
	s.r.log.Debug("disconnected", "from", p.device, "reason", why)
	s.useless.make(now, func(n int) {
		if n > 1 {
			why += fmt.Sprintf(" (and %d more without a valid sentence)", n-1)
		}
		p.notice("disconnected: %s", why)
	})
}

func (s *listener) closeAll() {
	for _, p := range s.peers {
		p.cancel()
		_ = p.conn.Close()
	}
}

func (s *listener) describe() {
	if len(s.peers) == 0 {
		s.r.say("nobody is connected")
		return
	}
	s.r.say(from(s.peers))
}

// from names peers.
func from(peers []*peer) string {
	var b strings.Builder
	for i, p := range peers {
		if i == 0 {
			b.WriteString("from ")
		} else {
			b.WriteString(", ")
		}
		b.WriteString(p.device)
	}
	return b.String()
}

// stalest returns the peer from which nothing came for longest.
func stalest(peers []*peer) *peer {
	return slices.MinFunc(peers, func(a, b *peer) int { return a.lastByte.Compare(b.lastByte) })
}
