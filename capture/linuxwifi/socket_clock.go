package linuxwifi

import (
	"math"
	"time"

	"golang.org/x/sys/unix"
)

// A clock knows the offset between two of the kernel's clocks: CLOCK_REALTIME,
// which frames' times are of, minus CLOCK_BOOTTIME, in nanoseconds. When the time
// is set, frames that wait in the ring still have times of the clock as it was.
type clock struct {
	at       time.Time // when offsetNs was read
	bootNs   int64     // the same, CLOCK_BOOTTIME
	seenNs   int64     // until when it was seen not to have changed
	offsetNs int64
	fromNs   int64 // it began then or later

	past [3]era // the offsets before, oldest first
	eras int    // how many of them frames may still be of
}

// An era is the time in which an offset held, or somewhat more of it.
type era struct{ offsetNs, fromNs, untilNs int64 }

const (
	// steady is by how much a reading may differ from the last without being
	// another offset: two readings of the same differ by microseconds, and only
	// batches of one offset can share memory while they wait.
	steady = 100_000
	// step is from how much on it matters which offset a frame is of. It also is
	// more than the times of readings and of frames are off by.
	step = 1_000_000
	// settled is for how long after a step frames are looked at: those from
	// before have left the ring by then.
	settled = int64(time.Second)
)

// look keeps the offset up to date. It is read anew after 10 ms, which is less
// than what a block of the ring may take, and when the time was set.
func (c *clock) look() {
	now := time.Now()
	passed := now.Sub(c.at) // of the monotonic clock
	moved := now.UnixNano() - c.at.UnixNano() - int64(passed)
	if !c.at.IsZero() && passed <= 10*time.Millisecond && moved < step && moved > -step {
		c.seenNs = c.bootNs + int64(passed)
		return
	}
	first := c.at.IsZero()
	c.at = now
	offset, boot := clockOffset()
	if first {
		c.offsetNs, c.fromNs = offset, math.MinInt64/2
	}
	c.read(offset, boot)
}

// read takes a reading.
func (c *clock) read(offsetNs, bootNs int64) {
	by := max(offsetNs-c.offsetNs, c.offsetNs-offsetNs)
	if by > step {
		if c.eras == len(c.past) {
			c.eras = copy(c.past[:], c.past[1:])
		}
		c.past[c.eras] = era{c.offsetNs, c.fromNs, bootNs}
		c.eras++
		c.fromNs = c.seenNs
	}
	if by > steady {
		c.offsetNs = offsetNs
	}
	c.bootNs, c.seenNs = bootNs, bootNs
}

// of returns the offset that a frame's time is of: the newest that puts the frame
// where that offset held. Where two do, the frame is off by less than the reader
// had been away for.
func (c *clock) of(timeNs, nowNs int64) int64 {
	if boot := timeNs - c.offsetNs; boot >= c.fromNs-step && boot <= nowNs+step {
		if c.eras > 0 && boot > c.past[c.eras-1].untilNs+settled {
			c.eras = 0
		}
		return c.offsetNs
	}
	for i := c.eras - 1; i >= 0; i-- {
		e := &c.past[i]
		if boot := timeNs - e.offsetNs; boot >= e.fromNs-step && boot <= e.untilNs+step {
			return e.offsetNs
		}
	}
	return c.offsetNs
}

// clockOffset reads the offset, and when that was on CLOCK_BOOTTIME: of three
// readings the one that was interrupted least.
func clockOffset() (offset, boot int64) {
	best := time.Duration(1<<63 - 1)
	for range 3 {
		before := bootTime()
		wall := time.Now().UnixNano()
		after := bootTime()
		if gap := after - before; gap < best {
			best, boot = gap, int64(before+gap/2)
			offset = wall - boot
		}
		if best < 10*time.Microsecond {
			break
		}
	}
	return offset, boot
}

// bootTime is the time since the machine started, suspension included. The
// clock has been there since Linux 2.6.39, so that it does not fail.
func bootTime() time.Duration {
	var ts unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_BOOTTIME, &ts)
	return time.Duration(ts.Nano())
}
