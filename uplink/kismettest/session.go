package kismettest

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"github.com/sensord/sensord/uplink/kismet"
)

// reasonClosed is what Kismet shows for a connection that just ended.
const reasonClosed = "connection closed"

// A session is one connection that speaks Kismet's protocol, from its accept to
// its end. Three goroutines serve it: one reads, one writes, one watches the
// clock.
type session struct {
	s    *Server
	c    *conn
	link link
	out  *outbox

	announced chan struct{} // closed by NEWSOURCE
	done      chan struct{} // closed when the session is over
	dirty     bool          // frames counted since the last notify; of the reading goroutine

	// Guarded by Server.mu.
	peer     *peer   // who answers: an object of the connection, then that of the source
	src      *source // nil before NEWSOURCE
	number   int     // of its source's sessions
	over     bool
	lastPong time.Time
	pings    int // PINGs of the sensor
	frames   int // counted frames
	resetAt  int // Faults.ResetAfter's answer

	openSeq uint32 // of the OPENREQ
	openAt  time.Time
	opened  bool                // a good OPENREPORT has come
	pending map[uint32]struct{} // CONFIGREQs without a report
}

// A peer is what a server knows of the other side's generation and of its own
// numbers: one per connection, then one per source.
type peer struct {
	version kismet.Version
	seq     uint32
}

// next returns the next sequence number; 0 is left out.
func (p *peer) next() uint32 {
	if p.seq++; p.seq == 0 {
		p.seq = 1
	}
	return p.seq
}

func (s *Server) newSession(c *conn) *session {
	return &session{
		s: s, c: c, out: newOutbox(),
		announced: make(chan struct{}), done: make(chan struct{}),
		peer:    &peer{version: s.cfg.Profile.fresh()},
		pending: map[uint32]struct{}{},
	}
}

// serveTCP runs a session over the legacy transport and closes the connection.
func (s *Server) serveTCP(c *conn) {
	x := s.newSession(c)
	x.link = &tcpLink{c: c, profile: s.cfg.Profile, patient: s.patience(), br: bufio.NewReaderSize(c, readBuffer)}
	x.run()
}

// serveWebsocket runs a session over a websocket and closes the connection.
func (s *Server) serveWebsocket(c *conn, ws *websocket.Conn) {
	x := s.newSession(c)
	// A sensor that closes the websocket properly is answered by gorilla.
	x.link = &wsLink{ws: ws, profile: s.cfg.Profile, patient: s.patience(), buf: make([]byte, kismet.MaxFrame)}
	x.run()
}

// patience is how long one write may block. A sensor that reads nothing for
// that long would have been dropped for its silence.
func (s *Server) patience() time.Duration { return s.cfg.PongTimeout + s.cfg.PingEvery }

// run serves the session until it is over and the connection is closed.
func (x *session) run() {
	x.s.mu.Lock()
	x.s.running[x] = struct{}{}
	x.s.mu.Unlock()

	var wg sync.WaitGroup
	wg.Go(x.send)
	wg.Go(x.watch)
	x.c.beforeRead = x.publish
	x.end(x.receive())
	x.drain()
	wg.Wait()
	_ = x.c.Close()

	x.s.mu.Lock()
	delete(x.s.running, x)
	x.s.notify()
	x.s.mu.Unlock()
}

// receive handles what arrives until the session ends, and says why it did.
func (x *session) receive() error {
	for {
		frame, err := x.link.read()
		if err != nil {
			return err
		}
		if err := x.handle(frame); err != nil {
			return err
		}
	}
}

// publish wakes those who wait for counts, before the reader waits for the
// socket. Doing it per frame would cost more than the frame does.
func (x *session) publish() {
	if !x.dirty {
		return
	}
	x.dirty = false
	x.s.mu.Lock()
	defer x.s.mu.Unlock()
	x.s.notify()
}

// drain reads what a sensor still sends after a half-close, until it closes its
// side too.
func (x *session) drain() {
	x.c.beforeRead = nil
	// Kismet's websocket library gives up after 300 s.
	_ = x.c.SetReadDeadline(time.Now().Add(300 * time.Second))
	_, _ = io.Copy(io.Discard, struct{ io.Reader }{x.c})
}

// send writes what the outbox holds until the session's end, and performs that.
func (x *session) send() {
	for {
		frames, end := x.out.take()
		for _, f := range frames {
			if err := x.link.write(f); err != nil {
				x.end(fmt.Errorf("write: %w", err))
				break
			}
		}
		if end == nil {
			continue
		}
		if *end == endFlush {
			_ = x.c.CloseWrite()
		}
		if *end == endFlushReset {
			x.c.reset()
		}
		return
	}
}

// watch waits for the announcement, then pings and looks for silence.
func (x *session) watch() {
	announce := time.NewTimer(x.s.cfg.AnnounceTimeout)
	defer announce.Stop()
	select {
	case <-x.done:
		return
	case <-announce.C:
		x.end(&stop{endNow, "no source announced in time"})
		return
	case <-x.announced:
	}
	tick := time.NewTicker(x.s.cfg.PingEvery)
	defer tick.Stop()
	for {
		select {
		case <-x.done:
			return
		case <-tick.C:
			x.tick()
		}
	}
}

func (x *session) tick() {
	x.s.mu.Lock()
	defer x.s.mu.Unlock()
	if x.over {
		return
	}
	if x.s.fault.Load().NoPing {
		x.lastPong = time.Now()
		return
	}
	// In whole seconds, as the server's own clock has it.
	if time.Since(x.lastPong).Truncate(time.Second) > x.s.cfg.PongTimeout {
		x.finish(&stop{endNow, "no PONG in time"})
		return
	}
	x.say(kismet.Ping{})
}

// say queues a message with the server's next number, which it returns. The
// server must be locked.
func (x *session) say(m kismet.Message) uint32 {
	seq := x.peer.next()
	x.reply(seq, m)
	return seq
}

// reply queues a message with a given number. The server must be locked.
func (x *session) reply(seq uint32, m kismet.Message) {
	if !x.out.push(kismet.AppendServer(nil, x.peer.version, seq, m)) {
		x.finish(&stop{endNow, "sensor does not read"})
	}
}

// end ends the session for what err says.
func (x *session) end(err error) {
	x.s.mu.Lock()
	defer x.s.mu.Unlock()
	var st *stop
	if !errors.As(err, &st) {
		st = &stop{endFlush, reasonClosed}
	}
	x.finish(st)
}

// finish ends the session, unless it is over already. The server must be
// locked.
func (x *session) finish(st *stop) {
	if x.over {
		return
	}
	x.over = true
	close(x.done)
	log := x.s.cfg.Logger
	if x.src == nil {
		x.s.reject(st.reason)
		log.Info("connection ended before a source was announced", "reason", st.reason)
	} else if x.src.session == x {
		x.src.session, x.src.err = nil, st.reason
		log.Info("source ended", "source", x.src.id(), "reason", st.reason)
	}
	x.s.notify()

	x.out.finish(st.how)
	switch st.how {
	case endNow:
		_ = x.c.CloseWrite()
	case endReset:
		x.c.reset()
	}
}
