package frames_test

import (
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sensord/sensord/uplink/frames"
	"github.com/sensord/sensord/uplink/frames/spool"
)

// dropRules fill a spool.
var dropRules = map[frames.Reason]func(*spool.Options){
	frames.DropSize:   func(o *spool.Options) { o.SizeBytes, o.Drop = 512<<10, spool.Oldest },
	frames.DropNewest: func(o *spool.Options) { o.SizeBytes, o.Drop = 512<<10, spool.Newest },
	frames.DropAge:    func(o *spool.Options) { o.MaxAge = 10 * time.Second },
}

// outage is what a log goes through without a server for a while: it returns what
// the counters say of it.
func (r *run) outage(seconds int) frames.Stats {
	began := time.Now()
	for range 4 * seconds {
		for range 5 {
			r.log.Append(liveBatch(int64(time.Since(began))+1e9, 0, 20))
		}
		wait(time.Second / 4)
	}
	return r.log.Stats()
}

// confirm sends and confirms all that waits.
func (r *run) confirm() {
	for c, ok := r.log.Next(); ok; c, ok = r.log.Next() {
		r.log.Sent(c, c.Len())
	}
	r.log.Ack(r.log.SentTo())
}

// What was dropped is never told as confirmed: neither of the run that did it,
// nor of one that follows.
func TestCountsOnDiskTellLossesFromWhatWasConfirmed(t *testing.T) {
	for reason, rule := range dropRules {
		t.Run(reason.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				dir := t.TempDir()
				begin := func() *run {
					return start(t, dir, func(s *spool.Options, f *frames.Options) {
						rule(s)
						s.SegmentBytes, f.MemoryBytes = 64<<10, 512<<10
					})
				}
				var captured, confirmed uint64
				for n := range 3 {
					r := begin()
					s := r.outage(25)
					if s.DroppedBy[reason] == 0 || n == 0 && s.DroppedBy[reason] != s.Dropped {
						t.Errorf("run %d: %+v", n, s)
					}
					if n > 0 {
						r.confirm()
					}
					captured += s.Captured
					confirmed += r.log.Stats().Acked
					r.stop()
					<-r.done
					r.log.Discard() // what finds no room on disk is lost now, and counted by the next start
					if err := r.rig.Close(); err != nil {
						t.Fatal(err)
					}
					infos, err := spool.List(dir)
					if err != nil || len(infos) != 1 {
						t.Fatalf("%+v, %v", infos, err)
					}
					i := infos[0]
					c := i.Counts
					if c.Confirmed != confirmed || captured != c.Confirmed+c.Lost()+i.Lost+i.Frames {
						t.Errorf("run %d: of %d frames %d were confirmed; on disk are %+v, %+v", n, captured, confirmed, c, i)
					}
				}
			})
		})
	}
}

// noted are the counts of the one source in a spool.
func noted(t *testing.T, dir string) spool.Counts {
	t.Helper()
	infos, err := spool.List(dir)
	if err != nil || len(infos) != 1 || infos[0].Err != nil {
		t.Fatalf("%+v, %v", infos, err)
	}
	return infos[0].Counts
}

// Of a process that was killed, the counts are those of its last sync.
func TestCountsSurviveAKill(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir, killed := t.TempDir(), filepath.Join(t.TempDir(), "killed")
		r := start(t, dir, func(s *spool.Options, f *frames.Options) {
			s.SizeBytes, s.SegmentBytes, f.MemoryBytes = 512<<10, 64<<10, 512<<10
		})
		r.outage(20)
		send(r.log, 500)
		r.log.Ack(r.log.SentTo())
		before := r.log.Stats()
		wait(2 * time.Second)
		if err := os.CopyFS(killed, os.DirFS(dir)); err != nil {
			t.Fatal(err)
		}
		want := spool.Counts{Tally: spool.Tally{Confirmed: before.Acked}, Drops: spool.Drops{Size: before.DroppedBy[frames.DropSize]}}
		if diff := cmp.Diff(want, noted(t, killed)); diff != "" || before.Acked == 0 || want.Size == 0 {
			t.Errorf("counts (-want +got):\n%s", diff)
		}
		r.end()
		next := start(t, killed, nil)
		next.end()
		if diff := cmp.Diff(want, noted(t, killed)); diff != "" {
			t.Errorf("after another run (-want +got):\n%s", diff)
		}
	})
}
