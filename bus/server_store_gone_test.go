//go:build !lite

package bus_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/sys/unix"

	"github.com/sensord/sensord/bus"
	"github.com/sensord/sensord/bus/bustest"
	"github.com/sensord/sensord/internal/fault"
)

func must(tb testing.TB, errs ...error) {
	tb.Helper()
	if err := errors.Join(errs...); err != nil {
		tb.Fatal(err)
	}
}

// What is written to a directory that was taken away is lost at the next start:
// it is noticed, said, and begun anew, and what is kept from then on is there.
func TestAStoreThatIsRemovedWhileItIsInUse(t *testing.T) {
	t.Parallel() // it mostly waits
	for _, tt := range []struct {
		name   string
		remove func(tb testing.TB, dir string)
		left   int // of ten
	}{
		{"removed", func(tb testing.TB, dir string) { must(tb, os.RemoveAll(dir)) }, 0},
		{"removed with what it is in", func(tb testing.TB, dir string) { must(tb, os.RemoveAll(filepath.Dir(dir))) }, 0},
		{"moved", func(tb testing.TB, dir string) { must(tb, os.Rename(dir, dir+".old")) }, 0},
		{"copied, and the copy in its place", func(tb testing.TB, dir string) {
			must(tb, os.Rename(dir, dir+".old"), os.CopyFS(dir, os.DirFS(dir+".old")))
		}, 10},
		{"a damaged one in its place", func(tb testing.TB, dir string) {
			meta := filepath.Join(dir, "jetstream/$G/streams/RIG/meta.inf")
			must(tb, os.Rename(dir, dir+".old"), os.CopyFS(dir, os.DirFS(dir+".old")), os.WriteFile(meta, []byte("{"), 0o600))
		}, 0},
		{"streams removed", func(tb testing.TB, dir string) { must(tb, os.RemoveAll(filepath.Join(dir, "jetstream"))) }, 0},
		{"stream removed", func(tb testing.TB, dir string) {
			must(tb, os.RemoveAll(filepath.Join(dir, "jetstream/$G/streams/RIG")))
		}, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "bus", "rover")
			l, end := alone(t, dir)
			l.stream(t)
			l.keep(t, 0, 10)
			tt.remove(t, dir)
			bustest.Wait(t, "it to be said", func() bool { return l.Store().Err != nil })
			s := l.Store()
			if fault.CodeOf(s.Err) != fault.BusStore || !strings.Contains(fmt.Sprint(s.Err), dir+": begun anew: ") || !strings.Contains(fault.RemedyOf(s.Err), "leave the directory") {
				t.Errorf("says %v, remedy %q", s.Err, fault.RemedyOf(s.Err))
			}
			if !s.Kept || !s.Disk || s.Dir != dir {
				t.Errorf("store is %+v", s)
			}
			l.stream(t)
			l.keep(t, 0, 5)
			end()
			l, _ = alone(t, dir)
			if n := l.kept(t); n != tt.left+5 {
				t.Errorf("%d are kept, want %d", n, tt.left+5)
			}
			if err := l.Store().Err; err != nil {
				t.Errorf("after a restart it says %v", err)
			}
		})
	}
}

// While there can be no directory, nothing counts as kept.
func TestAStoreThatCannotBeMadeAgain(t *testing.T) {
	t.Parallel() // it mostly waits
	parent := filepath.Join(t.TempDir(), "bus")
	dir := filepath.Join(parent, "rover")
	l, _ := alone(t, dir)
	l.stream(t)
	l.keep(t, 0, 10)
	must(t, os.RemoveAll(parent), os.WriteFile(parent, []byte("no directory"), 0o600))
	bustest.Wait(t, "it to be said", func() bool { return l.Store().Err != nil })
	if s := l.Store(); s.Kept || s.Disk || !strings.Contains(s.Err.Error(), "cannot be begun anew") {
		t.Errorf("store is %+v", s)
	}
	must(t, os.Remove(parent))
	bustest.Wait(t, "it to be begun anew", func() bool { s := l.Store(); return s.Kept && s.Disk })
	l.stream(t)
	l.keep(t, 0, 5)

	// Nor is one taken that another process has by now.
	next := parent + ".next"
	must(t, os.CopyFS(filepath.Join(next, "rover"), os.DirFS(dir)))
	f, err := os.OpenFile(filepath.Join(next, "rover", "lock"), os.O_RDWR, 0)
	must(t, err)
	defer f.Close()
	must(t, unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB), os.Rename(parent, parent+".old"), os.Rename(next, parent))
	bustest.Wait(t, "the other to be seen", func() bool {
		s := l.Store()
		return !s.Kept && s.Err != nil && strings.Contains(s.Err.Error(), "another process has it")
	})
	must(t, f.Close())
	bustest.Wait(t, "it to be opened", func() bool { s := l.Store(); return s.Kept && s.Disk })
	if n := l.kept(t); n != 5 {
		t.Errorf("%d are kept, want what was put there", n)
	}
}

