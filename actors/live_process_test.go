package actors

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sensord/sensord/internal/tap"
	"github.com/sensord/sensord/uplink/kismettest"
)

// What is not the sensor has processes of its own in a benchmark, so that the
// CPU time and the memory of this one are the sensor's: one writes frames, and
// pays for the kernel's part until they lie in the ring, one is the server.

// A helper is a process that answers each line with one.
type helper struct {
	role string
	in   *os.File
	out  *bufio.Reader
}

// startHelper runs this program in a role, with files as descriptors from 3 on.
func startHelper(b *testing.B, role string, files ...*os.File) *helper {
	b.Helper()
	self, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	stdin, in, err := os.Pipe()
	if err != nil {
		b.Fatal(err)
	}
	out, stdout, err := os.Pipe()
	if err != nil {
		b.Fatal(err)
	}
	child := exec.Command(self)
	child.Env = append(os.Environ(), liveRole+"="+role)
	child.Stdin, child.Stdout, child.Stderr = stdin, stdout, os.Stderr
	child.ExtraFiles = files
	if err := child.Start(); err != nil {
		b.Fatal(err)
	}
	_, _ = stdin.Close(), stdout.Close()
	b.Cleanup(func() {
		_ = in.Close() // its end
		if err := child.Wait(); err != nil {
			b.Errorf("%s: %v", role, err)
		}
		_ = out.Close()
	})
	return &helper{role: role, in: in, out: bufio.NewReader(out)}
}

// ask sends a line and returns the answer.
func (h *helper) ask(b *testing.B, line string) string {
	b.Helper()
	if _, err := fmt.Fprintln(h.in, line); err != nil {
		b.Fatal(err)
	}
	answer, err := h.out.ReadString('\n')
	if err != nil {
		b.Fatalf("%s: %v", h.role, err)
	}
	return strings.TrimSpace(answer)
}

func startSender(b *testing.B, devices []*tap.Device) *helper {
	b.Helper()
	files := make([]*os.File, len(devices))
	for i, d := range devices {
		files[i] = d.File()
	}
	return startHelper(b, roleSender, files...)
}

// send has frames sent, over all devices so many each second, or 0 for as many
// as can be.
func (h *helper) send(b *testing.B, devices, frames, rate int) {
	b.Helper()
	if said := h.ask(b, fmt.Sprint(devices, " ", frames, " ", rate)); said != "sent" {
		b.Fatalf("%s: %q", h.role, said)
	}
}

// liveFrameBytes is the length of what the sender writes.
const liveFrameBytes = 250

// transmittersPerDevice is how many a sender has on each device; the first ten have
// addresses that ownAddress gives.
const transmittersPerDevice = 256

// runSender is the sending process: devices, frames and rate in, one line out
// when they are written.
func runSender() int {
	frame := liveFrame(liveFrameBytes)
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		var devices, n, rate int
		if _, err := fmt.Sscan(in.Text(), &devices, &n, &rate); err != nil {
			return 1
		}
		begin, tick := time.Now(), time.NewTicker(time.Millisecond)
		for i := range n {
			for rate > 0 && float64(i) > time.Since(begin).Seconds()*float64(rate) {
				<-tick.C
			}
			setNumber(frame, i)
			frame[atTransmitter+5] = byte(i / devices % transmittersPerDevice)
			if _, err := unix.Write(3+i%devices, frame); err != nil {
				fmt.Fprintln(os.Stderr, "write a frame:", err)
				return 1
			}
		}
		tick.Stop()
		answer("sent")
	}
	return 0
}

// runServer is the server's process: it says where it listens, and then, for
// each line, how many frames it has counted.
func runServer() int {
	srv := kismettest.Start(kismettest.Config{CountOnly: true})
	defer srv.Close()
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		switch in.Text() {
		case "where":
			answer(srv.Addr + " " + srv.TCPAddr)
		case "count":
			n := 0
			for _, s := range srv.Sources() {
				n += s.Frames
			}
			answer(strconv.Itoa(n))
		}
	}
	return 0
}

// answer writes a line to the process that asked.
func answer(line string) { _, _ = fmt.Fprintln(os.Stdout, line) }
