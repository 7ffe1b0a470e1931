package frames_test

import (
	"context"
	"encoding/binary"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/uplink/frames"
	"github.com/sensord/sensord/uplink/frames/spool"
)

var wlan = capture.UUID{1, 2, 3}

// A run is a log with a store and a running spiller, in a test's own time.
type run struct {
	t     testing.TB
	log   *frames.Log
	rig   *spool.Rig
	store *spool.Store
	stop  context.CancelFunc
	done  chan struct{}
}

func start(t testing.TB, dir string, change func(*spool.Options, *frames.Options)) *run {
	t.Helper()
	began := time.Now()
	so := spool.Options{Dir: dir, BootID: "4ad6a2f2-0000-4000-8000-000000000001"}
	fo := frames.Options{
		MemoryBytes: 4 << 20, After: 2 * time.Second,
		Now: func() int64 { return int64(time.Since(began)) + 1e9 },
	}
	if change != nil {
		change(&so, &fo)
	}
	rig, err := spool.Open(so)
	if err != nil {
		t.Fatal(err)
	}
	store, err := rig.Source(wlan, "roof", "linuxwifi", true)
	if err != nil {
		t.Fatal(err)
	}
	r := &run{t: t, log: frames.NewLog(fo), rig: rig, store: store, done: make(chan struct{})}
	r.log.Attach(store)
	ctx, cancel := context.WithCancel(context.Background())
	r.stop = cancel
	go func() {
		defer close(r.done)
		if err := r.log.Spill(ctx); err != nil {
			t.Error(err)
		}
	}()
	return r
}

// end ends the run as sensord ends.
func (r *run) end() {
	r.t.Helper()
	r.stop()
	<-r.done
	if lost := r.log.Discard(); lost > 0 {
		r.t.Errorf("%d frames lost at the end", lost)
	}
	if err := r.rig.Close(); err != nil {
		r.t.Error(err)
	}
}

func (r *run) append(from, n, size int) {
	for i := from; i < from+n; i += 32 {
		r.log.Append(batchOf(i, min(32, from+n-i), size))
	}
}

func (r *run) want(s frames.Stats) {
	r.t.Helper()
	got := r.log.Stats()
	got.MemBytes, got.DiskBytes = 0, 0
	if diff := cmp.Diff(s, got); diff != "" {
		r.t.Errorf("stats (-want +got):\n%s", diff)
	}
}

func wait(d time.Duration) {
	timer := time.NewTimer(d)
	<-timer.C
	synctest.Wait()
}

func files(t testing.TB, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir + "/" + wlan.String())
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func TestNothingIsWrittenWhileTheLinkIsHealthy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		r := start(t, dir, nil)
		for i := range 100 {
			r.append(32*i, 32, 100)
			send(r.log, 9)
			wait(100 * time.Millisecond)
			r.log.Ack(frames.Seq(32 * (i + 1)))
		}
		r.want(frames.Stats{Captured: 3200, Acked: 3200})
		r.end()
		if diff := cmp.Diff([]string{"cursor", "lock", "meta"}, files(t, dir)); diff != "" {
			t.Errorf("files (-want +got):\n%s", diff)
		}
	})
}

func TestWhatIsNotConfirmedIsKeptForTheNextRunAndComesFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		r := start(t, dir, nil)
		r.append(0, 320, 100)
		send(r.log, 2)
		r.log.Ack(40)
		wait(time.Second)
		r.want(frames.Stats{Captured: 320, Acked: 40, Waiting: 280, InFlight: 88})
		wait(2 * time.Second)
		r.append(320, 32, 100) // from now on at once
		wait(time.Second)
		r.want(frames.Stats{Captured: 352, Acked: 40, Waiting: 312, InFlight: 88, Spilled: 312})
		r.append(352, 10, 100)
		r.end()
		r.want(frames.Stats{Captured: 362, Acked: 40, Kept: 322, Spilled: 322, Closed: true})

		r = start(t, dir, nil)
		r.append(362, 38, 100)
		r.want(frames.Stats{Captured: 38, Recovered: 322, Waiting: 360, Spilled: 322})
		if b := r.log.Backlog(); b.Frames != 360 || !b.Spilled {
			t.Errorf("backlog %+v", b)
		}
		if diff := cmp.Diff(seq(40, 400), send(r.log, 99)); diff != "" {
			t.Errorf("second run (-want +got):\n%s", diff)
		}
		r.log.Ack(400)
		r.log.Close()
		r.want(frames.Stats{Captured: 38, Recovered: 322, Acked: 360, Closed: true, Confirmed: true})
		wait(3 * time.Second)
		if diff := cmp.Diff([]string{"cursor", "lock", "meta"}, files(t, dir)); diff != "" {
			t.Errorf("files (-want +got):\n%s", diff)
		}
		r.end()
	})
}

func TestMemoryIsFlatWhileTheServerIsAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		r := start(t, dir, func(_ *spool.Options, f *frames.Options) { f.MemoryBytes = 1 << 20 })
		n := 0
		for range 600 { // a minute
			r.append(n, 100, 300)
			n += 100
			wait(100 * time.Millisecond)
			if s := r.log.Stats(); s.MemBytes > 1<<20 || s.Dropped > 0 {
				t.Fatalf("%+v", s)
			}
		}
		// The server is back, while frames go on coming.
		next := 0
		for next < n {
			c, ok := r.log.Next()
			if !ok {
				t.Fatalf("no frames at %d of %d", next, n)
			}
			for i := range c.Len() {
				if got := int(binary.BigEndian.Uint64(c.Frame(i).Data)); got != next || got != int(c.Seq(i)) {
					t.Fatalf("frame %d with number %d, want %d", got, c.Seq(i), next)
				}
				next++
			}
			r.log.Sent(c, c.Len())
			if next%1000 < 32 && n < 70000 {
				r.append(n, 32, 300)
				n += 32
				wait(10 * time.Millisecond)
			}
			if next%4096 < 32 {
				r.log.Ack(frames.Seq(next))
			}
		}
		r.log.Ack(frames.Seq(n))
		wait(3 * time.Second)
		r.want(frames.Stats{Captured: uint64(n), Acked: uint64(n)})
		r.end()
	})
}
