package export_test

import (
	"bytes"
	"log/slog"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sensord/sensord/internal/fault"
	"github.com/sensord/sensord/uplink/export"
)

// faults is a disk that can be made to fail.
type faults struct {
	err     atomic.Pointer[syscall.Errno] // of every call, nil while it works
	partial bool                          // half of what is written arrives before the error
}

func (d *faults) error() error {
	if e := d.err.Load(); e != nil {
		return *e
	}
	return nil
}

type faultyFile struct {
	export.DiskFile
	disk *faults
}

func (f faultyFile) WriteAt(p []byte, off int64) (int, error) {
	err := f.disk.error()
	if err == nil {
		return f.DiskFile.WriteAt(p, off)
	}
	n := 0
	if f.disk.partial {
		n, _ = f.DiskFile.WriteAt(p[:len(p)/2], off)
	}
	return n, &os.PathError{Op: "write", Path: "x", Err: err}
}

func (f faultyFile) Sync() error {
	if err := f.disk.error(); err != nil {
		return err
	}
	return f.DiskFile.Sync()
}

func (d *faults) create(path string) (export.DiskFile, error) {
	if err := d.error(); err != nil {
		return nil, err
	}
	f, err := export.CreateFile(path)
	return faultyFile{f, d}, err
}

func TestRecorderGoesOnWhenTheDiskWorksAgain(t *testing.T) {
	for _, c := range []struct {
		name  string
		err   syscall.Errno
		code  fault.Code
		files int
	}{
		{"full", syscall.ENOSPC, fault.DiskFull, 1},
		{"over quota", syscall.EDQUOT, fault.DiskFull, 1},
		{"broken", syscall.EIO, fault.DiskFailed, 2},
		{"read-only", syscall.EROFS, fault.DiskFailed, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				dir, disk := t.TempDir(), &faults{partial: true}
				var log bytes.Buffer
				r := export.NewFaultyRecorder(export.RecorderOptions{
					Dir: dir, Rig: "rover", MemoryBytes: 300_000, Now: wall, Log: slog.New(slog.NewTextHandler(&log, nil)),
				}, disk.create)
				end := begin(t, r)
				add(r, roofSource, batch(0, 64))
				<-time.After(1500 * time.Millisecond)
				disk.err.Store(&c.err)
				n := 64
				for range 20 {
					add(r, roofSource, batch(n, 64))
					n += 64
					<-time.After(time.Second)
				}
				s := r.Stats()
				if fault.CodeOf(s.Err) != c.code || s.Frames != 64 || s.Dropped != 0 || s.Waiting != uint64(n-64) {
					t.Errorf("while it fails: %+v", s)
				}
				if want := "recording " + dir + ": " + c.err.Error(); s.Err == nil || s.Err.Error() != want {
					t.Errorf("error %v, want %s", s.Err, want)
				}
				disk.err.Store(nil)
				<-time.After(3 * time.Second)
				add(r, roofSource, batch(n, 64))
				if err := end(); err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(upTo(n+64), numbers(recorded(t, dir))); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
				if s := r.Stats(); s.Err != nil || s.Dropped != 0 || s.Frames != uint64(n+64) || len(files(t, dir)) != c.files {
					t.Errorf("afterwards: %q %+v", files(t, dir), s)
				}
				if stopped, goesOn := strings.Count(log.String(), "recording stopped"), strings.Count(log.String(), "recording goes on"); stopped != 1 || goesOn != 1 {
					t.Errorf("said %d and %d times:\n%s", stopped, goesOn, log.String())
				}
			})
		})
	}
}

func TestRecorderCountsWhatItHasNoRoomFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir, disk, full := t.TempDir(), new(faults), syscall.ENOSPC
		disk.err.Store(&full)
		r := export.NewFaultyRecorder(export.RecorderOptions{
			Dir: dir, Rig: "rover", MemoryBytes: 100_000, Now: wall, Log: quiet(),
		}, disk.create)
		end := begin(t, r)
		const n = 640
		for i := range n {
			add(r, []export.RecordSource{roofSource, sideSource}[i%2], batch(i*32, 32))
			synctest.Wait()
		}
		s := r.Stats()
		if s.Dropped == 0 || s.Waiting == 0 || s.Dropped+s.Waiting != n*32 {
			t.Errorf("%+v", s)
		}
		if err := end(); fault.CodeOf(err) != fault.DiskFull {
			t.Errorf("ended with %v", err)
		}
		if s := r.Stats(); s.Dropped != n*32 || s.Waiting != 0 || s.Frames != 0 {
			t.Errorf("at the end %+v", s)
		}
		if got := files(t, dir); len(got) != 0 {
			t.Errorf("left %q", got)
		}
	})
}
