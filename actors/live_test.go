package actors

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/configs"
	"github.com/sensord/sensord/internal/tap"
	"github.com/sensord/sensord/uplink/kismet"
	"github.com/sensord/sensord/uplink/kismettest"
)

// TestLivePath runs itself again in a network namespace, with TAP devices for
// radios.
func TestLivePath(t *testing.T) {
	if os.Getenv(liveRole) == roleInside {
		testLivePath(t)
		return
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	child := exec.CommandContext(t.Context(), self, "-test.run=^TestLivePath$", "-test.v")
	// The race detector waits for a second at each process's end: not here.
	child.Env = append(os.Environ(), liveRole+"="+roleInside, "GORACE="+os.Getenv("GORACE")+" atexit_sleep_ms=0")
	if out, err := child.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

const (
	livePathFrames = 20_000
	// So far the sender may be ahead of what the server has seen, on each
	// device: a fraction of what the ring and the log hold, so that nothing is
	// dropped because the machine is busy.
	liveWindow    = 4000
	liveRingBytes = 16 << 20
)

// arrivals is what the server has of one radio, in the order of its coming.
type arrivals struct {
	numbers []int
	micros  []int64
	placed  int // that came with the position
}

// testLivePath sends numbered frames to two radios, each fifth of them to, from
// or through one of this machine's 200 addresses.
func testLivePath(t *testing.T) {
	devices := []*tap.Device{tap.New(t), tap.New(t)}
	var mu sync.Mutex
	bell := sync.NewCond(&mu)
	server := map[string]*arrivals{}
	seen := make([]int, len(devices)) // number behind the last that the server has, by radio
	srv := kismettest.Start(kismettest.Config{Keep: -1, OnFrame: func(uuid string, _ int, d *kismet.Data) {
		mu.Lock()
		defer mu.Unlock()
		a := server[uuid]
		if a == nil {
			a = &arrivals{}
			server[uuid] = a
		}
		n := numberOf(d.Packet.Content)
		a.numbers = append(a.numbers, n)
		a.micros = append(a.micros, int64(d.Packet.Sec)*1e6+int64(d.Packet.Usec))
		if d.GPS != nil && d.GPS.Lat == 52.1 {
			a.placed++
		}
		seen[n%len(devices)] = n
		bell.Broadcast()
	}})
	t.Cleanup(srv.Close)
	captured := make([][]int64, len(devices)) // times, nanoseconds
	r := startLive(t, liveConfig{
		devices: devices, ringBytes: liveRingBytes, addresses: 200, server: liveServer(t, srv.Addr, configs.TransportWebsocket),
		look: func(radio int, b *capture.Batch) {
			for i := range b.Len() {
				captured[radio] = append(captured[radio], b.Frame(i).TimeNs)
			}
		},
	})

	late := false
	limit := time.AfterFunc(livePatience, func() {
		mu.Lock()
		defer mu.Unlock()
		late = true
		bell.Broadcast()
	})
	defer limit.Stop()

	written := make([]time.Time, livePathFrames) // just before
	var numbers [2][]int
	begin := time.Now()
	filtered := 0
	for i := range livePathFrames {
		mu.Lock()
		for i-seen[i%2] > 2*liveWindow && !late {
			bell.Wait()
		}
		if late {
			t.Fatalf("frame %d of radio %d does not arrive; the server has %d\n%s", i, i%2, seen[i%2], r.log)
		}
		mu.Unlock()
		f := liveFrame(300)
		setNumber(f, i)
		if i%5 == 0 {
			filtered++
			copy(f[[]int{atDestination, atTransmitter, atBSSID}[filtered%3]:], ownAddress(filtered%200))
		} else {
			copy(f[atTransmitter:], []byte{2, 0xaa, byte(i >> 8), byte(i), 0, 1})
			numbers[i%2] = append(numbers[i%2], i)
		}
		written[i] = time.Now()
		if err := devices[i%2].Write(f); err != nil {
			t.Fatal(err)
		}
	}
	s := r.settle(t, livePathFrames)
	end := time.Now()
	r.halt()

	want := sums{received: uint64(livePathFrames - filtered), filtered: uint64(filtered)}
	want.captured, want.acked = want.received, want.received
	if s != want {
		t.Errorf("counters %+v, want %+v", s, want)
	}
	for i := range devices {
		uuid := capture.WifiUUID(liveMAC(i)).String()
		got := server[uuid]
		if got == nil {
			t.Fatalf("radio %d: the server knows no %s", i, uuid)
		}
		if diff := cmp.Diff(numbers[i], got.numbers); diff != "" {
			t.Fatalf("radio %d, frames (-want +got):\n%s", i, diff)
		}
		if got.placed != len(got.numbers) {
			t.Errorf("radio %d: %d of %d frames have their position", i, got.placed, len(got.numbers))
		}
		if err := checkTimes(captured[i], got.micros, numbers[i], written, begin, end); err != nil {
			t.Errorf("radio %d: %v", i, err)
		}
	}
}

// checkTimes says whether frames have the times at which they were written:
// not before, none behind the end, none out of order, with nanoseconds, and
// with the same microseconds on the server.
func checkTimes(captured, micros []int64, numbers []int, written []time.Time, begin, end time.Time) error {
	if len(captured) != len(numbers) {
		return fmt.Errorf("%d frames captured, want %d", len(captured), len(numbers))
	}
	if !slices.IsSorted(captured) {
		return fmt.Errorf("times are out of order")
	}
	if captured[0] < begin.UnixNano() || captured[len(captured)-1] > end.UnixNano() {
		return fmt.Errorf("times from %d to %d, the run was from %d to %d", captured[0], captured[len(captured)-1], begin.UnixNano(), end.UnixNano())
	}
	fine := 0
	for i, ns := range captured {
		if at := written[numbers[i]].UnixNano(); ns < at {
			return fmt.Errorf("frame %d: time %d, and it was written at %d", numbers[i], ns, at)
		}
		if ns/1000 != micros[i] {
			return fmt.Errorf("frame %d: time %d, and the server has %d us", numbers[i], ns, micros[i])
		}
		if ns%1000 != 0 {
			fine++
		}
	}
	if fine < len(captured)/2 {
		return fmt.Errorf("%d of %d times have nanoseconds", fine, len(captured))
	}
	return nil
}

// liveServer is the configuration of a server at an address on loopback.
func liveServer(tb testing.TB, addr string, transport configs.Transport) configs.Server {
	tb.Helper()
	host, text, err := net.SplitHostPort(addr)
	if err != nil {
		tb.Fatal(err)
	}
	port, err := strconv.Atoi(text)
	if err != nil {
		tb.Fatal(err)
	}
	return configs.Server{
		Name: "home", Transport: transport, Host: host, Port: port, Path: configs.DefaultEndpoint,
		Protocol: configs.ProtocolV3, User: "kismet", Password: "kismet",
	}
}

// liveMAC is the address of a live rig's radio.
func liveMAC(radio int) net.HardwareAddr { return net.HardwareAddr{2, 0xfe, 0, 0, 0, byte(radio)} }
