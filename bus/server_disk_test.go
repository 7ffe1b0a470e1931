//go:build !lite

package bus_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/sensord/sensord/bus"
	"github.com/sensord/sensord/bus/bustest"
	"github.com/sensord/sensord/internal/fault"
)

// smallDisk is set in the environment of this program when it runs where it may
// mount a disk, to the directory of that.
const smallDisk = "SENSORD_BUS_DISK"

// A disk that is full is said, and costs what is published meanwhile; when there
// is room again, what was kept is there, and more is kept.
func TestServerOnAFullDisk(t *testing.T) {
	t.Parallel() // it mostly waits
	dir := os.Getenv(smallDisk)
	if dir == "" {
		self, err := os.Executable()
		if err != nil {
			t.Fatal(err)
		}
		dir = t.TempDir()
		cmd := exec.CommandContext(t.Context(), "unshare", "--map-root-user", "--mount", "sh", "-ec",
			`mount -t tmpfs -o size=8m none "$`+smallDisk+`"; exec "$@"`, "sh", self, "-test.run=^"+t.Name()+"$", "-test.v")
		cmd.Env = append(os.Environ(), smallDisk+"="+dir)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
		return
	}
	ballast := filepath.Join(dir, "ballast")
	if err := os.WriteFile(ballast, make([]byte, 6<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	l, _ := alone(t, filepath.Join(dir, "store"))
	l.stream(t)
	publish := func() error {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := l.js.Publish(ctx, bus.Subject("fleet", "rover", bus.KindPosition), make([]byte, 4<<10))
		return err
	}
	kept := 0
	for publish() == nil {
		kept++
	}
	bustest.Wait(t, "the full disk to be said", func() bool { return fault.CodeOf(l.Store().Err) == fault.BusStore })
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	bustest.Wait(t, "the room to be seen", func() bool { s := l.Store(); return s.Err == nil && s.Kept })
	bustest.Wait(t, "something to be kept again", func() bool { return publish() == nil })
	if n := l.kept(t); n < kept+1 {
		t.Errorf("%d are kept, want %d or more", n, kept+1)
	}
}
