// Package clock finds out what time it is: how UTC is had from CLOCK_BOOTTIME,
// and when on that clock a receiver's fix was measured.
package clock

import (
	"time"

	"github.com/sensord/sensord/gps"
)

// System is what the kernel says of the system clock.
type System struct {
	AtNs         int64 // CLOCK_BOOTTIME when it was read, ns
	OffsetNs     int64 // CLOCK_REALTIME minus CLOCK_BOOTTIME, ns
	ErrorNs      int64 // how far off CLOCK_REALTIME may be at most, as the kernel says
	Synchronised bool  // something (NTP, PTP, a pulse) keeps it right
}

// An Estimator knows the machine's clocks and the receivers' latencies. It
// belongs to one goroutine.
type Estimator struct{}

// NewEstimator returns an Estimator that takes receivers' times before earliest
// as nonsense, as they are after a week rollover. Zero is 2026-01-01.
func NewEstimator(earliest time.Time) *Estimator { return &Estimator{} }

// SetSystem says what the system clock is worth.
func (e *Estimator) SetSystem(s System) {}

// Pulse tells of a receiver's pulse.
func (e *Estimator) Pulse(receiver string, p gps.Pulse) {}

// Place returns when a fix was measured, on CLOCK_BOOTTIME. latency is the
// receiver's, if it is configured; 0 means that it is to be measured.
func (e *Estimator) Place(f gps.Fix, latency time.Duration) (atNs int64, ok bool) {
	return f.ReceivedNs, true
}

// Latency returns how late a receiver's fixes usually are, and at worst. known
// is false before some have come.
func (e *Estimator) Latency(receiver string) (usual, worst time.Duration, known bool) {
	return 0, 0, false
}

// State returns what the clocks are worth.
func (e *Estimator) State() gps.ClockState { return gps.ClockState{} }
