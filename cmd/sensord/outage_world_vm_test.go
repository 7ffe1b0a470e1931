//go:build vm && linux

package main_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	wlan "github.com/sensord/sensord/capture/radiotap"
	"github.com/sensord/sensord/internal/vmtest"
	"github.com/sensord/sensord/uplink/kismettest"
)

// A boottime is a clock that nobody can set: the true time is what the system's
// was when the test began, and how far that is off.
type boottime struct{ offsetNs int64 }

func newBoottime(t *testing.T) boottime {
	t.Helper()
	return boottime{time.Now().Add(clockOff).UnixNano() - boottimeNs(t)}
}

func boottimeNs(t testing.TB) int64 {
	t.Helper()
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &ts); err != nil {
		t.Fatal(err)
	}
	return ts.Nano()
}

// step sets the system's clock, and back when the test ends.
func step(t *testing.T, by time.Duration) {
	t.Helper()
	set := func(by time.Duration) error {
		now := unix.NsecToTimeval(time.Now().Add(by).UnixNano())
		return unix.Settimeofday(&now)
	}
	if err := set(by); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := set(-by); err != nil {
			t.Error(err)
		}
	})
}

// An airtime is when a frame was sent, from before the call to behind it: the
// emulated machine may be busy in between. CLOCK_BOOTTIME.
type airtime struct{ from, to int64 }

// A sender is a station that sends numbered frames, and notes when.
type sender struct {
	monitor *vmtest.Monitor

	mu   sync.Mutex
	sent []airtime // by number
	end  chan struct{}
	done chan struct{}
}

const sentMark = "sensord outage test "

func startSender(t *testing.T, rate int) *sender {
	t.Helper()
	radio := vmtest.NewRadio(t, vmtest.RadioOptions{})
	s := &sender{monitor: vmtest.NewMonitor(t, radio, vmtest.Channel(6)), end: make(chan struct{}), done: make(chan struct{})}
	go func() {
		defer close(s.done)
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		began := boottimeNs(t)
		for {
			select {
			case <-s.end:
				return
			case <-tick.C:
			}
			// A machine that was busy makes up for it.
			for due := int((boottimeNs(t) - began) * int64(rate) / 1e9); s.count() < due; {
				s.send(t)
			}
		}
	}()
	return s
}

func (s *sender) send(t *testing.T) {
	s.mu.Lock()
	n := len(s.sent)
	s.sent = append(s.sent, airtime{})
	s.mu.Unlock()
	bssid := []byte{2, 0x55, 0, 0, 0, 1}
	payload := binary.BigEndian.AppendUint64([]byte(sentMark), uint64(n))
	from := boottimeNs(t)
	s.monitor.Inject(t, vmtest.Data(bssid, []byte{2, 0x55, 0, 0, 0, 2}, bssid, payload))
	to := boottimeNs(t)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sent[n] = airtime{from, to}
}

func (s *sender) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.sent)
}

// stop ends the sending and returns when each frame was sent.
func (s *sender) stop() []airtime {
	close(s.end)
	<-s.done
	return s.sent
}

// sentNumber is the number of a sender's frame.
func sentNumber(f kismettest.Frame) (n int, ok bool) {
	h, err := wlan.Parse(f.Content)
	if err != nil || len(f.Content) < h.Length+24 {
		return 0, false
	}
	number, ok := strings.CutPrefix(string(f.Content[h.Length+24:]), sentMark)
	if !ok || len(number) < 8 {
		return 0, false
	}
	return int(binary.BigEndian.Uint64([]byte(number))), true
}

// placed counts the frames that arrived with a place.
func placed(srv *kismettest.Server, uuid string) (n int) {
	for _, f := range srv.Frames(uuid) {
		if f.GPS != nil {
			n++
		}
	}
	return n
}

// awaitNumber waits until the server has a frame of at least that number.
func awaitNumber(t *testing.T, srv *kismettest.Server, uuid string, last int) {
	t.Helper()
	deadline := time.NewTimer(time.Minute + *outageTime)
	defer deadline.Stop()
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		all := srv.Frames(uuid)
		for _, f := range slices.Backward(all) {
			if n, ok := sentNumber(f); ok {
				if n >= last {
					return
				}
				break
			}
		}
		select {
		case <-deadline.C:
			t.Fatalf("frame %d has not arrived; the server has %d", last, len(all))
		case <-tick.C:
		}
	}
}

// wait lets so much time pass.
func wait(d time.Duration) {
	timer := time.NewTimer(d)
	<-timer.C
}

// smallDisk mounts a file system that is soon full.
func smallDisk(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	size := 16<<20 + int(outageTime.Seconds())**outageRate*512
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%d", size)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// fill leaves no room on a disk. It returns what takes it.
func fill(t *testing.T, disk string) string {
	t.Helper()
	name := filepath.Join(disk, "filler")
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	block := make([]byte, 64<<10)
	for size := len(block); size > 0; {
		if _, err := f.Write(block[:size]); err != nil {
			if !errors.Is(err, unix.ENOSPC) {
				t.Fatal(err)
			}
			size /= 2
		}
	}
	return name
}

// residentKiB is the memory that a process has now.
func residentKiB(t *testing.T, pid int) int {
	t.Helper()
	for line := range strings.Lines(sys(t, "/proc", fmt.Sprint(pid), "status")) {
		var kib int
		if _, err := fmt.Sscanf(line, "VmRSS: %d kB", &kib); err == nil {
			return kib
		}
	}
	t.Fatal("no VmRSS")
	return 0
}
