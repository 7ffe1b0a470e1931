package bus

import (
	"cmp"
	"maps"
	"slices"
	"sync"

	"github.com/sensord/sensord/bus/pb"
)

// ClaimState is another rig's claim on a source of ours.
type ClaimState struct {
	UUID    string
	Source  string // its name there
	Ours    string // its name here
	Rig     string
	RigID   string
	SinceNs int64 // UTC, by that rig
	First   bool  // we were first; never true on both
}

// claims are what this rig claims, and who else does.
type claimBook struct {
	changed chan struct{} // of one

	mu       sync.Mutex
	mine     map[string]claim // by UUID
	rivals   []rival
	watching bool  // what others claim is heard
	cutNs    int64 // CLOCK_BOOTTIME: since when it is not
}

// claim is one of ours.
type claim struct {
	source  string
	begunNs int64 // CLOCK_BOOTTIME
	sinceNs int64 // UTC, as it is published
	settled bool  // sinceNs is
}

// rival is one of another rig.
type rival struct {
	ClaimState
	heardNs  int64 // CLOCK_BOOTTIME
	soughtNs int64 // CLOCK_BOOTTIME: since when it is heard again and the rival is missing; 0 is not
}

// is reports whether a rival's claim is that of a rig. Rigs that were set up from
// one disk image have one id.
func (s *ClaimState) is(uuid, rig, rigID string) bool {
	return s.UUID == uuid && s.Rig == rig && s.RigID == rigID
}

func (c *claimBook) init() {
	c.changed = make(chan struct{}, 1)
	c.mine = make(map[string]claim)
}

// set replaces what this rig claims. It reports whether that is something else
// than before, and returns the keys of the troubles that are none any more.
func (c *claimBook) set(sources []ClaimRequest, now int64) (changed bool, over []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	mine := make(map[string]claim)
	for _, s := range sources {
		if !isToken(s.UUID) || len(mine) >= maxClaims {
			continue // a source without a UUID yet
		}
		was, known := c.mine[s.UUID]
		if !known {
			was.begunNs = now
		}
		was.source = s.Source
		mine[s.UUID] = was
	}
	changed = !maps.Equal(c.mine, mine)
	c.mine = mine
	c.rivals = slices.DeleteFunc(c.rivals, func(r rival) bool {
		_, still := mine[r.UUID]
		if !still {
			over = append(over, rivalKey(r.ClaimState))
		}
		return !still
	})
	return changed, over
}

// list returns what this rig claims, in order.
func (c *claimBook) list() []ClaimRequest {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := make([]ClaimRequest, 0, len(c.mine))
	for uuid, m := range c.mine {
		all = append(all, ClaimRequest{UUID: uuid, Source: m.source})
	}
	slices.SortFunc(all, func(a, b ClaimRequest) int { return cmp.Compare(a.UUID, b.UUID) })
	return all
}

// settle gives each claim that is new the time from which on it holds: now, but
// later than those who were there before, whatever their clocks say, and such
// as can be said: the others are to come to the same result.
func (c *claimBook) settle(now int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for uuid, m := range c.mine {
		if m.settled {
			continue
		}
		m.sinceNs, m.settled = min(max(0, now), pb.MaxTimeNs), true
		for _, r := range c.rivals {
			if r.UUID == uuid {
				m.sinceNs = max(m.sinceNs, min(r.SinceNs+1, pb.MaxTimeNs))
			}
		}
		c.mine[uuid] = m
	}
}

// since returns from when on, UTC, and for how long a UUID is claimed.
func (c *claimBook) since(uuid string, now int64) (sinceNs, heldNs int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	m := c.mine[uuid]
	return m.sinceNs, max(0, now-m.begunNs)
}

// note takes a rival's claim, heard at now, and returns it if it is new.
func (c *claimBook) note(s ClaimState, now int64) (began, ended []ClaimState) {
	c.mu.Lock()
	defer c.mu.Unlock()
	m, ours := c.mine[s.UUID]
	if !ours {
		return nil, nil
	}
	s.Ours = m.source
	others := 0
	for i, r := range c.rivals {
		if r.UUID != s.UUID {
			continue
		}
		if r.is(s.UUID, s.Rig, s.RigID) {
			c.rivals[i] = rival{ClaimState: s, heardNs: now}
			return nil, nil
		}
		others++
	}
	if others >= maxRivals {
		return nil, nil
	}
	c.rivals = append(c.rivals, rival{ClaimState: s, heardNs: now})
	return []ClaimState{s}, nil
}

// drop forgets the claim of a rival that took it back.
func (c *claimBook) drop(uuid, rig, rigID string) (began, ended []ClaimState) {
	return c.remove(func(r rival) bool { return r.is(uuid, rig, rigID) })
}

// expire forgets claims that were last heard before.
func (c *claimBook) expire(before int64) (began, ended []ClaimState) {
	return c.remove(func(r rival) bool { return max(r.heardNs, r.soughtNs) < before })
}

// isRival reports whether a claim that was noted still is one of a rival.
func (c *claimBook) isRival(s ClaimState) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.ContainsFunc(c.rivals, func(r rival) bool { return r.is(s.UUID, s.Rig, s.RigID) })
}

func (c *claimBook) remove(gone func(rival) bool) (began, ended []ClaimState) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.rivals = slices.DeleteFunc(c.rivals, func(r rival) bool {
		if gone(r) {
			ended = append(ended, r.ClaimState)
			return true
		}
		return false
	})
	return nil, ended
}

// learned notes that what others claim is heard, since begun.
func (c *claimBook) learned(begun int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.watching = true
	for i := range c.rivals {
		if r := &c.rivals[i]; r.heardNs < begun && r.soughtNs == 0 {
			r.soughtNs = begun
		}
	}
}

// cut notes that it is not heard any more.
func (c *claimBook) cut(now int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.watching {
		c.watching, c.cutNs = false, now
	}
}

// isAlone reports whether nothing was heard for so long that rivals do not count.
func (c *claimBook) isAlone(now int64) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.watching && now-c.cutNs > int64(claimAlone)
}

// Rival returns the other rig that has a source with this UUID, if there is
// one. Of several, the first. When nothing has been heard of claims for a
// minute there is none: State knows who there was.
func (b *Bus) Rival(uuid string) (ClaimState, bool) {
	if b.claims.isAlone(b.o.Now()) {
		return ClaimState{}, false
	}
	for _, c := range b.claims.states(b.o.Rig, b.o.RigID) {
		if c.UUID == uuid {
			return c, true
		}
	}
	return ClaimState{}, false
}

// states returns all rivals, for each UUID the first first, as the rig sees
// them.
func (c *claimBook) states(rig, rigID string) []ClaimState {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := make([]ClaimState, 0, len(c.rivals))
	for _, r := range c.rivals {
		m := c.mine[r.UUID]
		ours := ClaimState{SinceNs: m.sinceNs, Rig: rig, RigID: rigID}
		r.First = m.settled && before(ours, r.ClaimState) < 0
		all = append(all, r.ClaimState)
	}
	slices.SortFunc(all, func(a, b ClaimState) int {
		return cmp.Or(cmp.Compare(a.UUID, b.UUID), before(a, b))
	})
	return all
}

// before orders two claims on one UUID: both rigs come to the same result.
func before(a, b ClaimState) int {
	return cmp.Or(cmp.Compare(a.SinceNs, b.SinceNs), cmp.Compare(a.RigID, b.RigID), cmp.Compare(a.Rig, b.Rig))
}
