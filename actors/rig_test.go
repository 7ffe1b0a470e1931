package actors

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/google/go-cmp/cmp"
	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcapgo"
	"go.uber.org/goleak"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/configs"
	"github.com/sensord/sensord/gps"
	"github.com/sensord/sensord/internal/fault"
	"github.com/sensord/sensord/uplink"
	"github.com/sensord/sensord/uplink/kismet"
	"github.com/sensord/sensord/uplink/kismettest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const apiKey = "0123456789ABCDEF0123456789ABCDEF"

// writePcap writes n numbered frames, a millisecond apart, and returns the
// file's name.
func writePcap(t testing.TB, name string, n int) string {
	t.Helper()
	var b bytes.Buffer
	w := pcapgo.NewWriterNanos(&b)
	if err := w.WriteFileHeader(65536, layers.LinkTypeIEEE80211Radio); err != nil {
		t.Fatal(err)
	}
	data := make([]byte, 120)
	for i := range n {
		binary.BigEndian.PutUint64(data[8:], uint64(i))
		ci := gopacket.CaptureInfo{Timestamp: time.Unix(1_700_000_000, int64(i)*1e6), CaptureLength: len(data), Length: len(data)}
		if err := w.WritePacket(ci, data); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func sourceOf(t testing.TB, definition string) configs.Source {
	t.Helper()
	d, err := capture.ParseDefinition(definition)
	if err != nil {
		t.Fatal(err)
	}
	return configs.Source{Name: filepath.Base(d.Interface), Type: "pcapfile", Definition: d, UUID: capture.FileUUID(d.Interface)}
}

// logLines collects what a rig says.
type logLines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logLines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logLines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// testRig is a whole rig against a server in memory.
type testRig struct {
	*Rig
	srv *kismettest.Server
	log *logLines
}

func startRig(t testing.TB, srvCfg kismettest.Config, tcp bool, cfg configs.Config) *testRig {
	t.Helper()
	return startFaultyRig(t, srvCfg, nil, tcp, cfg)
}

// startFaultyRig breaks the server before the rig starts.
func startFaultyRig(t testing.TB, srvCfg kismettest.Config, breakIt func(*kismettest.Server), tcp bool, cfg configs.Config) *testRig {
	t.Helper()
	srvCfg.APIKeys = map[string]string{apiKey: kismettest.RoleDatasource}
	srv := kismettest.New(srvCfg)
	t.Cleanup(srv.Close)
	if breakIt != nil {
		breakIt(srv)
	}
	dialer := &uplink.Dialer{
		Server:  uplink.Server{Name: "home", Host: "kismet.test", Port: 2501, Path: kismettest.EndpointPath, APIKey: apiKey},
		NetDial: srv.DialContext,
	}
	if tcp {
		dialer.Server.TCP, dialer.Server.Port = true, 3501
	}
	r := &testRig{srv: srv, log: &logLines{}}
	cfg.Servers = []configs.Server{{Name: "home"}}
	if cfg.Spool.MemoryBytes == 0 {
		cfg.Spool.MemoryBytes = 16 << 20
	}
	var err error
	r.Rig, err = Start(Options{Config: cfg, Log: slog.New(slog.NewTextHandler(r.log, nil)), Version: "test", Dialer: dialer})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		_ = r.Stop(ctx)
	})
	return r
}

func (r *testRig) numbers(uuid capture.UUID) []int {
	var got []int
	for _, f := range r.srv.Frames(uuid.String()) {
		got = append(got, int(binary.BigEndian.Uint64(f.Content[8:])))
	}
	return got
}

// wait waits for the rig to end.
func (r *testRig) wait(t testing.TB, limit time.Duration) error {
	t.Helper()
	select {
	case <-r.Done():
		return r.Err()
	case <-time.After(limit):
		t.Fatalf("the rig runs on after %v: %+v\n%s", limit, r.Status(), r.log)
		return nil
	}
}

func upTo(n int) []int {
	s := make([]int, n)
	for i := range s {
		s[i] = i
	}
	return s
}

// elapse lets time pass on the bubble's clock.
func elapse(d time.Duration) { <-time.After(d) }

func everywhere(t *testing.T, test func(t *testing.T, profile kismettest.Profile, tcp bool)) {
	for _, p := range kismettest.Profiles() {
		for _, tcp := range []bool{false, true} {
			t.Run(fmt.Sprintf("%v/tcp=%v", p, tcp), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { test(t, p, tcp) })
			})
		}
	}
}

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

// An actor that panics starts again by itself, and what its parent keeps for
// it survives: nothing is read twice, nothing is lost, and what it captures
// meanwhile is sent.
func TestActorsThatPanicStartAgainWithoutLoss(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := sourceOf(t, writePcap(t, "a.pcap", 20_000)+":pps=1000") // 20 s
		away := func(s *kismettest.Server) { _ = s.Refuse(true) }
		r := startFaultyRig(t, kismettest.Config{}, away, false, configs.Config{Once: true, Sources: []configs.Source{a}})
		crash := func(name string, message any) {
			r.system.Root.Send(actor.NewPID(r.pid.Address, name), message)
		}
		for range 5 {
			elapse(time.Second)
			crash("rig/source-1/uplink", ServerAnswer{}) // no link: a nil pointer
			elapse(time.Second)
			crash("rig/source-1", Batch{}) // no frames: a nil pointer
		}
		if err := r.srv.Refuse(false); err != nil {
			t.Fatal(err)
		}
		if err := r.wait(t, 10*time.Minute); err != nil {
			t.Fatalf("%v\n%s", err, r.log)
		}
		if diff := cmp.Diff(upTo(20_000), r.numbers(a.UUID)); diff != "" {
			t.Errorf("frames (-want +got):\n%s", diff)
		}
		if n := r.Status().Restarts; n != 10 {
			t.Errorf("%d restarts, want 10\n%s", n, r.log)
		}
		if !strings.Contains(r.log.String(), "actor failed and starts again") {
			t.Errorf("the log is silent about it:\n%s", r.log)
		}
	})
}

func TestRestartWaitGrowsAndStaysWithinItsLimits(t *testing.T) {
	for failures := range 100 {
		most := min(restartMin<<min(max(failures, 1), 16), restartMax)
		for range 100 {
			if w := restartWait(failures); w < restartMin || w > most {
				t.Fatalf("failure %d: waits %v, want %v to %v", failures, w, restartMin, most)
			}
		}
	}
}
