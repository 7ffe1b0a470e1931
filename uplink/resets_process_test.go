package uplink_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sensord/sensord/uplink/kismettest"
)

// newListeningRig is a rig whose server listens on a port of this machine.
func newListeningRig(t *testing.T, cfg kismettest.Config, tcp bool) *rig {
	t.Helper()
	r := newRig(t, cfg, tcp)
	if err := r.srv.Listen(); err != nil {
		t.Fatal(err)
	}
	r.dialer.NetDial = nil
	addr := r.srv.Addr
	if tcp {
		addr = r.srv.TCPAddr
	}
	r.dialTo(t, addr)
	return r
}

func (r *rig) dialTo(t *testing.T, addr string) {
	t.Helper()
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		t.Fatal(err)
	}
	r.dialer.Server.Host = host
	if r.dialer.Server.Port, err = strconv.Atoi(port); err != nil {
		t.Fatal(err)
	}
}

// persists runs links, with hardly a wait between, until the log is confirmed.
// It returns how many were lost.
func (r *rig) persists(ctx context.Context) (lost int) {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	return r.linksAfter(ctx, func(error) { <-tick.C })
}

// wantAll checks that the server got every frame in order of first arrival, and
// that no more came twice than were counted, nor than can be in flight on so many
// links.
func (r *rig) wantAll(lost int) {
	r.t.Helper()
	got, twice := r.arrived()
	if diff := cmp.Diff(upTo(r.next), got); diff != "" {
		r.t.Errorf("frames (-want +got):\n%s", diff)
	}
	const inFlight = (64<<10)/200 + 1 // frames of 200 bytes in the window of a link that is lost early
	s := r.session.Log.Stats()
	if s.Dropped != 0 || s.Acked != uint64(r.next) || uint64(twice) > s.Resent || s.Resent > uint64(lost*inFlight) {
		r.t.Errorf("%d frames twice behind %d lost links; log %+v", twice, lost, s)
	}
}

// The kernel's own connections are reset behind every N frames: what was written
// and not read is gone with them.
func TestResetsOfRealConnectionsLoseNothing(t *testing.T) {
	for _, p := range []kismettest.Profile{kismettest.T25, kismettest.T23} {
		for _, tcp := range []bool{false, true} {
			t.Run(fmt.Sprintf("%v/tcp=%v", p, tcp), func(t *testing.T) {
				r := newListeningRig(t, kismettest.Config{Profile: p}, tcp)
				const resets = 200
				r.srv.SetFaults(kismettest.Faults{ResetAfter: func(_ string, session int) int {
					if session > resets {
						return 0
					}
					return 1 + session*37%120
				}})
				r.capture(12_000)
				r.session.Log.Close()
				lost := r.persists(limited(t, 5*time.Minute))
				if lost < resets {
					t.Errorf("%d links lost", lost)
				}
				r.wantAll(lost)
			})
		}
	}
}

// proxied is a rig behind an nginx, which has its own ideas of how long a
// connection may be idle.
type proxied struct {
	*rig
	dir   string
	port  int
	nginx *process
}

func newProxied(t *testing.T) *proxied {
	p := &proxied{rig: newListeningRig(t, kismettest.Config{}, false), dir: t.TempDir(), port: freePort(t)}
	user := ""
	if os.Geteuid() == 0 {
		user = "user root;\n"
	}
	text := fmt.Sprintf(`%sdaemon off;
worker_processes 1;
worker_shutdown_timeout 50ms;
pid nginx.pid;
error_log stderr warn;
events {}
http {
	access_log off;
	client_body_temp_path body;
	proxy_temp_path proxy;
	fastcgi_temp_path fastcgi;
	uwsgi_temp_path uwsgi;
	scgi_temp_path scgi;
	server {
		listen 127.0.0.1:%d;
		location / {
			proxy_pass http://%s;
			proxy_http_version 1.1;
			proxy_set_header Upgrade $http_upgrade;
			proxy_set_header Connection "upgrade";
			proxy_read_timeout 3s;
			proxy_send_timeout 3s;
			send_timeout 3s;
			keepalive_timeout 3s;
		}
	}
}
`, user, p.port, p.srv.Addr)
	if err := os.WriteFile(filepath.Join(p.dir, "nginx.conf"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	p.dialTo(t, net.JoinHostPort("127.0.0.1", strconv.Itoa(p.port)))
	p.start(t)
	return p
}

func (p *proxied) start(t *testing.T) {
	t.Helper()
	p.nginx = start(t, p.port, "nginx", "-p", p.dir+"/", "-c", filepath.Join(p.dir, "nginx.conf"), "-e", "stderr")
}

// await waits until the server has seen something of the source.
func (p *proxied) await(t *testing.T, what func(kismettest.Source) bool) {
	t.Helper()
	if err := p.srv.Wait(limited(t, time.Minute), func(s *kismettest.Server) bool {
		src, _ := s.Source(testUUID)
		return what(src)
	}); err != nil {
		t.Fatal(err)
	}
}

func TestProxyDoesNotTakeAQuietLinkForIdle(t *testing.T) {
	p := newProxied(t)
	lost := make(chan int, 1)
	go func() { lost <- p.persists(limited(t, time.Minute)) }()
	// The PINGs of a link that has nothing to send, for longer than the proxy waits.
	p.await(t, func(s kismettest.Source) bool { return s.Pings >= 5 })
	p.capture(100)
	p.session.Log.Close()
	if n := <-lost; n != 0 {
		t.Errorf("%d links lost", n)
	}
	p.wantAll(0)
}

func TestProxyReloadsAndRestartsUnderLoad(t *testing.T) {
	p := newProxied(t)
	lost := make(chan int, 1)
	go func() { lost <- p.persists(limited(t, 2*time.Minute)) }()
	stop := p.captures(500 * time.Microsecond)
	const times = 3
	for i := range 2 * times {
		frames := 0
		p.await(t, func(s kismettest.Source) bool {
			frames = s.Frames
			return s.Running && s.Sessions > i && s.Frames > 0
		})
		p.await(t, func(s kismettest.Source) bool { return s.Frames > frames+100 })
		if i < times {
			if err := p.nginx.cmd.Process.Signal(syscall.SIGHUP); err != nil {
				t.Fatal(err)
			}
		} else {
			p.nginx.stop()
			p.start(t)
		}
		p.await(t, func(s kismettest.Source) bool { return s.Sessions > i+1 })
	}
	stop()
	p.session.Log.Close()
	n := <-lost
	if n < 2*times {
		t.Errorf("%d links lost", n)
	}
	p.wantAll(n)
}
