package export_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/gps"
	"github.com/sensord/sensord/uplink/export"
	"github.com/sensord/sensord/uplink/frames"
)

var (
	roofSource = export.RecordSource{UUID: roof, Name: "roof"}
	sideSource = export.RecordSource{UUID: side, Name: "side"}
)

// wall stands for CLOCK_BOOTTIME.
func wall() int64 { return time.Now().UnixNano() }

// batch is of a file's frames, which wait for no fix: beacons that carry numbers
// from first on in their time stamp.
func batch(first, n int) *capture.Batch {
	b := capture.NewBatch()
	data := beacon()
	for i := range n {
		binary.LittleEndian.PutUint64(data[32:], uint64(first+i))
		if !b.Append(start+int64(first+i)*1e6, capture.LinkTypeRadiotap, 0, data) {
			panic("batch full")
		}
	}
	return b
}

// add records a batch and gives it back.
func add(r *export.Recorder, src export.RecordSource, b *capture.Batch) {
	r.Add(src, b)
	b.Release()
}

// begin runs a recorder until the function that it returns is called.
func begin(t *testing.T, r *export.Recorder) (end func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	return func() error {
		cancel()
		return <-done
	}
}

// files returns the names in a directory.
func files(t testing.TB, dir string) (names []string) {
	t.Helper()
	all, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range all {
		names = append(names, e.Name())
	}
	return names
}

// recorded returns the frames of all files of a directory, one after the other.
func recorded(t testing.TB, dir string) (all []frames.Located) {
	t.Helper()
	for _, name := range files(t, dir) {
		content, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		own, err := read(t, bytes.NewReader(content))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		all = append(all, own...)
	}
	return all
}

// numbers returns what the beacons carry.
func numbers(all []frames.Located) (n []int) {
	for i := range all {
		n = append(n, int(binary.LittleEndian.Uint64(all[i].Frame.Data[32:])))
	}
	return n
}

func upTo(n int) (all []int) {
	for i := range n {
		all = append(all, i)
	}
	return all
}

func TestRecorderWritesEveryFrameInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := filepath.Join(t.TempDir(), "new", "place")
		r := export.NewRecorder(export.RecorderOptions{
			Dir: dir, Rig: "rover/1", Program: "sensord 1", SizeBytes: 10_000, Now: wall, Log: quiet(),
		})
		add(r, roofSource, batch(0, 64)) // before it runs
		end := begin(t, r)
		for i := 1; i < 10; i++ {
			add(r, roofSource, batch(i*64, 64))
			if i%4 == 0 {
				<-time.After(3 * time.Second)
			}
		}
		if err := end(); err != nil {
			t.Fatal(err)
		}
		all := recorded(t, dir)
		if diff := cmp.Diff(upTo(640), numbers(all)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		names := files(t, dir)
		for i, name := range names {
			at := time.Unix(0, all[0].TimeNs).UTC().Format("20060102T150405Z")
			if want := fmt.Sprintf("rover_1-%s-%04d.pcapng", at, i+1); name != want {
				t.Errorf("name %s, want %s", name, want)
			}
			info, err := os.Stat(filepath.Join(dir, name))
			if err != nil || info.Size() > 10_000 || info.Size() < 9_800 && i < len(names)-1 {
				t.Errorf("%s has %d bytes", name, info.Size())
			}
		}
		s := r.Stats()
		s.Bytes = 0
		want := export.RecorderStats{Files: uint64(len(names)), Frames: 640}
		if diff := cmp.Diff(want, s); diff != "" || len(names) < 5 {
			t.Errorf("%d files (-want +got):\n%s", len(names), diff)
		}
	})
}

