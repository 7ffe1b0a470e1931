package frames_test

import (
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sensord/sensord/uplink/frames"
)

// A medium that is taken out comes back with other files under the same names,
// or without any.
func TestMediumThatComesBack(t *testing.T) {
	tests := []struct {
		name  string
		taken func(t *testing.T, dir string)
		back  func(t *testing.T, dir string)
		kept  func(n int) []int // by the next run
	}{
		{
			"with what was on it",
			func(t *testing.T, dir string) { must(t, os.Rename(dir, dir+".out")) },
			func(t *testing.T, dir string) { must(t, os.CopyFS(dir, os.DirFS(dir+".out"))) },
			func(n int) []int { return seq(0, n) },
		},
		{
			"empty",
			func(t *testing.T, dir string) { must(t, os.RemoveAll(dir)) },
			func(t *testing.T, dir string) { must(t, os.Mkdir(dir, 0o700)) },
			func(n int) []int { return seq(320, n) },
		},
		{
			"one source's directory deleted",
			func(t *testing.T, dir string) { must(t, os.RemoveAll(filepath.Join(dir, wlan.String()))) },
			func(*testing.T, string) {},
			func(n int) []int { return seq(320, n) },
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				dir := filepath.Join(t.TempDir(), "medium")
				r := start(t, dir, nil)
				r.append(0, 320, 100)
				wait(5 * time.Second)
				tt.taken(t, dir)
				wait(2 * time.Second)
				if s := r.log.Stats(); s.DiskErr == nil {
					t.Errorf("not noticed: %+v", s)
				}
				r.append(320, 320, 100)
				wait(5 * time.Second)
				tt.back(t, dir)
				wait(10 * time.Second)
				r.append(640, 320, 100)
				wait(2 * time.Second)
				r.want(frames.Stats{Captured: 960, Waiting: 960, Spilled: 960})
				if diff := cmp.Diff(seq(0, 960), send(r.log, 99)); diff != "" {
					t.Errorf("sent (-want +got):\n%s", diff)
				}
				r.log.Rewind()
				r.end()

				r = start(t, dir, nil)
				if diff := cmp.Diff(tt.kept(960), send(r.log, 99)); diff != "" {
					t.Errorf("next run (-want +got):\n%s", diff)
				}
				r.end()
			})
		})
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
