package main_test

import (
	"bufio"
	"encoding/binary"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcapgo"

	"github.com/sensord/sensord/uplink/kismettest"
)

// The capture that a whole run sends: half a million frames, 270 MB.
const (
	benchFrames   = 500_000
	benchMinBytes = 80
	benchMaxBytes = 980
)

// BenchmarkWholePath runs the built sensord as a process of its own, from a
// capture file through the actors into a server on loopback that counts frames
// and answers PINGs. What it reports of CPU and memory is the sensor's alone,
// its start included. The server runs in this process, on the same cores.
func BenchmarkWholePath(b *testing.B) {
	dir := b.TempDir()
	bin, file := filepath.Join(dir, "sensord"), filepath.Join(dir, "bench.pcap")
	build := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", bin, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+runtime.GOOS, "GOARCH="+runtime.GOARCH)
	if out, err := build.CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	writeBenchCapture(b, file)
	for _, profile := range []kismettest.Profile{kismettest.T25, kismettest.T23} {
		for _, transport := range []string{"websocket", "tcp"} {
			b.Run(profile.String()+"/"+transport, func(b *testing.B) {
				benchRun(b, bin, file, profile, transport == "tcp")
			})
		}
	}
}

func benchRun(b *testing.B, bin, file string, profile kismettest.Profile, tcp bool) {
	var cpu time.Duration
	var rss int64
	for b.Loop() {
		b.StopTimer()
		srv := kismettest.Start(kismettest.Config{Profile: profile, CountOnly: true})
		args := []string{"--once", "--fixed-gps=52.1,4.3,10", "--source=" + file}
		if tcp {
			args = append(args, "--tcp", "--connect="+srv.TCPAddr)
		} else {
			args = append(args, "--user=kismet", "--connect="+srv.Addr)
		}
		cmd := exec.Command(bin, args...)
		cmd.Env = append(os.Environ(), "SENSORD_PASSWORD=kismet")
		b.StartTimer()
		out, err := cmd.CombinedOutput()
		b.StopTimer()
		if err != nil {
			b.Fatalf("%v\n%s", err, out)
		}
		frames := 0
		for _, s := range srv.Sources() {
			frames += s.Frames
		}
		srv.Close()
		if frames != benchFrames {
			b.Fatalf("%d frames arrived, want %d\n%s", frames, benchFrames, out)
		}
		cpu += cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
		rss = max(rss, int64(cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss)) //nolint:unconvert // an int32 on 32-bit machines
		b.StartTimer()
	}
	frames := float64(b.N) * benchFrames
	b.ReportMetric(frames/b.Elapsed().Seconds(), "frames/s")
	b.ReportMetric(float64(cpu.Nanoseconds())/frames, "cpu-ns/frame")
	b.ReportMetric(float64(rss)/1024, "MiB-rss")
}

func writeBenchCapture(b *testing.B, path string) {
	f, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	out := bufio.NewWriterSize(f, 1<<20)
	w := pcapgo.NewWriter(out)
	if err := w.WriteFileHeader(65536, layers.LinkTypeIEEE80211Radio); err != nil {
		b.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 2))
	data := make([]byte, benchMaxBytes)
	for i := range data {
		data[i] = byte(r.Uint32())
	}
	copy(data, []byte{0, 0, 8, 0, 0, 0, 0, 0}) // a radiotap header without fields
	for i := range benchFrames {
		n := benchMinBytes + r.IntN(benchMaxBytes-benchMinBytes)
		binary.LittleEndian.PutUint32(data[20:], uint32(i))
		ci := gopacket.CaptureInfo{Timestamp: time.Unix(1_700_000_000, int64(i)*1e6), CaptureLength: n, Length: n}
		if err := w.WritePacket(ci, data[:n]); err != nil {
			b.Fatal(err)
		}
	}
	if err := out.Flush(); err != nil {
		b.Fatal(err)
	}
}
