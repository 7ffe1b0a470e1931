//go:build !lite

package bus_test

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/sensord/sensord/bus"
	"github.com/sensord/sensord/bus/bustest"
	"github.com/sensord/sensord/internal/fault"
)

// alone starts a rig's server that joins no hub, with its stream.
func alone(tb testing.TB, dir string) (*aLeaf, func()) {
	tb.Helper()
	s, err := bus.StartServer(tb.Context(), bus.ServerOptions{Name: "rig-rover", Domain: "rig-rover", StoreDir: dir, StoreBytes: 8 << 20, Log: testLog(tb)})
	if err != nil {
		tb.Fatal(err)
	}
	l := &aLeaf{Server: s, rig: "rover"}
	if l.client, err = nats.Connect("", s.InProcess()); err != nil {
		tb.Fatal(err)
	}
	if l.js, err = jetstream.New(l.client); err != nil {
		tb.Fatal(err)
	}
	closed := false
	end := func() {
		if !closed {
			closed = true
			l.client.Close()
			s.Close()
		}
	}
	tb.Cleanup(end)
	return l, end
}

// kept returns how many messages the rig's stream holds.
func (l *aLeaf) kept(tb testing.TB) int {
	tb.Helper()
	s, err := l.js.Stream(context.Background(), "RIG")
	if err != nil {
		tb.Fatal(err)
	}
	return int(s.CachedInfo().State.Msgs)
}

func TestServerKeepsOverARestart(t *testing.T) {
	dir := t.TempDir()
	l, end := alone(t, dir)
	l.stream(t)
	l.keep(t, 0, 100)
	if s := l.Store(); !s.Kept || !s.Disk || s.Dir != dir || s.Err != nil || s.Bytes == 0 || s.Limit == 0 {
		t.Errorf("store is %+v", s)
	}
	end()
	l, _ = alone(t, dir)
	if n := l.kept(t); n != 100 {
		t.Errorf("%d are kept, want 100", n)
	}
	if s := l.Leaf(); s.Wanted || s.Err != nil {
		t.Errorf("leaf is %+v", s)
	}
}

func TestServerInMemoryLeavesNothing(t *testing.T) {
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	l, end := alone(t, "")
	if s := l.Store(); !s.Kept || s.Disk || s.Dir != "" || s.Err != nil {
		t.Errorf("store is %+v", s)
	}
	end()
	if left, err := os.ReadDir(temp); err != nil || len(left) > 0 {
		t.Errorf("%v is left: %v", left, err)
	}
}

// Whatever is wrong with the directory, the server starts, works, and says it.
func TestServerOnAStoreThatCannotBeUsed(t *testing.T) {
	file := write(t, "no directory")
	taken := t.TempDir()
	alone(t, taken)
	for _, tt := range []struct{ name, dir, text string }{
		{"a file", file, "kept in memory only: "},
		{"below a file", filepath.Join(file, "store"), "kept in memory only: "},
		{"another's", taken, "kept in memory only: another process has it"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l, _ := alone(t, tt.dir)
			s := l.Store()
			if fault.CodeOf(s.Err) != fault.BusStore || !strings.Contains(s.Err.Error(), tt.text) || s.Disk || !s.Kept {
				t.Errorf("store is %+v", s)
			}
			l.stream(t)
			l.keep(t, 0, 10)
			if n := l.kept(t); n != 10 {
				t.Errorf("%d are kept, want 10", n)
			}
		})
	}
}

