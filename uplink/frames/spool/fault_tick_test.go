package spool_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sensord/sensord/internal/fault"
	"github.com/sensord/sensord/uplink/frames/spool"
)

// A disk that takes bytes and cannot make them safe has failed until it can.
func TestADiskThatCannotMakeSafeIsSpokenOfOnce(t *testing.T) {
	tests := []struct {
		name string
		fail func(f *spool.Faults)
	}{
		{"frames", func(f *spool.Faults) { f.Syncs.Store(spool.Broken()) }},
		{"cursor", func(f *spool.Faults) { f.Cursors.Store(spool.Full()) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				disk := &spool.Faults{}
				var said bytes.Buffer
				rig := open(t, spool.Options{Dir: t.TempDir(), Log: slog.New(slog.NewTextHandler(&said, nil))}.WithFaults(disk))
				s := source(t, rig, roof)
				n := uint64(0)
				turn := func() {
					if write(s, n, n+10, 100) == nil {
						n += 10
					}
					owned(s, n/2, n)
					_ = s.Tick(n, 0, spool.Now{}) // what it says is said
					<-time.After(time.Second)
				}
				turn()
				tt.fail(disk)
				for range 30 {
					turn()
					if _, _, err := s.Usage(); fault.CodeOf(err) != fault.DiskFailed && fault.CodeOf(err) != fault.DiskFull {
						t.Fatalf("the status says %v", err)
					}
				}
				disk.Syncs.Store(nil)
				disk.Cursors.Store(nil)
				for range 10 {
					turn()
				}
				if _, _, err := s.Usage(); err != nil {
					t.Errorf("it works, and the status says %v", err)
				}
				if w, a := strings.Count(said.String(), "level=WARN"), strings.Count(said.String(), "again"); w != 1 || a != 1 {
					t.Errorf("said\n%s", said.String())
				}
				if err := rig.Close(); err != nil {
					t.Fatal(err)
				}
			})
		})
	}
}

// One that tears what it writes, again and again, leaves the cursor that was.
func TestACursorThatCannotBeWrittenIsTheOneBefore(t *testing.T) {
	disk, dir := &spool.Faults{}, t.TempDir()
	rig := open(t, spool.Options{Dir: dir}.WithFaults(disk))
	s := source(t, rig, roof)
	mustWrite(t, s, 0, 100, 100)
	owned(s, 60, 100)
	if err := s.Tick(100, 0, spool.Now{}); err != nil {
		t.Fatal(err)
	}
	disk.Cursors.Store(spool.Full())
	for n := uint64(70); n < 100; n += 10 {
		owned(s, n, 100)
		if err := s.Tick(100, 0, spool.Now{}); fault.CodeOf(err) != fault.DiskFull {
			t.Errorf("got %v", err)
		}
	}
	_ = rig.Close() // as the disk does not take it
	rig = open(t, spool.Options{Dir: dir})
	if found := source(t, rig, roof).Recovered(); found.First != 60 || found.Frames != 40 || found.Next != 100 {
		t.Errorf("found %+v", found)
	}
	if err := rig.Close(); err != nil {
		t.Fatal(err)
	}
}
