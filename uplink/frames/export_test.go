package frames

import "time"

// Spiller lets a test take the turns of Spill one by one.
func (l *Log) Spiller() (round func(final bool) time.Duration) {
	k := spiller{log: l}
	return k.round
}
