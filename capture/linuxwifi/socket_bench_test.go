package linuxwifi_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/capture/bpf"
	"github.com/sensord/sensord/capture/linuxwifi"
	"github.com/sensord/sensord/capture/radiotap"
	"github.com/sensord/sensord/internal/tap"
)

// The frames come from a process of their own, which also pays for the kernel's
// part: what it takes to run the filter and to copy a frame into the ring. The
// CPU time reported here is the receiver's alone, all of this process.
//
//	go test -run - -bench Capture -benchmem ./capture/linuxwifi
//
// One operation is one frame. frames/s is at the sender's full speed;
// dropped/op says whether the receiver kept up.

// benchRole is set in the environment of the sending process, to the number of
// devices, which it has from file descriptor 3 on.
const benchRole = "SENSORD_BENCH_ROLE"

const benchFrameBytes = 250

func BenchmarkCapture(b *testing.B) {
	for _, radios := range []int{1, 4} {
		for _, plain := range []bool{false, true} {
			for _, addresses := range []int{0, 200} {
				kind := "ring"
				if plain {
					kind = "plain"
				}
				b.Run(fmt.Sprintf("radios=%d/%s/addresses=%d", radios, kind, addresses), func(b *testing.B) {
					r := newRig(b, radios)
					r.capture(b, linuxwifi.SocketConfig{Plain: plain, Filter: addressFilter(b, addresses)}, 0).report(b)
				})
			}
		}
	}
}

// What a sensor does all day: four radios on busy channels. cores is how much
// of one it takes.
func BenchmarkCapturePaced(b *testing.B) {
	r := newRig(b, 4)
	m := r.capture(b, linuxwifi.SocketConfig{Filter: addressFilter(b, 200)}, 40_000)
	m.report(b)
	b.ReportMetric(m.cpu.Seconds()/m.took.Seconds(), "cores")
}

// A measure is what receiving some frames took.
type measure struct {
	sent, received, dropped int
	took, cpu               time.Duration
}

func (m measure) cpuPerFrame() float64 {
	return float64(m.cpu.Nanoseconds()) / float64(max(1, m.received))
}
func (m measure) sentRate() float64 { return float64(m.sent) / m.took.Seconds() }

func (m measure) report(b *testing.B) {
	b.ReportMetric(float64(m.received)/m.took.Seconds(), "frames/s")
	b.ReportMetric(m.cpuPerFrame(), "cpu-ns/frame")
	b.ReportMetric(float64(m.dropped)/float64(m.sent), "dropped/op")
}

// A rig is some devices and a process that writes to them.
type rig struct {
	devices []*tap.Device
	in      *os.File
	out     *bufio.Reader
}

func newRig(b *testing.B, radios int) *rig {
	b.Helper()
	self, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	r := &rig{}
	child := exec.Command(self)
	child.Env = append(os.Environ(), fmt.Sprintf("%s=%d", benchRole, radios))
	child.Stderr = os.Stderr
	for range radios {
		d := tap.New(b)
		r.devices = append(r.devices, d)
		child.ExtraFiles = append(child.ExtraFiles, d.File())
	}
	stdin, in, err := os.Pipe()
	if err != nil {
		b.Fatal(err)
	}
	out, stdout, err := os.Pipe()
	if err != nil {
		b.Fatal(err)
	}
	child.Stdin, child.Stdout = stdin, stdout
	r.in, r.out = in, bufio.NewReader(out)
	if err := child.Start(); err != nil {
		b.Fatal(err)
	}
	_, _ = stdin.Close(), stdout.Close()
	b.Cleanup(func() {
		_ = in.Close()
		if err := child.Wait(); err != nil {
			b.Error("sender:", err)
		}
		_ = out.Close()
	})
	return r
}

// sendFrames has frames sent, so many each second or 0 for as many as can be.
func (r *rig) sendFrames(b *testing.B, frames, rate int) {
	b.Helper()
	if _, err := fmt.Fprintln(r.in, frames, rate); err != nil {
		b.Fatal(err)
	}
	if line, err := r.out.ReadString('\n'); line != "sent\n" {
		b.Fatalf("sender: %q, %v", line, err)
	}
}

// runBenchRole is the sending process: one line in, frames and rate, one line
// out when they are written.
func runBenchRole() int {
	frames := make([][]byte, 256)
	for i := range frames {
		frames[i] = testFrame(uint32(i), 1, benchFrameBytes)
		frames[i][atTransmitter+5] = byte(i)
	}
	devices, err := strconv.Atoi(os.Getenv(benchRole))
	if err != nil {
		return 1
	}
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		var n, rate int
		if _, err := fmt.Sscan(in.Text(), &n, &rate); err != nil {
			return 1
		}
		begin, tick := time.Now(), time.NewTicker(time.Millisecond)
		for i := range n {
			for rate > 0 && float64(i) > time.Since(begin).Seconds()*float64(rate) {
				<-tick.C
			}
			if _, err := unix.Write(3+i%devices, frames[i%len(frames)]); err != nil {
				fmt.Fprintln(os.Stderr, err)
				return 1
			}
		}
		tick.Stop()
		fmt.Println("sent") //nolint:forbidigo // the answer to the process that measures
	}
	return 0
}

// capture receives b.N frames.
func (r *rig) capture(b *testing.B, c linuxwifi.SocketConfig, rate int) measure {
	b.Helper()
	ctx, stop := context.WithCancel(b.Context())
	var sockets []*linuxwifi.Socket
	var readers sync.WaitGroup
	for _, d := range r.devices {
		s := openSocket(b, d, c)
		sockets = append(sockets, s)
		readers.Go(func() {
			for {
				batch, err := s.ReadBatch(ctx)
				if err != nil {
					return
				}
				batch.Release()
			}
		})
	}
	defer func() {
		stop()
		readers.Wait()
		for _, s := range sockets {
			_ = s.Close() // a ring that nobody reads costs the sender time
		}
	}()

	b.ReportAllocs()
	b.ResetTimer()
	m, begin, cpu := measure{sent: b.N}, time.Now(), cpuTime(b)
	r.sendFrames(b, b.N, rate)
	m.took = time.Since(begin)
	for settled := 0; ; {
		var sum linuxwifi.SocketStats
		for _, s := range sockets {
			st := s.Stats()
			sum.Received += st.Received
			sum.UserFiltered += st.UserFiltered
			sum.Filtered += st.Filtered
			sum.KernelDropped += st.KernelDropped
		}
		settled = int(sum.Received + sum.UserFiltered + sum.Filtered + sum.KernelDropped)
		m.received, m.dropped = settled-int(sum.KernelDropped), int(sum.KernelDropped)
		if settled >= b.N {
			break
		}
		pause(b, time.Millisecond)
	}
	m.cpu = cpuTime(b) - cpu
	return m
}

func cpuTime(b *testing.B) time.Duration {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func pause(b *testing.B, d time.Duration) {
	select {
	case <-time.After(d):
	case <-b.Context().Done():
	}
}

// addressFilter is of so many addresses, of which ten are heard: what a sensor
// drops is its own traffic.
func addressFilter(b *testing.B, n int) linuxwifi.Filter {
	b.Helper()
	if n == 0 {
		return nil
	}
	var spec bpf.Spec
	for i := range n {
		spec.Addresses = append(spec.Addresses, radiotap.MAC{2, byte(i / 10), 0, 0, 0, byte(i)})
	}
	p, err := bpf.Compile(spec, capture.LinkTypeRadiotap, 4096)
	if err != nil {
		b.Fatal(err)
	}
	return p
}
