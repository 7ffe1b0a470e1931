package gpsd

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"syscall"
	"time"

	"github.com/sensord/sensord/gps"
	"github.com/sensord/sensord/internal/fault"
)

const (
	// A gpsd with a receiver says something every second. When it did not for
	// askAfter it is asked what devices it has, and gone when nothing comes for
	// deadAfter: in less than 5 s.
	askAfter  = 2 * time.Second
	deadAfter = 4500 * time.Millisecond
	// A gpsd that answers and has no device is left after emptyAfter, one whose
	// devices are silent after quietAfter: it takes gpsd that long to find the
	// speed of a serial line.
	emptyAfter = 5 * time.Second
	quietAfter = 15 * time.Second
	// maxBad is how many lines in a row may be no reports: gpsd cuts lines off
	// that are too long for it, but does not do so for ever.
	maxBad = 50
)

// What gpsd is asked. It knows "pps" from 3.10 on and refuses a key that it
// does not know.
const (
	askWatch    = `?WATCH={"enable":true,"json":true,"pps":true};` + "\n"
	askOldWatch = `?WATCH={"enable":true,"json":true};` + "\n"
	askDevices  = "?DEVICES;\n"
)

// A session is one connection's life.
type session struct {
	c       *Client
	conn    net.Conn
	decoder *Decoder
	lines   splitter
	tell    func(gps.Event)
	local   bool // gpsd is on this machine

	greeted bool // there was a report: it is gpsd
	old     bool // it was asked without "pps"
	bad     int  // lines that were no reports, since the last that was
	beganNs int64
	heardNs int64 // when something last came, CLOCK_BOOTTIME
	askedNs int64 // when gpsd was last asked for its devices
}

func newSession(c *Client, conn net.Conn, tell func(gps.Event)) *session {
	s := &session{c: c, conn: conn, tell: tell, local: sameMachine(conn)}
	s.decoder = NewDecoder(DecoderOptions{
		Device: c.o.Device,
		Offset: func() (int64, int64, bool) {
			offset, off := c.offset()
			return offset, off, s.local
		},
	})
	return s
}

// sameMachine reports whether both ends of a connection have one clock.
func sameMachine(conn net.Conn) bool {
	local, ok := conn.LocalAddr().(*net.TCPAddr)
	remote, also := conn.RemoteAddr().(*net.TCPAddr)
	return ok && also && (remote.IP.IsLoopback() || remote.IP.Equal(local.IP))
}

func (s *session) run(ctx context.Context) error {
	s.beganNs = s.c.o.Now()
	s.heardNs, s.askedNs, s.decoder.lastReportNs = s.beganNs, s.beganNs, s.beganNs
	if err := s.ask(askWatch); err != nil {
		return err
	}
	buf := make([]byte, 16<<10)
	for {
		if err := s.conn.SetReadDeadline(time.Now().Add(s.patience())); err != nil {
			return s.lost(err)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		n, err := s.conn.Read(buf)
		now := s.c.o.Now()
		if n > 0 {
			s.heardNs = now
			if err := s.take(buf[:n], now); err != nil {
				return err
			}
		}
		if err != nil && !isTimeout(err) {
			return s.lost(err)
		}
		if err := s.check(now); err != nil {
			return err
		}
	}
}

func (s *session) take(p []byte, now int64) error {
	err := s.lines.feed(p,
		func(line []byte) error { return s.line(line, now) },
		func() { s.decoder.note(now, "", "gpsd sent a line that is too long; it is skipped", s.tell) })
	if err != nil {
		return err
	}
	if s.decoder.refused && !s.decoder.watching && !s.old {
		s.old = true
		if err := s.ask(askOldWatch); err != nil {
			return err
		}
	}
	if detail := s.decoder.detail(); detail != s.c.Detail() {
		s.c.say(detail)
	}
	return nil
}

func (s *session) line(line []byte, now int64) error {
	err := s.decoder.Line(line, now, s.tell)
	if err == nil {
		s.greeted, s.bad = true, 0
		return nil
	}
	s.bad++
	if !s.greeted || s.bad > maxBad {
		return s.garbled(line)
	}
	return nil
}

// patience is how long to wait for gpsd before there is something to do.
func (s *session) patience() time.Duration {
	now := s.c.o.Now()
	next := min(max(s.heardNs, s.askedNs)+int64(askAfter), s.heardNs+int64(deadAfter))
	return max(time.Duration(next-now), 10*time.Millisecond)
}

// check asks a silent gpsd for a sign of life, and gives up on one that has
// nothing to tell.
func (s *session) check(now int64) error {
	silent := time.Duration(now - s.heardNs)
	mute := time.Duration(now - s.decoder.lastReportNs)
	switch {
	case silent >= deadAfter:
		return s.fail(fault.GPSSilent, "gpsd does not answer")
	case !s.greeted && time.Duration(now-s.beganNs) >= deadAfter:
		return s.garbled(s.lines.line)
	case s.decoder.listed && mute >= emptyAfter && !s.decoder.reading():
		return s.fail(fault.GPSDevice, s.decoder.missing())
	case mute >= quietAfter:
		return s.fail(fault.GPSSilent, "nothing comes from "+strings.Join(s.decoder.paths(), " or "))
	case max(silent, mute) >= askAfter && time.Duration(now-s.askedNs) >= askAfter:
		s.askedNs = now
		return s.ask(askDevices)
	}
	return nil
}

func (s *session) ask(request string) error {
	if err := s.conn.SetWriteDeadline(time.Now().Add(deadAfter)); err != nil {
		return s.lost(err)
	}
	if _, err := io.WriteString(s.conn, request); err != nil {
		return s.lost(err)
	}
	return nil
}

func (s *session) fail(code fault.Code, why string) error {
	return fault.New(code, s.c.Object(), errors.New(why))
}

func (s *session) lost(err error) error {
	switch {
	case errors.Is(err, io.EOF):
		err = errors.New("gpsd closed the connection")
	case isTimeout(err):
		err = errors.New("gpsd does not take requests")
	case errors.Is(err, syscall.ECONNRESET):
		err = errors.New("gpsd reset the connection")
	default:
		err = bare(err)
	}
	return fault.New(fault.GPSLost, s.c.Object(), err)
}

// garbled says what answers in gpsd's place, as far as its first line shows.
func (s *session) garbled(line []byte) error {
	e := &fault.Error{
		Code: fault.GPSGarbled, Object: s.c.Object(), Err: errors.New("what answers there is not gpsd"),
		Advice: "correct the address: gpsd listens on 2947",
	}
	switch {
	case bytes.HasPrefix(line, []byte("HTTP/")) || bytes.HasPrefix(line, []byte("<")):
		e.Err = errors.New("a web server answers there, not gpsd")
	case bytes.HasPrefix(line, []byte("$")) || bytes.HasPrefix(line, []byte("!")):
		e.Err = errors.New("NMEA comes from there, not gpsd's reports")
		e.Advice = "name it as what it is: type nmea, over TCP"
	case s.greeted:
		e.Err = errors.New("what gpsd sends are no reports any more")
		e.Advice = ""
	}
	return e
}
