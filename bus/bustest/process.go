//go:build !lite

package bustest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// Process is a nats-server process.
type Process struct {
	URL     string // for clients
	LeafURL string // for leaves; "" if the configuration has no leafnodes block

	dir string
	cmd *exec.Cmd
	log *safeBuffer
}

// NATSServer builds nats-server from the module that go.mod pins, and starts it
// with a configuration. The port of clients, and the store, are added to it;
// a leafnodes block is written with port: -1. It ends with the test.
func NATSServer(tb testing.TB, conf string) *Process {
	tb.Helper()
	p := &Process{dir: tb.TempDir()}
	// The ports must stay the same when the process begins again.
	client, leaf := freePort(tb), freePort(tb)
	p.URL = fmt.Sprintf("nats://127.0.0.1:%d", client)
	if strings.Contains(conf, "leafnodes") {
		p.LeafURL = fmt.Sprintf("nats://127.0.0.1:%d", leaf)
		conf = strings.Replace(conf, "port: -1", fmt.Sprintf("listen: %q", fmt.Sprintf("127.0.0.1:%d", leaf)), 1)
	}
	conf = fmt.Sprintf("listen: \"127.0.0.1:%d\"\n", client) + conf
	if err := os.WriteFile(filepath.Join(p.dir, "nats.conf"), []byte(conf), 0o600); err != nil {
		tb.Fatal(err)
	}
	p.start(tb)
	tb.Cleanup(func() { p.Kill(tb) })
	return p
}

// Kill ends the process as SIGKILL does.
func (p *Process) Kill(tb testing.TB) {
	tb.Helper()
	if p.cmd == nil {
		return
	}
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
	p.cmd = nil
	if tb.Failed() {
		tb.Logf("nats-server said:\n%s", p.log.String())
	}
}

// Restart starts the process again, with the same store and ports. It kills it
// if it runs.
func (p *Process) Restart(tb testing.TB) {
	tb.Helper()
	p.Kill(tb)
	p.start(tb)
}

// Log returns what the process has said since it began.
func (p *Process) Log() string { return p.log.String() }

func (p *Process) start(tb testing.TB) {
	tb.Helper()
	p.log = new(safeBuffer)
	ports := filepath.Join(p.dir, "ports")
	if err := os.RemoveAll(ports); err != nil {
		tb.Fatal(err)
	}
	if err := os.Mkdir(ports, 0o700); err != nil {
		tb.Fatal(err)
	}
	p.cmd = exec.Command(natsServer(tb), "-c", filepath.Join(p.dir, "nats.conf"), //nolint:noctx // Kill ends it
		"-sd", filepath.Join(p.dir, "store"), "--ports_file_dir", ports)
	p.cmd.Stdout, p.cmd.Stderr = p.log, p.log
	if err := p.cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	Wait(tb, "nats-server to take connections", func() bool {
		files, _ := filepath.Glob(filepath.Join(ports, "*.ports"))
		if len(files) == 0 {
			return false
		}
		data, err := os.ReadFile(files[0])
		return err == nil && json.Valid(data) && p.answers()
	})
}

func (p *Process) answers() bool {
	c, err := net.Dial("tcp", strings.TrimPrefix(p.URL, "nats://"))
	if err != nil {
		return false
	}
	_ = c.Close()
	return true
}

// natsServer returns the built program, which is kept in the temporary
// directory of the user under the version's name and built once: the linker
// takes longer than most tests.
func natsServer(tb testing.TB) string {
	tb.Helper()
	version, err := exec.Command("go", "list", "-m", "-f", "{{.Version}}", module).Output() //nolint:noctx // ends by itself
	if err != nil {
		tb.Fatalf("go list %s: %v", module, err)
	}
	//nolint:usetesting // all test processes share it
	dir := filepath.Join(os.TempDir(), fmt.Sprintf("sensord-bustest-%d", os.Getuid()))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		tb.Fatal(err)
	}
	program := filepath.Join(dir, "nats-server-"+strings.TrimSpace(string(version)))
	if _, err := os.Stat(program); err == nil {
		return program
	}
	made := fmt.Sprintf("%s.%d", program, os.Getpid())
	build := exec.Command("go", "build", "-o", made, module) //nolint:noctx // ends by itself
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOARCH=", "GOFLAGS=")
	if out, err := build.CombinedOutput(); err != nil {
		tb.Fatalf("go build %s: %v\n%s", module, err, out)
	}
	if err := os.Rename(made, program); err != nil {
		tb.Fatal(err)
	}
	return program
}

const module = "github.com/nats-io/nats-server/v2"

func freePort(tb testing.TB) int {
	tb.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// safeBuffer is a buffer that a process writes while a test reads it.
type safeBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

// Write implements io.Writer.
func (b *safeBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

// String returns all that was written.
func (b *safeBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}
