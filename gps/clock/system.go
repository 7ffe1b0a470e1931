package clock

// System is what the kernel says of the system clock.
type System struct {
	AtNs         int64 // CLOCK_BOOTTIME when it was read, ns; 0 if unknown
	OffsetNs     int64 // CLOCK_REALTIME minus CLOCK_BOOTTIME, ns
	SleptNs      int64 // CLOCK_BOOTTIME minus CLOCK_MONOTONIC: how long the machine slept
	ErrorNs      int64 // how far off CLOCK_REALTIME may be at most, as the kernel says
	Synchronised bool  // something (NTP, PTP, a pulse) keeps it right
}
