package uplink_test

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/sensord/sensord/internal/fault"
	"github.com/sensord/sensord/uplink"
	"github.com/sensord/sensord/uplink/kismettest"
)

var (
	errRefused = fault.New(fault.LinkRefused, "server", errors.New("connection refused"))
	errGone    = fault.New(fault.LinkLost, "server", errors.New("ended"))
	errStuck   = fault.New(fault.LinkSilent, "server", errors.New("no answer"))
	errLogin   = fault.New(fault.LinkAuth, "server", errors.New("refused"))
)

// world is a Failover on a clock of its own.
type world struct {
	t   *testing.T
	f   *uplink.Failover
	now time.Time
	say []string
}

func newWorld(t *testing.T, n int) *world {
	return &world{t: t, f: uplink.NewFailover(n), now: time.Unix(1_700_000_000, 0)}
}

// failed waits as it is told, and notes where the next dial goes, and whether
// it is put off.
func (w *world) failed(err error) {
	wait := w.f.Failed(err, w.now)
	w.now = w.now.Add(wait)
	how := "at once"
	if wait > 0 {
		how = "later"
	}
	w.say = append(w.say, fmt.Sprint(w.f.Current(), " ", how))
}

func (w *world) healthyFor(d time.Duration) {
	w.f.Healthy(w.now)
	w.now = w.now.Add(d)
}

func (w *world) want(want ...string) {
	w.t.Helper()
	if diff := cmp.Diff(want, w.say); diff != "" {
		w.t.Errorf("dials (-want +got):\n%s", diff)
	}
	w.say = nil
}

func TestFailoverTriesEachServerAtOnceAndThenWaits(t *testing.T) {
	w := newWorld(t, 3)
	for range 3 {
		w.failed(errRefused)
	}
	w.want("1 at once", "2 at once", "0 later")
	for range 3 {
		w.failed(errRefused)
	}
	// Each server has its own wait, of about the same length.
	w.say = nil
	w.healthyFor(time.Hour) // wherever it is
	w.failed(errRefused)
	if w.say[0] == "0 later" {
		t.Errorf("one refused dial waits for the first server: %v", w.say)
	}
}

func TestFailoverDialsALostLinkOnceMoreWhereItWas(t *testing.T) {
	w := newWorld(t, 2)
	w.healthyFor(time.Hour)
	w.failed(errGone)
	w.want("0 later")
	w.failed(errRefused)
	w.want("1 at once")
	w.healthyFor(time.Hour)
	w.failed(errStuck)
	w.want("1 later")
	w.healthyFor(time.Hour)
}

func TestFailoverSurvivesTheReconnectRaceButLeavesAServerThatGoesOn(t *testing.T) {
	w := newWorld(t, 2)
	w.healthyFor(time.Hour)
	w.failed(errGone)
	w.healthyFor(time.Second) // the old session's end takes the new one along
	w.failed(errGone)
	w.want("0 later", "0 later")
	w.healthyFor(time.Second)
	w.failed(errGone)
	w.want("1 at once")
}

func TestFailoverWithOneServerIsItsRedial(t *testing.T) {
	w := newWorld(t, 1)
	w.failed(errRefused)
	w.healthyFor(time.Hour)
	w.failed(errGone)
	w.failed(errLogin)
	w.want("0 later", "0 later", "0 later")
	if w.f.ReturnDue(w.now.Add(time.Hour)) || w.f.Looked(true, w.now) {
		t.Error("there is nowhere to return to")
	}
}

// look looks at the first server until the source goes back, and returns how
// long that took.
func (w *world) look(alive func(time.Duration) bool) time.Duration {
	began := w.now
	for w.now.Sub(began) < time.Hour {
		w.now = w.now.Add(100 * time.Millisecond)
		passed := w.now.Sub(began)
		if w.f.ReturnDue(w.now) && w.f.Looked(alive(passed), w.now) {
			return passed
		}
	}
	return time.Hour
}

func TestFailoverReturnsToTheFirstServerWhenItLives(t *testing.T) {
	w := newWorld(t, 2)
	w.failed(errRefused)
	w.healthyFor(0)
	took := w.look(func(passed time.Duration) bool { return passed > time.Minute })
	if took < time.Minute || took > 90*time.Second {
		t.Errorf("alive after 1m, returned after %v", took)
	}
	if w.f.Current() != 0 {
		t.Errorf("returns to server %d", w.f.Current())
	}
}

