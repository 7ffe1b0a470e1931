package clock

import (
	"math"
	"slices"
	"time"
)

const (
	// A report may be so much later than the least latent one, as when the
	// program or the line stood still, without its time being doubted.
	maxLagNs = int64(5 * time.Second)
	// A report may be so much earlier than all before it.
	aheadNs = int64(500 * time.Millisecond)
	// Two reports of one epoch arrive within this.
	sameEpochNs = int64(500 * time.Millisecond)

	// What jumps is believed after so many reports, and so long.
	jumpReports = 4
	jumpNs      = int64(2 * time.Second)
	jumpSpread  = int64(time.Second)

	// After so long nothing is known of the receiver's clock any more.
	forgetNs = int64(10 * time.Minute)

	slots     = 12
	slotNs    = int64(5 * time.Second)
	freshNs   = slots * slotNs // for how long a report counts
	settled   = 5              // reports: before, nothing is odd
	lateCount = 64
)

// verdict is what became of a report's time.
type verdict int

const (
	usable verdict = iota
	jumped         // it does not go with those before
	moved          // it does not, but with the last few: they are believed
)

// arrivals is how the reports of one receiver come. A report's lead is its time
// minus when it arrived: UTC minus CLOCK_BOOTTIME, less what it was late by. So
// the largest lead is that of the least latency.
type arrivals struct {
	count int // since the last jump that was believed

	slot  [slots]int64 // which 5 s of CLOCK_BOOTTIME
	leads [slots]int64 // the largest of these
	lead  int64        // the largest lately

	timeNs, receivedNs int64 // of the last one that was used

	jump struct {
		count   int
		lead    int64 // the largest
		sinceNs int64
	}

	recent [lateCount]int64 // leads
	late64 [lateCount]int64 // latencies
	lates  int
}

// add takes the time of a report, and when it arrived.
func (a *arrivals) add(timeNs, receivedNs int64) verdict {
	if a.count > 0 && receivedNs-a.receivedNs > forgetNs {
		a.restart()
	}
	lead := timeNs - receivedNs
	if !a.odd(timeNs, receivedNs) {
		a.jump.count = 0
		a.use(timeNs, receivedNs)
		return usable
	}
	j := &a.jump
	if j.count == 0 || abs(lead-j.lead) > jumpSpread || receivedNs < j.sinceNs {
		j.count, j.lead, j.sinceNs = 0, lead, receivedNs
	}
	j.count++
	j.lead = max(j.lead, lead)
	if j.count < jumpReports || receivedNs-j.sinceNs < jumpNs {
		return jumped
	}
	a.restart()
	a.keep(j.lead, receivedNs)
	a.use(timeNs, receivedNs)
	return moved
}

// restart forgets what the receiver's clock was like.
func (a *arrivals) restart() {
	a.count, a.slot, a.receivedNs, a.jump.count = 0, [slots]int64{}, 0, 0
}

// odd reports whether a report does not go with those before it.
func (a *arrivals) odd(timeNs, receivedNs int64) bool {
	if a.count == 0 {
		return false
	}
	lead := timeNs - receivedNs
	best := a.best(receivedNs)
	switch {
	case lead < best-maxLagNs:
		return true
	case timeNs <= a.timeNs && receivedNs-a.receivedNs > sameEpochNs:
		return true // it stands still, or went back
	case lead > best+aheadNs:
		return a.count >= settled
	}
	// One that went back by a second soon looks like one that is a second late.
	return a.jump.count > 0 && abs(lead-a.jump.lead) < abs(lead-best)
}

// use makes a report one of those that later ones are compared with.
func (a *arrivals) use(timeNs, receivedNs int64) {
	if a.count == 0 || timeNs > a.timeNs {
		a.timeNs = timeNs
	}
	a.receivedNs = max(a.receivedNs, receivedNs)
	lead := timeNs - receivedNs
	a.recent[a.count%lateCount] = lead
	a.count++
	if a.count > 2*lateCount {
		a.count -= lateCount
	}
	a.keep(lead, receivedNs)
}

// keep remembers a lead for a minute.
func (a *arrivals) keep(lead, receivedNs int64) {
	slot := receivedNs/slotNs + 1 // 0 is none
	i := slot % slots
	if a.slot[i] != slot {
		a.slot[i], a.leads[i] = slot, lead
	}
	a.leads[i] = max(a.leads[i], lead)
	a.lead = a.best(receivedNs)
}

// best returns the largest lead of the last minute, or what it was last.
func (a *arrivals) best(nowNs int64) int64 {
	best := int64(math.MinInt64)
	for i, slot := range a.slot {
		if slot != 0 && slot > nowNs/slotNs+1-slots {
			best = max(best, a.leads[i])
		}
	}
	if best == math.MinInt64 {
		return a.lead
	}
	return best
}

// median returns the usual lead of the last 64 reports.
func (a *arrivals) median() int64 {
	var sorted [lateCount]int64
	n := copy(sorted[:], a.recent[:min(a.count, lateCount)])
	if n == 0 {
		return a.lead
	}
	slices.Sort(sorted[:n])
	return sorted[n/2]
}

// late takes what the latency of a report was found to be.
func (a *arrivals) late(ns int64) {
	a.late64[a.lates%lateCount] = ns
	a.lates++
	if a.lates > 2*lateCount {
		a.lates -= lateCount
	}
}

// latency returns the median latency, and what 19 of 20 are not above. known is
// false, and both are 0, before there are some.
func (a *arrivals) latency() (usual, worst int64, known bool) {
	var sorted [lateCount]int64
	n := copy(sorted[:], a.late64[:min(a.lates, lateCount)])
	if n < settled {
		return 0, 0, false
	}
	slices.Sort(sorted[:n])
	return sorted[n/2], sorted[n*19/20], true
}

// fresh reports whether a report was used lately.
func (a *arrivals) fresh(nowNs int64) bool {
	return a.count > 0 && nowNs-a.receivedNs <= freshNs
}
