package uplink

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sensord/sensord/internal/fault"
	"github.com/sensord/sensord/uplink/frames"
	"github.com/sensord/sensord/uplink/kismet"
)

// Time limits of a link that is up.
const (
	openTimeout     = 10 * time.Second // from NEWSOURCE to OPENREQ
	pongTimeout     = 6 * time.Second  // from our PING to its PONG, and from one PONG to the next
	serverPingLimit = 30 * time.Second // from one PING of the server to the next; it sends one every 5 s
	writeTimeout    = 15 * time.Second // of one flush
	watchEvery      = 250 * time.Millisecond
	tickEvery       = pingEvery
	// A path that dies while nothing is sent is noticed by the next PING: with
	// both grains of time, in less than 8 s.
	keepaliveEvery = 1250 * time.Millisecond
	alivePongEvery = 4 * time.Second // that nobody asked for
)

// maxAnswers bounds what waits to be written besides frames. A server that
// asks for more without reading the answers is not worth a link.
const maxAnswers = 64

// A Link is one connection to a server on which the protocol is known. Dial
// makes it, Run uses it up.
type Link struct {
	conn    conn
	version kismet.Version
	object  string // "server ..." for errors

	window  *window
	control chan kismet.Message // for the writer: answers, in order

	mu    sync.Mutex
	phase phase
	heard func(Event)
	log   *frames.Log // set by Run

	local netip.Addr    // that it goes out from; set before Run
	asks  chan struct{} // for the writer: PING now

	written   atomic.Uint64 // bytes of frames
	progress  progress      // of the log
	holdsLate atomic.Bool

	heardOf atomic.Bool   // a Kismet message has come
	words   atomic.Uint64 // how many have
	unheard error         // the end of a link on which none ever does; set before Run

	// Times since began, on the monotonic clock: the wall clock may be set while
	// a link is up.
	began          time.Time
	lastServerPing atomic.Int64
	announcedAt    atomic.Int64

	dead    chan struct{} // closed when the link has ended
	once    sync.Once
	err     error          // why; valid once dead is closed
	readers sync.WaitGroup // the reading goroutine and the watchdog

	seq uint32 // writer's
	buf []byte // writer's
}

// phase says how far the session on a link has come.
type phase int

const (
	connected phase = iota
	announced       // NEWSOURCE sent
	asked           // OPENREQ came
	streaming       // OPENREPORT sent, frames flow
)

// An Event is what a link tells its owner: OpenAsked, ConfigureAsked,
// Streaming or Acked. It comes from the link's goroutines; the receiver must
// not block.
type Event interface{ event() }

// OpenAsked says that the server wants the source opened. Answer with an
// OpenReport that carries Seq, within 15 s.
type OpenAsked struct {
	Seq        uint32
	Definition string // the server's regeneration: informational
}

// ConfigureAsked says that the server wants to tune or hop. Answer with a
// ConfigureReport that carries Seq.
type ConfigureAsked struct {
	Seq  uint32
	Want kismet.Configure
}

// Streaming says that the source is open on the server and frames flow.
type Streaming struct{}

// Acked says that the server has confirmed more frames.
type Acked struct{}

func (OpenAsked) event()      {}
func (ConfigureAsked) event() {}
func (Streaming) event()      {}
func (Acked) event()          {}

func newLink(c conn, v kismet.Version, object string) *Link {
	k := &Link{
		conn: c, version: v, object: object,
		window:  newWindow(v, NewLender(0), time.Now()),
		control: make(chan kismet.Message, maxAnswers),
		dead:    make(chan struct{}),
		asks:    make(chan struct{}, 1),
		began:   time.Now(),
	}
	k.readers.Go(k.read)
	return k
}

// Version is the protocol generation that the link speaks.
func (k *Link) Version() kismet.Version { return k.version }

// RoundTrip is the time from our last PING to its PONG, 0 before the first.
func (k *Link) RoundTrip() time.Duration { return k.window.roundTrip() }

// Written is how many bytes of frames the link has written, without what the
// transport adds.
func (k *Link) Written() uint64 { return k.written.Load() }

// Answer queues a message for the server, in front of all frames. It never
// blocks; a link on which too much waits ends.
func (k *Link) Answer(m kismet.Message) {
	select {
	case k.control <- m:
	default:
		k.end(fmt.Errorf("%w: %d answers wait unread", errFlooded, maxAnswers))
	}
}

var errFlooded = errors.New("the server asks faster than it reads")

// end finishes the link; the first reason counts.
func (k *Link) end(err error) {
	k.once.Do(func() {
		k.err = err
		close(k.dead)
		_ = k.conn.Close()
	})
}

// abandon ends a link that Run will not use, and waits for its goroutine.
func (k *Link) abandon() {
	k.end(context.Canceled)
	k.readers.Wait()
	k.window.close()
}

// Close ends a link that nobody will Run.
func (k *Link) Close() { k.abandon() }

func (k *Link) inPhase() phase {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.phase
}

func (k *Link) setPhase(p phase) {
	k.mu.Lock()
	k.phase = p
	k.mu.Unlock()
}

func (k *Link) tell(e Event) {
	k.mu.Lock()
	f := k.heard
	k.mu.Unlock()
	if f != nil {
		f(e)
	}
}

// watchdog ends a link on which nothing comes back. It runs beside the writer,
// which may be stuck in the socket just then.
func (k *Link) watchdog() {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for {
		select {
		case now := <-tick.C:
			if err := k.watch(now); err != nil {
				k.end(err)
			}
		case <-k.dead:
			return
		}
	}
}

// mark notes that something happened now, since how long ago it was.
func (k *Link) mark(at *atomic.Int64) { at.Store(int64(time.Since(k.began))) }

func (k *Link) since(at *atomic.Int64, now time.Time) time.Duration {
	return now.Sub(k.began) - time.Duration(at.Load())
}

func (k *Link) watch(now time.Time) error {
	if since, ok := k.window.silentSince(); ok && now.Sub(since) > pongTimeout {
		if k.unheard != nil && !k.heardOf.Load() {
			return k.unheard
		}
		return fault.Newf(fault.LinkSilent, k.object, "no answer to a PING for %v", pongTimeout)
	}
	switch k.inPhase() {
	case announced:
		if k.since(&k.announcedAt, now) > openTimeout {
			return fault.Newf(fault.LinkSilent, k.object, "no answer to the announcement for %v", openTimeout)
		}
	case asked, streaming:
		if k.since(&k.lastServerPing, now) > serverPingLimit {
			return fault.Newf(fault.LinkSilent, k.object, "no PING of the server for %v", serverPingLimit)
		}
	}
	return nil
}

// sourceName is how a person knows an announced source: as the definition
// begins, and as the server does.
func sourceName(n kismet.NewSource) string {
	name, _, _ := strings.Cut(n.Definition, ":")
	return short(name) + ", " + n.UUID
}

// explain turns the end of a link into what a person reads. The server never
// says why it hangs up, so the phase has to.
func (k *Link) explain(announce kismet.NewSource) error {
	err := k.err
	switch {
	case fault.CodeOf(err) != "", errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case k.inPhase() == announced && isEnd(err):
		return fault.Newf(fault.LinkRejected, k.object, "hung up right after the announcement of source %s (type %s)", sourceName(announce), announce.Type)
	case isEnd(err):
		return fault.New(fault.LinkLost, k.object, errEnded)
	case isTimeout(err):
		return fault.Newf(fault.LinkSilent, k.object, "the server takes no more bytes for %v", writeTimeout)
	}
	return fault.New(fault.LinkLost, k.object, rootCause(err))
}
