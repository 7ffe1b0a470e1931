package uplink_test

import (
	"context"
	"errors"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sensord/sensord/internal/fault"
	"github.com/sensord/sensord/uplink"
	"github.com/sensord/sensord/uplink/frames"
	"github.com/sensord/sensord/uplink/kismet"
	"github.com/sensord/sensord/uplink/kismettest"
)

// versionOf is what a server of a profile speaks.
func versionOf(p kismettest.Profile) kismet.Version {
	if p == kismettest.T25 || p == kismettest.Split {
		return kismet.V3
	}
	return kismet.V2
}

// explained is links with the memory of what was healthy, as the actor keeps it,
// and a Rivalry: it returns what each link or dial ended with,
// as a person is told. wait says how long to wait behind one, nil is Redial.
func (r *rig) explained(ctx context.Context, wait func() time.Duration) (ends []error) {
	var redial uplink.Redial
	var rivalry uplink.Rivalry
	for {
		l, err := r.dialer.Dial(ctx)
		if err == nil {
			s := r.session
			s.Heard = func(e uplink.Event) {
				switch e := e.(type) {
				case uplink.OpenAsked:
					l.Answer(kismet.OpenReport{Seq: e.Seq, OK: true, LinkType: 127, UUID: testUUID})
				case uplink.Streaming:
					redial.Healthy(time.Now())
					rivalry.Streaming(time.Now())
				}
			}
			err = l.Run(ctx, s)
		}
		if err == nil || ctx.Err() != nil {
			return ends
		}
		err = rivalry.Explain(err, time.Now())
		ends = append(ends, err)
		d := redial.After(err, time.Now())
		if wait != nil {
			d = wait()
		}
		elapse(d)
	}
}

// A second sensor with our UUID is named within a few turns, by both.
func TestSecondSensorWithTheSameUUIDIsNamed(t *testing.T) {
	for name, wait := range map[string]func() time.Duration{
		"another sensord": nil,
		"Kismet's tool":   func() time.Duration { return 5 * time.Second },
	} {
		t.Run(name, func(t *testing.T) {
			everywhere(t, func(t *testing.T, p kismettest.Profile, tcp bool) {
				ours := newRig(t, kismettest.Config{Profile: p}, tcp)
				ours.dialer.Server.Protocol = versionOf(p)
				rival := *ours
				rival.session.Log = frames.NewLog(frames.Options{MemoryBytes: 16 << 20})
				stop := ours.captures(100 * time.Millisecond)
				defer stop()
				ctx := limited(t, time.Minute)
				done := make(chan []error, 1)
				go func() {
					elapse(20 * time.Second)
					done <- rival.explained(ctx, wait)
				}()
				ends := ours.explained(ctx, nil)
				<-done
				named := 0
				for i, err := range ends {
					if fault.CodeOf(err) == fault.LinkReplaced {
						named++
					} else if i >= 3 {
						t.Errorf("end %d: %v", i, err)
					}
				}
				if named < 2 || fault.CodeOf(ends[0]) != fault.LinkLost {
					t.Errorf("%d times named in %v", named, ends)
				}
			})
		})
	}
}

// The path dies without a word, again and again; each time the server still has
// the old session, and ends the new one together with it. That is no rival.
func TestReconnectRaceIsSurvivedAndNotTakenForARival(t *testing.T) {
	everywhere(t, func(t *testing.T, p kismettest.Profile, tcp bool) {
		r := newRig(t, kismettest.Config{Profile: p}, tcp)
		r.dialer.Server.Protocol = versionOf(p)
		r.srv.SetFaults(kismettest.Faults{StaleEnd: 300 * time.Millisecond})
		l := (&line{delay: 50 * time.Millisecond}).over(r)
		done := make(chan []error, 1)
		go func() { done <- r.explained(t.Context(), nil) }()
		stop := r.captures(100 * time.Millisecond)
		const cuts = 4
		for range cuts {
			elapse(25 * time.Second)
			l.cut()
		}
		elapse(25 * time.Second)
		stop()
		r.session.Log.Close()
		ends := <-done
		raced := 0
		for _, err := range ends {
			switch fault.CodeOf(err) {
			case fault.LinkLost:
				raced++
			case fault.LinkSilent:
			default:
				t.Errorf("%v", err)
			}
		}
		if raced < cuts || len(ends) > 2*cuts {
			t.Errorf("the race was not run: %v", ends)
		}
		got, twice := r.arrived()
		if diff := cmp.Diff(upTo(r.next), got); diff != "" || uint64(twice) > r.session.Log.Stats().Resent {
			t.Errorf("%d frames twice; frames (-want +got):\n%s", twice, diff)
		}
	})
}

