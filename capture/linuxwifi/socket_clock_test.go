package linuxwifi

import (
	"testing"
	"time"
)

// Readings of one offset differ by microseconds; the batches of a quiet radio
// share memory only if that does not show.
func TestOffsetIsSteadyWhileTheClockIs(t *testing.T) {
	var c clock
	want := c.offset()
	for range 1000 {
		c.at = c.at.Add(-time.Second) // it is old: read it anew
		if got := c.offset(); got != want && max(got-want, want-got) < steady {
			t.Fatalf("offset %d, and then %d", want, got)
		}
	}
}

func TestOffsetFollowsAStep(t *testing.T) {
	var c clock
	c.offset()
	c.offsetNs -= int64(time.Hour) // as if the time had been set since
	c.at = c.at.Add(-time.Second)
	if got := c.offset(); max(got-clockOffset(), clockOffset()-got) > int64(time.Minute) {
		t.Errorf("offset %d behind a step to %d", got, clockOffset())
	}
}
