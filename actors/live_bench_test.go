package actors

import (
	"bytes"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sensord/sensord/configs"
	"github.com/sensord/sensord/internal/tap"
)

// The whole way of a frame: from TAP devices through the kernel's ring and a
// rig to a server. Who sends and who serves are processes of their own, so that
// CPU time, allocations and memory are the sensor's alone, its part of the
// kernel's work for sockets included.
//
//	go test -run - -bench LivePath ./actors
//
// One operation is one run of so many frames: -benchtime 1x is one run.
const (
	liveBenchFrames = 400_000
	livePacedTime   = 10 * time.Second
	benchRingBytes  = 2 << 20
)

// BenchmarkLivePath runs as fast as the sender sends, and then slower until
// neither kernel nor log drop a frame; and then the same with tcpdump, which
// only writes them to /dev/null. The ratios are ours to tcpdump's.
func BenchmarkLivePath(b *testing.B) {
	for _, radios := range []int{1, 4} {
		for _, addresses := range []int{0, 200} {
			b.Run(fmt.Sprintf("radios=%d/addresses=%d", radios, addresses), func(b *testing.B) {
				benchLivePath(b, radios, addresses, configs.TransportWebsocket)
			})
		}
	}
	b.Run("radios=1/addresses=0/kept", func(b *testing.B) { benchKeptPath(b, 1) })
	b.Run("radios=4/addresses=0/kept", func(b *testing.B) { benchKeptPath(b, 4) })
	b.Run("radios=4/addresses=0/tcp", func(b *testing.B) { benchLivePath(b, 4, 0, configs.TransportTCP) })
}

func benchLivePath(b *testing.B, radios, addresses int, transport configs.Transport) {
	w := newLiveWorld(b, radios)
	r := w.start(b, addresses, transport)
	resetPeak(b)
	var full liveMeasure
	for b.Loop() {
		full.add(r.run(b, liveBenchFrames, 0))
	}
	full.report(b)
	b.ReportMetric(mib(b, "VmHWM"), "MiB-rss")
	most := lossless(full, func(rate int) liveMeasure { return r.run(b, liveBenchFrames, rate) })
	r.end(b)
	theirs := w.tcpdump(b, liveBenchFrames, 0)
	theirMost := lossless(theirs, func(rate int) liveMeasure { return w.tcpdump(b, liveBenchFrames, rate) })
	b.ReportMetric(theirs.cpuPerFrame(), "tcpdump-cpu-ns/frame")
	b.ReportMetric(full.cpuPerFrame()/theirs.cpuPerFrame(), "cpu-ratio")
	b.ReportMetric(most, "lossless-frames/s")
	b.ReportMetric(theirMost, "tcpdump-lossless-frames/s")
	b.ReportMetric(most/theirMost, "lossless-ratio")
}

// benchKeptPath has every frame written to disk before anything else is known of
// it, and compares that with the same where nothing is.
func benchKeptPath(b *testing.B, radios int) {
	w := newLiveWorld(b, radios)
	var full, plain liveMeasure
	for _, kept := range []bool{false, true} {
		m := &plain
		if w.spool = ""; kept {
			m, w.spool = &full, b.TempDir()
		}
		r := w.start(b, 0, configs.TransportWebsocket)
		for range max(1, b.N) {
			m.add(r.run(b, liveBenchFrames, 0))
		}
		if kept {
			b.ReportMetric(lossless(*m, func(rate int) liveMeasure { return r.run(b, liveBenchFrames, rate) }), "lossless-frames/s")
		}
		r.end(b)
	}
	full.report(b)
	b.ReportMetric(full.cpuPerFrame()/plain.cpuPerFrame(), "cpu-ratio")
	b.ReportMetric(full.rate()/plain.rate(), "rate-ratio")
}

// BenchmarkLivePathPaced is what a sensor does all day, with a filter of 200
// addresses. The program that runs here is larger than sensord: MiB-anon is
// without what is mapped from files, which the rings count to as well.
func BenchmarkLivePathPaced(b *testing.B) {
	for _, rate := range []int{1_000, 10_000} {
		b.Run(fmt.Sprintf("radios=4/rate=%d", rate), func(b *testing.B) {
			r := newLiveWorld(b, 4).start(b, 200, configs.TransportWebsocket)
			resetPeak(b)
			var m liveMeasure
			for b.Loop() {
				m.add(r.run(b, int(livePacedTime.Seconds())*4*rate, 4*rate))
			}
			m.report(b)
			b.ReportMetric(m.cpu.Seconds()/m.took.Seconds(), "cores")
			b.ReportMetric(mib(b, "VmHWM"), "MiB-rss")
			b.ReportMetric(mib(b, "RssAnon"), "MiB-anon")
			if m.kernelDropped+m.logDropped > 0 {
				b.Errorf("%d frames dropped by the kernel and %d by the log, want none", m.kernelDropped, m.logDropped)
			}
			r.end(b)
		})
	}
}

// A liveMeasure is what some frames took.
type liveMeasure struct {
	sent, received, kernelDropped, logDropped int
	took, sending, cpu                        time.Duration
	mallocs                                   uint64
}

