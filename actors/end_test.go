package actors

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sensord/sensord/configs"
	"github.com/sensord/sensord/internal/fault"
	"github.com/sensord/sensord/uplink/kismettest"
)

func TestStopSendsWhatWasCaptured(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := sourceOf(t, writePcap(t, "a.pcap", 100_000)+":pps=1000")
		r := startRig(t, kismettest.Config{}, false, configs.Config{Sources: []configs.Source{a}})
		elapse(10*time.Second + time.Millisecond/2)
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		if err := r.Stop(ctx); err != nil {
			t.Fatalf("%v\n%s", err, r.log)
		}
		s := r.Status().Sources[0].Frames
		if s.Captured < 9_900 || s.Captured > 10_001 || s.Acked != s.Captured {
			t.Fatalf("after 10 s at 1000 frames/s: %+v", s)
		}
		if diff := cmp.Diff(upTo(int(s.Captured)), r.numbers(a.UUID)); diff != "" {
			t.Errorf("frames (-want +got):\n%s", diff)
		}
	})
}

func TestStopCountsWhatNobodyConfirmed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := sourceOf(t, writePcap(t, "a.pcap", 100))
		deaf := func(s *kismettest.Server) { s.SetFaults(kismettest.Faults{NoPong: true}) }
		r := startFaultyRig(t, kismettest.Config{}, deaf, false, configs.Config{Sources: []configs.Source{a}})
		elapse(time.Minute)
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		err := r.Stop(ctx)
		if fault.CodeOf(err) != fault.Incomplete || !strings.Contains(err.Error(), "100 of 100 frames not confirmed") {
			t.Fatalf("ended with %v", err)
		}
	})
}

// Whatever a source starts with, its end says why.
func TestEndsSayWhy(t *testing.T) {
	good := func(t *testing.T) string { return writePcap(t, "a.pcap", 10) }
	tests := []struct {
		name   string
		source func(t *testing.T) string
		cfg    configs.Config
		fault  func(*kismettest.Server)
		code   fault.Code
		text   string
	}{
		{"missing file", func(t *testing.T) string { return filepath.Join(t.TempDir(), "no.pcap") }, configs.Config{}, nil, fault.SourceMissing, "no.pcap"},
		{"directory", func(t *testing.T) string { return t.TempDir() }, configs.Config{Once: true}, nil, fault.SourceUnreadable, ""},
		{"no capture", func(t *testing.T) string {
			path := filepath.Join(t.TempDir(), "text.pcap")
			if err := os.WriteFile(path, []byte("this is a text and no capture at all"), 0o600); err != nil {
				t.Fatal(err)
			}
			return path
		}, configs.Config{Once: true}, nil, fault.SourceCorrupt, "text.pcap"},
		{"refused without retry", good, configs.Config{NoRetry: true}, func(s *kismettest.Server) { _ = s.Refuse(true) }, fault.LinkRefused, "connection refused"},
		{"rejected, once", good, configs.Config{Once: true}, func(s *kismettest.Server) { s.SetFaults(kismettest.Faults{RejectSources: true}) }, fault.LinkRejected, "hung up right after the announcement"},
		{"not Kismet, once", good, configs.Config{Once: true}, func(s *kismettest.Server) { s.SetFaults(kismettest.Faults{NotKismet: true}) }, fault.LinkNotKismet, "no Kismet at"},
		{"never answered, once with a time limit", good, configs.Config{Once: true, OnceTimeout: time.Minute}, func(s *kismettest.Server) { _ = s.Refuse(true) }, fault.Incomplete, "--once-timeout 1m0s"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tt.cfg.Sources = []configs.Source{sourceOf(t, tt.source(t))}
				r := startFaultyRig(t, kismettest.Config{}, tt.fault, false, tt.cfg)
				err := r.wait(t, 10*time.Minute)
				if fault.CodeOf(err) != tt.code || !strings.Contains(err.Error(), tt.text) {
					t.Fatalf("ended with %q (%s), want %s with %q", err, fault.CodeOf(err), tt.code, tt.text)
				}
			})
		})
	}
}

