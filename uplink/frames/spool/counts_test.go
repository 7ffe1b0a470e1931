package spool_test

import (
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sensord/sensord/uplink/frames/spool"
)

// noted are the counts of the one source in a spool.
func noted(t *testing.T, dir string) spool.Counts {
	t.Helper()
	infos, err := spool.List(dir)
	if err != nil || len(infos) != 1 || infos[0].Err != nil {
		t.Fatalf("%+v, %v", infos, err)
	}
	return infos[0].Counts
}

// counts fails the test unless what is read of a source's is that.
func counts(t *testing.T, dir string, want spool.Counts) {
	t.Helper()
	if diff := cmp.Diff(want, noted(t, dir)); diff != "" {
		t.Errorf("counts (-want +got):\n%s", diff)
	}
}

func mustTick(t *testing.T, s *spool.Store, next, memory uint64) {
	t.Helper()
	if err := s.Tick(next, memory, spool.Now{}); err != nil {
		t.Fatal(err)
	}
}

// counted leaves a spool whose last two cursors are of 7 confirmed frames, and of
// 9 with 5 that were dropped.
func counted(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	rig := open(t, spool.Options{Dir: dir})
	s := source(t, rig, roof)
	mustWrite(t, s, 0, 100, 100)
	s.Tally(spool.Tally{Confirmed: 7})
	mustTick(t, s, 100, 0)
	s.Tally(spool.Tally{Confirmed: 9, Disk: 3, Newest: 2})
	mustTick(t, s, 100, 0)
	counts(t, dir, spool.Counts{Tally: spool.Tally{Confirmed: 9, Disk: 3, Newest: 2}})
	if err := rig.Close(); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestCountsOfRunsAddUp(t *testing.T) {
	dir := counted(t)
	rig := open(t, spool.Options{Dir: dir, SizeBytes: 200 << 10, SegmentBytes: 20 << 10})
	s := source(t, rig, roof)
	counts(t, dir, spool.Counts{Tally: spool.Tally{Confirmed: 9, Disk: 3, Newest: 2}})
	for n := uint64(100); n < 3000; n += 100 {
		mustWrite(t, s, n, n+100, 100)
	}
	dropped := s.Drops().Size
	s.Tally(spool.Tally{Confirmed: 1, Memory: 4, Disk: 1})
	mustTick(t, s, 3000, 0)
	want := spool.Counts{Tally: spool.Tally{Confirmed: 10, Memory: 4, Disk: 4, Newest: 2}, Drops: spool.Drops{Size: dropped}}
	counts(t, dir, want)
	if dropped == 0 || want.Lost() != 10+dropped {
		t.Errorf("%d by size, %d lost", dropped, want.Lost())
	}
	if err := rig.Close(); err != nil {
		t.Fatal(err)
	}
	counts(t, dir, want)
}

// What a crash or damage costs is known before the next start, and not forgotten
// by it.
func TestFramesThatWereNotFoundStayCounted(t *testing.T) {
	dir := counted(t)
	damage(t, path(dir, "00000001.seg"), 0.99)
	infos, err := spool.List(dir)
	if err != nil || len(infos) != 1 || infos[0].Lost != 10 {
		t.Fatalf("%+v, %v", infos, err)
	}
	want := spool.Counts{Tally: spool.Tally{Confirmed: 9, Disk: 3, Newest: 2}, Drops: spool.Drops{Damaged: 10}}
	for range 3 {
		rig := open(t, spool.Options{Dir: dir})
		source(t, rig, roof)
		counts(t, dir, want)
		if err := rig.Close(); err != nil {
			t.Fatal(err)
		}
		infos, err := spool.List(dir)
		if err != nil || infos[0].Lost != 0 {
			t.Errorf("%+v, %v", infos, err)
		}
		counts(t, dir, want)
	}
}

// A slot that is torn, or that was written by who knows no counts, leaves those of
// the other.
func TestTheNewestCountsThatCanBeRead(t *testing.T) {
	older := spool.Counts{Tally: spool.Tally{Confirmed: 7}}
	newer := spool.Counts{Tally: spool.Tally{Confirmed: 9, Disk: 3, Newest: 2}}
	const slot, behind, size = 512, 64, 72
	for _, tt := range []struct {
		name   string
		change func(file []byte)
		want   []spool.Counts // either: which slot is the newer
	}{
		{"whole", func([]byte) {}, []spool.Counts{newer}},
		{"no counts", func(f []byte) { clear(f[behind:slot]); clear(f[slot+behind:]) }, []spool.Counts{{}}},
		{"one is torn", func(f []byte) { f[behind+20] ^= 1 }, []spool.Counts{older, newer}},
		{"the other is torn", func(f []byte) { f[slot+behind+size-1] ^= 1 }, []spool.Counts{older, newer}},
		{"both are torn", func(f []byte) { f[behind+20] ^= 1; f[slot+behind+9] ^= 1 }, []spool.Counts{{}}},
		{"cursors without counts behind them", func(f []byte) { f[0] ^= 1; f[slot] ^= 1 }, []spool.Counts{newer}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := counted(t)
			f, err := os.ReadFile(path(dir, "cursor"))
			if err != nil {
				t.Fatal(err)
			}
			tt.change(f)
			if err := os.WriteFile(path(dir, "cursor"), f, 0o600); err != nil {
				t.Fatal(err)
			}
			got := noted(t, dir)
			found := false
			for _, want := range tt.want {
				found = found || got == want
			}
			if !found {
				t.Errorf("%+v, want one of %+v", got, tt.want)
			}
			rig := open(t, spool.Options{Dir: dir})
			if r := source(t, rig, roof).Recovered(); r.Frames != 100 || r.Lost != 0 {
				t.Errorf("recovered %+v", r)
			}
			if err := rig.Close(); err != nil {
				t.Fatal(err)
			}
			counts(t, dir, got)
		})
	}
}
