package bpf_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"

	xbpf "golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
	"pgregory.net/rapid"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/capture/bpf"
	"github.com/sensord/sensord/internal/tap"
)

func TestMain(m *testing.M) { tap.Main(m) }

// A listener is a packet socket on a device.
type listener struct {
	fd  int
	buf [4096]byte
}

func listen(tb testing.TB, d *tap.Device) *listener {
	tb.Helper()
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = unix.Close(fd) })
	protocol := binary.NativeEndian.Uint16([]byte{0, unix.ETH_P_ALL}) // in network order
	if err := unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: protocol, Ifindex: d.Index()}); err != nil {
		tb.Fatal(err)
	}
	return &listener{fd: fd}
}

func (l *listener) attach(code []xbpf.RawInstruction) error {
	filter := make([]unix.SockFilter, len(code))
	for i, in := range code {
		filter[i] = unix.SockFilter{Code: in.Op, Jt: in.Jt, Jf: in.Jf, K: in.K}
	}
	return unix.SetsockoptSockFprog(l.fd, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, &unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]})
}

// next returns what the socket receives next; it is valid until the next call.
func (l *listener) next(tb interface{ Fatal(...any) }) []byte {
	for {
		n, _, err := unix.Recvfrom(l.fd, l.buf[:], 0)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			tb.Fatal(err)
		}
		return l.buf[:n]
	}
}

// marker is a frame that no Spec drops: its radiotap version is unknown.
var marker = bytes.Repeat([]byte{0xee}, 20)

// The kernel's own machine says of each frame what x/net's says, and accepts
// each program: its verifier is stricter.
func TestKernelRunsProgramsAsTheVirtualMachineDoes(t *testing.T) {
	// From one processor, since frames of two may overtake each other.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var all, one unix.CPUSet
	if err := unix.SchedGetaffinity(0, &all); err != nil {
		t.Fatal(err)
	}
	for cpu := range 1024 {
		if all.IsSet(cpu) {
			one.Set(cpu)
			break
		}
	}
	if err := unix.SchedSetaffinity(0, &one); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = unix.SchedSetaffinity(0, &all) }()

	d := tap.New(t)
	l := listen(t, d)
	frames, dropped, cut := 0, 0, 0
	rapid.Check(t, func(t *rapid.T) {
		w, spec, lt := drawWish(t)
		p, err := bpf.Compile(spec, lt, w.allowKernel)
		if err != nil {
			t.Fatal(err)
		}
		run := vm(t, p)
		if err := l.attach(p.Kernel()); err != nil {
			t.Fatalf("%d instructions: %v", len(p.Kernel()), err)
		}
		for range 30 {
			frame := drawFrame(t, w.plain80211)
			if tap.Check(frame) != nil || bytes.Equal(frame, marker) {
				continue
			}
			if err := errors.Join(d.Write(frame), d.Write(marker)); err != nil {
				t.Fatal(err)
			}
			want := frame[:run(frame)]
			got := l.next(t)
			if bytes.Equal(got, marker) {
				got = nil
			} else if n := len(got); n > 0 {
				got = bytes.Clone(got)
				if !bytes.Equal(l.next(t), marker) {
					t.Fatalf("two frames arrived for %x", frame)
				}
			}
			if !bytes.Equal(got, want) {
				t.Fatalf("%x: kernel %x, machine %x", frame, got, want)
			}
			frames++
			if len(want) == 0 {
				dropped++
			} else if len(want) < len(frame) {
				cut++
			}
		}
	})
	t.Logf("%d frames, %d dropped and %d cut in the kernel", frames, dropped, cut)
	if frames < 1000 || dropped < 100 || cut < 10 {
		t.Errorf("%d frames, %d dropped and %d cut: too few to say anything", frames, dropped, cut)
	}
}

const optmem = "/proc/sys/net/core/optmem_max"

// A program that fits the budget can be exchanged on a live socket, on any
// machine.
func TestProgramsWithinTheBudgetCanBeExchanged(t *testing.T) {
	for _, size := range []int{20480, 131072} {
		// Linux 6.8 and later have one for each namespace; before, it cannot
		// be seen here, and is 20480 at least.
		if err := os.WriteFile(optmem, []byte(strconv.Itoa(size)), 0o600); err != nil {
			t.Logf("%s stays: %v", optmem, err)
			size = 20480
			if text, err := os.ReadFile(optmem); err == nil {
				if size, err = strconv.Atoi(strings.TrimSpace(string(text))); err != nil {
					t.Fatal(err)
				}
			}
		}
		p := compile(t, bpf.Spec{Addresses: manyMACs(500), Mgmt: true}, capture.LinkTypeRadiotap, bpf.Budget(size))
		l := listen(t, tap.New(t))
		for range 3 {
			if err := l.attach(p.Kernel()); err != nil {
				t.Errorf("%d bytes, %s: %v", size, p.Split(), err)
			}
		}
		t.Logf("%d bytes: %s", size, p.Split())
	}
}
