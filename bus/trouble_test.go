package bus

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sensord/sensord/internal/fault"
)

func TestTroubleIsToldAtItsEdges(t *testing.T) {
	var told []string
	var tr troubles
	tr.notify = func(c Change) { told = append(told, fmt.Sprintf("%s %s: %v", c.Code, c.Object, c.Err)) }
	cause := errors.New("it is so")
	tr.begin(keyServer, fault.BusRefused, "bus x", cause)
	tr.begin(keyServer, fault.BusRefused, "bus x", errors.New("and still"))
	tr.begin(keyServer, fault.BusAuth, "bus x", cause)
	tr.end(keyServer)
	tr.end(keyServer)
	tr.show("flood/a", fault.BusFlood, "rig a", cause, 100)
	tr.show("flood/a", fault.BusFlood, "rig a", cause, 200)
	tr.fade(150)
	tr.fade(200)
	want := []string{
		"bus.refused bus x: bus x: it is so", "bus.auth bus x: bus x: it is so", "bus.auth bus x: <nil>",
		"bus.flood rig a: rig a: it is so", "bus.flood rig a: <nil>",
	}
	if diff := cmp.Diff(want, told); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestTheWorstTroubleIsTheState(t *testing.T) {
	var tr troubles
	cause := errors.New("it is so")
	tr.show("flood/a", fault.BusFlood, "rig a", cause, 100)
	tr.beginShown(keyHub, fault.BusAuth, "hub", cause)
	if got := fault.CodeOf(tr.worst()); got != fault.BusFlood {
		t.Errorf("worst is %s", got)
	}
	tr.begin(keyServer, fault.BusRefused, "bus", cause)
	if got := fault.CodeOf(tr.worst()); got != fault.BusRefused {
		t.Errorf("worst is %s", got)
	}
	if got := fault.CodeOf(tr.err(keyHub)); got != fault.BusAuth {
		t.Errorf("hub is %s", got)
	}
}

func TestStrangersCannotMakeTroubleWithoutEnd(t *testing.T) {
	var tr troubles
	began := 0
	tr.notify = func(Change) { began++ }
	for i := range 10 * maxTroubles {
		tr.show(fmt.Sprint("message/", i), fault.BusMessage, fmt.Sprint("rig ", i), errors.New("no sense"), 100)
	}
	if began != maxStrangers {
		t.Errorf("%d were told", began)
	}
	// What concerns us is told all the same.
	tr.show(keyDenied, fault.BusDenied, "bus", errors.New("no"), 200)
	for i := range 2 * maxTroubles {
		tr.beginShown(fmt.Sprint("claim/", i), fault.BusClaimed, fmt.Sprint("uuid ", i), errors.New("two"))
	}
	tr.begin(keyServer, fault.BusRefused, "bus", errors.New("away"))
	if tr.err(keyServer) == nil || tr.err("claim/1") == nil || tr.err(keyDenied) == nil || began != maxTroubles+1 {
		t.Errorf("%d were told", began)
	}
	tr.fade(100)
	for i := range 10 * maxTroubles {
		tr.end(fmt.Sprint("claim/", i))
		tr.show(fmt.Sprint("flood/", i), fault.BusFlood, fmt.Sprint("rig ", i), errors.New("too much"), 300)
	}
	if n := len(tr.now); n != maxStrangers+2 {
		t.Errorf("%d things are wrong", n)
	}
}

// Who is told may cause more to be told, as a log does whose lines are
// published.
func TestWhoIsToldMayMakeTrouble(t *testing.T) {
	var tr troubles
	var told []fault.Code
	tr.notify = func(c Change) {
		told = append(told, c.Code)
		if c.Code == fault.BusRefused {
			tr.begin("other", fault.BusStore, "store", errors.New("full"))
		}
	}
	tr.begin(keyServer, fault.BusRefused, "bus", errors.New("away"))
	if diff := cmp.Diff([]fault.Code{fault.BusRefused, fault.BusStore}, told); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
