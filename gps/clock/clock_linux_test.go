package clock_test

import (
	"testing"
	"time"

	"github.com/sensord/sensord/gps/clock"
)

func TestReadSystem(t *testing.T) {
	before, wall := clock.Boottime(), time.Now().UnixNano()
	s, err := clock.ReadSystem()
	after, wallAfter := clock.Boottime(), time.Now().UnixNano()
	if s.AtNs < before || s.AtNs > after || before <= 0 {
		t.Errorf("read at %d, between %d and %d", s.AtNs, before, after)
	}
	if got := s.AtNs + s.OffsetNs; got < wall || got > wallAfter {
		t.Errorf("the system clock said %d, between %d and %d", got, wall, wallAfter)
	}
	if s.ErrorNs < 0 || err != nil && s.Synchronised {
		t.Errorf("%+v, %v", s, err)
	}
}
