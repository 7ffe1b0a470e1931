package clock

import (
	"slices"
	"time"
)

const (
	// A report may be so much later than the least latent one, and still says
	// something of the receiver's clock.
	maxLagNs = int64(5 * time.Second)
	// A report may be so much earlier than all before it.
	aheadNs = int64(500 * time.Millisecond)
	// Two reports of one epoch arrive within this.
	sameEpochNs = int64(500 * time.Millisecond)

	// What jumps is believed after so many reports, and so long.
	jumpReports = 4
	jumpNs      = int64(2 * time.Second)
	jumpSpread  = int64(time.Second)

	// What is between two reports counts as heard up to this.
	silenceNs = int64(10 * time.Second)

	// After so long little is known of the receiver's clock any more.
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
	usable   verdict = iota
	moved            // it does not go with those before, but with the last few: they are believed
	jumped           // it does not go with those before, and the report is a fresh one
	late             // it is right, and long past: the line or the program stood still
	doubtful         // the report is an old one, or the receiver's clock went back: who knows
)

// A word is what others say of a report.
type word struct {
	// credible: there is no report to compare it with, and it is taken for fresh.
	credible bool
	// vouched: that the receiver's clock is right was seen by a better one.
	vouched bool
	// truer: it goes with a better clock. If those before it do not, the
	// receiver's was set right; if they do, the line got faster.
	truer bool
}

// arrivals is how the reports of one receiver come. A report's lead is its time
// minus when it arrived: UTC minus CLOCK_BOOTTIME, less what it was late by. So
// the largest lead is that of the least latency.
type arrivals struct {
	count int // since the last jump that was believed

	heardNs int64        // for how long something was heard
	slot    [slots]int64 // which 5 s of that
	leads   [slots]int64 // the largest of these
	lead    int64        // the largest lately

	timeNs, receivedNs int64 // of the last one that was used

	jump   jump
	lateNs int64 // when the first of those came that are late, 0 if the last was not
	slept  bool  // the machine did, since the last one that was used

	recent [lateCount]int64 // leads
	late64 [lateCount]int64 // latencies
	lates  int
}

// A jump is some reports that do not go with those before, but with each other.
type jump struct {
	count       int
	least, lead int64 // of these leads
	sinceNs     int64
}

// near reports whether a report with that lead is another one.
func (j *jump) near(lead int64) bool {
	return j.count > 0 && lead-j.least <= jumpSpread && j.lead-lead <= jumpSpread
}

// alone reports whether there is no report lately that one could be compared
// with. Sleep of the machine can leave CLOCK_BOOTTIME wrong by a second.
func (a *arrivals) alone(receivedNs int64) bool {
	return a.count == 0 || a.slept || receivedNs-a.receivedNs > forgetNs
}

// add takes the time of a report, and when it arrived.
func (a *arrivals) add(timeNs, receivedNs int64, w word) verdict {
	if a.alone(receivedNs) {
		if !w.credible {
			return a.leap(timeNs, receivedNs, true)
		}
		a.restart()
	}
	switch v := a.compare(timeNs, receivedNs, w); v {
	case usable:
		a.jump.count, a.lateNs = 0, 0
		a.use(timeNs, receivedNs)
		return usable
	case late:
		return a.delay(timeNs, receivedNs, w)
	default:
		return a.leap(timeNs, receivedNs, v == doubtful)
	}
}

// compare says how a report goes with those before it: whether it is usable,
// late, jumped, or that not even whether it is fresh can be seen.
func (a *arrivals) compare(timeNs, receivedNs int64, w word) verdict {
	if a.count == 0 {
		return usable
	}
	lead := timeNs - receivedNs
	lag := a.lead - lead
	again := a.jump.near(lead) && abs(lead-a.jump.lead) < abs(lag)
	switch {
	case timeNs < a.timeNs-sameEpochNs, timeNs <= a.timeNs && receivedNs-a.receivedNs > sameEpochNs:
		if lag < -aheadNs {
			return jumped // nothing is late that is ahead
		}
		return doubtful // it stands still, went back, or was kept somewhere
	case lag > maxLagNs:
		if timeNs > a.timeNs && (w.vouched || !w.truer) && !again {
			return late
		}
		return doubtful
	case lag < -aheadNs:
		faster := w.vouched && w.truer // it was the line that was slow
		if a.count >= settled && !faster {
			return jumped
		}
	case again:
		// One that went back by a second soon looks like one that is a second
		// late.
		return doubtful
	}
	return usable
}

// leap takes a report that does not go with those before it.
func (a *arrivals) leap(timeNs, receivedNs int64, doubt bool) verdict {
	lead := timeNs - receivedNs
	j := &a.jump
	if !j.near(lead) || receivedNs < j.sinceNs {
		*j = jump{lead: lead, least: lead, sinceNs: receivedNs}
	}
	j.count++
	j.lead, j.least = max(j.lead, lead), min(j.least, lead)
	switch {
	case j.count >= jumpReports && receivedNs-j.sinceNs >= jumpNs:
		a.restart()
		a.keep(j.lead)
		a.use(timeNs, receivedNs)
		return moved
	case doubt:
		return doubtful
	}
	return jumped
}

// delay takes a report that is late. A line that goes on after it stood still
// delivers at once what it kept. Who stays behind may as well have set back a
// clock while nothing was heard of it.
func (a *arrivals) delay(timeNs, receivedNs int64, w word) verdict {
	a.timeNs = timeNs
	if a.lateNs == 0 {
		a.lateNs = receivedNs
	}
	switch {
	case w.vouched:
		a.receivedNs = max(a.receivedNs, receivedNs)
	case receivedNs-a.lateNs > jumpNs:
		return doubtful
	}
	return late
}

// restart forgets what the receiver's clock was like.
func (a *arrivals) restart() {
	a.count, a.slot, a.receivedNs, a.jump.count, a.lateNs, a.slept = 0, [slots]int64{}, 0, 0, 0, false
}

// use makes a report one of those that later ones are compared with.
func (a *arrivals) use(timeNs, receivedNs int64) {
	if a.count > 0 {
		// While nothing is heard, nothing is forgotten: the first ones behind a
		// silence may be late.
		a.heardNs += min(max(0, receivedNs-a.receivedNs), silenceNs)
	}
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
	a.keep(lead)
}

// keep remembers a lead for a minute in which something is heard.
func (a *arrivals) keep(lead int64) {
	slot := a.heardNs/slotNs + 1 // 0 is none
	i := slot % slots
	if a.slot[i] != slot {
		a.slot[i], a.leads[i] = slot, lead
	}
	a.leads[i] = max(a.leads[i], lead)
	a.lead = a.leads[i]
	for k, s := range a.slot {
		if s > slot-slots && s != 0 {
			a.lead = max(a.lead, a.leads[k])
		}
	}
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
