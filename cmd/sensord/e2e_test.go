package main_test

import (
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
)

// TestEndToEnd builds the command and runs it as a user does: as a process of
// its own, against servers, proxies and clocks that are real.
func TestEndToEnd(t *testing.T) {
	e := newEndToEnd(t)
	w := newWorld(t, e)
	w.startSlow(t)
	t.Run("refusal", e.refusal) // alone: it measures
	for name, test := range map[string]func(*testing.T){
		"autodetect": e.autodetect, "check": e.check, "daemon": e.daemon, "delivery": e.delivery, "documents": e.documents, "gps": e.gps,
		"messages": w.messages, "nginx": e.nginx, "reset": e.reset, "secrets": e.secrets, "signals": e.signals, "status": e.status,
		"upgrade": e.upgrade,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t)
		})
	}
}

// endToEnd is what all end-to-end tests share. It is not changed by them.
type endToEnd struct {
	bin  string // the built binary
	root string // of the repository
	walk string // a capture of the frames
	// frames are what walk holds.
	frames []frame
}

func newEndToEnd(t *testing.T) *endToEnd {
	t.Helper()
	dir := t.TempDir()
	// Everybody may run it: one test does so as another user.
	for _, d := range []string{filepath.Dir(dir), dir} {
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	e := &endToEnd{
		bin: filepath.Join(dir, "sensord"), root: root,
		walk: filepath.Join(dir, "walk.pcap"), frames: makeFrames(10_000),
	}
	writePcap(t, e.walk, e.frames)
	args := slices.Concat([]string{"build", "-buildvcs=false", "-ldflags=-X main.version=" + testVersion, "-o", e.bin}, raceFlags, []string{"."})
	build := command(t, "go", args...)
	build.Env = append(os.Environ(), "GOOS="+runtime.GOOS, "GOARCH="+runtime.GOARCH)
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go %q: %v\n%s", args, err, out)
	}
	return e
}

// testVersion is what the binary says it is.
const testVersion = "1.2.3-test"
