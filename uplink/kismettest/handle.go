package kismettest

import (
	"fmt"
	"time"

	"github.com/sensord/sensord/uplink/kismet"
)

// dropf ends a session as Kismet ends it for a sensor's mistake.
func dropf(format string, args ...any) error {
	return &stop{endFlush, fmt.Sprintf(format, args...)}
}

// errOver ends the reading of a session that something else has ended.
var errOver error = &stop{endFlush, reasonClosed}

// handle deals with one frame; an error ends the session.
func (x *session) handle(frame []byte) error {
	if x.s.cfg.CountOnly && isData(frame) {
		return x.count(nil)
	}
	h, m, err := kismet.Decode(frame)
	if err != nil {
		return dropf("unparsable message: %v", err)
	}
	if d, ok := m.(kismet.Data); ok {
		return x.count(&d)
	}
	x.s.mu.Lock()
	defer x.s.mu.Unlock()
	if x.over {
		return errOver
	}
	x.heard(h.Version)
	err = x.dispatch(h, m)
	x.s.notify()
	return err
}

// isData reports whether a frame is a data report, by its header alone.
func isData(frame []byte) bool {
	h, err := kismet.ReadHeader(frame)
	return err == nil && (h.Type == dataType || h.Command == dataCommand)
}

// What data reports are called on the wire: in v3, and in v0 and v2.
const (
	dataType    = 16
	dataCommand = "KDSDATAREPORT"
)

// heard lets the answering object learn from the generation of a frame.
func (x *session) heard(v kismet.Version) {
	switch x.s.cfg.Profile {
	case T23:
		if v == kismet.V2 {
			x.peer.version = kismet.V2
		}
	case T25PB:
		if x.src == nil {
			x.peer.version = v
		}
	}
}

// dispatch answers everything but data. The server is locked.
func (x *session) dispatch(h kismet.Header, m kismet.Message) error {
	switch m := m.(type) {
	case kismet.Ping:
		return x.ping(h)
	case kismet.Pong:
		x.lastPong = time.Now()
		return nil
	case kismet.NewSource:
		// A source object does not know this message.
		if x.src == nil {
			return x.announce(h, m)
		}
		return nil
	}
	if x.src == nil {
		return nil
	}
	switch m := m.(type) {
	case kismet.OpenReport:
		return x.openReport(m)
	case kismet.ConfigureReport:
		return x.configureReport(h, m)
	case kismet.Text:
		if len(x.src.Messages) < maxNotes {
			x.src.Messages = append(x.src.Messages, m)
		}
	case kismet.Shutdown:
		return dropf("%s", m.Reason)
	case kismet.ErrorReport:
		// Only v2 has it: the codec takes v3's ERROR, which no server handles,
		// for Unknown.
		if !m.OK {
			return dropf("%s", m.Text)
		}
	}
	return nil
}

// ping answers a sensor's PING. It comes in its turn behind the data reports
// before it, so the PONG says that those were read.
func (x *session) ping(h kismet.Header) error {
	x.pings++
	uuid := ""
	if x.src != nil {
		x.src.Pings++
		uuid = x.src.id()
	}
	f, then := x.s.fault.Load(), Answer
	if f.Pong != nil {
		then = f.Pong(uuid, x.number, x.pings)
	}
	switch {
	case then == ResetBefore:
		return &stop{endReset, reasonClosed}
	case f.NoPong, then == Ignore:
		return nil
	}
	if x.peer.version == kismet.V3 {
		seq := h.Seq & 0xffff
		if seq == 0 {
			seq = x.peer.next()
		}
		x.reply(seq, kismet.Pong{Seq: seq})
	} else {
		x.say(kismet.Pong{Seq: h.Seq})
	}
	if then == ResetAfter {
		return &stop{endFlushReset, reasonClosed}
	}
	return nil
}

// count takes a data report; nil stands for one that was not decoded.
func (x *session) count(d *kismet.Data) error {
	x.s.mu.Lock()
	if x.over {
		x.s.mu.Unlock()
		return errOver
	}
	src := x.src
	if src == nil {
		x.s.mu.Unlock()
		return nil
	}
	x.dirty = true
	if !x.opened {
		src.Early++
		x.s.mu.Unlock()
		return nil
	}
	src.Reports++
	if d != nil && d.Packet == nil {
		x.s.mu.Unlock()
		return nil
	}
	src.Frames++
	x.frames++
	if d != nil && len(src.kept) < x.s.cfg.Keep {
		src.kept = append(src.kept, newFrame(x.number, d, x.s.place(src, d.GPS)))
	}
	reset := x.resetAt > 0 && x.frames >= x.resetAt
	uuid, number := src.id(), x.number
	x.s.mu.Unlock()

	if d != nil && x.s.cfg.OnFrame != nil {
		x.s.cfg.OnFrame(uuid, number, d)
	}
	if reset {
		return &stop{endReset, reasonClosed}
	}
	return nil
}
