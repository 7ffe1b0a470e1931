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

	"github.com/sensord/sensord/internal/fault"
	"github.com/sensord/sensord/uplink/frames"
	"github.com/sensord/sensord/uplink/frames/spool"
)

func TestDiskThatFailsCostsNothingWhileMemoryLasts(t *testing.T) {
	for _, long := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			root := t.TempDir()
			dir, aside := filepath.Join(root, "medium"), filepath.Join(root, "aside")
			var said bytes.Buffer
			r := start(t, dir, func(s *spool.Options, f *frames.Options) {
				s.SegmentBytes, s.Log = 64<<10, slog.New(slog.NewTextHandler(&said, nil))
				f.MemoryBytes = 2 << 20
			})
			r.append(0, 320, 300)
			wait(5 * time.Second)
			// The medium is gone: no segment can be begun.
			if err := os.Rename(dir, aside); err != nil {
				t.Fatal(err)
			}
			n := 320
			for range 20 {
				r.append(n, 96, 300)
				n += 96
				wait(time.Second)
			}
			s := r.log.Stats()
			if fault.CodeOf(s.DiskErr) != fault.DiskFailed || s.Dropped != 0 {
				t.Errorf("while the disk fails: %+v", s)
			}
			if long {
				r.append(n, 6400, 300)
				n += 6400
				wait(time.Second)
			}
			if err := os.Rename(aside, dir); err != nil {
				t.Fatal(err)
			}
			wait(10 * time.Second)
			s = r.log.Stats()
			if s.DiskErr != nil || s.Spilled != s.Waiting || (s.Dropped > 0) != long || s.Dropped != s.DroppedBy[frames.DropDisk] {
				t.Errorf("when it works again: %+v", s)
			}
			got := send(r.log, 1000)
			if len(got) != n-int(s.Dropped) || got[0] != 0 || got[len(got)-1] != n-1 {
				t.Errorf("%d frames from %d to %d, want %d", len(got), got[0], got[len(got)-1], n-int(s.Dropped))
			}
			for i := 1; i < len(got); i++ {
				if got[i] <= got[i-1] {
					t.Fatalf("%d came behind %d", got[i], got[i-1])
				}
			}
			for _, text := range []string{"frames cannot be kept on disk", "frames are kept on disk again"} {
				if c := strings.Count(said.String(), text); c != 1 {
					t.Errorf("said %d times: %s\n%s", c, text, said.String())
				}
			}
			r.end()
		})
	}
}

func TestRulesOfDroppingAndTheirCounters(t *testing.T) {
	tests := []struct {
		name   string
		change func(*spool.Options)
		reason frames.Reason
		first  func(n int) bool // which frame may be the first left
	}{
		{
			"oldest", func(o *spool.Options) { o.SizeBytes, o.Drop = 512<<10, spool.Oldest },
			frames.DropSize, func(n int) bool { return n > 1000 },
		},
		{
			"newest", func(o *spool.Options) { o.SizeBytes, o.Drop = 512<<10, spool.Newest },
			frames.DropNewest, func(n int) bool { return n == 0 },
		},
		{
			"age", func(o *spool.Options) { o.MaxAge = 10 * time.Second },
			frames.DropAge, func(n int) bool { return n > 3000 },
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				dir := t.TempDir()
				r := start(t, dir, func(s *spool.Options, f *frames.Options) {
					tt.change(s)
					s.SegmentBytes = 64 << 10
					f.MemoryBytes = 512 << 10
				})
				began := time.Now()
				n := 0
				for range 100 {
					at := int64(time.Since(began)) + 1e9
					for range 5 {
						b := liveBatch(at, 0, 20)
						r.log.Append(b)
						n += b.Len()
					}
					wait(time.Second / 4)
				}
				s := r.log.Stats()
				if s.Dropped == 0 || s.Dropped != s.DroppedBy[tt.reason] || s.Captured != s.Dropped+s.Waiting {
					t.Errorf("%+v", s)
				}
				if used, limit, _ := r.rig.Usage(); used > limit {
					t.Errorf("%d bytes used of %d", used, limit)
				}
				c, ok := r.log.Next()
				if !ok || !tt.first(int(c.Seq(0))) {
					t.Errorf("the first frame left is number %d, of %d", c.Seq(0), n)
				}
				r.log.Sent(c, 0)
				left := 0
				for c, ok := r.log.Next(); ok; c, ok = r.log.Next() {
					left += c.Len()
					r.log.Sent(c, c.Len())
				}
				if left != int(s.Waiting) {
					t.Errorf("%d frames left, %d counted", left, s.Waiting)
				}
				r.log.Ack(r.log.SentTo())
				r.end()
			})
		})
	}
}

// What failed in an outage works again, and is said to, although nothing has to
// be written any more.
func TestDiskThatWorksAgainIsNoticedWithoutAnOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		root := t.TempDir()
		dir, aside := filepath.Join(root, "medium"), filepath.Join(root, "aside")
		var said bytes.Buffer
		r := start(t, dir, func(s *spool.Options, _ *frames.Options) { s.Log = slog.New(slog.NewTextHandler(&said, nil)) })
		if err := os.Rename(dir, aside); err != nil {
			t.Fatal(err)
		}
		r.append(0, 32, 100)
		wait(5 * time.Second)
		if s := r.log.Stats(); s.DiskErr == nil {
			t.Fatalf("%+v", s)
		}
		n := 32
		turns := func() {
			for range 40 { // the server is back
				r.append(n, 32, 100)
				n += 32
				send(r.log, 9)
				wait(100 * time.Millisecond)
				r.log.Ack(frames.Seq(n - 32))
			}
		}
		turns()
		if err := os.Rename(aside, dir); err != nil {
			t.Fatal(err)
		}
		turns()
		turns()
		r.log.Ack(frames.Seq(n))
		wait(3 * time.Second)
		r.want(frames.Stats{Captured: uint64(n), Acked: uint64(n)})
		for _, text := range []string{"frames cannot be kept on disk", "frames are kept on disk again"} {
			if c := strings.Count(said.String(), text); c != 1 {
				t.Errorf("said %d times: %s\n%s", c, text, said.String())
			}
		}
		if diff := cmp.Diff([]string{"cursor", "lock", "meta"}, files(t, dir)); diff != "" {
			t.Errorf("files (-want +got):\n%s", diff)
		}
		r.end()
	})
}

// A disk that works again is tried at the end, however short ago it failed.
func TestTheEndTriesADiskThatHasJustFailed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		root := t.TempDir()
		dir, aside := filepath.Join(root, "medium"), filepath.Join(root, "aside")
		r := start(t, dir, nil)
		if err := os.Rename(dir, aside); err != nil {
			t.Fatal(err)
		}
		r.append(0, 320, 100)
		wait(2500 * time.Millisecond)
		if err := os.Rename(aside, dir); err != nil {
			t.Fatal(err)
		}
		r.end()
		r.want(frames.Stats{Captured: 320, Kept: 320, Spilled: 320, Closed: true})
	})
}
