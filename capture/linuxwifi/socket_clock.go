package linuxwifi

import (
	"time"

	"golang.org/x/sys/unix"
)

// clockOffset returns CLOCK_REALTIME minus CLOCK_BOOTTIME in nanoseconds, of
// three readings the one that was interrupted least.
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
