package actors

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sensord/sensord/configs"
	"github.com/sensord/sensord/internal/fault"
	"github.com/sensord/sensord/uplink"
	"github.com/sensord/sensord/uplink/kismettest"
)

// A late rig's disk can be taken out and put back.
type lateRig struct {
	*testRig
	world *fakeWorld
	radio *fakeRadio
	root  string
}

func newLateRig(t *testing.T) *lateRig {
	world := newFakeWorld(2412)
	world.machine = newFakeMachine()
	world.machine.plugReceiver("puck")
	return &lateRig{world: world, radio: world.plug("wlan0"), root: t.TempDir()}
}

func (l *lateRig) medium() string { return filepath.Join(l.root, "medium") }

// start starts a rig, perhaps again, whose radio has its UUID from the start or
// only when it opens.
func (l *lateRig) start(t *testing.T, srv *kismettest.Server, unknown bool, opening error) {
	t.Helper()
	l.testRig = &testRig{srv: srv, log: &logLines{}, network: make(chan string)}
	src := radioOf(t, "wlan0")
	if !unknown {
		src.UUID = lateUUID
	}
	opts := l.options(l.world, l.world.watch, []*uplink.Dialer{dialerTo(srv, "home")}, configs.Config{
		Sources: []configs.Source{src}, GPS: gpsOf("puck"),
		Spool:  configs.Spool{MemoryBytes: 8 << 20, Dir: filepath.Join(l.medium(), "spool"), After: 2 * time.Second, Sync: configs.SyncEvery, SyncEvery: time.Second},
		Replay: configs.Replay{FramesPerSecond: 5000, BytesPerSecond: 4 << 20},
	})
	if opening != nil {
		opts.spool = opensAs(opening)
	}
	if err := l.begin(t, opts); err != nil {
		t.Fatal(err)
	}
}

var lateUUID = [16]byte{1, 2, 3}

// takeOut leaves nothing where the spool can be opened, and putBack what was.
func (l *lateRig) takeOut(t *testing.T) {
	t.Helper()
	must(t, os.Rename(l.medium(), l.medium()+".out"))
	must(t, os.WriteFile(l.medium(), nil, 0o600))
}

func (l *lateRig) putBack(t *testing.T) {
	t.Helper()
	must(t, os.Remove(l.medium()))
	must(t, os.Rename(l.medium()+".out", l.medium()))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// A spool that the disk does not let be opened at the start is opened as soon as
// it does, and what earlier runs kept in it is sent, whether there is a link by
// then or not.
func TestASpoolIsOpenedAsSoonAsTheDiskLetsIt(t *testing.T) {
	for _, tt := range []struct {
		name          string
		linked, known bool
	}{{"no link", false, true}, {"a link", true, true}, {"no link, UUID of the radio", false, false}, {"a link, UUID of the radio", true, false}} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { lateSpool(t, tt.linked, !tt.known) })
		})
	}
}

func lateSpool(t *testing.T, linked, unknown bool) {
	srv := newServer(t, kismettest.Config{})
	l := newLateRig(t)
	must(t, os.Mkdir(l.medium(), 0o700))
	goAway(t, srv)
	l.start(t, srv, unknown, nil)
	elapse(20 * time.Second)
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	_ = l.Stop(ctx)
	cancel()
	kept := l.Status().Sources[0].Frames.Kept
	if kept < 300 {
		t.Fatalf("the first run kept %d frames\n%s", kept, l.log)
	}

	l.takeOut(t)
	if linked {
		must(t, srv.Refuse(false))
	}
	l.start(t, srv, unknown, syscall.EROFS)
	elapse(20 * time.Second)
	if s := l.Status(); s.Spool == nil || s.Spool.Err == nil || s.Sources[0].Frames.Spilled > 0 {
		t.Fatalf("without a disk: %+v\n%s", s, l.log)
	}
	l.putBack(t)
	elapse(25 * time.Second)
	s := l.Status()
	f := s.Sources[0].Frames
	if s.Spool.Err != nil || f.Recovered != kept || f.Dropped > 0 || !linked && f.Spilled < kept+300 {
		t.Fatalf("with the disk: %+v %+v\n%s", s.Spool, f, l.log)
	}
	if !linked {
		must(t, srv.Refuse(false))
	}
	elapse(40 * time.Second) // the wait between two attempts, and the replay
	l.arrived(t, linked)
	if n := strings.Count(l.log.String(), "the spool is open now"); n != 1 || strings.Count(l.log.String(), "until the spool can be opened") != 1 {
		t.Errorf("said\n%s", l.log)
	}
	ctx, cancel = context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := l.Stop(ctx); err != nil {
		t.Errorf("the end: %v\n%s", err, l.log)
	}
}

