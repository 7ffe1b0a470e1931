package frames

import (
	"context"
	"errors"
	"time"

	"github.com/sensord/sensord/gps"
	"github.com/sensord/sensord/uplink/frames/spool"
)

const (
	gatherFor     = 200 * time.Millisecond // frames are written in one go
	gatherAlways  = 20 * time.Millisecond  // where each write is made safe at once
	spillRetry    = time.Second
	settledAfter  = 3 * time.Second // then no late fix changes a point any more
	pointsBefore  = 15 * time.Second
	pointsBehind  = 10 * time.Second
	pointsApartNs = int64(400 * time.Millisecond)
	commitBytes   = 1 << 20
	writeFor      = time.Second // then the cursors are looked after, however much comes
)

// Spill writes frames to the store: those that have been unconfirmed for
// Options.After, and from then on all that come, until none has been for so long;
// and sooner if memory is short. It runs until ctx is done, then writes everything
// that is unconfirmed, makes it safe, and returns nil. Without a store it only
// waits. Trouble of the disk is in Stats, and said by the store; it is tried
// again until it works.
func (l *Log) Spill(ctx context.Context) error {
	k := spiller{log: l}
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for ctx.Err() == nil {
		timer.Reset(k.round(false))
		bell := l.bell
		if k.failed {
			bell = nil // it rings for every batch while memory is short
		}
		select {
		case <-ctx.Done():
		case <-bell:
		case <-timer.C:
		}
	}
	k.round(true)
	return nil
}

// spiller is what Spill's goroutine knows.
type spiller struct {
	log     *Log
	store   *spool.Store // nil before Attach
	failed  bool         // the last round did
	more    bool         // it left frames to write
	ticked  time.Time
	newest  int64 // CLOCK_BOOTTIME of the newest frame written
	oldest  int64 // and of the first in this round; 0 for none
	points  []gps.Point
	thinned []gps.Point
}

// round writes what is to be written now, and returns when to look again.
func (k *spiller) round(final bool) time.Duration {
	l := k.log
	l.mu.Lock()
	k.store = l.store
	spill := k.store != nil && (final || l.overdue())
	l.mu.Unlock()
	if k.store == nil {
		return time.Hour
	}
	var err error
	if final {
		k.store.Retry()
	}
	k.more = false
	if spill {
		err = k.write(final)
	}
	if final || spill && time.Since(k.ticked) >= k.store.SyncEvery() || !spill && k.store.Holds() {
		err = errors.Join(err, k.tick())
	}
	if !spill && err == nil {
		err = k.store.Probe()
	}
	k.failed = err != nil
	l.mu.Lock()
	l.diskErr = err
	l.mu.Unlock()
	return k.pause(spill, err)
}

// overdue reports whether frames are to be written: memory is short, or the
// oldest that is not confirmed has waited for too long.
func (l *Log) overdue() bool {
	if l.pressed() {
		return true
	}
	i := l.tail.at(l.acked)
	if i == len(l.tail.entries) || l.tail.entries[i].first > l.acked {
		// What is not in memory any more was there for as long as there was room.
		if u, _, _ := l.store.Usage(); u.Frames > 0 {
			return true
		}
	}
	return i < len(l.tail.entries) && l.o.Now()-l.tail.entries[i].cameNs(l.acked) >= int64(l.o.After)
}

