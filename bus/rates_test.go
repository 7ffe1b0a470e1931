package bus

import (
	"fmt"
	"testing"
)

func TestRatesTellSendersApart(t *testing.T) {
	r := rates{allowed: rate{perSecond: 2, burst: 4}}
	pass := func(rig string, n int, now int64) (passed int) {
		for range n {
			if r.take(Address{Rig: rig}, now) {
				passed++
			}
		}
		return passed
	}
	if got := pass("a", 10, 0); got != 4 {
		t.Errorf("%d of a burst pass", got)
	}
	if got := pass("b", 10, 0); got != 4 {
		t.Errorf("%d of another's burst pass", got)
	}
	if got := pass("a", 10, 1e9); got != 2 {
		t.Errorf("%d pass a second later", got)
	}
	if got := pass("a", 10, 100e9); got != 4 {
		t.Errorf("%d pass after a rest", got)
	}
	if got := pass("a", 10, 50e9); got != 0 {
		t.Errorf("%d pass when the clock goes back", got)
	}
}

func TestRatesAreBounded(t *testing.T) {
	r := rates{allowed: rate{perSecond: 1, burst: 2}}
	passed := 0
	for i := range 2 * maxSenders {
		if r.take(Address{Rig: fmt.Sprint("rig-", i)}, 1e9) {
			passed++
		}
	}
	if len(r.senders) != maxSenders || passed != maxSenders+2 {
		t.Errorf("%d senders, %d passed", len(r.senders), passed)
	}
	if !r.take(Address{Rig: "later"}, 60e9) || len(r.senders) != 1 {
		t.Errorf("%d senders a minute later", len(r.senders))
	}
}

func TestALineThatIsLoggedAgainAndAgain(t *testing.T) {
	var p pace
	told, counted := uint64(0), uint64(0)
	const logged = 100_000 // in 100 s
	for i := range int64(logged) {
		if left, ok := p.take(i * 1e6); ok {
			told++
			counted += left
		}
	}
	if want := uint64(maxEvents + 1000); told < want-2 || told > want+2 {
		t.Errorf("told %d, not about %d", told, want)
	}
	left, ok := p.take(1e12)
	if told++; !ok || told+counted+left != logged+1 {
		t.Errorf("%d told, %d and %d left out of %d", told, counted, left, logged+1)
	}
}
