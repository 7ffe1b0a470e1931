package actors

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sensord/sensord/configs"
	"github.com/sensord/sensord/gps"
	"github.com/sensord/sensord/uplink/kismet"
	"github.com/sensord/sensord/uplink/kismettest"
)

func TestOnceSendsEverySourceCompletely(t *testing.T) {
	everywhere(t, func(t *testing.T, p kismettest.Profile, tcp bool) {
		fixed := gps.NewFixed(52.1, 4.3, 10, "remote-fixed")
		a, b := sourceOf(t, writePcap(t, "a.pcap", 3000)), sourceOf(t, writePcap(t, "b.pcap", 100))
		r := startRig(t, kismettest.Config{Profile: p}, tcp, configs.Config{
			Once: true, Sources: []configs.Source{a, b}, GPS: configs.GPS{Fixed: &fixed},
		})
		if err := r.wait(t, time.Minute); err != nil {
			t.Fatalf("%v\n%s", err, r.log)
		}
		if diff := cmp.Diff(upTo(3000), r.numbers(a.UUID)); diff != "" {
			t.Errorf("source a (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(upTo(100), r.numbers(b.UUID)); diff != "" {
			t.Errorf("source b (-want +got):\n%s", diff)
		}
		for i, f := range r.srv.Frames(a.UUID.String()) {
			if f.GPS == nil || f.GPS.Lat != 52.1 {
				t.Fatalf("frame %d was heard at %+v", i, f.GPS)
			}
		}
		f := r.srv.Frames(a.UUID.String())[2999]
		if f.Sec != 1_700_000_002 || f.Usec != 999_000 || f.GPS == nil || f.GPS.Lat != 52.1 {
			t.Errorf("last frame: %+v, position %+v", f, f.GPS)
		}
		src, _ := r.srv.Source(a.UUID.String())
		if src.Options["uuid"] != a.UUID.String() {
			t.Errorf("announced as %q: uuid= is missing", src.Announced)
		}
	})
}

// A file waits for room in the log: with the least memory and a server that
// loses every connection, nothing is dropped.
func TestFileIsNeverDroppedHoweverSmallTheLog(t *testing.T) {
	everywhere(t, func(t *testing.T, p kismettest.Profile, tcp bool) {
		a := sourceOf(t, writePcap(t, "a.pcap", 5000))
		resets := func(s *kismettest.Server) {
			s.SetFaults(kismettest.Faults{ResetAfter: func(_ string, session int) int { return 100 + session }})
		}
		r := startFaultyRig(t, kismettest.Config{Profile: p}, resets, tcp, configs.Config{
			Once: true, Sources: []configs.Source{a}, Spool: configs.Spool{MemoryBytes: 1},
		})
		if err := r.wait(t, 24*time.Hour); err != nil {
			t.Fatalf("%v\n%s", err, r.log)
		}
		first := map[int]bool{}
		last := -1
		for _, n := range r.numbers(a.UUID) {
			if !first[n] && n != last+1 {
				t.Fatalf("frame %d came first after %d", n, last)
			}
			first[n], last = true, max(last, n)
		}
		s := r.Status().Sources[0].Frames
		if len(first) != 5000 || s.Dropped != 0 || s.Acked != 5000 {
			t.Fatalf("%d frames arrived, log %+v", len(first), s)
		}
	})
}

func TestFileSourceStaysOpenAfterItsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := sourceOf(t, writePcap(t, "a.pcap", 100))
		r := startRig(t, kismettest.Config{}, false, configs.Config{Sources: []configs.Source{a}})
		elapse(time.Hour)
		st := r.Status().Sources[0]
		if st.Capture != CaptureEnded || st.Link.State != LinkStreaming || st.Link.Links != 1 || st.Frames.Acked != 100 {
			t.Fatalf("after an hour: %+v", st)
		}
		if err := r.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		synctest.Wait() // the server's goroutine reads the end of the connection
		if src, _ := r.srv.Source(a.UUID.String()); src.Running {
			t.Error("the server still has the session")
		}
	})
}

func TestServerAwayForTenMinutes(t *testing.T) {
	everywhere(t, func(t *testing.T, p kismettest.Profile, tcp bool) {
		a := sourceOf(t, writePcap(t, "a.pcap", 10_000)+":realtime=true") // 10 s
		r := startRig(t, kismettest.Config{Profile: p}, tcp, configs.Config{Once: true, Sources: []configs.Source{a}})
		elapse(3 * time.Second)
		if err := r.srv.Refuse(true); err != nil {
			t.Fatal(err)
		}
		r.srv.Reset("")
		elapse(10 * time.Minute)
		if st := r.Status().Sources[0]; st.Frames.Captured != 10_000 || st.Frames.Waiting == 0 || st.Link.State == LinkStreaming {
			t.Fatalf("while the server is away: %+v", st)
		}
		if err := r.srv.Refuse(false); err != nil {
			t.Fatal(err)
		}
		if err := r.wait(t, time.Minute); err != nil {
			t.Fatalf("%v\n%s", err, r.log)
		}
		seen := map[int]bool{}
		for _, n := range r.numbers(a.UUID) {
			seen[n] = true
		}
		if s := r.Status().Sources[0].Frames; len(seen) != 10_000 || s.Dropped != 0 {
			t.Fatalf("%d frames arrived, log %+v", len(seen), s)
		}
	})
}

func TestCannotTuneIsSaidAsASuccessWithoutAChannel(t *testing.T) {
	everywhere(t, func(t *testing.T, p kismettest.Profile, tcp bool) {
		a := sourceOf(t, writePcap(t, "a.pcap", 10))
		r := startRig(t, kismettest.Config{Profile: p}, tcp, configs.Config{Sources: []configs.Source{a}})
		uuid := a.UUID.String()
		elapse(time.Second)
		if err := r.srv.SetHop(uuid, kismet.Hop{Rate: 5, Channels: []string{"1", "6"}}); err != nil {
			t.Fatal(err)
		}
		if err := r.srv.SetChannel(uuid, "6"); err != nil {
			t.Fatal(err)
		}
		elapse(time.Second)
		src, _ := r.srv.Source(uuid)
		if src.ConfigReports != 2 || src.Pending != 0 || !src.Running || src.Hopping || src.Channel != "" {
			t.Fatalf("after two requests: %+v", src.Stats)
		}
	})
}
