package clock_test

import (
	"testing"
	"time"

	"github.com/sensord/sensord/gps/clock"
)

func TestIntervalFollowsAndSkipsPauses(t *testing.T) {
	var i clock.Interval
	ns := int64(time.Hour)
	came := func(after time.Duration, times int) {
		for range times {
			ns += int64(after)
			i.Came(ns)
		}
	}
	came(0, 1)
	if got := i.Mean(); got != 0 {
		t.Errorf("%v before the second", got)
	}
	came(time.Second, 1)
	if got := i.Mean(); got != time.Second {
		t.Errorf("%v behind the second", got)
	}
	i.Came(ns - int64(time.Second)) // an old one
	came(time.Hour, 1)
	if got := i.Mean(); got != time.Second {
		t.Errorf("%v behind a pause", got)
	}
	came(200*time.Millisecond, 40)
	if got := i.Mean(); got < 200*time.Millisecond || got > 201*time.Millisecond {
		t.Errorf("%v behind forty of 200 ms", got)
	}
}

func TestPaceIsThatOfTheReceiverWhoseFixComesFirst(t *testing.T) {
	p := clock.NewPace(clock.NewEstimator(time.Time{}), 3*time.Second)
	now := int64(time.Hour)
	if interval, latency := p.Next(now); interval != 0 || latency != 0 {
		t.Errorf("%v and %v without a receiver", interval, latency)
	}
	for i := range int64(40) {
		p.Came("slow", now+i*int64(time.Second))
		p.Came("fast", now+i*int64(time.Second)/5)
	}
	if interval, _ := p.Next(now + 8e9); interval != 200*time.Millisecond {
		t.Errorf("%v while both speak", interval)
	}
	now += 39e9
	if interval, _ := p.Next(now); interval != time.Second {
		t.Errorf("%v when the fast one is silent", interval)
	}
	if interval, _ := p.Next(now + 4e9 + 1); interval != 0 {
		t.Errorf("%v when both are", interval)
	}
}
