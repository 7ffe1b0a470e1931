package actors

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcapgo"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/configs"
	"github.com/sensord/sensord/uplink"
	"github.com/sensord/sensord/uplink/kismettest"
)

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
	srv     *kismettest.Server
	log     *logLines
	network chan string // tells the rig that the network changed
}

func startRig(t testing.TB, srvCfg kismettest.Config, tcp bool, cfg configs.Config) *testRig {
	t.Helper()
	return startFaultyRig(t, srvCfg, nil, tcp, cfg)
}

// startFaultyRig breaks the server before the rig starts.
func startFaultyRig(t testing.TB, srvCfg kismettest.Config, breakIt func(*kismettest.Server), tcp bool, cfg configs.Config) *testRig {
	t.Helper()
	return startRigIn(t, nil, srvCfg, breakIt, tcp, cfg)
}

// startRigIn starts a rig whose radios are a world's, if there is one.
func startRigIn(t testing.TB, world *fakeWorld, srvCfg kismettest.Config, breakIt func(*kismettest.Server), tcp bool, cfg configs.Config) *testRig {
	t.Helper()
	var watch watcher
	if world != nil {
		watch = world.watch
	}
	return startRigWith(t, world, watch, srvCfg, breakIt, tcp, cfg)
}

// startWatchedRig starts a rig that hears of addresses by a watcher of its own.
func startWatchedRig(t testing.TB, world *fakeWorld, watch watcher, srvCfg kismettest.Config, cfg configs.Config) *testRig {
	t.Helper()
	return startRigWith(t, world, watch, srvCfg, nil, false, cfg)
}

func startRigWith(t testing.TB, world *fakeWorld, watch watcher, srvCfg kismettest.Config, breakIt func(*kismettest.Server), tcp bool, cfg configs.Config) *testRig {
	t.Helper()
	srv := newServer(t, srvCfg)
	if breakIt != nil {
		breakIt(srv)
	}
	dialer := dialerTo(srv, "home")
	if tcp {
		dialer.Server.TCP, dialer.Server.Port = true, 3501
	}
	return startRigTo(t, world, watch, srv, []*uplink.Dialer{dialer}, cfg)
}

// newServer starts a server in memory that knows apiKey.
func newServer(t testing.TB, cfg kismettest.Config) *kismettest.Server {
	t.Helper()
	keys := map[string]string{apiKey: kismettest.RoleDatasource}
	maps.Copy(keys, cfg.APIKeys)
	cfg.APIKeys = keys
	srv := kismettest.New(cfg)
	t.Cleanup(srv.Close)
	return srv
}

func dialerTo(srv *kismettest.Server, name string) *uplink.Dialer {
	return &uplink.Dialer{
		Server:  uplink.Server{Name: name, Host: name + ".test", Port: 2501, Path: kismettest.EndpointPath, APIKey: apiKey},
		NetDial: srv.DialContext,
	}
}

// startRigTo starts a rig with ways to its servers, of which srv is the one that
// tests look at.
func startRigTo(t testing.TB, world *fakeWorld, watch watcher, srv *kismettest.Server, dialers []*uplink.Dialer, cfg configs.Config) *testRig {
	t.Helper()
	r := &testRig{srv: srv, log: &logLines{}, network: make(chan string)}
	if err := r.begin(t, r.options(world, watch, dialers, cfg)); err != nil {
		t.Fatal(err)
	}
	return r
}

func (r *testRig) options(world *fakeWorld, watch watcher, dialers []*uplink.Dialer, cfg configs.Config) Options {
	if cfg.Servers == nil {
		for _, d := range dialers {
			cfg.Servers = append(cfg.Servers, configs.Server{Name: d.Server.Name})
		}
	}
	if cfg.Spool.MemoryBytes == 0 {
		cfg.Spool.MemoryBytes = 16 << 20
	}
	opts := Options{Config: cfg, Log: slog.New(slog.NewTextHandler(r.log, nil)), Version: "test", Dialers: dialers, network: r.watchNetwork}
	if world != nil {
		opts.open, opts.watch = world.open, watch
		if m := world.machine; m != nil {
			opts.now, opts.system, opts.receive = m.boottime, m.system, m.receive
		}
	}
	return opts
}

// begin starts the rig, which stops at the end of the test.
func (r *testRig) begin(t testing.TB, opts Options) (err error) {
	t.Helper()
	if r.Rig, err = Start(opts); err != nil {
		return err
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		_ = r.Stop(ctx)
	})
	return nil
}

// watchNetwork tells of what the test sends.
func (r *testRig) watchNetwork(ctx context.Context, tell func(reason string)) error {
	for {
		select {
		case reason := <-r.network:
			tell(reason)
		case <-ctx.Done():
			return nil
		}
	}
}

func (r *testRig) numbers(uuid capture.UUID) []int {
	var got []int
	for _, f := range r.srv.Frames(uuid.String()) {
		got = append(got, heardNumber(f.Content))
	}
	return got
}

// heardNumber is the number that a frame of the tests carries.
func heardNumber(content []byte) int { return int(binary.BigEndian.Uint64(content[8:])) }

// heardTime is when a fakeMachine's radio heard a frame, CLOCK_BOOTTIME.
func heardTime(content []byte) int64 { return int64(binary.BigEndian.Uint64(content[16:])) }

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
