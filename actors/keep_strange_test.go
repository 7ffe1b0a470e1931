package actors

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/configs"
	"github.com/sensord/sensord/internal/fault"
	"github.com/sensord/sensord/uplink"
	"github.com/sensord/sensord/uplink/kismettest"
)

// A source's directory in the spool is its own concern: what a later sensord
// wrote of others is said once, and only its own keeps a rig from starting.
func TestOnlyItsOwnDirectoryKeepsARigFromStarting(t *testing.T) {
	for _, own := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			dir := t.TempDir()
			strange := []capture.UUID{{9}, {10}}
			if own {
				strange[0] = lateUUID
			}
			for _, uuid := range strange {
				source := filepath.Join(dir, uuid.String())
				must(t, os.Mkdir(source, 0o700))
				must(t, os.WriteFile(filepath.Join(source, "meta"), []byte(`{"version":2,"name":"other"}`), 0o600))
			}
			srv := newServer(t, kismettest.Config{})
			world := newFakeWorld(2412)
			world.plug("wlan0")
			src := radioOf(t, "wlan0")
			src.UUID = lateUUID
			r := &testRig{srv: srv, log: &logLines{}, network: make(chan string)}
			err := r.begin(t, r.options(world, world.watch, []*uplink.Dialer{dialerTo(srv, "home")}, configs.Config{
				Sources: []configs.Source{src}, Spool: configs.Spool{MemoryBytes: 1 << 20, Dir: dir, After: 2 * time.Second},
			}))
			if own {
				if fault.CodeOf(err) != fault.SpoolVersion {
					t.Errorf("the start ends with %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			elapse(5 * time.Second)
			if f := r.Status().Sources[0].Frames; f.Acked == 0 {
				t.Errorf("frames %+v\n%s", f, r.log)
			}
			if log := r.log.String(); strings.Count(log, "code=spool.version") != 1 || !strings.Contains(log, "sources=2") {
				t.Errorf("said\n%s", log)
			}
		})
	}
}
