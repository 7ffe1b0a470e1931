package gpsd

import (
	"math"

	"github.com/sensord/sensord/gps"
)

// An arrival is when the first bytes of an epoch came to gpsd, as TOFF says.
type arrival struct {
	timeNs     int64 // the epoch's time, UTC
	receivedNs int64 // CLOCK_BOOTTIME
}

// of returns when the first bytes of f came: gpsd waits with a TPV until the
// receiver has sent the whole epoch, which takes half a second on a slow line.
func (a arrival) of(f *gps.Fix) int64 {
	if f.TimeNs != 0 && a.timeNs == f.TimeNs && a.receivedNs < f.ReceivedNs {
		return a.receivedNs
	}
	return f.ReceivedNs
}

const (
	// A report of a clock reaches us when it is written. What claims to be older
	// or to lie ahead was measured by a clock that is not ours, or that was set.
	lateNs  = 2 * secondNs
	aheadNs = secondNs / 20
	// usbPrecision is what gpsd says of pulses over USB, the worst that it
	// calls a pulse (ship_pps_message); gpsd before 3.12 says nothing.
	usbPrecision = -10
)

// pulse takes a PPS or a TOFF. Only a PPS is a pulse: TOFF has the same keys,
// and says when a report of that second came over the line, up to 0.7 s after
// it (gpsd_json(5)). It tells us when the fix of that second arrived.
func (d *Decoder) pulse(dev *device, r *report, receivedNs int64, tell func(gps.Event)) {
	utc, known := timespec(r.RealSec, r.RealNsec)
	clock, measured := timespec(r.ClockSec, r.ClockNsec)
	if !known || !measured || d.o.Offset == nil {
		return
	}
	offset, offsetError, ok := d.o.Offset()
	at := clock - offset
	if !ok || receivedNs-at > lateNs || at-receivedNs > aheadNs {
		if !d.strangeClock && r.Class == "PPS" {
			d.strangeClock = true
			d.note(receivedNs, dev.path, "pulses of "+dev.path+" are not used: gpsd measures them with another machine's clock", tell)
		}
		return
	}
	if r.Class == "TOFF" {
		dev.begin = arrival{timeNs: utc, receivedNs: at}
		return
	}
	precision := min(max(r.Precision.integer(usbPrecision), -30), 0)
	tell(gps.Pulse{
		Device: dev.path, UTCNs: utc, BoottimeNs: at,
		ErrorNs: int64(math.Ldexp(secondNs, precision)) + offsetError,
	})
}

// timespec returns ns since 1970 of gpsd's two numbers.
func timespec(sec, nsec number) (int64, bool) {
	if s, n := sec.in(1, maxSeconds-1), nsec.in(0, secondNs-1); math.IsNaN(s) || math.IsNaN(n) {
		return 0, false
	}
	return int64(sec.v)*secondNs + int64(nsec.v), true
}
