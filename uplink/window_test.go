package uplink

import (
	"testing"
	"time"

	"github.com/sensord/sensord/uplink/kismet"
)

var epoch = time.Unix(1_700_000_000, 0)

func TestWindowPingsAfterBytesOrTime(t *testing.T) {
	w := newWindow(kismet.V3, NewLender(0), epoch)
	if w.pingDue(epoch.Add(time.Hour), true) {
		t.Error("a PING is due although nothing was written")
	}
	w.wrote(1000)
	if w.pingDue(epoch.Add(pingEvery-1), false) {
		t.Error("a PING is due before its time")
	}
	if !w.pingDue(epoch.Add(pingEvery), false) || !w.pingDue(epoch, true) {
		t.Error("no PING is due after its time, or in a hurry")
	}
	w.wrote(pingBytes)
	if !w.pingDue(epoch, false) {
		t.Errorf("no PING is due after %d bytes", pingBytes)
	}
}

func TestWindowMatchesPongsInOrderAndWithinSixteenBits(t *testing.T) {
	for _, v := range []kismet.Version{kismet.V2, kismet.V3} {
		w := newWindow(v, NewLender(0), epoch)
		first := w.ping(10, epoch)
		second := w.ping(20, epoch)
		if _, ok := w.pong(second, epoch); ok {
			t.Errorf("%v: the second PING's PONG came first and was taken", v)
		}
		if upTo, ok := w.pong(first, epoch); !ok || upTo != 10 {
			t.Errorf("%v: first PONG acknowledges %d, %t", v, upTo, ok)
		}
		if upTo, ok := w.pong(second|0x10000, epoch); ok != (v == kismet.V3) || (ok && upTo != 20) {
			t.Errorf("%v: PONG with more than 16 bits: %d, %t", v, upTo, ok)
		}
		if _, ok := newWindow(v, NewLender(0), epoch).pong(1, epoch); ok {
			t.Errorf("%v: a PONG without a PING was taken", v)
		}
	}
}

func TestPingNumbersNeverHaveZeroInTheLowBits(t *testing.T) {
	w := newWindow(kismet.V3, NewLender(0), epoch)
	seen := map[uint32]bool{}
	for range 70_000 {
		id := w.ping(0, epoch)
		if id == 0 || id > maxPingID {
			t.Fatalf("PING number %d", id)
		}
		seen[id] = true
		w.pong(id, epoch)
	}
	if len(seen) != maxPingID {
		t.Fatalf("%d different numbers, want %d", len(seen), maxPingID)
	}
}

// At each acknowledged rate the window settles at two seconds of it, within its
// bounds and what the lender has.
func TestWindowFollowsTheAcknowledgedRate(t *testing.T) {
	tests := []struct {
		name   string
		rate   int // bytes per second
		lender int
		want   int
	}{
		{"50 kB/s", 50_000, 8 << 20, 100_000},
		{"slower than the least", 5_000, 8 << 20, minWindowBytes},
		{"1 MB/s", 1_000_000, 8 << 20, 2_000_000},
		{"faster than the rig lends", 100_000_000, 8 << 20, ownWindowBytes + 8<<20},
		{"nothing to borrow", 1_000_000, 0, ownWindowBytes},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			lender := NewLender(tt.lender)
			w := newWindow(kismet.V3, lender, epoch)
			now := epoch
			for range 100 {
				w.wrote(tt.rate / 4)
				w.held = true
				id := w.ping(0, now)
				now = now.Add(250 * time.Millisecond)
				w.flushed(now)
				w.pong(id, now)
			}
			if diff := w.limit - tt.want; diff < -tt.want/20 || diff > tt.want/20 {
				t.Errorf("window of %d bytes, want about %d", w.limit, tt.want)
			}
			w.close()
			if lender.free != tt.lender {
				t.Errorf("the lender has %d bytes after the link, want %d", lender.free, tt.lender)
			}
		})
	}
}

func TestWindowIsNotNarrowedForWantOfFrames(t *testing.T) {
	w := newWindow(kismet.V3, NewLender(8<<20), epoch)
	now := epoch
	for range 100 {
		w.wrote(300)
		id := w.ping(0, now)
		now = now.Add(time.Second)
		w.pong(id, now)
	}
	if w.limit != startWindowBytes {
		t.Fatalf("window of %d bytes, want %d", w.limit, startWindowBytes)
	}
}

// A link that was fast for a while gives back what it no longer uses.
func TestWindowReturnsWhatItDoesNotUse(t *testing.T) {
	lender := NewLender(8 << 20)
	w := newWindow(kismet.V3, lender, epoch)
	now := epoch
	beat := func(bytes int) {
		w.wrote(bytes)
		id := w.ping(0, now)
		now = now.Add(250 * time.Millisecond)
		w.pong(id, now)
	}
	for range 10 {
		w.held = true
		beat(25_000_000)
	}
	if lender.free != 0 {
		t.Fatalf("a fast link left %d bytes to others", lender.free)
	}
	for range 3 {
		beat(1000)
	}
	if lender.free != 8<<20 {
		t.Fatalf("a link that is quiet now keeps %d bytes", 8<<20-lender.free)
	}
}

// On a slow line PINGs wait for each other; what counts is whether PONGs come.
func TestServerOwesAPongSinceItsLast(t *testing.T) {
	w := newWindow(kismet.V3, NewLender(0), epoch)
	first := w.ping(0, epoch)
	w.ping(0, epoch)
	w.flushed(epoch)
	if since, ok := w.silentSince(); !ok || !since.Equal(epoch) {
		t.Fatalf("owes since %v, %t", since, ok)
	}
	later := epoch.Add(7 * time.Second)
	w.pong(first, later)
	if since, ok := w.silentSince(); !ok || !since.Equal(later) {
		t.Fatalf("after a PONG owes since %v, %t", since, ok)
	}
}

func TestWindowStopsAtItsLimitAndAtItsPings(t *testing.T) {
	w := newWindow(kismet.V3, NewLender(0), epoch)
	w.wrote(startWindowBytes - 1)
	w.ping(0, epoch)
	if w.room() != 1 {
		t.Error("no room below the limit")
	}
	w.wrote(1)
	if w.room() > 0 {
		t.Error("room at the limit")
	}

	w = newWindow(kismet.V3, NewLender(0), epoch)
	for range maxPings {
		w.wrote(10)
		w.ping(0, epoch)
	}
	w.wrote(10)
	if w.pingDue(epoch.Add(time.Hour), true) {
		t.Errorf("a PING is due with %d outstanding", maxPings)
	}
}