// A rig whose store was removed says it once, and goes on without a restart; the
// hub gets what is kept from then on.
func TestARigWhoseStoreIsRemoved(t *testing.T) {
	t.Parallel() // it mostly waits
	hub := bustest.StartHub(t)
	o := leafOptions(t, "rover", hub.LeafURL)
	o.CredsFile, o.StoreDir = hub.Creds(t, "fleet", "rover"), filepath.Join(o.StoreDir, "bus", "rover")
	r, js := twentyAtHub(t, hub, o)

	must(t, os.RemoveAll(filepath.Dir(o.StoreDir)))
	if e := r.says(t, fault.BusStore); !strings.Contains(e.Error(), "begun anew") || !strings.Contains(e.Remedy(), "leave the directory") {
		t.Errorf("says %v, remedy %q", e, e.Remedy())
	}
	if err := r.State().Store.Err; fault.CodeOf(err) != fault.BusStore {
		t.Errorf("state says %v", err)
	}
	settled := func() uint64 { s := r.State(); return s.Kept + s.Failed }
	bustest.Wait(t, "something to be kept", func() bool {
		before, kept := settled(), r.State().Kept
		r.PublishPosition(position(20))
		bustest.Wait(t, "what becomes of it", func() bool { return settled() > before })
		return r.State().Kept > kept
	})
	r.publishKept(t, 21, 40)
	r.PublishStatus(recording())
	bustest.Wait(t, "the rest at the hub", func() bool {
		r.PublishStatus(recording())
		return atHub(t, js, "rover", bus.KindEvent) >= 39 && atHub(t, js, "rover", bus.KindPosition) >= 40
	})
	if began, _ := r.told(fault.BusStore); began != 1 {
		t.Errorf("told %d times", began)
	}
	r.stop()

	l, _ := alone(t, o.StoreDir) // after a restart, or a kill
	if n := l.kept(t); n < 2*19+1 {
		t.Errorf("%d are kept, want %d or more", n, 2*19+1)
	}
}

// A hub whose store is removed begins anew as well, and asks the rigs again for
// what they have.
func TestAHubWhoseStoreIsRemoved(t *testing.T) {
	t.Parallel() // it mostly waits
	hub := bustest.StartHub(t)
	o := leafOptions(t, "rover", hub.LeafURL)
	o.CredsFile = hub.Creds(t, "fleet", "rover")
	r, js := twentyAtHub(t, hub, o)
	must(t, os.RemoveAll(filepath.Join(hub.StateDir, "store")))
	bustest.Wait(t, "the store to be begun anew", func() bool {
		_, err := os.Stat(filepath.Join(hub.StateDir, "store", "jetstream"))
		return err == nil
	})
	r.publishKept(t, 20, 30)
	bustest.Wait(t, "all of it at the hub", func() bool {
		r.PublishStatus(recording())
		return atHub(t, js, "rover", bus.KindEvent) >= 30
	})
	checkFleet(t, js, "rover", 30)
	bustest.Wait(t, "claims", func() bool { return r.State().Watching })
}

// twentyAtHub starts a rig with a claim, and returns it when the hub has the first
// twenty that it says of each kind.
func twentyAtHub(t *testing.T, hub *bustest.Hub, o bus.Options) (*rig, jetstream.JetStream) {
	t.Helper()
	r := startRig(t, o)
	r.Claim(claim("wlan0"))
	r.joined(t)
	r.publishKept(t, 0, 20)
	r.PublishStatus(recording())
	js := watcher(t, hub)
	checkFleet(t, js, "rover", 20)
	return r, js
}

// atHub returns how many messages of a rig the hub has of a kind.
func atHub(tb testing.TB, js jetstream.JetStream, rig string, k bus.Kind) uint64 {
	tb.Helper()
	subject := bus.Subject("fleet", rig, k)
	s, err := js.Stream(tb.Context(), "FLEET_fleet")
	if err != nil {
		return 0
	}
	info, err := s.Info(tb.Context(), jetstream.WithSubjectFilter(subject))
	if err != nil {
		return 0
	}
	return info.State.Subjects[subject]
}
