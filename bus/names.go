package bus

import (
	"errors"
	"fmt"

	"github.com/sensord/sensord/bus/pb"
	"github.com/sensord/sensord/internal/fault"
)

// names notices another rig of the same name. It is for the hearer's goroutine.
type names struct {
	last map[uint64]int64 // incarnations of our own rig id, and when they were heard
}

// hear hears what is published as this rig's status, by whom ever.
func (n *names) hear(b *Bus) {
	n.last = make(map[uint64]int64)
	b.Hear(Filter{Kind: KindStatus, Rig: b.o.Rig}, func(m Message) {
		s, err := pb.DecodeStatus(m.Data)
		if err != nil {
			b.Refuse(m, err)
			return
		}
		n.heard(b, s, m.ArrivedNs)
	})
}

func (n *names) heard(b *Bus, s *pb.Status, now int64) {
	h := s.GetHead()
	if h.GetRigId() == "" || h.GetIncarnation() == b.incarnation {
		return // somebody tries by hand, or it is us
	}
	key := "name/" + h.GetRigId()
	if s.GetLeaving() {
		delete(n.last, h.GetIncarnation())
		b.trouble.end(key)
		return
	}
	until := now + max(fadeNs/2, int64(3e9*min(s.GetEveryS(), 600)))
	cause := fmt.Errorf("another rig has this name: its id is %s, this one's %s", h.GetRigId(), b.o.RigID)
	if h.GetRigId() == b.o.RigID {
		// The last words of the run before this one are none of another rig.
		first, known := n.last[h.GetIncarnation()]
		if !known {
			if len(n.last) > 64 {
				clear(n.last)
			}
			n.last[h.GetIncarnation()] = now
		}
		if !known || now-first < 2e9 {
			return
		}
		cause = errTwice
	}
	b.replaced(h.GetRigId(), cause, until)
}

var errTwice = errors.New("another process has this rig's name and id: it was started twice, or its disk was copied")

// replaced tells that another rig has this one's name, unless it shows until
// then no more.
func (b *Bus) replaced(rigID string, cause error, until int64) {
	b.trouble.show("name/"+rigID, fault.BusReplaced, "rig "+b.o.Rig, cause, until)
}
