package gps

// ClockState says what the machine's clocks are worth: how UTC is had from
// CLOCK_BOOTTIME, which never steps. It is a value, published with the track.
type ClockState struct {
	OffsetNs int64       // UTC minus CLOCK_BOOTTIME; valid unless Source is ClockUnknown
	ErrorNs  int64       // how far off it may be
	Source   ClockSource // who says so

	SystemOffsetNs int64 // system clock minus GPS time; valid if HasSystemOffset
	SystemErrorNs  int64 // how far off that may be

	HasSystemOffset bool
}

// ClockSource says whom UTC is had from.
type ClockSource string

// Clock sources.
const (
	ClockUnknown ClockSource = ""       // the system clock is not synchronised, and no receiver has the time
	ClockSystem  ClockSource = "system" // the kernel says that it is synchronised
	ClockPulse   ClockSource = "pulse"  // a receiver's pulse per second
	ClockGPS     ClockSource = "gps"    // the times in receivers' reports
)

// stepNs is what the kernel's and NTP's own discipline calls a step: a clock
// that is synchronised is never slewed over more.
const stepNs = 128_000_000

// Known reports whether UTC is known.
func (c ClockState) Known() bool { return c.Source != ClockUnknown }

// Correction is what has to be added to the wall-clock time of a frame that was
// captured while the system clock was offsetNs ahead of CLOCK_BOOTTIME, to get
// its true time. The clock of a synchronised system is believed as it is, but
// for what was captured before it was set.
func (c ClockState) Correction(offsetNs int64) int64 {
	d := c.OffsetNs - offsetNs
	switch c.Source {
	case ClockUnknown:
		return 0
	case ClockSystem:
		if d > -stepNs && d < stepNs {
			return 0
		}
	}
	return d
}
