package pcapfile_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/capture/pcapfile"
)

// at returns frames with these times, in milliseconds after start.
func at(ms ...int64) []frame {
	fs := make([]frame, len(ms))
	for i, m := range ms {
		fs[i] = frame{start + m*1e6, 5, capture.LinkTypeRadiotap, "frame"}
	}
	return fs
}

// replay returns when each frame came, in milliseconds. It waits for stall
// between batches, as a reader whose server is slow.
func replay(t *testing.T, frames []frame, opts pcapfile.Options, stall time.Duration) []int64 {
	t.Helper()
	r, err := pcapfile.Open(writeFile(t, "a.pcapng", pcapngOf(t, frames)), opts)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	began := time.Now()
	var came []int64
	var got []frame
	for {
		b, err := r.ReadBatch(t.Context())
		if err != nil {
			break
		}
		for range b.Len() {
			came = append(came, time.Since(began).Milliseconds())
		}
		got = appendFrames(got, b)
		b.Release()
		if stall > 0 {
			<-time.After(stall)
		}
	}
	if diff := cmp.Diff(frames, got); diff != "" {
		t.Errorf("frames (-want +got):\n%s", diff)
	}
	return came
}

func TestRealtime(t *testing.T) {
	day := (24 * time.Hour).Milliseconds()
	for _, tc := range []struct {
		name  string
		times []int64 // of the frames
		stall time.Duration
		want  []int64 // when they come
	}{
		{"as they are apart", []int64{0, 100, 100, 350, 2350}, 0, []int64{0, 100, 100, 350, 2350}},
		{"over the end of a second", []int64{0, 900, 1100}, 0, []int64{0, 900, 1100}},
		{"a little out of order", []int64{0, 500, 490, 600}, 0, []int64{0, 500, 500, 600}},
		{"clock set back", []int64{0, 5000, 1000, 1500}, 0, []int64{0, 5000, 5000, 5500}},
		{"clock set ahead", []int64{0, 500, 500 + 2*day, 900 + 2*day}, 0, []int64{0, 500, 500, 900}},
		{"a long silence", []int64{0, day - 1}, 0, []int64{0, day - 1}},
		{
			"a slow reader is not slower than itself",
			[]int64{0, 100, 200, 300, 400, 500},
			250 * time.Millisecond,
			[]int64{0, 250, 250, 500, 500, 500},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				got := replay(t, at(tc.times...), pcapfile.Options{Realtime: true}, tc.stall)
				if diff := cmp.Diff(tc.want, got); diff != "" {
					t.Errorf("milliseconds (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// An hour of frames ends when an hour is over, however often was slept.
func TestRealtimeDoesNotDrift(t *testing.T) {
	var times []int64
	for i := range int64(36_000) {
		times = append(times, i*100+i%7)
	}
	synctest.Test(t, func(t *testing.T) {
		if diff := cmp.Diff(times, replay(t, at(times...), pcapfile.Options{Realtime: true}, 0)); diff != "" {
			t.Errorf("milliseconds (-want +got):\n%s", diff)
		}
	})
}

// Simple blocks in front of the first time must not make 1970 the beginning.
func TestRealtimeOfFramesWithoutTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		simple := block(little, 3, join([]byte{4, 0, 0, 0}, []byte("simp")))
		r := newReader(t, join(section(little, 1, 0), iface(little, 127, 0), simple,
			enhanced(little, 0, 1_750_000_000_000_000, "a"), simple, enhanced(little, 0, 1_750_000_001_000_000, "b")), pcapfile.Options{Realtime: true})
		began := time.Now()
		if got, err := readAll(t, r); len(got) != 4 || err != nil || time.Since(began) != time.Second {
			t.Errorf("%d frames, %v, after %v", len(got), err, time.Since(began))
		}
	})
}

func TestPPS(t *testing.T) {
	for _, tc := range []struct {
		name   string
		pps    float64
		frames int
		stall  time.Duration
		want   []int64
	}{
		{"four a second", 4, 5, 0, []int64{0, 250, 500, 750, 1000}},
		{"one in two seconds", 0.5, 3, 0, []int64{0, 2000, 4000}},
		{"a little late is caught up", 10, 6, 250 * time.Millisecond, []int64{0, 250, 250, 500, 500, 500}},
		{"very late is not", 4, 4, 10 * time.Second, []int64{0, 10_000, 20_000, 30_000}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				got := replay(t, at(make([]int64, tc.frames)...), pcapfile.Options{PPS: tc.pps}, tc.stall)
				if diff := cmp.Diff(tc.want, got); diff != "" {
					t.Errorf("milliseconds (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// At high rates a wake-up serves many frames, and the rate is kept.
func TestHighPPS(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newReader(t, pcapOf(t, someFrames(10_001)), pcapfile.Options{PPS: 20_000})
		began, frames, batches := time.Now(), 0, 0
		for {
			b, err := r.ReadBatch(t.Context())
			if err != nil {
				break
			}
			frames += b.Len()
			batches++
			b.Release()
		}
		if took := time.Since(began).Round(time.Millisecond); frames != 10_001 || took != 500*time.Millisecond || batches > 600 {
			t.Errorf("%d frames in %d batches within %v", frames, batches, took)
		}
	})
}

func TestWaitEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newReader(t, pcapOf(t, at(0, 3_600_000)), pcapfile.Options{Realtime: true})
		b, err := r.ReadBatch(t.Context())
		if err != nil || b.Len() != 1 {
			t.Fatalf("%v", err)
		}
		b.Release()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		began := time.Now()
		if b, err := r.ReadBatch(ctx); !errors.Is(err, context.DeadlineExceeded) || b != nil || time.Since(began) != time.Minute {
			t.Errorf("%v, %v after %v", b, err, time.Since(began))
		}
		// The frame is not lost, nor is its time.
		b, err = r.ReadBatch(t.Context())
		if err != nil || b.Frame(0).TimeNs != start+3600*1e9 || time.Since(began) != time.Hour {
			t.Fatalf("%v after %v", err, time.Since(began))
		}
		b.Release()
	})
}

func TestParseOptions(t *testing.T) {
	for _, tc := range []struct {
		in   string
		want pcapfile.Options
	}{
		{"x.pcap", pcapfile.Options{}},
		{"x.pcap:realtime=true", pcapfile.Options{Realtime: true}},
		{"x.pcap:realtime=T,pps=5", pcapfile.Options{Realtime: true, PPS: 5}},
		{"x.pcap:realtime=false,pps=2.5", pcapfile.Options{PPS: 2.5}},
		{"x.pcap:pps=0", pcapfile.Options{}},
		{"x.pcap:realtime=,pps=", pcapfile.Options{}},
		{"x.pcap:pps=1e5,name=x", pcapfile.Options{PPS: 100_000}},
	} {
		got, err := pcapfile.ParseOptions(definition(t, tc.in))
		if err != nil {
			t.Errorf("%s: %v", tc.in, err)
		}
		if diff := cmp.Diff(tc.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tc.in, diff)
		}
	}
}

func TestParseOptionsErrors(t *testing.T) {
	const advicePPS = "write pps=N with N frames per second, as in pps=100"
	for _, tc := range []struct{ in, text, remedy string }{
		{"x.pcap:realtime=yes", `source x.pcap: option realtime: "yes" is neither true nor false`, "write realtime=true to replay at the file's own pace"},
		{"x.pcap:pps=fast", `source x.pcap: option pps: "fast" is no number`, advicePPS},
		{"x.pcap:pps=" + strings.Repeat("9", 400), `source x.pcap: option pps: "` + strings.Repeat("9", 60) + `" is no number`, advicePPS},
		{"x.pcap:pps=-5", `source x.pcap: option pps: -5 is no rate of frames`, advicePPS},
		{"x.pcap:pps=inf", `source x.pcap: option pps: +Inf is no rate of frames`, advicePPS},
		{"x.pcap:pps=nan", `source x.pcap: option pps: NaN is no rate of frames`, advicePPS},
		{"x.pcap:pps=1e-9", `source x.pcap: option pps: 1e-09 frames per second are too few, 0.001 is the slowest`, advicePPS},
	} {
		got, err := pcapfile.ParseOptions(definition(t, tc.in))
		if got != (pcapfile.Options{}) {
			t.Errorf("%s: error and value %v", tc.in, got)
		}
		checkFault(t, err, "config.source", tc.text, tc.remedy)
	}
	r, err := pcapfile.Open("testdata/beacons.pcap", pcapfile.Options{PPS: -5})
	if r != nil {
		t.Error("error and reader")
	}
	checkFault(t, err, "config.source", "source testdata/beacons.pcap: option pps: -5 is no rate of frames", advicePPS)
}

func definition(t *testing.T, s string) capture.Definition {
	t.Helper()
	d, err := capture.ParseDefinition(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}