func TestTruncatedFileSendsWhatIsReadableAndSaysSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := writePcap(t, "a.pcap", 100)
		all, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, all[:len(all)-50], 0o600); err != nil {
			t.Fatal(err)
		}
		a := sourceOf(t, path)
		r := startRig(t, kismettest.Config{}, false, configs.Config{Once: true, Sources: []configs.Source{a}})
		if err := r.wait(t, time.Minute); fault.CodeOf(err) != fault.SourceCorrupt {
			t.Fatalf("ended with %v", err)
		}
		if diff := cmp.Diff(upTo(99), r.numbers(a.UUID)); diff != "" {
			t.Errorf("frames (-want +got):\n%s", diff)
		}
	})
}

// --once promises every frame of the file: stopped half-way it is incomplete,
// although everything that was captured is confirmed.
func TestOnceThatIsStoppedIsIncomplete(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := sourceOf(t, writePcap(t, "a.pcap", 10_000)+":pps=1000")
		r := startRig(t, kismettest.Config{}, false, configs.Config{Once: true, Sources: []configs.Source{a}})
		elapse(time.Second)
		err := r.Stop(t.Context())
		if fault.CodeOf(err) != fault.Incomplete || !strings.Contains(err.Error(), "stopped before its end") {
			t.Fatalf("ended with %v", err)
		}
		st := r.Status().Sources[0]
		if st.Frames.Acked != st.Frames.Captured || st.Capture != CaptureEnded || st.Link.State != LinkFinished {
			t.Fatalf("at the end: %+v", st)
		}
	})
}

// A FIFO that nobody writes blocks its opening in the kernel; the rig ends all
// the same.
func TestStopDoesNotWaitForAFIFO(t *testing.T) {
	path := filepath.Join(t.TempDir(), "p.pcap")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	a := sourceOf(t, path)
	r := startRig(t, kismettest.Config{}, false, configs.Config{Sources: []configs.Source{a}})
	stopped := make(chan error, 1)
	go func() { stopped <- r.Stop(context.Background()) }()
	select {
	case err := <-stopped:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(taskGrace + 20*time.Second):
		t.Error("the rig waits for the FIFO")
	}
	w, err := os.OpenFile(path, os.O_WRONLY, 0) // lets the opening go
	if err != nil {
		t.Fatal(err)
	}
	_ = w.Close()
}

// A server that comes back during the wait for the next attempt still gets
// what was captured when the rig stops.
func TestStopDoesNotWaitForTheNextAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := sourceOf(t, writePcap(t, "a.pcap", 100))
		web := func(s *kismettest.Server) { s.SetFaults(kismettest.Faults{NotKismet: true}) }
		r := startFaultyRig(t, kismettest.Config{}, web, false, configs.Config{Sources: []configs.Source{a}})
		elapse(time.Minute) // waits are up to 30 s by now
		r.srv.SetFaults(kismettest.Faults{})
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		if err := r.Stop(ctx); err != nil {
			t.Fatalf("%v\n%s", err, r.log)
		}
	})
}

// One source that gives up beside another that does not is no secret.
func TestSourceThatGivesUpSaysSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := sourceOf(t, writePcap(t, "a.pcap", 10)), sourceOf(t, writePcap(t, "b.pcap", 10))
		r := startRig(t, kismettest.Config{}, false, configs.Config{NoRetry: true, Sources: []configs.Source{a, b}})
		elapse(time.Second)
		r.srv.Reset(a.UUID.String())
		elapse(time.Second)
		if log := r.log.String(); !strings.Contains(log, `level=ERROR msg="source given up, others go on" source=a.pcap`) {
			t.Errorf("the log is silent about it:\n%s", log)
		}
		if st := r.Status().Sources; st[0].Link.State != LinkGaveUp || st[1].Link.State != LinkStreaming {
			t.Errorf("links: %v, %v", st[0].Link.State, st[1].Link.State)
		}
	})
}
