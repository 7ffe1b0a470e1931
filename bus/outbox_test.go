package bus

import (
	"context"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// drain takes what waits and can go out.
func drain(o *outbox) (got []string) {
	o.close()
	defer o.reopen()
	for {
		p, ok := o.take(context.Background())
		if !ok {
			return got
		}
		got = append(got, fmt.Sprintf("%s %d", p.kind, p.sequence))
	}
}

func put(o *outbox, k Kind) uint64 { return o.put(k, "", func(uint64) []byte { return []byte{1} }) }

func TestEventsAndTheLastStatusWaitForTheBus(t *testing.T) {
	o := newOutbox()
	for _, k := range []Kind{KindPosition, KindMetaGPS} {
		if lost := put(o, k); lost != 1 {
			t.Errorf("%s: %d lost", k, lost)
		}
	}
	for _, k := range []Kind{KindEvent, KindStatus} {
		if lost := put(o, k); lost != 0 {
			t.Errorf("%s: %d lost", k, lost)
		}
	}
	if got := drain(o); got != nil {
		t.Errorf("%v went out without a bus", got)
	}
	o.setOpen(true)
	put(o, KindPosition)
	put(o, KindEvent)
	if lost := o.setOpen(false); lost != 1 {
		t.Errorf("%d lost with the bus", lost)
	}
	o.setOpen(true)
	put(o, KindPosition)
	// What was lost has left a gap in the numbers.
	want := []string{"event 1", "status 1", "event 2", "position 3"}
	if diff := cmp.Diff(want, drain(o)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestTheOldestGiveWay(t *testing.T) {
	o := newOutbox()
	o.setOpen(true)
	var lost uint64
	for range maxOthers + 2 {
		lost += put(o, KindPosition)
	}
	for range maxEvents + 3 {
		lost += put(o, KindEvent)
	}
	if lost != 5 {
		t.Errorf("%d lost, not 5", lost)
	}
	got := drain(o)
	if len(got) != maxOthers+maxEvents || got[0] != "position 3" || got[maxOthers] != "event 4" {
		t.Errorf("%d went out, first %s and %s", len(got), got[0], got[maxOthers])
	}
}

func TestALaterStatusTakesTheEarliersPlace(t *testing.T) {
	o := newOutbox()
	o.setOpen(true)
	put(o, KindStatus)
	put(o, KindPosition)
	if lost := put(o, KindStatus); lost != 1 {
		t.Errorf("%d lost", lost)
	}
	if diff := cmp.Diff([]string{"position 1", "status 2"}, drain(o)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestAnEventThatDidNotGoOutIsNext(t *testing.T) {
	o := newOutbox()
	o.setOpen(true)
	put(o, KindEvent)
	put(o, KindEvent)
	p, _ := o.take(t.Context())
	if lost := o.again(p); lost != 0 {
		t.Errorf("%d lost", lost)
	}
	if diff := cmp.Diff([]string{"event 1", "event 2"}, drain(o)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestTakeEndsWithItsContext(t *testing.T) {
	o := newOutbox()
	put(o, KindEvent)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan bool)
	go func() {
		_, ok := o.take(ctx)
		ended <- ok
	}()
	cancel()
	if <-ended {
		t.Error("took something")
	}
}

func TestWhatCannotBeEncodedIsCounted(t *testing.T) {
	o := newOutbox()
	if lost := o.put(KindEvent, "", func(uint64) []byte { return nil }); lost != 1 {
		t.Errorf("%d lost", lost)
	}
}
