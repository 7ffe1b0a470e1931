package hop

import (
	"math/rand/v2"

	"github.com/sensord/sensord/capture/radiotap"
)

// transmitters remembers who was heard where and when, in memory of a fixed
// size: sets of a few, in which the newest takes the place of the one that was
// not heard for the longest. Who invents addresses makes it forget others and
// count them anew, nothing else; and a seed keeps him from choosing which.
type transmitters struct {
	seed uint64
	sets []set // nil until the first is heard
}

// A set holds transmitters in no order. A key is the address and, in the lower
// 16 bits, the place plus one; 0 is empty.
type set struct {
	keys [setSize]uint64
	secs [setSize]uint32 // when last heard
}

// 16 384 transmitters in 192 KiB.
const (
	setSize = 8
	setBits = 11
)

// hear takes note of a transmitter at a place, and reports whether it was not
// known before.
func (t *transmitters) hear(mac radiotap.MAC, place int, sec uint32) bool {
	if t.sets == nil {
		t.sets = make([]set, 1<<setBits)
		t.seed = rand.Uint64() | 1
	}
	addr := uint64(mac[0])<<40 | uint64(mac[1])<<32 | uint64(mac[2])<<24 | uint64(mac[3])<<16 | uint64(mac[4])<<8 | uint64(mac[5])
	mixed := (addr ^ addr>>23) * t.seed
	mixed = (mixed ^ mixed>>29) * t.seed
	s := &t.sets[mixed>>(64-setBits)]
	key := addr<<16 | uint64(place+1)
	oldest := 0
	for i, k := range s.keys {
		if k>>16 == addr {
			s.keys[i], s.secs[i] = key, sec
			return false
		}
		if k == 0 {
			s.keys[i], s.secs[i] = key, sec
			return true
		}
		if s.secs[i] < s.secs[oldest] {
			oldest = i
		}
	}
	s.keys[oldest], s.secs[oldest] = key, sec
	return true
}

// count adds those heard at or after sec to the place where each was heard
// last.
func (t *transmitters) count(sec uint32, at func(place int)) {
	for i := range t.sets {
		s := &t.sets[i]
		for j, k := range s.keys {
			if k != 0 && s.secs[j] >= sec {
				at(int(k&0xffff) - 1)
			}
		}
	}
}
