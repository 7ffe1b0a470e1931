package frames_test

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sensord/sensord/uplink/frames"
	"github.com/sensord/sensord/uplink/frames/spool"
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
			func(t *testing.T, dir string) { must(t, os.Rename(dir, dir+".out")) },
			func(t *testing.T, dir string) { must(t, os.Mkdir(dir, 0o700)) },
			func(n int) []int { return seq(320, n) },
		},
		{
			"deleted",
			func(t *testing.T, dir string) { must(t, os.RemoveAll(dir)) },
			func(*testing.T, string) {},
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

// What is lost with a directory that somebody deletes is counted at the end, and
// what was on a medium that somebody took out is not lost.
func TestTheEndCountsWhatWasDeleted(t *testing.T) {
	for _, tt := range []struct {
		name    string
		taken   func(t *testing.T, dir string)
		lost    uint64 // of 640 frames, half of them captured behind it
		dropped uint64 // of them, from memory
	}{
		{"deleted", func(t *testing.T, dir string) { must(t, os.RemoveAll(dir)) }, 320, 0},
		{"deleted and not made again", func(t *testing.T, dir string) { must(t, os.RemoveAll(filepath.Dir(dir))) }, 320, 320},
		{"its frames deleted", func(t *testing.T, dir string) {
			names, _ := filepath.Glob(filepath.Join(dir, "*", "*.seg"))
			for _, name := range names {
				must(t, os.Remove(name))
			}
		}, 320, 0},
		{"taken out", func(t *testing.T, dir string) { must(t, os.Rename(dir, dir+".out")) }, 0, 320},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				dir := filepath.Join(t.TempDir(), "medium", "spool")
				var said bytes.Buffer
				r := start(t, dir, func(s *spool.Options, _ *frames.Options) { s.Log = slog.New(slog.NewTextHandler(&said, nil)) })
				r.append(0, 320, 100)
				wait(5 * time.Second)
				tt.taken(t, dir)
				wait(2 * time.Second)
				r.append(320, 320, 100)
				wait(10 * time.Second)
				r.stop()
				<-r.done
				if lost := r.log.Audit(); lost != tt.lost {
					t.Errorf("%d frames were deleted, want %d", lost, tt.lost)
				}
				if lost := r.log.Discard(); lost != tt.dropped {
					t.Errorf("%d frames were in memory only, want %d", lost, tt.dropped)
				}
				s := r.log.Stats()
				if s.Kept != 640-tt.lost-tt.dropped || s.Damaged != tt.lost || s.Spilled != s.Kept {
					t.Errorf("at the end %+v", s)
				}
				_ = r.rig.Close()
				if n := strings.Count(said.String(), "level=WARN"); n > 2 || strings.Count(said.String(), "cannot be kept") > 1 || strings.Count(said.String(), "deleted the directory") > 1 {
					t.Errorf("said\n%s", said.String())
				}
				if tt.name != "deleted" {
					return
				}
				r = start(t, dir, nil)
				if diff := cmp.Diff(seq(320, 640), send(r.log, 99)); diff != "" {
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
