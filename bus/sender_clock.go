package bus

import "time"

// A senderClock tells how long the messages of one sender were on the way,
// without believing any clock to show the right time. It compares when they
// were sent, by the sender's clock, with when they came, by ours: the
// difference is the way that a message took plus how far the two clocks are
// apart, which hardly changes. So what a message took more than the fastest of
// the last three minutes, it was late by: a line that is slow for a while shows
// as that. What the fastest took is not seen. It is taken for nothing; where
// that is too little, a receiver's latency can be configured.
//
// The zero senderClock has heard nothing. It belongs to one goroutine.
type senderClock struct {
	slots   [clockSlots]clockSlot
	heardNs int64 // when the last one came
	spanNs  int64 // for how long something was heard
	count   int   // since the clock was last set, up to clockSure
	jump    clockJump
}

// A clockSlot is 15 s in which something was heard.
type clockSlot struct {
	number      int64 // from 1; 0 is none
	least, most int64 // arrival minus sending
}

// A clockJump is messages that are late by as much as each other.
type clockJump struct {
	count       int
	least, most int64
	sinceNs     int64
}

const (
	clockSlots   = 12
	clockSlotNs  = int64(15 * time.Second)
	clockForget  = int64(10 * time.Minute) // two quartzes are 120 ms apart by then
	clockSilence = int64(10 * time.Second) // of a silence, so much counts as heard
	clockSure    = 1 << 10

	// A clock that was set back looks like a line that is late. It is believed
	// when it lasts, as gps/clock believes receivers. One that nobody sets loses
	// time, too, when a virtual machine stood still.
	backLeastNs  = int64(5 * time.Second)
	backNs       = int64(2 * time.Second)
	backSteadyNs = int64(time.Minute)
	backCount    = 4
	backSpreadNs = int64(time.Second)

	// fastestErrorNs is what the fastest message may have taken.
	fastestErrorNs = int64(100 * time.Millisecond)
	// spreadNs is by how much messages are taken to differ before that is seen.
	spreadNs = int64(500 * time.Millisecond)
	// Times up to these can be, and their differences do not overflow.
	mostClock = int64(1) << 62 // the year 2116
	mostBoot  = int64(1) << 61 // 73 years
)

// late returns how much longer a message was on the way than the fastest, and
// how far off that may be. steady says that the sender's clock is never set.
// Times are nanoseconds; what is no time tells nothing.
func (c *senderClock) late(sentNs, arrivedNs int64, steady bool) (ns, errorNs int64) {
	if sentNs <= 0 || sentNs > mostClock || arrivedNs <= 0 || arrivedNs > mostBoot {
		return 0, fastestErrorNs + spreadNs
	}
	way := arrivedNs - sentNs
	patience := backNs
	if steady {
		patience = backSteadyNs
	}
	if c.count > 0 && (arrivedNs-c.heardNs > clockForget || c.back(way, arrivedNs, patience)) {
		*c = senderClock{}
	}
	c.keep(way, arrivedNs)
	least, most := c.ways()
	// In 95 of 100 cases the least of n that scatter evenly is within 3/n of the
	// range.
	spread := max(spreadNs, min(most-least, 4*spreadNs))
	return way - least, fastestErrorNs + min(spread, 3*spread/int64(c.count))
}

// keep remembers a way for three minutes in which something is heard: a silence
// tells nothing new.
func (c *senderClock) keep(way, arrivedNs int64) {
	if c.count == 0 {
		c.spanNs, c.heardNs = clockSlotNs, arrivedNs // the first slot is number 1
	}
	c.spanNs += min(max(0, arrivedNs-c.heardNs), clockSilence)
	c.heardNs = max(c.heardNs, arrivedNs)
	c.count = min(c.count+1, clockSure)
	number := c.spanNs / clockSlotNs
	s := &c.slots[number%clockSlots]
	if s.number != number {
		*s = clockSlot{number: number, least: way, most: way}
	}
	s.least, s.most = min(s.least, way), max(s.most, way)
}

// ways returns the shortest and the longest way of the last three minutes, after
// something was heard.
func (c *senderClock) ways() (least, most int64) {
	newest := c.spanNs / clockSlotNs
	first := true
	for _, s := range c.slots {
		switch {
		case s.number == 0 || s.number <= newest-clockSlots:
		case first:
			least, most, first = s.least, s.most, false
		default:
			least, most = min(least, s.least), max(most, s.most)
		}
	}
	return least, most
}

// back reports that the sender's clock went back, as the last messages agree.
func (c *senderClock) back(way, arrivedNs, patience int64) bool {
	least, _ := c.ways()
	j := &c.jump
	if way-least < backLeastNs {
		j.count = 0
		return false
	}
	if j.count == 0 || way-j.least > backSpreadNs || j.most-way > backSpreadNs {
		*j = clockJump{least: way, most: way, sinceNs: arrivedNs}
	}
	j.count++
	j.least, j.most = min(j.least, way), max(j.most, way)
	return j.count >= backCount && arrivedNs-j.sinceNs >= patience
}