// What counts as a rival, in steps of one link or dial each.
func TestRivalryCountsInARow(t *testing.T) {
	type step struct {
		up   time.Duration // how long frames flowed; 0 is never
		err  fault.Code    // "" is an end by the server
		want fault.Code
	}
	const soon = 5 * time.Second
	lost := step{soon, "", fault.LinkLost}
	named := step{soon, "", fault.LinkReplaced}
	silent := step{soon, fault.LinkSilent, fault.LinkSilent}
	rejected := step{0, fault.LinkRejected, fault.LinkRejected}
	refused := step{0, fault.LinkRefused, fault.LinkRefused}
	for _, tt := range []struct {
		name  string
		pause time.Duration
		steps []step
	}{
		{"three in a row", time.Second, []step{lost, lost, named, named}},
		{"a restart between", time.Second, []step{lost, lost, refused, lost, lost, named}},
		{"a deaf link between", time.Second, []step{lost, lost, silent, named, {soon, fault.LinkSilent, fault.LinkReplaced}}},
		{"only deaf links", time.Second, []step{silent, silent, silent, silent}},
		{"a link that dies late between", time.Second, []step{lost, lost, {time.Minute, fault.LinkSilent, fault.LinkSilent}, lost, lost, named}},
		{"dropped at the announcement", time.Second, []step{lost, rejected, {0, fault.LinkRejected, fault.LinkReplaced}}},
		{"never taken", time.Second, []step{rejected, rejected, rejected, rejected}},
		{"taken, and then not any more", time.Second, []step{lost, refused, rejected, rejected, rejected}},
		{"a link that lasts between", time.Second, []step{lost, lost, {time.Minute, "", fault.LinkLost}, lost}},
		{"too slow", 40 * time.Second, []step{lost, lost, lost, lost, lost}},
		{"never up", time.Second, []step{{0, "", fault.LinkLost}, {0, "", fault.LinkLost}, {0, "", fault.LinkLost}}},
		{"over when a link lasts", time.Second, []step{lost, lost, named, {time.Minute, "", fault.LinkLost}, lost, lost, named}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var r uplink.Rivalry
				end := serverEnds(t)
				for i, s := range tt.steps {
					if s.up > 0 {
						r.Streaming(time.Now())
						elapse(s.up)
					}
					err := end
					if s.err != "" {
						err = fault.New(s.err, "server home", io.ErrUnexpectedEOF)
					}
					if got := r.Explain(err, time.Now()); fault.CodeOf(got) != s.want {
						t.Errorf("step %d: %v, want %s", i, got, s.want)
					}
					elapse(tt.pause)
				}
			})
		})
	}
}

func TestRivalIsNamedInWords(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r uplink.Rivalry
		end := serverEnds(t)
		var err error
		for range 4 {
			r.Streaming(time.Now())
			elapse(2 * time.Second)
			err = r.Explain(end, time.Now())
			elapse(time.Second)
		}
		const want = "server home (kismet.test:2501): another sensor uses this source's UUID, or the line is reset again and again: the server dropped the source that it had just taken, 4 times within 9s"
		if err.Error() != want {
			t.Errorf("%q, want %q", err, want)
		}
	})
}

// serverEnds is the error of a link that the server ended.
func serverEnds(t *testing.T) error {
	r := newRig(t, kismettest.Config{}, false)
	ended := make(chan error, 1)
	go func() { ended <- r.link(t.Context()) }()
	elapse(time.Second)
	r.srv.HalfClose("")
	err := <-ended
	if fault.CodeOf(err) != fault.LinkLost || errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	return err
}