func (k *spiller) pause(spill bool, err error) time.Duration {
	l := k.log
	switch {
	case err != nil:
		return spillRetry
	case k.more:
		return 0
	case spill && k.store.Sync() == spool.Always:
		return gatherAlways
	case spill:
		return min(gatherFor, k.store.SyncEvery())
	}
	again := time.Hour
	if k.store.Holds() {
		again = k.store.SyncEvery()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	i := l.tail.at(l.acked)
	if i == len(l.tail.entries) {
		l.idle = true
		return again
	}
	left := l.o.After - time.Duration(l.o.Now()-l.tail.entries[i].cameNs(l.acked))
	return min(max(left, 10*time.Millisecond), again)
}

// write gives the store what it has not got.
func (k *spiller) write(final bool) error {
	l, bytes := k.log, 0
	k.oldest = 0
	began := time.Now()
	var err error
	for err == nil {
		if k.more = !final && time.Since(began) > writeFor; k.more {
			break
		}
		l.mu.Lock()
		e := l.tail.pinAs(&l.tail.spiller, max(l.written, l.acked))
		if e == nil {
			l.mu.Unlock()
			break
		}
		first, end, batch := e.first, e.end(), e.batch
		from := 0
		if done := max(l.written, l.acked); done > first {
			from = int(done - first)
		}
		l.mu.Unlock()

		if batch.Live {
			k.newest = batch.Frame(batch.Len()-1).TimeNs - batch.ClockOffsetNs
			if k.oldest == 0 {
				k.oldest = batch.Frame(from).TimeNs - batch.ClockOffsetNs
			}
		}
		bytes += batch.DataBytes()
		err = k.store.Write(uint64(first), batch, from)
		if err == nil && bytes > commitBytes {
			err = k.store.Commit()
			bytes = 0
		}
		l.mu.Lock()
		l.tail.unpin(&l.tail.spiller)
		k.settle(end, err)
		l.mu.Unlock()
	}
	if err == nil {
		k.place(final)
		err = k.store.Commit()
	}
	l.mu.Lock()
	k.settle(l.written, err)
	l.mu.Unlock()
	return err
}

// settle remembers how far the store has been given frames, and how far it has
// them.
func (k *spiller) settle(written Seq, err error) {
	l := k.log
	l.tail.keep(Seq(k.store.Committed()))
	l.written = max(l.written, written)
	if err != nil {
		l.written = l.tail.kept // what is not there is given again
	}
	l.move()
}

// tick makes safe what was written, and tells the store what it has not got.
func (k *spiller) tick() error {
	l := k.log
	k.ticked = time.Now()
	l.mu.Lock()
	next := l.tail.next
	memory := l.tail.count(max(l.acked, l.tail.kept), next)
	k.store.Tally(l.tally())
	l.mu.Unlock()
	now := spool.Now{BootNs: l.o.Now()}
	if c := l.o.Tracker.Track().Clock(); c.Known() {
		now.UTCNs = now.BootNs + c.OffsetNs
	}
	return k.store.Tick(uint64(next), uint64(memory), now)
}

// place gives the store what is needed to tell when and where its frames were
// heard, once a process is gone that knows it.
func (k *spiller) place(final bool) {
	l := k.log
	now, track := l.o.Now(), l.o.Tracker.Track()
	st := spool.State{BootNs: now, Clock: track.Clock(), Options: track.Options()}
	st.Fixed, st.HasFixed = track.Fixed()
	if st.HasFixed && gps.Hidden(l.o.Zones, st.Fixed) {
		st.Fixed, st.HasFixed = gps.Position{}, false
	}
	k.store.State(st)

	from, to := k.store.PointNs(), k.newest+int64(pointsBehind)
	if k.oldest != 0 {
		from = max(from, k.oldest-int64(pointsBefore))
	}
	if !final {
		to = min(to, now-int64(settledAfter))
	}
	k.points = track.Points(k.points[:0], from, to)
	k.store.Points(k.thin(k.store.PointNs()))
}

// thin leaves out the points up to one that is kept already, those inside a
// zone, and those that come faster than anybody needs. A point that is not known
// well stays, and the one behind it: the track breaks there.
func (k *spiller) thin(keptNs int64) []gps.Point {
	l := k.log
	limit := l.o.Tracker.Track().Options().LimitM
	out, last, vague := k.thinned[:0], keptNs, false
	for i := range k.points {
		p := &k.points[i]
		poor := !(p.AccuracyM <= limit)
		if p.TimeNs <= keptNs || (p.TimeNs-last < pointsApartNs && poor == vague) {
			continue
		}
		// A break says nothing of where it is, whatever stands in it.
		if !poor && gps.Hidden(l.o.Zones, gps.Position{Lat: p.Lat, Lon: p.Lon, AccuracyM: p.AccuracyM}) {
			continue
		}
		out = append(out, *p)
		if poor && len(l.o.Zones) > 0 {
			out[len(out)-1].Lat, out[len(out)-1].Lon = 0, 0
		}
		last, vague = p.TimeNs, poor
	}
	k.thinned = out
	return out
}
