package uplink_test

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"
)

// program finds a program also where only root's PATH looks.
func program(t *testing.T, name string) string {
	t.Helper()
	if path, err := exec.LookPath(name); err == nil {
		return path
	}
	path, err := exec.LookPath("/usr/sbin/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// process is a program that the test has started.
type process struct {
	cmd   *exec.Cmd
	ended chan struct{}
	said  lockedBuffer
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// start starts a program and stops it when the test ends. It returns when port
// answers.
func start(t *testing.T, port int, name string, args ...string) *process {
	t.Helper()
	p := &process{cmd: exec.Command(program(t, name), args...), ended: make(chan struct{})}
	p.cmd.Stdout, p.cmd.Stderr = &p.said, &p.said
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(p.ended)
		_ = p.cmd.Wait()
	}()
	t.Cleanup(func() {
		p.stop()
		if t.Failed() {
			t.Logf("%s said\n%s", name, p.said.String())
		}
	})
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for late := time.After(30 * time.Second); ; {
		if c, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port))); err == nil {
			_ = c.Close()
			return p
		}
		select {
		case <-p.ended:
			t.Fatalf("%s ended: %s", name, p.said.String())
		case <-late:
			t.Fatalf("%s does not listen on port %d: %s", name, port, p.said.String())
		case <-tick.C:
		}
	}
}

// stop ends the program as a person would, and waits for it.
func (p *process) stop() {
	_ = p.cmd.Process.Signal(os.Interrupt)
	select {
	case <-p.ended:
	case <-time.After(10 * time.Second):
		p.kill()
	}
}

func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	<-p.ended
}

// freePort returns a port of this machine on which nobody listens.
func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// startNginx starts nginx with one server of TLS, and returns its port.
func startNginx(t *testing.T, dir, server string) int {
	t.Helper()
	user := ""
	if os.Geteuid() == 0 {
		user = "user root;\n"
	}
	port := freePort(t)
	config := filepath.Join(dir, "nginx.conf")
	text := fmt.Sprintf(`%sdaemon off;
worker_processes 1;
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
		listen 127.0.0.1:%d ssl;
		%s
	}
}
`, user, port, server)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	start(t, port, "nginx", "-p", dir+"/", "-c", config, "-e", "stderr")
	return port
}

// forward relays each connection to addr, until the listener is closed. The
// channel is closed when all have ended.
func forward(l net.Listener, addr string) <-chan struct{} {
	done := make(chan struct{})
	var conns sync.WaitGroup
	go func() {
		defer close(done)
		defer conns.Wait()
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			there, err := net.Dial("tcp", addr)
			if err != nil {
				_ = c.Close()
				continue
			}
			relay := func(to, from net.Conn) {
				_, _ = io.Copy(to, from)
				_, _ = to.Close(), from.Close()
			}
			conns.Go(func() { relay(there, c) })
			conns.Go(func() { relay(c, there) })
		}
	}()
	return done
}
