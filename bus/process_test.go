//go:build !lite

package bus_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// A process is this program in a role of its own. It is told in lines what to
// do, and answers each with a line of JSON. It ends when nobody is left to tell
// it anything.
type process struct {
	role string
	cmd  *exec.Cmd
	in   io.WriteCloser
	out  *json.Decoder
	over bool
}

// startProcess starts this program in a role, and tells it what with.
func startProcess(tb testing.TB, role string, with any) *process {
	tb.Helper()
	self, err := os.Executable()
	if err != nil {
		tb.Fatal(err)
	}
	p := &process{role: role, cmd: exec.Command(self)}
	p.cmd.Env = append(os.Environ(), processRole+"="+role)
	p.cmd.Stderr = os.Stderr
	if p.in, err = p.cmd.StdinPipe(); err != nil {
		tb.Fatal(err)
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		tb.Fatal(err)
	}
	p.out = json.NewDecoder(out)
	if err := p.cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := p.end(); err != nil {
			tb.Errorf("%s: %v", role, err)
		}
	})
	text, err := json.Marshal(with)
	if err != nil {
		tb.Fatal(err)
	}
	p.tell(tb, string(text))
	return p
}

// tell sends a line.
func (p *process) tell(tb testing.TB, line string) {
	tb.Helper()
	if _, err := fmt.Fprintln(p.in, line); err != nil {
		tb.Fatalf("tell the %s %q: %v", p.role, line, err)
	}
}

// ask sends a line and reads the answer.
func (p *process) ask(tb testing.TB, line string, answer any) {
	tb.Helper()
	p.tell(tb, line)
	p.read(tb, answer)
}

// read reads the answer to a line that was sent.
func (p *process) read(tb testing.TB, answer any) {
	tb.Helper()
	if err := p.out.Decode(answer); err != nil {
		tb.Fatalf("answer of the %s: %v", p.role, err)
	}
}

// end ends the process in order, and waits for that.
func (p *process) end() error {
	if p.over {
		return nil
	}
	p.over = true
	_ = p.in.Close()
	return p.cmd.Wait()
}

// kill ends the process as SIGKILL does, and waits for that.
func (p *process) kill(tb testing.TB) {
	tb.Helper()
	if err := p.cmd.Process.Kill(); err != nil {
		tb.Fatal(err)
	}
	p.over = true
	_ = p.in.Close()
	_ = p.cmd.Wait()
}

// runProcess is the whole life of a process in a role.
func runProcess(role string) int {
	run := map[string]func(*orders) error{roleHub: runHub, roleRigs: runRigs}[role]
	if run == nil {
		run = func(*orders) error { return fmt.Errorf("there is no such role") }
	}
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 1<<20)
	if err := run(&orders{in: in, out: json.NewEncoder(os.Stdout)}); err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", role, err)
		return 1
	}
	return 0
}

// orders are what a process is told.
type orders struct {
	in  *bufio.Scanner
	out *json.Encoder
}

// with reads what the process is started with.
func (o *orders) with(to any) error {
	if !o.in.Scan() {
		return io.ErrUnexpectedEOF
	}
	return json.Unmarshal(o.in.Bytes(), to)
}

// each calls do for each order, with its words, and writes the answers.
func (o *orders) each(do func(words []string) (any, error)) error {
	for o.in.Scan() {
		answer, err := do(strings.Fields(o.in.Text()))
		if err != nil {
			return fmt.Errorf("%s: %w", o.in.Text(), err)
		}
		if err := o.out.Encode(answer); err != nil {
			return err
		}
	}
	return o.in.Err()
}

// boottime is CLOCK_BOOTTIME, which all processes of a machine share.
func boottime() int64 {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &ts); err != nil {
		panic(err) // every kernel that Go runs on has it
	}
	return ts.Nano()
}

// systemUTC takes the system clock for true.
func systemUTC() (ns int64, known bool) { return time.Now().UnixNano(), true }
