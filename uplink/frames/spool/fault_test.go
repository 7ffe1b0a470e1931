package spool_test

import (
	"bytes"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sensord/sensord/internal/fault"
	"github.com/sensord/sensord/uplink/frames/spool"
)

func TestADiskThatFailsTakesNothingBack(t *testing.T) {
	tests := []struct {
		name  string
		sync  spool.Sync
		fail  func(f *spool.Faults)
		code  fault.Code
		text  string
		after string // what of 0-99, written before, and 100-199, refused, can be read
	}{
		{"full", spool.Every, func(f *spool.Faults) { f.Writes.Store(spool.Full()) }, fault.DiskFull, "no space left on device", "0-99"},
		{"broken", spool.Never, func(f *spool.Faults) { f.Writes.Store(spool.Broken()) }, fault.DiskFailed, "input/output error", "0-99"},
		{"cannot sync", spool.Always, func(f *spool.Faults) { f.Syncs.Store(spool.Broken()) }, fault.DiskFailed, "input/output error", "0-99"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				dir := t.TempDir()
				disk := &spool.Faults{}
				var said bytes.Buffer
				o := spool.Options{Dir: dir, Sync: tt.sync, Log: slog.New(slog.NewTextHandler(&said, nil))}.WithFaults(disk)
				rig := open(t, o)
				s := source(t, rig, roof)
				mustWrite(t, s, 0, 100, 100)
				tt.fail(disk)
				for range 5 {
					err := write(s, 100, 200, 100)
					if fault.CodeOf(err) != tt.code || !strings.Contains(err.Error(), tt.text) {
						t.Errorf("got %v", err)
					}
					<-time.After(time.Second)
				}
				if _, _, err := s.Usage(); fault.CodeOf(err) != tt.code {
					t.Errorf("the status says %v", err)
				}
				if got := read(t, s, 0); got != tt.after || s.Committed() != 100 {
					t.Errorf("read %s, committed %d", got, s.Committed())
				}
				disk.Writes.Store(nil)
				disk.Syncs.Store(nil)
				<-time.After(4 * time.Second)
				mustWrite(t, s, 100, 200, 100)
				if got := read(t, s, 0); got != "0-199" {
					t.Errorf("read %s", got)
				}
				if _, _, err := s.Usage(); err != nil {
					t.Errorf("it works, and the status says %v", err)
				}
				if n := strings.Count(said.String(), "level=WARN"); n != 1 || strings.Count(said.String(), "again") != 1 {
					t.Errorf("said\n%s", said.String())
				}
				if used := usedBy(t, dir); used > usedOf(rig)+2000 {
					t.Errorf("%d bytes are on disk, %d are counted", used, usedOf(rig))
				}
				if err := rig.Close(); err != nil {
					t.Fatal(err)
				}
				rig = open(t, spool.Options{Dir: dir})
				s = source(t, rig, roof)
				if found := s.Recovered(); found.Frames != 200 || found.Lost != 0 || found.LostBytes != 0 {
					t.Errorf("found %+v", found)
				}
				if err := rig.Close(); err != nil {
					t.Fatal(err)
				}
			})
		})
	}
}

func usedOf(r *spool.Rig) int64 {
	used, _, _ := r.Usage()
	return used
}

func usedBy(t *testing.T, dir string) (n int64) {
	t.Helper()
	for _, pattern := range []string{"*.seg", "*.pts"} {
		names, err := filepath.Glob(path(dir, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			n += size(t, name)
		}
	}
	return n
}

func TestADiskThatCannotBeReadIsAskedAgainAndThenGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		disk := &spool.Faults{}
		rig := open(t, spool.Options{Dir: t.TempDir(), SegmentBytes: 5 << 10}.WithFaults(disk))
		s := source(t, rig, roof)
		mustWrite(t, s, 0, 100, 100)
		disk.Reads.Store(spool.Broken())
		for range 2 {
			first, _, _ := s.Take(0)
			if _, ok, err := s.Next(first); ok || fault.CodeOf(err) != fault.DiskFailed {
				t.Fatalf("%v, %v", ok, err)
			}
			<-time.After(4 * time.Second)
		}
		if d := s.Drops(); d.Damaged != 0 {
			t.Errorf("given up too soon: %+v", d)
		}
		first, _, _ := s.Take(0)
		if _, ok, err := s.Next(first); ok || err != nil {
			t.Fatalf("%v, %v", ok, err)
		}
		disk.Reads.Store(nil)
		u, d, _ := s.Usage()
		if d.Damaged == 0 || d.Damaged+u.Frames != 100 {
			t.Errorf("%+v, %+v", u, d)
		}
		if got := read(t, s, 0); !strings.HasSuffix(got, "-99") {
			t.Errorf("read %s", got)
		}
		if err := rig.Close(); err != nil {
			t.Fatal(err)
		}
	})
}

func TestASpoolThatIsFullByTheNewestRuleRefusesWhatComes(t *testing.T) {
	rig := open(t, spool.Options{Dir: t.TempDir(), SizeBytes: 20 << 10, SegmentBytes: 5 << 10, Drop: spool.Newest})
	s := source(t, rig, roof)
	var err error
	n := uint64(0)
	for ; err == nil; n += 10 {
		if err = write(s, n, n+10, 100); err == nil {
			owned(s, 0, n+10)
		}
	}
	if fault.CodeOf(err) != fault.DiskFull || !strings.Contains(err.Error(), "its size is used up") || !strings.Contains(fault.RemedyOf(err), "size") {
		t.Errorf("got %v: %s", err, fault.RemedyOf(err))
	}
	kept := s.Committed()
	owned(s, kept, kept) // the server has confirmed all
	mustWrite(t, s, kept, kept+50, 100)
	if d := s.Drops(); d != (spool.Drops{}) {
		t.Errorf("dropped %+v", d)
	}
	if err := rig.Close(); err != nil {
		t.Fatal(err)
	}
}
