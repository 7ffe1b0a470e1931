package feed

import (
	"fmt"
	"time"
)

// A complaint is something that strangers can make happen as often as they
// like: it is told at once, and then once a minute at most, with the number.
type complaint struct {
	last  time.Time
	count int
}

// make counts one.
func (c *complaint) make(now time.Time, tell func(n int)) {
	c.count++
	c.tell(now, tell)
}

// tell tells of what was counted and not told yet, if it is time for that.
func (c *complaint) tell(now time.Time, tell func(n int)) {
	if c.count == 0 || !c.last.IsZero() && now.Sub(c.last) < time.Minute {
		return
	}
	tell(c.count)
	c.last, c.count = now, 0
}

// refusal says that n of a thing were refused, of which there may be so many.
func refusal(n, most int, thing string) string {
	if n == 1 {
		return fmt.Sprintf("%s refused: there are %d already", thing, most)
	}
	return fmt.Sprintf("%d %ss refused: there are %d already", n, thing, most)
}
