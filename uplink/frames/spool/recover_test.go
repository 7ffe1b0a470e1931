package spool_test

import (
	"bytes"
	"log/slog"
	"os"
	"strings"
	"testing"

	"github.com/sensord/sensord/uplink/frames/spool"
)

func TestRecovery(t *testing.T) {
	seg := "00000001.seg"
	tests := []struct {
		name   string
		damage func(t *testing.T, dir string)
		read   string
		lost   uint64
		bytes  bool // some were no record
	}{
		{"whole", func(*testing.T, string) {}, "0-99", 0, false},
		{"torn tail", func(t *testing.T, dir string) {
			info, _ := os.Stat(path(dir, seg))
			if err := os.Truncate(path(dir, seg), info.Size()-300); err != nil {
				t.Fatal(err)
			}
		}, "0-89", 10, true},
		{"zeros behind", func(t *testing.T, dir string) {
			info, _ := os.Stat(path(dir, seg))
			if err := os.Truncate(path(dir, seg), info.Size()+5000); err != nil {
				t.Fatal(err)
			}
		}, "0-99", 0, true},
		{"a byte of the last record", func(t *testing.T, dir string) { damage(t, path(dir, seg), 0.99) }, "0-89", 10, true},
		{"a byte in the middle", func(t *testing.T, dir string) { damage(t, path(dir, seg), 0.5) }, "", 10, true},
		{"a byte of the file's record", func(t *testing.T, dir string) { damage(t, path(dir, seg), 0) }, "0-99", 0, true},
		{"no cursor", func(t *testing.T, dir string) {
			if err := os.Remove(path(dir, "cursor")); err != nil {
				t.Fatal(err)
			}
		}, "0-99", 0, false},
		{"a cursor of rubbish", func(t *testing.T, dir string) {
			damage(t, path(dir, "cursor"), 0.01)
			damage(t, path(dir, "cursor"), 0.51)
		}, "0-99", 0, false},
		{"no meta", func(t *testing.T, dir string) {
			if err := os.Remove(path(dir, "meta")); err != nil {
				t.Fatal(err)
			}
		}, "0-99", 0, false},
		{"the segment is gone", func(t *testing.T, dir string) {
			if err := os.Remove(path(dir, seg)); err != nil {
				t.Fatal(err)
			}
		}, "", 100, false},
		{"other files", func(t *testing.T, dir string) {
			for _, name := range []string{"1.seg", "00000000.seg", "x.seg", "99999999999.seg", "notes.txt"} {
				if err := os.WriteFile(path(dir, name), []byte("hello"), 0o600); err != nil {
					t.Fatal(err)
				}
			}
		}, "0-99", 0, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			rig := open(t, spool.Options{Dir: dir})
			s := source(t, rig, roof)
			mustWrite(t, s, 0, 100, 100)
			if err := s.Tick(100, 0, spool.Now{}); err != nil {
				t.Fatal(err)
			}
			if err := rig.Close(); err != nil {
				t.Fatal(err)
			}
			tt.damage(t, dir)

			var said bytes.Buffer
			rig = open(t, spool.Options{Dir: dir, Log: slog.New(slog.NewTextHandler(&said, nil))})
			s = source(t, rig, roof)
			found := s.Recovered()
			if found.Lost != tt.lost || (found.LostBytes > 0) != tt.bytes || found.Frames != 100-tt.lost || found.Next < 100-tt.lost {
				t.Errorf("found %+v", found)
			}
			if n := strings.Count(said.String(), "level=WARN"); (n == 1) != (tt.lost > 0 || tt.bytes) || n > 1 {
				t.Errorf("said\n%s", said.String())
			}
			got := read(t, s, 0)
			if tt.read == "" && tt.lost == 10 { // one record of ten, somewhere
				if len(strings.Fields(got)) != 2 || !strings.HasPrefix(got, "0-") || !strings.HasSuffix(got, "-99") {
					t.Errorf("read %s", got)
				}
			} else if got != tt.read {
				t.Errorf("read %s, want %s", got, tt.read)
			}
			// It goes on behind, and the next start finds both, and says nothing new.
			next := max(found.Next, 100)
			mustWrite(t, s, next, next+20, 100)
			if err := s.Tick(next+20, 0, spool.Now{}); err != nil {
				t.Fatal(err)
			}
			if err := rig.Close(); err != nil {
				t.Fatal(err)
			}
			rig = open(t, spool.Options{Dir: dir})
			s = source(t, rig, roof)
			// A damaged payload that is not the newest segment's is found when it is read.
			if again := s.Recovered(); again.Lost != 0 || again.Frames < found.Frames+20 || again.Frames > 120 {
				t.Errorf("found again %+v", again)
			}
			if err := rig.Close(); err != nil {
				t.Fatal(err)
			}
		})
	}
}

func TestFramesOfASegmentThatIsNotTheNewestAreCheckedWhenRead(t *testing.T) {
	dir := t.TempDir()
	rig := open(t, spool.Options{Dir: dir, SegmentBytes: 10 << 10})
	s := source(t, rig, roof)
	mustWrite(t, s, 0, 300, 100) // 100 to a segment, about
	damage(t, path(dir, "00000002.seg"), 0.5)
	got := read(t, s, 0)
	if len(strings.Fields(got)) != 2 || !strings.HasPrefix(got, "0-") || !strings.HasSuffix(got, "-299") {
		t.Errorf("read %s", got)
	}
	u, d, _ := s.Usage()
	if d != (spool.Drops{Damaged: 10}) || u.Frames != 290 {
		t.Errorf("%+v, %+v", u, d)
	}
	if again := read(t, s, 0); again != got {
		t.Errorf("again %s", again)
	}
	if d := s.Drops(); d.Damaged != 10 {
		t.Errorf("counted again: %+v", d)
	}
	if err := rig.Close(); err != nil {
		t.Fatal(err)
	}
}
