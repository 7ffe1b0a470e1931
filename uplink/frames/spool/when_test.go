package spool_test

import (
	"testing"
	"time"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/uplink/frames/spool"
)

// heard has one frame of a time on CLOCK_BOOTTIME, captured while the system
// clock was offsetNs ahead of that.
func heard(bootNs, offsetNs int64) *capture.Batch {
	b := capture.NewBatch()
	b.Live, b.ClockOffsetNs = true, offsetNs
	b.Append(bootNs+offsetNs, capture.LinkTypeRadiotap, 0, make([]byte, 50))
	return b
}

func keep(t *testing.T, s *spool.Store, first uint64, b *capture.Batch) {
	t.Helper()
	defer b.Release()
	if err := s.Write(first, b, 0); err != nil {
		t.Fatal(err)
	}
	if err := s.Commit(); err != nil {
		t.Fatal(err)
	}
	owned(s, 0, first+uint64(b.Len()))
}

// The clock is set while a segment is written.
func TestTheOldestFrameIsAsOldAsItWasBeforeTheClockWasSet(t *testing.T) {
	dir := t.TempDir()
	rig := open(t, spool.Options{Dir: dir})
	s := source(t, rig, roof)
	b := heard(50e9, 1_790_000_000e9)
	defer b.Release()
	if err := s.Write(0, b, 0); err != nil {
		t.Fatal(err)
	}
	keep(t, s, 1, heard(55e9, 1_790_000_000e9)) // written in one go
	keep(t, s, 2, heard(60e9, 1_780_000_000e9))
	frames, _, oldest := s.Unsent(0, 3)
	if want := (spool.Instant{Ns: 50e9, Boottime: true}); frames != 3 || oldest != want {
		t.Errorf("%d frames, the oldest of %+v, want %+v", frames, oldest, want)
	}
	list, err := spool.List(dir)
	if err != nil || !list[0].First.Equal(time.Unix(1_790_000_050, 0)) || !list[0].Last.Equal(time.Unix(1_780_000_060, 0)) {
		t.Errorf("%+v, %v", list, err)
	}
	if err := rig.Close(); err != nil {
		t.Fatal(err)
	}
}

// A machine whose clock was never set in a boot says 1970 then.
func TestFramesOfAnUnknownTimeAreNotTooOld(t *testing.T) {
	for _, tt := range []struct {
		name     string
		offsetNs int64
		expired  uint64
	}{
		{"1970", 0, 0},
		{"a clock that runs without power", 1_780_000_000e9, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			rig := open(t, spool.Options{Dir: dir})
			keep(t, source(t, rig, roof), 0, heard(50e9, tt.offsetNs))
			if err := rig.Close(); err != nil {
				t.Fatal(err)
			}
			rig = open(t, spool.Options{Dir: dir, MaxAge: time.Hour, BootID: "4ad6a2f2-0000-4000-8000-000000000002"})
			s := source(t, rig, roof)
			owned(s, 0, 1)
			if err := s.Tick(1, 0, spool.Now{BootNs: 10e9, UTCNs: 1_790_000_000e9}); err != nil {
				t.Fatal(err)
			}
			if d := s.Drops(); d.Age != tt.expired {
				t.Errorf("dropped %+v", d)
			}
			if err := rig.Close(); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// What a running sensord has in memory is not lost.
func TestListCountsNothingLostOfARunningSource(t *testing.T) {
	dir := t.TempDir()
	rig := open(t, spool.Options{Dir: dir})
	s := source(t, rig, roof)
	mustWrite(t, s, 0, 100, 100)
	if err := s.Tick(120, 20, spool.Now{}); err != nil {
		t.Fatal(err)
	}
	list, err := spool.List(dir)
	if err != nil || list[0].Lost != 0 || list[0].Damaged || !list[0].Locked || list[0].Frames != 100 {
		t.Errorf("%+v, %v", list, err)
	}
	if err := rig.Close(); err != nil {
		t.Fatal(err)
	}
	if list, err = spool.List(dir); err != nil || list[0].Lost != 20 || !list[0].Damaged {
		t.Errorf("when it is gone: %+v, %v", list, err)
	}
}
