package uplink_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/sensord/sensord/internal/fault"
	"github.com/sensord/sensord/uplink/kismet"
	"github.com/sensord/sensord/uplink/kismettest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestLinkSendsALogToEveryKindOfServer(t *testing.T) {
	everywhere(t, func(t *testing.T, p kismettest.Profile, tcp bool) {
		r := newRig(t, kismettest.Config{Profile: p}, tcp)
		r.session.Tracker.Publish(fixedAt(0, -4.25, 10))
		r.capture(1000)
		r.session.Log.Close()
		if err := r.link(limited(t, time.Minute)); err != nil {
			t.Fatal(err)
		}
		got, twice := r.arrived()
		if diff := cmp.Diff(upTo(1000), got); diff != "" || twice != 0 {
			t.Fatalf("%d frames twice; frames (-want +got):\n%s", twice, diff)
		}
		f := r.srv.Frames(testUUID)[7]
		if f.LinkType != 127 || f.Sec != 1_700_000_000 || f.Usec != 7000 || f.OrigLen != 200 || len(f.Content) != 200 {
			t.Errorf("frame 7: %+v", f)
		}
		if g := f.GPS; g == nil || g.Lat != 0 || g.Lon != -4.25 || g.AltM != 10 || g.Fix != 3 || g.Type != "remote-fixed" || g.Name != "roof" || g.Sec != 1_700_000_000 {
			t.Errorf("position of frame 7: %+v", g)
		}
		s := r.session.Log.Stats()
		if s.Acked != 1000 || s.Resent != 0 || s.MemBytes != 0 {
			t.Errorf("log: %+v", s)
		}
	})
}

// The server resets the connection again and again; every frame arrives, in
// order of first arrival, and no more come twice than were put up twice.
func TestResetsBehindEveryNFramesLoseNothing(t *testing.T) {
	everywhere(t, func(t *testing.T, p kismettest.Profile, tcp bool) {
		r := newRig(t, kismettest.Config{Profile: p}, tcp)
		const total, resets = 12_000, 200
		r.srv.SetFaults(kismettest.Faults{ResetAfter: func(_ string, session int) int {
			if session > resets {
				return 0
			}
			return 1 + session*37%120
		}})
		r.capture(total)
		r.session.Log.Close()
		lost := r.links(limited(t, 24*time.Hour))
		if lost < resets {
			t.Errorf("%d links lost", lost)
		}
		r.wantAll(lost)
	})
}

// A server that reads but never answers our PINGs is left within 8 s, and gets
// everything again.
func TestSilentServerIsLeft(t *testing.T) {
	everywhere(t, func(t *testing.T, p kismettest.Profile, tcp bool) {
		r := newRig(t, kismettest.Config{Profile: p}, tcp)
		r.dialer.Server.Protocol = kismet.V2
		if p == kismettest.T25 || p == kismettest.Split {
			r.dialer.Server.Protocol = kismet.V3
		}
		r.srv.SetFaults(kismettest.Faults{Pong: func(_ string, session, _ int) kismettest.PongFault {
			if session == 1 {
				return kismettest.Ignore
			}
			return kismettest.Answer
		}})
		r.capture(100)
		r.session.Log.Close()
		start := time.Now()
		err := r.link(limited(t, time.Minute))
		if took := time.Since(start); fault.CodeOf(err) != fault.LinkSilent || took > 8*time.Second {
			t.Fatalf("after %v: %v", took, err)
		}
		if err := r.link(limited(t, time.Minute)); err != nil {
			t.Fatal(err)
		}
		if _, twice := r.arrived(); twice != 100 {
			t.Fatalf("%d frames came twice, want 100", twice)
		}
	})
}

// A frozen server's socket fills up; the link ends by the PING that stays
// unanswered, although the writer is stuck in the socket.
func TestStalledServerIsLeftWhileTheWriterIsStuck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, kismettest.Config{}, false)
		ctx := limited(t, time.Minute)
		result := make(chan error, 1)
		go func() { result <- r.link(ctx) }()
		r.capture(10)
		if err := r.srv.Wait(ctx, func(s *kismettest.Server) bool { return len(s.Frames(testUUID)) == 10 }); err != nil {
			t.Fatal(err)
		}
		release := r.srv.Stall(0)
		defer release()
		r.capture(20_000)
		start := time.Now()
		err := <-result
		if took := time.Since(start); fault.CodeOf(err) != fault.LinkSilent || took > 8*time.Second {
			t.Fatalf("after %v: %v", took, err)
		}
	})
}

