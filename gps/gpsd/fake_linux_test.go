package gpsd_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sensord/sensord/gps"
	"github.com/sensord/sensord/gps/gpsd"
	"github.com/sensord/sensord/internal/fault"
)

// patience bounds each wait for a real gpsd: it only matters when something is
// broken.
const patience = 2 * time.Minute

// boottime is CLOCK_BOOTTIME.
func boottime() int64 {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &ts); err != nil {
		panic(err)
	}
	return ts.Nano()
}

// program finds a program, also where only root looks.
func program(t *testing.T, name string) string {
	t.Helper()
	for _, dir := range append(filepath.SplitList(os.Getenv("PATH")), "/usr/local/sbin", "/usr/sbin", "/sbin") {
		if path, err := exec.LookPath(filepath.Join(dir, name)); err == nil {
			return path
		}
	}
	t.Fatalf("%s is missing: run make deps", name)
	return ""
}

// publicDir is a directory of the test that gpsd reaches, too: as root it gives
// up its rights once it has begun.
func publicDir(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, d := range []string{dir, filepath.Dir(dir)} {
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// freePort returns a port that nobody listened on a moment ago.
func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// A process is a gpsd or gpsfake of the test, with all that it started.
type process struct {
	cmd  *exec.Cmd
	done chan struct{}
	log  *logBuffer
}

func start(t *testing.T, environment []string, name string, args ...string) *process {
	t.Helper()
	p := &process{cmd: exec.Command(program(t, name), args...), done: make(chan struct{}), log: &logBuffer{}}
	p.cmd.Env = append(os.Environ(), environment...)
	// gpsfake looks for gpsd, which is where only root looks.
	p.cmd.Env = append(p.cmd.Env, "PATH="+os.Getenv("PATH")+":/usr/local/sbin:/usr/sbin:/sbin")
	p.cmd.Stdout, p.cmd.Stderr = p.log, p.log
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = p.cmd.Wait()
		close(p.done)
	}()
	t.Cleanup(func() {
		p.end()
		if t.Failed() {
			t.Logf("%s %s said:\n%s", name, strings.Join(args, " "), p.log)
		}
	})
	return p
}

// end kills the process and what it started, and waits for its end.
func (p *process) end() {
	_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
	<-p.done
}

// logBuffer keeps what a process says.
type logBuffer struct {
	mu  sync.Mutex
	all []byte
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.all = append(b.all, p...)
	return len(p), nil
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return string(b.all)
}

// A daemon is a real gpsd.
type daemon struct {
	*process
	address string
	control string
	args    []string
	port    int
}

// startGPSD starts a gpsd that reads from these devices, and waits until it
// listens.
func startGPSD(t *testing.T, devices ...string) *daemon {
	t.Helper()
	d := &daemon{control: filepath.Join(publicDir(t), "control"), args: devices}
	for range 5 {
		d.port = freePort(t)
		if d.begin(t) {
			return d
		}
	}
	t.Fatalf("gpsd does not begin: %s", d.log)
	return nil
}

// begin starts the gpsd on its port. It reports false if it ends at once, as it
// does when somebody else has the port.
func (d *daemon) begin(t *testing.T) bool {
	t.Helper()
	d.address = net.JoinHostPort("127.0.0.1", strconv.Itoa(d.port))
	// -b: it only reads, so that nobody needs to answer its questions on a pty.
	args := append([]string{"-N", "-n", "-b", "-S", strconv.Itoa(d.port), "-F", d.control}, d.args...)
	d.process = start(t, []string{fmt.Sprintf("GPSD_SHM_KEY=0x%x", 0x47700000+d.port)}, "gpsd", args...)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	limit := time.After(patience)
	for {
		conn, err := net.Dial("tcp", d.address)
		if err == nil {
			_ = conn.Close()
			return true
		}
		select {
		case <-d.done:
			return false
		case <-limit:
			t.Fatalf("gpsd does not listen: %s", d.log)
		case <-tick.C:
		}
	}
}

// hotplug tells gpsd what udev does when a device comes ("+/dev/x") or goes
// ("-/dev/x"), and returns what it answers.
func (d *daemon) hotplug(t *testing.T, command string) string {
	t.Helper()
	conn, err := net.Dial("unix", d.control)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(patience))
	if _, err := conn.Write([]byte(command + "\r\n\x00")); err != nil {
		t.Fatal(err)
	}
	answer := make([]byte, 16)
	n, err := conn.Read(answer)
	if err != nil {
		t.Fatalf("gpsd does not answer to %s: %v", command, err)
	}
	return strings.TrimSpace(string(answer[:n]))
}

// A listener runs a client as an actor does: again and again, without mercy.
type listener struct {
	client *gpsd.Client
	events chan any // gps.Event, or error when a Run has ended
}

func listen(t *testing.T, o gpsd.Options) *listener {
	t.Helper()
	o.Now = boottime
	l := &listener{client: gpsd.New(o), events: make(chan any, 1024)}
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	send := func(v any) {
		select {
		case l.events <- v:
		case <-ctx.Done():
		}
	}
	wg.Go(func() {
		pause := time.NewTicker(100 * time.Millisecond)
		defer pause.Stop()
		for ctx.Err() == nil {
			err := l.client.Run(ctx, func(e gps.Event) { send(e) })
			if ctx.Err() != nil {
				if !errors.Is(err, context.Canceled) {
					t.Errorf("Run returned %v at the end, want the context's error", err)
				}
				return
			}
			send(err)
			<-pause.C
		}
	})
	t.Cleanup(func() {
		cancel()
		wg.Wait()
	})
	return l
}

// await returns the first event that match takes, and fails the test if none
// comes.
func await[E any](t *testing.T, l *listener, what string, match func(E) bool) E {
	t.Helper()
	var seen []string
	limit := time.After(patience)
	for {
		select {
		case e := <-l.events:
			if v, ok := e.(E); ok && match(v) {
				return v
			}
			if seen = append(seen, fmt.Sprintf("%T %+v", e, e)); len(seen) > 20 {
				seen = seen[1:]
			}
		case <-limit:
			t.Fatalf("no %s; the last that came:\n%s", what, strings.Join(seen, "\n"))
		}
	}
}

// awaitEnd waits for a Run that ends with code and says why.
func awaitEnd(t *testing.T, l *listener, code fault.Code, why string) {
	t.Helper()
	_ = await(t, l, fmt.Sprintf("end with %s %q", code, why), func(err error) bool {
		if fault.RemedyOf(err) == "" {
			t.Errorf("%v has no remedy", err)
		}
		return fault.CodeOf(err) == code && (why == "" || err.Error() == l.client.Object()+": "+why)
	})
}

func hasFix(device string) func(gps.Fix) bool {
	return func(f gps.Fix) bool {
		return (device == "" || f.Device == device) && f.Mode == gps.Mode3D
	}
}