// arrived sees that every frame has, in order where there was no link before.
func (l *lateRig) arrived(t *testing.T, linked bool) {
	t.Helper()
	st := l.Status().Sources[0]
	got := l.numbers(st.UUID)
	twice := len(got)
	if linked {
		slices.Sort(got)
	}
	got = slices.Compact(got)
	twice -= len(got)
	if heard := int(l.radio.next.Load()); len(got) < heard-40 || twice > int(st.Frames.Resent) {
		t.Errorf("%d of %d frames arrived, and %d twice, of %d sent again", len(got), heard, twice, st.Frames.Resent)
	}
	if diff := cmp.Diff(upTo(len(got)), got); diff != "" {
		t.Errorf("frames (-want +got):\n%s\n%s", diff, l.log)
	}
}

// At the end it is tried once more: what waits in memory is not lost with it.
func TestASpoolIsOpenedAtTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := newServer(t, kismettest.Config{})
		l := newLateRig(t)
		must(t, os.WriteFile(l.medium(), nil, 0o600))
		goAway(t, srv)
		l.start(t, srv, false, syscall.ENOSPC)
		elapse(50 * time.Second)
		must(t, os.Remove(l.medium()))
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if err := l.Stop(ctx); err != nil {
			t.Errorf("the end: %v\n%s", err, l.log)
		}
		if f := l.Status().Sources[0].Frames; f.Kept != f.Captured || f.Kept < 900 {
			t.Errorf("kept: %+v\n%s", f, l.log)
		}
	})
}

// The end's words are true where somebody has deleted what was kept.
func TestTheEndTellsWhatWasDeleted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := newServer(t, kismettest.Config{})
		l := newLateRig(t)
		must(t, os.Mkdir(l.medium(), 0o700))
		goAway(t, srv)
		l.start(t, srv, false, nil)
		elapse(20 * time.Second)
		gone := l.Status().Sources[0].Frames.Spilled
		must(t, os.RemoveAll(filepath.Join(l.medium(), "spool")))
		elapse(20 * time.Second)
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		err := l.Stop(ctx)
		f := l.Status().Sources[0].Frames
		if f.Damaged < gone || f.Damaged > gone+40 || f.Kept != f.Captured-f.Damaged || f.Kept < 300 {
			t.Errorf("at the end %+v\n%s", f, l.log)
		}
		want := fmt.Sprintf("%d of %d frames not confirmed by the server, 0 dropped", f.Damaged, f.Captured)
		if fault.CodeOf(err) != fault.Incomplete || !strings.Contains(err.Error(), want) {
			t.Errorf("ended with %v, want %q", err, want)
		}
		if log := l.log.String(); strings.Count(log, "somebody deleted the directory") != 1 || !strings.Contains(log, fmt.Sprintf("frames are kept on disk for the next start\" source=wlan0 frames=%d", f.Kept)) {
			t.Errorf("said\n%s", log)
		}
		must(t, srv.Refuse(false))
		l.start(t, srv, false, nil)
		elapse(20 * time.Second)
		if now := l.Status().Sources[0].Frames; now.Recovered != f.Kept || now.Damaged > 0 {
			t.Errorf("of %d kept: %+v", f.Kept, now)
		}
	})
}