func TestIdleLinkStaysUpForHours(t *testing.T) {
	everywhere(t, func(t *testing.T, p kismettest.Profile, tcp bool) {
		r := newRig(t, kismettest.Config{Profile: p}, tcp)
		ctx := limited(t, 3*time.Hour)
		result := make(chan error, 1)
		go func() { result <- r.link(ctx) }()
		elapse(2 * time.Hour)
		r.capture(5)
		r.session.Log.Close()
		if err := <-result; err != nil {
			t.Fatal(err)
		}
		if src, _ := r.srv.Source(testUUID); src.Sessions != 1 || src.Frames != 5 {
			t.Fatalf("%d sessions, %d frames", src.Sessions, src.Frames)
		}
	})
}

func TestServerMayConfigureASourceInTheMiddleOfData(t *testing.T) {
	everywhere(t, func(t *testing.T, p kismettest.Profile, tcp bool) {
		r := newRig(t, kismettest.Config{Profile: p}, tcp)
		r.session.Type = "linuxwifi"
		r.session.Definition = "wlan0:uuid=" + testUUID
		ctx := limited(t, time.Minute)
		result := make(chan error, 1)
		go func() { result <- r.link(ctx) }()
		r.capture(100)
		if err := r.srv.Wait(ctx, func(s *kismettest.Server) bool {
			src, _ := s.Source(testUUID)
			return src.Frames == 100 && src.ConfigReports == 1
		}); err != nil {
			t.Fatal(err)
		}
		if err := r.srv.SetChannel(testUUID, "6HT40+"); err != nil {
			t.Fatal(err)
		}
		if err := r.srv.Wait(ctx, func(s *kismettest.Server) bool {
			src, _ := s.Source(testUUID)
			return src.Channel == "6HT40+" && src.Pending == 0
		}); err != nil {
			t.Fatal(err)
		}
		r.session.Log.Close()
		if err := <-result; err != nil {
			t.Fatal(err)
		}
		if len(r.asked) != 2 || r.asked[0].Want.Hop == nil || r.asked[1].Want.Channel != "6HT40+" {
			t.Fatalf("the server asked: %+v", r.asked)
		}
	})
}

func TestDialerRemembersTheProtocolThatWorked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, kismettest.Config{Profile: kismettest.T23}, false)
		for range 3 {
			l, err := r.dialer.Dial(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if l.Version() != kismet.V2 {
				t.Fatalf("speaks %v", l.Version())
			}
			l.Close()
		}
		if n := r.srv.Accepted(); n != 4 {
			t.Fatalf("%d connections for 3 links, want one more for the first probe", n)
		}
	})
}

// The user's time is not spent on waits where the server is known to be coming
// back.
func TestStreamingAgainHalfASecondAfterTheServerReturns(t *testing.T) {
	everywhere(t, func(t *testing.T, p kismettest.Profile, tcp bool) {
		r := newRig(t, kismettest.Config{Profile: p}, tcp)
		ctx := limited(t, time.Hour)
		done := make(chan int, 1)
		go func() { done <- len(r.explained(ctx, nil)) }()
		r.capture(100)
		frames := func(n int) func(*kismettest.Server) bool {
			return func(s *kismettest.Server) bool { return len(s.Frames(testUUID)) >= n }
		}
		if err := r.srv.Wait(ctx, frames(100)); err != nil {
			t.Fatal(err)
		}
		elapse(time.Minute)
		if err := r.srv.Refuse(true); err != nil {
			t.Fatal(err)
		}
		r.srv.Reset("")
		r.capture(100)
		elapse(10 * time.Minute)
		if err := r.srv.Refuse(false); err != nil {
			t.Fatal(err)
		}
		back := time.Now()
		if err := r.srv.Wait(ctx, frames(200)); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(back); took > 500*time.Millisecond {
			t.Fatalf("streaming again after %v", took)
		}
		r.session.Log.Close()
		<-done
	})
}

func TestCancelEndsALinkAtOnce(t *testing.T) {
	everywhere(t, func(t *testing.T, p kismettest.Profile, tcp bool) {
		r := newRig(t, kismettest.Config{Profile: p}, tcp)
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Minute, cancel)
		start := time.Now()
		if err := r.link(ctx); !errors.Is(err, context.Canceled) || time.Since(start) != time.Minute {
			t.Fatalf("after %v: %v", time.Since(start), err)
		}
	})
}
