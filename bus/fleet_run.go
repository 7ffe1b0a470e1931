package bus

import (
	"time"

	"github.com/sensord/sensord/bus/pb"
)

// Indices of kinds whose messages are counted apart.
const (
	countPosition = iota
	countStatus
	countEvent
	kindCount
)

// rigRun is one run of a rig's process.
type rigRun struct {
	rigID       string
	incarnation uint64
}

// speaks reports whether a message is newer than what its sender said before.
// It notices two processes that take turns under one name.
func (r *rigHeard) speaks(h *pb.Head, kind int, at time.Time) bool {
	if h.GetIncarnation() == 0 {
		return true // published by hand
	}
	who := rigRun{harmlessText(h.GetRigId(), pb.MaxName), h.GetIncarnation()}
	if who != r.self {
		if at.Sub(r.turned) > r.patience() {
			r.turns = 0
		}
		if who == r.before && at.Sub(r.swapped) <= r.patience() {
			r.turns, r.turned = r.turns+1, at
		}
		r.before, r.self, r.swapped, r.sequence, r.left = r.self, who, at, [kindCount]uint64{}, false
	}
	n := h.GetSequence()
	if n == 0 {
		return true
	}
	if n <= r.sequence[kind] {
		return false
	}
	r.sequence[kind] = n
	return true
}
