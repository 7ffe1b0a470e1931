package clock

import (
	"cmp"

	"github.com/sensord/sensord/gps"
)

// receiver is one receiver, or one device behind it.
type receiver struct {
	name, device string
	heardNs      int64
	arrivals     arrivals
	pulses       pulses
	habit        habit
	configured   int64 // its latency, ns; 0 is to be measured
	sane         bool  // its times can be
	lies         bool  // the kernel knew better
}

// measured is Place of a fix whose receiver has found out when it was measured.
// It tells nothing of UTC. A configured latency is what fixes usually take, the
// differences between them stay.
func (r *receiver) measured(f gps.Fix) (atNs int64, ok bool) {
	lateNs := max(0, f.ReceivedNs-f.MeasuredNs)
	r.arrivals.late(lateNs)
	if usual, _, known := r.arrivals.latency(); known && r.configured > 0 {
		lateNs = max(0, lateNs+r.configured-usual)
	} else if r.configured > 0 {
		lateNs = r.configured
	}
	return f.ReceivedNs - lateNs, lateNs <= max(int64(MaxLate), r.configured+maxLagNs)
}

// receiver returns the one of that name, heard now. When there are too many, as
// gpsd can name any number of devices, the one heard least lately goes.
func (e *Estimator) receiver(name, device string, nowNs int64) *receiver {
	e.nowNs = max(e.nowNs, nowNs)
	oldest := 0
	for i, r := range e.receivers {
		if r.name == name && r.device == device {
			r.heardNs = nowNs
			return r
		}
		if r.heardNs < e.receivers[oldest].heardNs {
			oldest = i
		}
	}
	r := &receiver{name: name, device: device, heardNs: nowNs}
	if len(e.receivers) < maxReceivers {
		e.receivers = append(e.receivers, r)
	} else {
		e.receivers[oldest] = r
	}
	return r
}

// usual is what is taken as the latency of a report that does not say it.
func (r *receiver) usual() int64 {
	usual, _, _ := r.arrivals.latency()
	return cmp.Or(r.configured, usual, leastNs)
}
