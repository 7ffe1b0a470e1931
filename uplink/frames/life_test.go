package frames_test

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"time"

	"pgregory.net/rapid"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/uplink/frames"
	"github.com/sensord/sensord/uplink/frames/spool"
)

// A life is a log with its store through crashes and starts.
type life struct {
	t    *rapid.T
	root string
	so   spool.Options
	fo   frames.Options

	dir   string // of the present run
	late  bool   // it has no store yet
	later bool   // the next run begins so
	kept  uint64 // by the run before, at least
	runs  int
	rig   *spool.Rig
	log   *frames.Log
	spill func(final bool) time.Duration
	nowNs int64

	captured int          // number of the next frame
	last     int          // sent last on this link
	sent     map[int]bool // on any
	acked    uint64       // in this run
	gone     map[int]bool // in memory only when the process died
	cursor   frames.Seq
}

func newLife(t *rapid.T, root string, so spool.Options, fo frames.Options) *life {
	l := &life{t: t, root: root, so: so, fo: fo, sent: map[int]bool{}, gone: map[int]bool{}, last: -1, nowNs: 1e9}
	l.fo.Now = func() int64 { return l.nowNs }
	l.dir = filepath.Join(root, "0")
	l.open()
	return l
}

func (l *life) open() {
	so := l.so
	so.Dir = l.dir
	rig, err := spool.Open(so)
	if err != nil {
		l.t.Fatal(err)
	}
	l.rig, l.log = rig, frames.NewLog(l.fo)
	l.spill = l.log.Spiller()
	l.last, l.cursor, l.acked = -1, 0, 0
	if l.late, l.later = l.later, false; !l.late {
		l.log.Attach(l.store())
		l.checkRecovered()
	}
}

func (l *life) store() *spool.Store {
	store, err := l.rig.Source(wlan, "roof", "linuxwifi", true)
	if err != nil {
		l.t.Fatal(err)
	}
	return store
}

// attach opens what could not be opened before, between two links.
func (l *life) attach() {
	if !l.late {
		return
	}
	store := l.store()
	if c, ok := l.log.Next(); ok {
		if l.log.AttachLate(store) {
			l.t.Fatal("a store for a log of which the sender has frames")
		}
		l.log.Sent(c, c.Len())
		if l.log.AttachLate(store) {
			l.t.Fatal("a store for a log of which frames are on their way")
		}
	}
	l.log.Rewind()
	l.last, l.late = -1, false
	for range 2 { // to repeat it is harmless
		if !l.log.AttachLate(store) {
			l.t.Fatal("the log did not take its store between two links")
		}
	}
	l.checkRecovered()
}

func (l *life) checkRecovered() {
	if s := l.log.Stats(); s.Recovered-s.Damaged < l.kept {
		l.t.Fatalf("%d frames were on disk, found: %+v", l.kept, s)
	}
	l.kept = 0
}

// relieve does what the spiller's bell is for.
func (l *life) relieve() {
	if l.log.Pressed() {
		l.attach()
		l.spill(false)
	}
}

func (l *life) append(n, size int) {
	l.log.Append(batchOf(l.captured, n, size))
	l.captured += n
}

func (l *life) send(part func(n int) int) bool {
	c, ok := l.log.Next()
	if !ok {
		return false
	}
	n := part(c.Len())
	for i := range n {
		num := int(binary.BigEndian.Uint64(c.Frame(i).Data))
		if num <= l.last {
			l.t.Fatalf("frame %d came behind %d", num, l.last)
		}
		l.last, l.sent[num] = num, true
	}
	l.cursor = c.Seq(0) + frames.Seq(n)
	l.log.Sent(c, n)
	return true
}

// crash goes on with what the kernel has of the files.
func (l *life) crash() {
	s := l.log.Stats()
	for n := int(s.Waiting - s.Spilled); n > 0; n-- {
		l.gone[l.captured-n] = true
	}
	l.runs++
	old := l.dir
	l.dir = filepath.Join(l.root, string(rune('0'+l.runs)))
	if err := os.CopyFS(l.dir, os.DirFS(old)); err != nil {
		l.t.Fatal(err)
	}
	l.log.Discard()
	_ = l.rig.Close()
	if !l.late {
		l.kept = s.Spilled
	}
	l.open()
}

func (l *life) check(memory int) {
	s := l.log.Stats()
	if s.Captured+s.Recovered != s.Acked+s.Dropped+s.Waiting+s.Kept || s.Dropped != s.DroppedBy.Sum() {
		l.t.Fatalf("does not add up: %+v", s)
	}
	if s.InFlight > s.Waiting || s.Spilled > s.Waiting || s.Waiting > 1<<40 {
		l.t.Fatalf("more than waits: %+v", s)
	}
	if s.MemBytes > max(memory, capture.MaxBatchMemBytes) {
		l.t.Fatalf("holds %d bytes of %d", s.MemBytes, memory)
	}
	if b := l.log.Backlog(); b.Frames != s.Waiting-s.InFlight || b.Age < 0 || (b.Frames > 0 && b.Bytes <= 0) {
		l.t.Fatalf("backlog %+v of %+v", b, s)
	}
}

func (l *life) actions(memory int) map[string]func(*rapid.T) {
	return map[string]func(*rapid.T){
		"append": func(t *rapid.T) {
			l.append(rapid.IntRange(1, capture.MaxBatchFrames).Draw(t, "n"), rapid.IntRange(8, 600).Draw(t, "size"))
		},
		"spill": func(*rapid.T) { l.spill(false) },
		"time":  func(t *rapid.T) { l.nowNs += rapid.Int64Range(0, 3e9).Draw(t, "ns") },
		"send": func(t *rapid.T) {
			l.send(func(n int) int { return rapid.IntRange(0, n).Draw(t, "written") })
		},
		"send all": func(t *rapid.T) {
			for range rapid.IntRange(1, 9).Draw(t, "chunks") {
				l.send(func(n int) int { return n })
			}
		},
		"hold": func(t *rapid.T) { // things happen while the sender reads
			c, ok := l.log.Next()
			if !ok {
				return
			}
			first := binary.BigEndian.Uint64(c.Frame(0).Data)
			l.append(10, 600)
			l.spill(false)
			if binary.BigEndian.Uint64(c.Frame(0).Data) != first {
				t.Fatal("a chunk changed while it was read")
			}
			l.log.Sent(c, 0)
			l.relieve()
		},
		"ack": func(t *rapid.T) {
			to := l.log.SentTo()
			l.log.Ack(to - min(to, frames.Seq(rapid.IntRange(0, 100).Draw(t, "behind"))))
		},
		"rewind": func(*rapid.T) { l.log.Rewind(); l.last = -1 },
		"crash": func(*rapid.T) {
			if l.runs < 8 {
				l.crash()
			}
		},
		"attach": func(*rapid.T) { l.attach() },
		"late":   func(*rapid.T) { l.later = true },
		"restart": func(*rapid.T) {
			l.attach()
			l.spill(true)
			l.log.Discard()
			s := l.log.Stats()
			if err := l.rig.Close(); err != nil {
				l.t.Fatal(err)
			}
			l.kept = s.Kept
			l.open()
			if now := l.log.Stats(); !l.late && (now.Recovered != s.Kept || now.Damaged > 0) {
				l.t.Fatalf("%d frames were kept, and found: %+v", s.Kept, now)
			}
		},
		"": func(*rapid.T) { l.check(memory) },
	}
}
