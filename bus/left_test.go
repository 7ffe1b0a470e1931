//go:build !lite

package bus_test

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sensord/sensord/bus"
	"github.com/sensord/sensord/bus/bustest"
)

// A rig that gets another name has another store, and what it kept under the old
// one stays where nothing sends it: that is said, and how to send it.
func TestWhatWasKeptUnderAnotherName(t *testing.T) {
	t.Parallel()
	hub := bustest.StartHub(t)
	base := t.TempDir()
	away := "nats://127.0.0.1:1"
	// start runs a rig, and returns what it warns of at its start.
	start := func(name, url string) (*rig, string) {
		t.Helper()
		out := new(said)
		o := leafOptions(t, name, url)
		o.StoreDir, o.CredsFile, o.Claims = filepath.Join(base, name), hub.Creds(t, "fleet", name), false
		o.Log = slog.New(slog.NewTextHandler(out, &slog.HandlerOptions{Level: slog.LevelWarn}))
		r := startRig(t, o)
		r.connected(t)
		var about []string
		for line := range strings.SplitSeq(out.String(), "\n") {
			if strings.Contains(line, "another name") {
				about = append(about, line)
			}
		}
		return r, strings.Join(about, "\n")
	}
	old, says := start("rover-9", away)
	if says != "" {
		t.Errorf("the first says %s", says)
	}
	old.publishKept(t, 0, 5)
	beside, says := start("beside", away)
	if says != "" {
		t.Errorf("beside a rig that runs: %s", says)
	}
	beside.stop()
	old.stop()

	renamed, says := start("rover-8", hub.LeafURL)
	renamed.stop()
	if strings.Count(says, "\n") != 0 || !strings.Contains(says, filepath.Join(base, "rover-9")+" ") || !strings.Contains(says, "rig: rover-9") || strings.Contains(says, "beside") {
		t.Errorf("says %q", says)
	}
	t.Log(says)

	// As it says.
	again, says := start("rover-9", hub.LeafURL)
	if says != "" {
		t.Errorf("with the old name: %s", says)
	}
	js := watcher(t, hub)
	bustest.Wait(t, "what it kept at the hub", func() bool {
		again.PublishStatus(recording())
		return atHub(t, js, "rover-9", bus.KindEvent) > 0
	})
	checkFleet(t, js, "rover-9", 5)
	again.stop()
	if err := os.RemoveAll(filepath.Join(base, "rover-9")); err != nil {
		t.Fatal(err)
	}
	if _, says = start("rover-8", hub.LeafURL); says != "" {
		t.Errorf("when nothing is left: %s", says)
	}
}

// Of many the last is named, and those whose time is over are not.
func TestMuchThatWasKeptUnderOtherNames(t *testing.T) {
	base := t.TempDir()
	for i, name := range []string{"a", "b", "c", "not a rig", "old", "empty"} {
		dir := filepath.Join(base, name, "jetstream/$G/streams/RIG/msgs")
		block := filepath.Join(dir, "1.blk")
		at := time.Now().Add(time.Duration(i-10) * time.Minute)
		data := []byte("something")
		switch name {
		case "old":
			at = at.Add(-8 * 24 * time.Hour)
		case "empty":
			data = nil
		}
		must(t, os.MkdirAll(dir, 0o700), os.WriteFile(block, data, 0o600), os.Chtimes(block, at, at))
	}
	out := new(said)
	o := leafOptions(t, "rover", "nats://127.0.0.1:1")
	o.StoreDir, o.Log = filepath.Join(base, "rover"), slog.New(slog.NewTextHandler(out, nil))
	startRig(t, o).connected(t)
	if want := "dir=" + filepath.Join(base, "c") + " "; !strings.Contains(out.String(), want) {
		t.Errorf("says %s, want %s", out, want)
	}
	if want := `more="` + filepath.Join(base, "b") + ", " + filepath.Join(base, "a") + `"`; !strings.Contains(out.String(), want) {
		t.Errorf("says %s, want %s", out, want)
	}
	if n := strings.Count(out.String(), "another name"); n != 1 {
		t.Errorf("told %d times", n)
	}

	for _, mode := range []bus.Mode{bus.Embedded, bus.Leaf} { // where nothing is sent, and where names say nothing
		out := new(said)
		o := leafOptions(t, "other", "nats://127.0.0.1:1")
		o.Mode, o.StoreDir, o.Log = mode, filepath.Join(base, "other"), slog.New(slog.NewTextHandler(out, nil))
		if mode == bus.Leaf {
			o.StoreDir = filepath.Join(base, "store")
		}
		startRig(t, o).connected(t)
		if strings.Contains(out.String(), "another name") {
			t.Errorf("mode %v: says %s", mode, out)
		}
	}
}
