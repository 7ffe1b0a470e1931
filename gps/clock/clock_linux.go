package clock

import (
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// Boottime returns CLOCK_BOOTTIME in nanoseconds: the time since the machine
// started, which goes on while it sleeps, and never steps. The kernel has had it
// since Linux 2.6.39, so that asking for it does not fail.
func Boottime() int64 {
	var ts unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_BOOTTIME, &ts)
	return ts.Nano()
}

// ReadSystem asks the kernel what the system clock is worth. It changes nothing
// and needs no privileges. Where a container forbids even to ask, there is an
// error beside a System of a clock that is not synchronised; its offset is true.
func ReadSystem() (System, error) {
	var s System
	s.AtNs, s.OffsetNs = offset()
	var up unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_MONOTONIC, &up)
	s.SleptNs = Boottime() - up.Nano()
	var t unix.Timex // without modes: adjtimex(2) only reads
	state, err := unix.Adjtimex(&t)
	if err != nil {
		s.ErrorNs = int64(unsynchronised)
		return s, fmt.Errorf("adjtimex: %w", err)
	}
	s.ErrorNs = int64(t.Maxerror) * int64(time.Microsecond) //nolint:unconvert // of 32 bits on some machines
	// TIME_ERROR also stands for a pulse that the kernel misses: then its clock
	// may be right, and it is not known to be.
	s.Synchronised = state != unix.TIME_ERROR && t.Status&unix.STA_UNSYNC == 0
	return s, nil
}

// unsynchronised is the error at which the kernel says that it does not know:
// NTP_PHASE_LIMIT in linux/timex.h.
const unsynchronised = 16 * time.Second

// offset returns CLOCK_REALTIME minus CLOCK_BOOTTIME, and when it was read: of
// three readings the one that was interrupted least.
func offset() (atNs, offsetNs int64) {
	best := int64(1<<63 - 1)
	for range 3 {
		before := Boottime()
		wall := time.Now().UnixNano()
		after := Boottime()
		if gap := after - before; gap < best {
			best, atNs = gap, before+gap/2
			offsetNs = wall - atNs
		}
		if best < int64(10*time.Microsecond) {
			break
		}
	}
	return atNs, offsetNs
}