func TestFailoverWantsTheFirstServerAliveTwice(t *testing.T) {
	w := newWorld(t, 2)
	w.failed(errRefused)
	w.healthyFor(0)
	looks := 0
	took := w.look(func(time.Duration) bool { looks++; return looks%2 == 1 })
	if took != time.Hour {
		t.Errorf("returned after %v to a server that comes and goes", took)
	}
}

// A first server that answers a probe but takes no source must not be tried
// every few seconds.
func TestFailoverReturnsEverLessOftenToAServerThatTakesNothing(t *testing.T) {
	w := newWorld(t, 2)
	w.failed(errRefused)
	returns := 0
	for end := w.now.Add(time.Hour); w.now.Before(end); returns++ {
		w.healthyFor(0)
		w.look(func(time.Duration) bool { return true })
		w.failed(fault.New(fault.LinkRejected, "server", errors.New("hung up")))
	}
	if returns < 8 || returns > 24 {
		t.Errorf("%d returns in an hour", returns)
	}
}

func TestFailoverBeginsAnewInAnotherNetwork(t *testing.T) {
	w := newWorld(t, 2)
	for range 20 {
		w.failed(errLogin)
	}
	w.f.NetworkChanged(w.now)
	if w.f.Current() != 0 {
		t.Errorf("dials server %d first", w.f.Current())
	}
	w.say = nil
	w.failed(errRefused)
	w.want("1 at once")
	w.healthyFor(time.Second)
	w.f.NetworkChanged(w.now)
	if w.f.Current() != 1 {
		t.Error("a link that runs was given up")
	}
	if !w.f.ReturnDue(w.now) {
		t.Error("the first server may be within reach now, and is not looked at")
	}
}

// Whatever happens: a server of the list is next, no wait is longer than the
// longest of one server, and as long as nothing works all servers get their
// turn.
func TestFailoverStarvesNoServer(t *testing.T) {
	errs := []error{
		errRefused, errGone, errStuck, errLogin,
		fault.New(fault.LinkTimeout, "server", errors.New("no answer")),
		fault.New(fault.LinkRejected, "server", errors.New("hung up")),
	}
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 5).Draw(t, "servers")
		f := uplink.NewFailover(n)
		now := time.Unix(1_700_000_000, 0)
		since := make([]int, n) // failures since a server was dialled
		for range rapid.IntRange(1, 200).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(0, 30_000).Draw(t, "ms")) * time.Millisecond)
			switch rapid.IntRange(0, 9).Draw(t, "what") {
			case 0:
				f.Healthy(now)
				clear(since)
			case 1:
				f.NetworkChanged(now)
				clear(since)
			case 2:
				if f.ReturnDue(now) {
					f.Looked(rapid.Bool().Draw(t, "alive"), now)
					clear(since)
				}
			default:
				for i := range since {
					since[i]++
				}
				since[f.Current()] = 0
				wait := f.Failed(rapid.SampledFrom(errs).Draw(t, "err"), now)
				if wait < 0 || wait > 30*time.Second {
					t.Fatalf("waits %v", wait)
				}
				now = now.Add(wait)
			}
			if c := f.Current(); c < 0 || c >= n {
				t.Fatalf("server %d of %d", c, n)
			}
			for i, s := range since {
				if s > 3*n+6 {
					t.Fatalf("server %d was not dialled in %d turns", i, s)
				}
			}
		}
	})
}

// With a dialer each, a rig reaches the second server when the first is down,
// and the first again once it lives.
func TestProbeTellsWhetherAServerLives(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, kismettest.Config{}, false)
		if err := r.dialer.Probe(t.Context()); err != nil {
			t.Errorf("of a server that lives: %v", err)
		}
		if n := len(r.srv.Sources()); n != 0 {
			t.Errorf("the server knows %d sources of a probe", n)
		}
		r.dialer.Server.APIKey = "wrong"
		if err := r.dialer.Probe(t.Context()); fault.CodeOf(err) != fault.LinkAuth {
			t.Errorf("with a wrong key: %v", err)
		}
		r.srv.Close()
		if err := r.dialer.Probe(t.Context()); err == nil {
			t.Error("a server that is gone lives")
		}
	})
}
