package linuxwifi

import (
	"time"

	"golang.org/x/sys/unix"
)

// A clock knows the offset between two of the kernel's clocks.
type clock struct {
	at       time.Time // when offsetNs was read
	offsetNs int64
}

// steady is by how much a reading may differ from the last without being
// another offset: two readings of the same differ by microseconds, and only
// batches of one offset can share memory while they wait.
const steady = 100_000

// offset returns CLOCK_REALTIME minus CLOCK_BOOTTIME in nanoseconds. It is read
// anew after 10 ms, which is less than what a block of the ring may take, and
// when the time was set.
func (c *clock) offset() int64 {
	now := time.Now()
	passed := now.Sub(c.at) // of the monotonic clock
	moved := now.UnixNano() - c.at.UnixNano() - int64(passed)
	if c.at.IsZero() || passed > 10*time.Millisecond || moved > 1e6 || moved < -1e6 {
		first := c.at.IsZero()
		c.at = now
		if read := clockOffset(); first || max(read-c.offsetNs, c.offsetNs-read) > steady {
			c.offsetNs = read
		}
	}
	return c.offsetNs
}

// clockOffset reads the offset, of three readings the one that was interrupted
// least.
func clockOffset() int64 {
	var offset int64
	best := time.Duration(1<<63 - 1)
	for range 3 {
		before := bootTime()
		wall := time.Now().UnixNano()
		after := bootTime()
		if gap := after - before; gap < best {
			best = gap
			offset = wall - int64(before+gap/2)
		}
		if best < 10*time.Microsecond {
			break
		}
	}
	return offset
}

// bootTime is the time since the machine started, suspension included. The
// clock has been there since Linux 2.6.39, so that it does not fail.
func bootTime() time.Duration {
	var ts unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_BOOTTIME, &ts)
	return time.Duration(ts.Nano())
}
