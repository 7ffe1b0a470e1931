package uplink

import (
	"context"
	"time"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/gps"
	"github.com/sensord/sensord/internal/fault"
	"github.com/sensord/sensord/uplink/frames"
	"github.com/sensord/sensord/uplink/kismet"
)

// A Session is what one datasource brings to each of its successive links.
type Session struct {
	UUID       capture.UUID
	Type       string
	Definition string       // as announced, uuid= included
	Log        *frames.Log  //
	Tracker    *gps.Tracker //
	Lender     *Lender      // of bytes in flight, the rig's
	Pacer      *Pacer       // of late frames, the rig's; nil is none
	Heard      func(Event)  // from the link's goroutines; must not block

	// Boottime is CLOCK_BOOTTIME in nanoseconds, on which the tracker's tracks run.
	Boottime func() int64

	// Timed says that the server keeps the sensor's times (timestamp=false).
	// Frames then wait, for a short while, for the fix that says best where they
	// were heard.
	Timed bool

	// HoldLate keeps frames that are late, and what is behind them, from being
	// sent on this link: the server would stamp them with the time of their
	// arrival. Only with a log on disk do they have where to wait.
	HoldLate bool

	// Zones hide what was heard inside: a frame that went past the gate before a
	// late fix said so, or that was kept before there were zones, is not sent.
	Zones []gps.Zone

	// Unplaced says that the server has a position of its own for the source
	// (metagps=), so that none is sent.
	Unplaced bool
}

// Run announces the source and streams its log until the link ends, ctx is
// done, or the log is closed and confirmed to the last frame. It returns nil
// for the last, ctx's error for the second, and else a *fault.Error that says
// why the link ended. The log is rewound to what the server confirmed, ready
// for the next link.
func (k *Link) Run(ctx context.Context, s Session) error {
	defer func() {
		k.abandon()
		s.Log.Rewind()
	}()
	k.mu.Lock()
	k.heard, k.log = s.Heard, s.Log
	k.mu.Unlock()
	k.window.use(s.Lender)

	stop := context.AfterFunc(ctx, func() { k.end(ctx.Err()) })
	defer stop()
	k.readers.Go(k.watchdog)

	announce := kismet.NewSource{Definition: s.Definition, Type: s.Type, UUID: s.UUID.String()}
	w := writer{Link: k, session: s, hold: newHold(s.Tracker)}
	defer w.hold.close()
	if err := w.run(announce); err != nil {
		k.end(err) // the reader's reason, if it had one, came first
		return k.explain(announce)
	}
	return nil
}

// writer is the link's writing goroutine, which is Run's.
type writer struct {
	*Link
	session   Session
	report    report
	streaming bool
	lastAlive time.Time // when the writer last asked for a sign of life
	lastPong  time.Time // when it last gave one that nobody asked for
	sampledAt time.Time // when progress last heard of the log
	live      bool      // the source is: its frames have a clock
	unflushed int       // bytes of frames in this turn
	hold      hold
}

// flushBytes is how many bytes of frames are written before control messages
// get their turn again.
const flushBytes = 48 << 10

func (w *writer) run(announce kismet.NewSource) error {
	w.lastAlive = time.Now()
	w.lastPong = w.lastAlive
	w.mark(&w.announcedAt)
	w.setPhase(announced)
	if err := w.write(announce); err != nil {
		return err
	}
	tick := time.NewTicker(tickEvery)
	defer tick.Stop()
	for {
		more, err := w.turn()
		if err != nil {
			return err
		}
		if more {
			continue
		}
		if w.streaming && w.session.Log.Confirmed() {
			_ = w.conn.SetWriteDeadline(time.Now().Add(time.Second))
			_ = w.conn.Farewell()
			return nil
		}
		if err := w.wait(tick.C); err != nil {
			return err
		}
	}
}

// turn writes what there is to write: control first, then one flush of frames.
// It reports whether there may be more.
func (w *writer) turn() (bool, error) {
	if err := w.answers(); err != nil {
		return false, err
	}
	more, err := w.frames()
	if err != nil {
		return false, err
	}
	now := time.Now()
	w.sample(now)
	return more, w.signsOfLife(now, more)
}