func TestRecorderPlacesFramesOnceTheirFixIsThere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		tracker := new(gps.Tracker)
		builder := gps.NewBuilder(gps.TrackOptions{})
		builder.SetPace(time.Second, 100*time.Millisecond)
		began := wall()
		clock := func() int64 { return wall() - began + 1000e9 } // the machine runs for 1000 s
		fix := func(seconds int64) {
			builder.Add([]gps.Point{{
				TimeNs: (1000 + seconds) * 1e9, Lat: 52 + float64(seconds)/1000, Lon: 4, AltMSL: math.NaN(),
				VelEast: 0, VelNorth: 111.3, AccuracyM: 3, VelAccuracyMPS: 0.3, AccelMPS2: 1,
			}})
			builder.SetClock(gps.ClockState{Source: gps.ClockGPS, OffsetNs: start - 1000e9})
			tracker.Publish(builder.Track())
		}
		r := export.NewRecorder(export.RecorderOptions{Dir: dir, Rig: "rover", Tracker: tracker, Now: clock, Log: quiet()})
		fix(0)
		end := begin(t, r)
		<-time.After(500 * time.Millisecond)
		b := capture.NewBatch()
		b.Live, b.ClockOffsetNs = true, 77e9 // the system clock is in 1970
		b.Append(77e9+1000_500e6, capture.LinkTypeRadiotap, 0, beacon())
		add(r, sideSource, b)
		synctest.Wait()
		if s := r.Stats(); s.Waiting != 1 || s.Files != 0 {
			t.Errorf("it did not wait: %+v", s)
		}
		<-time.After(600 * time.Millisecond)
		fix(1)
		synctest.Wait()
		<-time.After(time.Second)
		if s := r.Stats(); s.Frames != 1 {
			t.Errorf("it waits: %+v", s)
		}
		if err := end(); err != nil {
			t.Fatal(err)
		}
		all := recorded(t, dir)
		if len(all) != 1 || !all[0].HasPosition || math.Abs(all[0].Position.Lat-52.0005) > 2e-6 || all[0].TimeNs != start+500e6 || all[0].Source != side {
			t.Errorf("recorded %+v", all)
		}
	})
}

func TestRecorderBeginsFilesByTimeAndDeletesTheOldest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		for _, other := range []string{"rover-2-20250101T000000Z-0001.pcapng", "rover-20250101T000000Z-0041.pcapng", "notes.txt"} {
			if err := os.WriteFile(filepath.Join(dir, other), make([]byte, 9000), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		r := export.NewRecorder(export.RecorderOptions{
			Dir: dir, Rig: "rover", Every: time.Hour, TotalBytes: 13_500, Now: wall, Log: quiet(),
		})
		end := begin(t, r)
		for i := range 4 {
			add(r, roofSource, batch(i*64, 64)) // some 5.4 kB
			<-time.After(time.Hour + 2*time.Second)
			if s := r.Stats(); s.File != "" || s.Files != uint64(i+1) {
				t.Errorf("after %d hours: %+v", i+1, s)
			}
		}
		if err := end(); err != nil {
			t.Fatal(err)
		}
		want := []string{
			"notes.txt", "rover-2-20250101T000000Z-0001.pcapng",
			"rover-20250615T150640Z-0044.pcapng", "rover-20250615T150640Z-0045.pcapng",
		}
		if diff := cmp.Diff(want, files(t, dir)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if s := r.Stats(); s.Deleted != 3 || s.Files != 4 {
			t.Errorf("%+v", s)
		}
	})
}

func TestRecorderNoticesThatItsFileIsGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		r := export.NewRecorder(export.RecorderOptions{Dir: dir, Rig: "rover", Now: wall, Log: quiet()})
		end := begin(t, r)
		add(r, roofSource, batch(0, 64))
		<-time.After(1500 * time.Millisecond)
		if err := os.Remove(r.Stats().File); err != nil {
			t.Fatal(err)
		}
		<-time.After(time.Second)
		add(r, roofSource, batch(0, 64))
		if err := end(); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(upTo(64), numbers(recorded(t, dir))); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

func TestRecorderLeavesAloneWhatAnotherWrites(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		one := export.NewRecorder(export.RecorderOptions{Dir: dir, Rig: "rover", Now: wall, Log: quiet()})
		endOne := begin(t, one)
		add(one, roofSource, batch(0, 64))
		<-time.After(1500 * time.Millisecond)
		two := export.NewRecorder(export.RecorderOptions{Dir: dir, Rig: "rover", Now: wall, Log: quiet()})
		endTwo := begin(t, two)
		add(two, roofSource, batch(64, 64))
		synctest.Wait()
		if err := errors.Join(endTwo(), endOne()); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(upTo(128), numbers(recorded(t, dir))); diff != "" || len(files(t, dir)) != 2 {
			t.Errorf("%q (-want +got):\n%s", files(t, dir), diff)
		}
	})
}

// What a recording costs each batch: a copy, and its blocks.
func BenchmarkRecorder(b *testing.B) {
	r := export.NewRecorder(export.RecorderOptions{Dir: b.TempDir(), Rig: "rover", TotalBytes: 300 << 20, Now: wall, Log: quiet()})
	ctx, cancel := context.WithCancel(b.Context())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	own := batch(0, 64)
	defer own.Release()
	b.ReportAllocs()
	for n := 0; n < b.N; n += own.Len() {
		r.Add(roofSource, own)
		for r.Stats().Waiting > 50_000 {
			runtime.Gosched()
		}
	}
	cancel()
	if err := <-done; err != nil {
		b.Fatal(err)
	}
	if s := r.Stats(); s.Dropped > 0 {
		b.Errorf("%+v", s)
	}
}
