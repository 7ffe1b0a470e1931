package spool_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/internal/fault"
	"github.com/sensord/sensord/uplink/frames/spool"
)

var (
	roof = capture.UUID{1}
	side = capture.UUID{2}
)

func TestConfirmedSegmentsAreDeletedWhole(t *testing.T) {
	dir := t.TempDir()
	rig := open(t, spool.Options{Dir: dir, SegmentBytes: 10 << 10})
	s := source(t, rig, roof)
	mustWrite(t, s, 0, 300, 100)
	segments := func() (n int) {
		names, err := filepath.Glob(path(dir, "*.seg"))
		if err != nil {
			t.Fatal(err)
		}
		return len(names)
	}
	before := segments()
	owned(s, 150, 300)
	if err := s.Tick(300, 0, spool.Now{}); err != nil {
		t.Fatal(err)
	}
	if n := segments(); n == before || n == 0 {
		t.Errorf("%d segments, and %d before", n, before)
	}
	if got := read(t, s, 150); !strings.HasSuffix(got, "-299") {
		t.Errorf("read %s", got)
	}
	owned(s, 300, 300)
	if err := s.Tick(300, 0, spool.Now{}); err != nil {
		t.Fatal(err)
	}
	if n := segments(); n != 0 {
		t.Errorf("%d segments when all is confirmed", n)
	}
	if used, _, _ := rig.Usage(); used != 0 {
		t.Errorf("%d bytes are used by nothing", used)
	}
	if err := rig.Close(); err != nil {
		t.Fatal(err)
	}
	rig = open(t, spool.Options{Dir: dir})
	if found := source(t, rig, roof).Recovered(); found != (spool.Recovery{First: 300, Next: 300}) {
		t.Errorf("found %+v", found)
	}
	if err := rig.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestTheSourceThatHoldsMostGivesUpItsOldest(t *testing.T) {
	rig := open(t, spool.Options{Dir: t.TempDir(), SizeBytes: 200 << 10, SegmentBytes: 20 << 10})
	a, b := source(t, rig, roof), source(t, rig, side)
	for n := uint64(0); n < 1200; n += 100 {
		mustWrite(t, a, n, n+100, 100)
	}
	for n := uint64(0); n < 900; n += 100 {
		mustWrite(t, b, n, n+100, 100)
	}
	ua, da, _ := a.Usage()
	ub, db, _ := b.Usage()
	if da.Size == 0 || da.Size+ua.Frames != 1200 || db.Size+ub.Frames != 900 {
		t.Errorf("%+v %+v, %+v %+v", ua, da, ub, db)
	}
	if diff := ua.Bytes - ub.Bytes; max(diff, -diff) > 40<<10 {
		t.Errorf("one holds %d bytes, the other %d", ua.Bytes, ub.Bytes)
	}
	if used, limit, _ := rig.Usage(); used > limit || used != ua.Bytes+ub.Bytes {
		t.Errorf("%d bytes used of %d", used, limit)
	}
	if got, want := read(t, a, 0), fmt.Sprintf("%d-1199", da.Size); got != want {
		t.Errorf("read %s, want %s", got, want)
	}
	if err := rig.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestFramesInFlightAreNotGivenUp(t *testing.T) {
	rig := open(t, spool.Options{Dir: t.TempDir(), SizeBytes: 100 << 10, SegmentBytes: 10 << 10})
	s := source(t, rig, roof)
	mustWrite(t, s, 0, 500, 100)
	s.Move(spool.Cursors{Sent: 100, Owned: 500})
	if err := write(s, 500, 1000, 100); err != nil {
		t.Fatal(err)
	}
	s.Move(spool.Cursors{Sent: 100, Owned: 1000})
	if got := read(t, s, 0); !strings.HasPrefix(got, "0-") || len(strings.Fields(got)) != 2 {
		t.Errorf("read %s", got)
	}
	if err := rig.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestTwoProcessesCannotWriteToOneSource(t *testing.T) {
	dir := t.TempDir()
	rig, other := open(t, spool.Options{Dir: dir}), open(t, spool.Options{Dir: dir})
	source(t, rig, roof)
	_, err := other.Source(roof, "roof", "linuxwifi", true)
	if fault.CodeOf(err) != fault.SpoolLocked || !strings.Contains(err.Error(), fmt.Sprintf("process %d writes to it", os.Getpid())) {
		t.Errorf("got %v", err)
	}
	if err := spool.Empty(dir, roof); fault.CodeOf(err) != fault.SpoolLocked {
		t.Errorf("emptied while it is written to: %v", err)
	}
	if err := rig.Close(); err != nil {
		t.Fatal(err)
	}
	source(t, other, roof)
	if err := other.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestList(t *testing.T) {
	dir := t.TempDir()
	if _, err := spool.List(filepath.Join(dir, "none")); fault.CodeOf(err) != fault.SpoolAbsent {
		t.Errorf("no directory: %v", err)
	}
	rig := open(t, spool.Options{Dir: dir})
	s := source(t, rig, roof)
	mustWrite(t, s, 0, 100, 100)
	owned(s, 30, 100)
	s.Tally(spool.Tally{Confirmed: 30})
	if err := s.Tick(100, 0, spool.Now{}); err != nil {
		t.Fatal(err)
	}
	list, err := spool.List(dir)
	if err != nil || len(list) != 1 {
		t.Fatalf("%v, %v", list, err)
	}
	first := time.Unix(1_790_000_000, 0).UTC()
	want := spool.Info{
		UUID: roof, Name: "roof", Type: "linuxwifi", Live: true, Frames: 70, Bytes: list[0].Bytes,
		First: first, Last: first.Add(99), Locked: true, Counts: spool.Counts{Tally: spool.Tally{Confirmed: 30}},
	}
	if diff := cmp.Diff(want, list[0]); diff != "" || list[0].Bytes < 10000 {
		t.Errorf("running (-want +got):\n%s", diff)
	}
	orphans, err := rig.Orphans([]capture.UUID{side})
	if err != nil || len(orphans) != 1 {
		t.Errorf("orphans %v, %v", orphans, err)
	}
	if orphans, err = rig.Orphans([]capture.UUID{roof}); err != nil || len(orphans) != 0 {
		t.Errorf("orphans %v, %v", orphans, err)
	}
	if err := rig.Close(); err != nil {
		t.Fatal(err)
	}
	if list, err = spool.List(dir); err != nil || list[0].Locked {
		t.Errorf("%v, %v", list, err)
	}
	if err := spool.Empty(dir, roof); err != nil {
		t.Fatal(err)
	}
	if err := spool.Empty(dir, roof); fault.CodeOf(err) != fault.SpoolAbsent {
		t.Errorf("emptied twice: %v", err)
	}
	if list, err = spool.List(dir); err != nil || len(list) != 0 {
		t.Errorf("%v, %v", list, err)
	}
}

func TestASpoolOfALaterVersionIsRefused(t *testing.T) {
	dir := t.TempDir()
	rig := open(t, spool.Options{Dir: dir})
	source(t, rig, roof)
	if err := rig.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path(dir, "meta"), []byte(`{"version":2}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := open(t, spool.Options{Dir: dir}).Source(roof, "roof", "linuxwifi", true); fault.CodeOf(err) != fault.SpoolVersion {
		t.Errorf("got %v", err)
	}
	if _, err := spool.OpenReader(dir, roof); fault.CodeOf(err) != fault.SpoolVersion {
		t.Errorf("got %v", err)
	}
}