// wait blocks until there may be something to write.
func (w *writer) wait(tick <-chan time.Time) error {
	select {
	case m := <-w.control:
		return w.answer(m)
	case data := <-w.conn.Pings():
		return w.answerPing(data)
	case <-w.asks:
		return w.ask()
	case <-w.session.Log.Wake():
	case <-w.window.wake:
	case <-w.hold.bell():
	case <-w.hold.until():
	case <-tick:
	case <-w.dead:
		return w.err
	}
	return nil
}

func (w *writer) answers() error {
	for {
		select {
		case m := <-w.control:
			if err := w.answer(m); err != nil {
				return err
			}
		case data := <-w.conn.Pings():
			if err := w.answerPing(data); err != nil {
				return err
			}
		case <-w.asks:
			if err := w.ask(); err != nil {
				return err
			}
		case <-w.dead:
			return w.err
		default:
			return nil
		}
	}
}

// answerPing answers the transport's own ping.
func (w *writer) answerPing(data string) error {
	if err := w.conn.AnswerPing(data); err != nil {
		return err
	}
	return w.flush()
}

func (w *writer) answer(m kismet.Message) error {
	if err := w.write(m); err != nil {
		return err
	}
	report, ok := m.(kismet.OpenReport)
	if !ok {
		return nil
	}
	if !report.OK {
		return fault.Newf(fault.LinkRejected, w.object, "the source could not be opened: %s", report.Text)
	}
	if w.advance(asked, streaming) {
		w.streaming = true
		w.tell(Streaming{})
	}
	return nil
}

// frames writes frames at the log's sent cursor until one flush is full, the
// window is, or there are no more.
func (w *writer) frames() (more bool, err error) {
	if !w.streaming {
		return false, nil
	}
	now := time.Now()
	track := w.session.Tracker.Track()
	w.unflushed = 0 // every turn ends with a flush
	w.hold.release()
	for w.unflushed < flushBytes {
		chunk, ok := w.session.Log.Next()
		if !ok {
			w.holdsLate.Store(false)
			return false, nil
		}
		n := 0
		ready, late := w.ready(chunk, track)
		for err == nil && n < ready && w.unflushed < flushBytes {
			room := w.window.room()
			if room <= 0 || late && w.paced(now) {
				break
			}
			n, err = w.stretch(chunk, n, ready, room, track, late)
			if err == nil && w.window.pingDue(now, false) {
				err = w.writePing(chunk.Seq(n), now)
			}
		}
		held := n < chunk.Len() && w.unflushed < flushBytes
		w.session.Log.Sent(chunk, n) // from here on the log may change what chunk was
		if err != nil || held {
			return false, err // the window is full, or the frames wait
		}
	}
	return true, w.flush()
}

// stretch writes frames of a chunk from frame n up to frame end, until the flush
// is full, or room bytes are used up. It returns how far it came.
func (w *writer) stretch(chunk frames.Chunk, n, end, room int, track *gps.Track, late bool) (int, error) {
	from, bytes := n, 0
	defer func() {
		w.window.wrote(bytes)
		w.written.Add(uint64(bytes))
		w.unflushed += bytes
		if late {
			w.session.Pacer.took(n-from, bytes)
		}
	}()
	locator := chunk.Locator(w.session.UUID, track, w.session.Unplaced)
	for n < end && bytes < room && w.unflushed+bytes < flushBytes {
		l := locator.Locate(n)
		if len(w.session.Zones) > 0 && l.HasPosition && gps.Hidden(w.session.Zones, l.Position) {
			n++
			continue
		}
		w.seq = w.seq%maxSeq + 1
		w.buf = kismet.AppendData(w.buf[:0], w.version, w.seq, w.report.of(&l))
		if err := w.conn.WriteFrame(w.buf); err != nil {
			return n, err
		}
		bytes += len(w.buf)
		n++
	}
	return n, nil
}
