package bus

import (
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/sensord/sensord/bus/pb"
	"github.com/sensord/sensord/gps"
)

// A rig that follows another, which follows the first, would hear its own
// position come back, ever older and ever surer. So each position on the bus
// names all rigs that it was made of, over any number of steps, and nobody
// follows a position that names itself.
//
// Two that follow each other would both hear that and both let go, both find
// that they are free and both begin again. So of two the one whose name comes
// first waits, and the other follows it meanwhile: each turn twice as long. In a
// larger circle, too, somebody's name comes before that of whom he follows, and
// somebody's does not.

// keepKin is for how long a position that was followed is part of ours: longer
// than fusion remembers it beside others.
const keepKin = 30 * time.Second

// A lineage is which rigs' positions ours was made of lately.
type lineage struct {
	run uint64 // this rig's own, as incarnations are; 0 is not known

	mu    sync.Mutex
	until map[string]int64 // by rig; CLOCK_BOOTTIME
}

// add notes that a position was followed, which was made of others itself. What
// a rig says of a meta GPS is not its own position.
func (l *lineage) add(nowNs int64, m Message, follows []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.until == nil {
		l.until = map[string]int64{}
	}
	maps.DeleteFunc(l.until, func(_ string, until int64) bool { return until < nowNs })
	if m.Kind == KindPosition {
		l.until[m.Rig] = nowNs + int64(keepKin)
	}
	for _, rig := range follows {
		l.until[rig] = nowNs + int64(keepKin)
	}
}

// of returns the rigs, sorted. If they are more than a message can name it is as
// many as it can, and then nobody follows it.
func (l *lineage) of(nowNs int64) []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.until) == 0 {
		return nil
	}
	maps.DeleteFunc(l.until, func(_ string, until int64) bool { return until < nowNs })
	rigs := slices.Sorted(maps.Keys(l.until))
	return rigs[:min(len(rigs), pb.MaxFollows)]
}

// A loop is what a Follower has to do with positions that were made of ours.
type loop struct {
	until   int64 // nothing is followed before; CLOCK_BOOTTIME
	turns   int
	through bool // the last position was followed
}

const (
	holdLeast = 10 * time.Second
	holdTurns = 6 // doublings: 10 minutes
)

// circular reports whether a position is ours, or was made of ours.
func (f *Follower) circular(m Message, h *heard, tell func(gps.Event)) bool {
	if m.Kind == KindMetaGPS && h.head.GetIncarnation() != 0 && h.head.GetIncarnation() == f.kin.run {
		return true // it was posted to this rig, and is a receiver's here already
	}
	if m.Kind == KindPosition && (m.Self || m.Rig == f.self) {
		const text = "the position is this rig's own, and is not followed"
		if f.news(saidOwn, text, tell) {
			f.o.Log.Warn(text, "rig", m.Rig)
		}
		return true
	}
	now := f.now()
	switch {
	case slices.Contains(h.follows, f.self):
		hold := time.Duration(0)
		if f.loop.through {
			f.loop.through, f.loop.turns = false, min(f.loop.turns+1, holdTurns)
		}
		if f.self < m.Rig {
			hold = holdLeast << max(0, f.loop.turns-1)
		}
		f.loop.until = now + int64(hold)
		const text = "the position was made of this rig's own, and is not followed for now"
		if f.news(saidLoop, text, tell) {
			f.o.Log.Info(text, "rig", m.Rig)
		}
		return true
	case len(h.follows) >= pb.MaxFollows:
		const text = "the position was made of those of too many rigs, and is not followed"
		if f.news(saidLoop, text, tell) {
			f.o.Log.Warn(text, "rig", m.Rig)
		}
		return true
	case now < f.loop.until:
		return true
	}
	f.loop.through = true
	return false
}