func (m *liveMeasure) add(n liveMeasure) {
	m.sent += n.sent
	m.received += n.received
	m.kernelDropped += n.kernelDropped
	m.logDropped += n.logDropped
	m.took += n.took
	m.sending += n.sending
	m.cpu += n.cpu
	m.mallocs += n.mallocs
}

// cpuPerFrame is CPU time, nanoseconds per frame that was captured: neither
// filtered nor dropped by the kernel.
func (m liveMeasure) cpuPerFrame() float64 {
	return float64(m.cpu.Nanoseconds()) / float64(max(1, m.received))
}

// rate is how many frames a second were not dropped.
func (m liveMeasure) rate() float64 {
	return float64(m.sent-m.kernelDropped-m.logDropped) / m.took.Seconds()
}

func (m liveMeasure) report(b *testing.B) {
	b.Helper()
	sent := float64(m.sent)
	b.ReportMetric(m.rate(), "frames/s")
	b.ReportMetric(m.cpuPerFrame(), "cpu-ns/frame")
	b.ReportMetric(float64(m.kernelDropped)/sent, "kernel-dropped/frame")
	b.ReportMetric(float64(m.logDropped)/sent, "log-dropped/frame")
	b.ReportMetric(float64(m.mallocs)/sent, "allocs/frame")
}

// lossless goes on slower than a run until no frame is lost. It returns how
// many frames a second that was, the wait for the last ones included.
func lossless(m liveMeasure, run func(rate int) liveMeasure) float64 {
	for m.kernelDropped+m.logDropped > 0 {
		rate := int(0.8 * float64(m.sent) / m.sending.Seconds())
		if rate < 1000 {
			return 0
		}
		m = run(rate)
	}
	return m.rate()
}

// A liveWorld is some devices and who sends to them.
type liveWorld struct {
	devices []*tap.Device
	spool   string // of the rigs; "" is none
	sender  *helper
}

func newLiveWorld(b *testing.B, radios int) *liveWorld {
	b.Helper()
	w := &liveWorld{}
	for range radios {
		w.devices = append(w.devices, tap.New(b))
	}
	w.sender = startSender(b, w.devices)
	return w
}

// A liveRun is a rig and its server.
type liveRun struct {
	*liveRig
	world  *liveWorld
	server *helper
	was    sums
}

// start starts a rig on the devices, and its server.
func (w *liveWorld) start(b *testing.B, addresses int, transport configs.Transport) *liveRun {
	b.Helper()
	r := &liveRun{world: w, server: startHelper(b, roleServer)}
	addr, tcpAddr, _ := strings.Cut(r.server.ask(b, "where"), " ")
	if transport == configs.TransportTCP {
		addr = tcpAddr
	}
	r.liveRig = startLive(b, liveConfig{devices: w.devices, ringBytes: benchRingBytes, addresses: addresses, server: liveServer(b, addr, transport), spool: w.spool})
	return r
}

// run has frames sent and waits until the server has confirmed them.
func (r *liveRun) run(b *testing.B, frames, rate int) liveMeasure {
	b.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	begin, cpu := time.Now(), ownCPU(b)
	r.world.sender.send(b, len(r.world.devices), frames, rate)
	sending := time.Since(begin)
	was := r.was
	s := r.settle(b, frames+int(was.received+was.filtered+was.kernelDropped))
	m := liveMeasure{sent: frames, took: time.Since(begin), sending: sending, cpu: ownCPU(b) - cpu}
	runtime.ReadMemStats(&after)
	r.was = s
	m.received = int(s.received - was.received)
	m.kernelDropped = int(s.kernelDropped - was.kernelDropped)
	m.logDropped = int(s.logDropped - was.logDropped)
	m.mallocs = after.Mallocs - before.Mallocs
	return m
}

// end ends the rig, and asks the server whether it has what it confirmed.
func (r *liveRun) end(b *testing.B) {
	b.Helper()
	r.halt()
	if n := r.server.ask(b, "count"); n != strconv.FormatUint(r.was.acked, 10) {
		b.Errorf("the server has %s frames and confirmed %d", n, r.was.acked)
	}
}

// ownCPU is the time that this process was on a CPU.
func ownCPU(b *testing.B) time.Duration {
	b.Helper()
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// resetPeak gives back what memory is not used, and makes the kernel forget
// how much it was.
func resetPeak(b *testing.B) {
	b.Helper()
	debug.FreeOSMemory()
	if err := os.WriteFile("/proc/self/clear_refs", []byte("5"), 0); err != nil {
		b.Fatal(err)
	}
}

// mib is an entry of /proc/self/status, which has KiB, in MiB.
func mib(b *testing.B, entry string) float64 {
	b.Helper()
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		b.Fatal(err)
	}
	for line := range bytes.Lines(text) {
		if rest, ok := bytes.CutPrefix(line, []byte(entry+":")); ok {
			if kib, err := strconv.Atoi(string(bytes.Fields(rest)[0])); err == nil {
				return float64(kib) / 1024
			}
		}
	}
	b.Fatalf("/proc/self/status has no %s", entry)
	return 0
}
