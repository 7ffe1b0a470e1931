package export_test

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sensord/sensord/uplink/export"
)

// A process that records is killed again and again. What it has written is
// readable at once, and whole behind the next start.
func TestRecordingsSurviveSIGKILL(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for range 5 {
		ctx, cancel := context.WithCancel(t.Context())
		cmd := exec.CommandContext(ctx, self) // which kills with SIGKILL
		cmd.Env = append(os.Environ(), recordInto+"="+dir)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		before := len(names(t, dir))
		waitFor(t, func() bool { return len(names(t, dir)) > before+2 })
		cancel()
		_ = cmd.Wait()
	}
	all, parts := names(t, dir), 0
	for _, name := range all {
		if strings.HasSuffix(name, ".part") {
			parts++
			// tshark says that it is cut, and shows what is there.
			text, _ := exec.CommandContext(t.Context(), "tshark", "-r", filepath.Join(dir, name), "-c", "3").Output()
			if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Size() > 1000 && !strings.Contains(string(text), "Beacon") {
				t.Errorf("%s: %v\n%s", name, err, text)
			}
		}
	}
	if parts > 1 { // the others are repaired by the next start; the last may have been killed between two
		t.Errorf("%d open files in %q", parts, all)
	}
	r := export.NewRecorder(export.RecorderOptions{Dir: dir, Rig: "rover-1", Now: wall, Log: quiet()})
	if err := begin(t, r)(); err != nil {
		t.Fatal(err)
	}
	frames := 0
	for _, name := range names(t, dir) {
		content, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		own, err := read(t, bytes.NewReader(content))
		if err != nil || strings.HasSuffix(name, ".part") {
			t.Errorf("%s: %v", name, err)
		}
		for i, n := range numbers(own) {
			if i > 0 && n != numbers(own[i-1 : i])[0]+1 {
				t.Fatalf("%s: frame %d is number %d", name, i, n)
			}
		}
		frames += len(own)
		if info := run(t, "capinfos", "-c", filepath.Join(dir, name)); !strings.Contains(info, "Number of packets") {
			t.Errorf("capinfos %s: %s", name, info)
		}
	}
	t.Logf("%d frames in %d files", frames, len(names(t, dir)))
}

// names is files, also of a directory that is changed meanwhile or not there yet.
func names(t testing.TB, dir string) (all []string) {
	t.Helper()
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return all
}

func waitFor(t testing.TB, done func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-ctx.Done():
			t.Fatal("it does not happen")
		case <-tick.C:
		}
	}
}