// Damage to the description of a stream moves the store aside; damage to what
// it holds costs what is damaged, or all of it, and never the start.
func TestServerOnADamagedStore(t *testing.T) {
	for _, tt := range []struct {
		name, glob string
		damage     func(data []byte) []byte
		aside      bool
	}{
		{"description", "jetstream/$G/streams/RIG/meta.inf", flip, true},
		{"description empty", "jetstream/$G/streams/RIG/meta.inf", func([]byte) []byte { return nil }, true},
		{"checksum", "jetstream/$G/streams/RIG/meta.sum", flip, true},
		{"messages", "jetstream/$G/streams/RIG/msgs/*.blk", flip, false},
		{"messages cut", "jetstream/$G/streams/RIG/msgs/*.blk", func(b []byte) []byte { return b[:len(b)/2] }, false},
		{"index", "jetstream/$G/streams/RIG/msgs/index.db", flip, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			l, end := alone(t, dir)
			l.stream(t)
			l.keep(t, 0, 100)
			end()
			files, err := filepath.Glob(filepath.Join(dir, tt.glob))
			if err != nil || len(files) == 0 {
				t.Fatalf("no %s in %s: %v", tt.glob, dir, err)
			}
			for _, f := range files {
				data, err := os.ReadFile(f)
				if err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(f, tt.damage(data), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			l, _ = alone(t, dir)
			s := l.Store()
			if tt.aside != (fault.CodeOf(s.Err) == fault.BusStore) || !s.Disk {
				t.Errorf("store is %+v", s)
			}
			if _, err := os.Stat(filepath.Join(dir, "corrupt")); (err == nil) != tt.aside {
				t.Errorf("what was there: %v", err)
			}
			l.stream(t)
			before := l.kept(t)
			l.keep(t, 0, 10)
			if n := l.kept(t); n != before+10 {
				t.Errorf("%d are kept, want %d", n, before+10)
			}
			t.Logf("%d of 100 were left", before)
		})
	}
}

func flip(data []byte) []byte {
	for i := len(data) / 3; i < len(data)/3+8 && i < len(data); i++ {
		data[i] ^= 0xff
	}
	return data
}

func TestServerListensWhereItIsTold(t *testing.T) {
	s, err := bus.StartServer(t.Context(), bus.ServerOptions{Name: "rover", Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	connect(t, s.ClientURL())
	if st := s.Store(); st.Kept {
		t.Errorf("store is %+v", st)
	}
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for _, addr := range []string{taken.Addr().String(), "127.0.0.1:99999", "nonsense", "192.0.2.1:4222"} {
		if s, err := bus.StartServer(t.Context(), bus.ServerOptions{Name: "rover", Listen: addr}); fault.CodeOf(err) != fault.BusListen {
			t.Errorf("%s: %v", addr, err)
			if err == nil {
				s.Close()
			}
		}
	}
}

func TestServerThatIsNotWantedAnyMore(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for range 3 { // it may have been ready at once
		if s, err := bus.StartServer(ctx, bus.ServerOptions{Name: "rover", Domain: "rig-rover", StoreDir: t.TempDir()}); err == nil {
			s.Close()
		}
	}
}

// A fleet whose server is nats-server itself, with a user and a password.
func TestLeafOfAPlainNATSServer(t *testing.T) {
	const conf = `
server_name: central
jetstream { domain: hub }
accounts { FLEET { jetstream: enabled, users: [ {user: rover, password: secret} ] } }
leafnodes { port: -1, authorization { users: [ {user: rover, password: secret, account: FLEET} ] } }
`
	p := bustest.NATSServer(t, conf)
	login := func(user, password string) func(*bus.ServerOptions) {
		return func(o *bus.ServerOptions) { o.Leaf.User, o.Leaf.Password = user, password }
	}
	startLeaf(t, "rover", p.LeafURL, "", login("rover", "wrong")).fails(t, fault.BusAuth, "does not take the credentials")
	l := startLeaf(t, "roof", p.LeafURL, "", login("rover", "secret"))
	l.joined(t)
	p.Kill(t)
	l.fails(t, fault.BusRefused, "")
	p.Restart(t)
	l.joined(t)
	nc := connect(t, p.URL, nats.UserInfo("rover", "secret"))
	sub, err := nc.SubscribeSync("sensord.v1.fleet.>")
	if err != nil {
		t.Fatal(err)
	}
	if err := nc.Flush(); err != nil {
		t.Fatal(err)
	}
	bustest.Wait(t, "what the leaf says", func() bool {
		l.says(t)
		m, err := sub.NextMsg(100 * time.Millisecond)
		return err == nil && m.Subject == "sensord.v1.fleet.roof.status"
	})
}
