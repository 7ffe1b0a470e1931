package feed

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"sync"
	"time"

	"github.com/sensord/sensord/internal/fault"
)

// readSize is what one read may bring: more than an epoch of most receivers,
// and the most that waits here per peer.
const readSize = 4096

// A piece is what one read brought. It goes from the reader to the goroutine
// that called Run, which owns data until it lets the reader go on.
type piece struct {
	from *peer
	addr netip.AddrPort // the sender of a datagram
	data []byte
	ns   int64     // when the read returned, as Options.Now says
	at   time.Time // the same
	err  error     // the reader ended with it; data may have come before
}

// pump reads until ctx or the connection ends, one piece at a time.
func (r *Receiver) pump(ctx context.Context, c io.Reader, p *peer, pieces chan<- piece) {
	buf := make([]byte, readSize)
	for {
		n, err := c.Read(buf)
		got := piece{from: p, data: buf[:n], ns: r.o.Now(), at: time.Now(), err: err}
		select {
		case pieces <- got:
		case <-ctx.Done():
			return
		}
		if err != nil {
			return
		}
		select {
		case <-p.next:
		case <-ctx.Done():
			return
		}
	}
}

// stream reads from the only peer of a feed, until it ends. hunt may be nil.
// It closes c.
func (r *Receiver) stream(ctx context.Context, c io.ReadCloser, p *peer, hunt *hunt) error {
	ctx, cancel := context.WithCancel(ctx)
	pieces := make(chan piece)
	var readers sync.WaitGroup
	defer readers.Wait()
	defer c.Close()
	defer cancel()
	readers.Go(func() { r.pump(ctx, c, p, pieces) })

	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		if err := r.checkStream(p, hunt, time.Now()); err != nil {
			return err
		}
		timer.Reset(time.Until(r.streamDue(p, hunt)))
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-timer.C:
		case got := <-pieces:
			if hunt == nil || !hunt.ignores(got) {
				p.write(got.data, got.ns, got.at)
				r.arrived(p.heard, p.badBytes, p.looks)
			}
			if got.err != nil {
				p.flush()
				return got.err
			}
			hunt.heard(p, got)
			p.release(len(got.data), got.at)
		}
	}
}

// checkStream does what time makes necessary, and says why the stream cannot
// go on.
func (r *Receiver) checkStream(p *peer, hunt *hunt, now time.Time) error {
	p.tick(now)
	if hunt.over() {
		if d := p.garbledFor(now); d >= r.limits.garbled {
			return r.garbled(p.looks, "%d bytes in %s%s, and no valid sentence among them", p.badBytes, roundSeconds(d), p.where)
		}
	} else if err := hunt.check(p, now); err != nil {
		return err
	}
	// A peer that has to wait for its turn is not silent.
	if d := now.Sub(p.lastByte); d >= r.limits.silence && p.resume.IsZero() {
		r.rates.skip()
		return r.fellSilent(p, d)
	}
	return nil
}

func (r *Receiver) streamDue(p *peer, hunt *hunt) time.Time {
	due := earliest(p.due(), p.lastByte.Add(r.limits.silence))
	if !hunt.over() {
		return earliest(due, hunt.due())
	}
	if !p.badSince.IsZero() {
		due = earliest(due, p.badSince.Add(r.limits.garbled))
	}
	return due
}

// fellSilent says why nothing comes. What came before the silence may say it, as
// the greeting of a server that waits for a request does.
func (r *Receiver) fellSilent(p *peer, d time.Duration) error {
	if p.suspicion() != "" {
		return r.garbled(p.looks, "%d bytes%s, no valid sentence among them, and then nothing in %s", p.badBytes, p.where, roundSeconds(d))
	}
	return r.silent("not one byte in %s%s", roundSeconds(d), p.where)
}

// silent returns the error for a feed that says nothing.
func (r *Receiver) silent(format string, args ...any) error {
	advice := "check the receiver's cable and power; sensord goes on trying"
	switch r.o.Kind {
	case Serial:
	case TCP:
		advice = "see whether its receiver works, and whether it sends without being asked; sensord goes on trying"
	case Listen, UDP:
		advice = "see whether it is sent to this machine and port, and whether a firewall is between; sensord goes on trying"
	}
	return &fault.Error{Code: fault.GPSSilent, Object: r.Object(), Err: fmt.Errorf(format, args...), Advice: advice}
}

// garbled returns the error for bytes that are no sentences.
func (r *Receiver) garbled(l looks, format string, args ...any) error {
	what, advice := l.judge(!r.o.NoChecksum)
	if advice == "" && r.o.Kind == Serial && r.o.Baud != 0 {
		advice = "check that it is a receiver that speaks NMEA 0183; leave baud out, so that the rate is found"
	}
	return &fault.Error{Code: fault.GPSGarbled, Object: r.Object(), Err: errors.New(fmt.Sprintf(format, args...) + what), Advice: advice}
}

func roundSeconds(d time.Duration) time.Duration { return d.Round(100 * time.Millisecond) }
