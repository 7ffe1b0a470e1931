package export_test

import (
	"context"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sensord/sensord/uplink/export"
)

func TestRecorderLetsFilesWaitForRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		disk := new(faults)
		r := export.NewFaultyRecorder(export.RecorderOptions{
			Dir: t.TempDir(), Rig: "rover", MemoryBytes: 100_000, Now: wall, Log: quiet(),
		}, disk.create)
		waits := func() (done <-chan struct{}, waiting bool) {
			c := make(chan struct{})
			go func() { r.WaitRoom(t.Context()); close(c) }()
			synctest.Wait()
			select {
			case <-c:
				return c, false
			default:
				return c, true
			}
		}
		if _, waiting := waits(); waiting {
			t.Error("an empty one has no room")
		}
		n := 0
		for ; n < 64*20; n += 64 {
			add(r, roofSource, batch(n, 64))
		}
		n = int(r.Stats().Waiting) // it does not run yet
		first, waiting := waits()
		second, both := waits()
		if !waiting || !both {
			t.Error("a full one has room")
		}
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		r.WaitRoom(gone) // returns

		full := syscall.ENOSPC
		disk.err.Store(&full)
		end := begin(t, r)
		<-first
		<-second
		if _, waiting := waits(); waiting {
			t.Error("it waits for a disk that is full")
		}
		disk.err.Store(nil)
		<-time.After(3 * time.Second)
		if err := end(); err != nil {
			t.Fatal(err)
		}
		if s := r.Stats(); s.Frames != uint64(n) || n == 0 {
			t.Errorf("%d of %d written", s.Frames, n)
		}
	})
}
