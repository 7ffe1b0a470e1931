package web_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sensord/sensord/web"
)

// Rates are of the last five seconds, and what was lost, of the last minute.
func TestStatusRates(t *testing.T) {
	second := uint64(0)
	look := func() web.Status {
		var s web.Status
		n := second
		captured := min(n, 100) * 1000 // and then no more
		sent := captured * 50
		s.Sources = []web.Source{{
			Name: "roof", Capture: "capturing", Link: web.Link{Sent: &sent},
			Frames: web.Frames{Captured: captured, Acked: captured, Sent: captured, Dropped: 7 * min(n, 10), DroppedBy: map[string]uint64{"memory": 5 * min(n, 10), web.ReasonPrivacy: 2 * min(n, 10)}},
		}}
		s.Spool = &web.Spool{Bytes: int64(n) * 1000, Limit: 1_000_000}
		s.Record = &web.Record{Frames: n * 10}
		return s
	}
	p := web.NewObserver(look).Now
	shown := map[int]web.Status{}
	began := time.Now()
	for ; second < 200; second++ {
		shown[int(second)] = p(began.Add(time.Duration(second) * time.Second))
	}
	type told struct {
		Capture, Drop, Hide, Bytes, Silent, Full, Record *float64
		Lately                                           map[string]uint64
	}
	of := func(s web.Status) told {
		f := s.Sources[0].Frames
		return told{f.CaptureRate, f.DropRate, f.HideRate, s.Sources[0].Link.Rate, f.Silent, s.Spool.Full, s.Record.Rate, f.DroppedLately}
	}
	num := func(x float64) *float64 { return &x }
	for second, want := range map[int]told{
		0:   {Silent: num(0)},
		1:   {num(1000), num(5), num(2), num(50_000), num(0), num(999), num(10), map[string]uint64{"memory": 5, "privacy": 2}},
		8:   {num(1000), num(5), num(2), num(50_000), num(0), num(992), num(10), map[string]uint64{"memory": 40, "privacy": 16}},
		65:  {num(1000), num(0), num(0), num(50_000), num(0), num(935), num(10), map[string]uint64{"memory": 25, "privacy": 10}},
		90:  {num(1000), num(0), num(0), num(50_000), num(0), num(910), num(10), nil},
		150: {num(0), num(0), num(0), num(0), num(50), num(850), num(10), nil},
	} {
		if diff := cmp.Diff(want, of(shown[second])); diff != "" {
			t.Errorf("second %d (-want +got):\n%s", second, diff)
		}
	}
}
