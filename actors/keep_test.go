package actors

import (
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sensord/sensord/configs"
	"github.com/sensord/sensord/internal/fault"
	"github.com/sensord/sensord/uplink"
	"github.com/sensord/sensord/uplink/frames/spool"
	"github.com/sensord/sensord/uplink/kismettest"
)

// startOnDisk starts a rig whose spool opens as a disk lets it, and not later
// either.
func startOnDisk(t *testing.T, opening error) (*testRig, error) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	srv := newServer(t, kismettest.Config{})
	world := newFakeWorld(2412)
	world.plug("wlan0")
	r := &testRig{srv: srv, log: &logLines{}, network: make(chan string)}
	opts := r.options(world, world.watch, []*uplink.Dialer{dialerTo(srv, "home")}, configs.Config{
		Sources: []configs.Source{radioOf(t, "wlan0")}, Spool: configs.Spool{MemoryBytes: 1 << 20, Dir: filepath.Join(file, "spool"), After: 2 * time.Second},
	})
	opts.spool = opensAs(opening)
	return r, r.begin(t, opts)
}

// opensAs opens a spool as a disk lets it.
func opensAs(opening error) func(spool.Options) (*spool.Rig, error) {
	return func(o spool.Options) (*spool.Rig, error) {
		rig, _ := spool.Open(o)
		return rig, fault.New(fault.DiskFailed, "spool "+o.Dir, &fs.PathError{Op: "mkdir", Path: o.Dir, Err: opening})
	}
}

// A card that has died must not keep a vehicle from capturing.
func TestADiskThatFailsAtTheStartCostsNoFrames(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, err := startOnDisk(t, syscall.EROFS)
		if err != nil {
			t.Fatal(err)
		}
		elapse(10 * time.Second)
		report := r.Report()
		if f := report.Sources[0].Frames; f.Captured == 0 || f.Acked == 0 {
			t.Errorf("frames %+v\n%s", f, r.log)
		}
		if s := report.Spool; s == nil || s.Problem == nil || s.Problem.Code != string(fault.DiskFailed) {
			t.Errorf("the status tells of its spool %+v", s)
		}
	})
}

// What the user has to settle ends the start.
func TestASpoolThatMayNotBeWrittenIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		if _, err := startOnDisk(t, os.ErrPermission); fault.CodeOf(err) != fault.DiskFailed {
			t.Errorf("the start ends with %v", err)
		}
	})
}
