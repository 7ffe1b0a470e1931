package bpf

import (
	"encoding/binary"

	"github.com/sensord/sensord/capture/radiotap"
)

// An addressSet answers whether an address is one of many, in the time of one
// or two loads. The zero value is empty. It does not change once made.
type addressSet struct {
	slots []uint64 // keys with open addressing, 0 is free; a power of two of them
	shift uint     // of the hash, so that it is an index
}

// newAddressSet returns a set that is at most a quarter full.
func newAddressSet(macs []radiotap.MAC) addressSet {
	if len(macs) == 0 {
		return addressSet{}
	}
	bits := uint(2)
	for 1<<bits < 4*len(macs) {
		bits++
	}
	s := addressSet{slots: make([]uint64, 1<<bits), shift: 64 - bits}
	for _, m := range macs {
		k := key(m)
		i := s.home(k)
		for s.slots[i] != 0 && s.slots[i] != k {
			i = (i + 1) & (len(s.slots) - 1)
		}
		s.slots[i] = k
	}
	return s
}

// key returns the address as a number that is not 0.
func key(m radiotap.MAC) uint64 {
	return 1<<48 | uint64(binary.BigEndian.Uint32(m[:]))<<16 | uint64(binary.BigEndian.Uint16(m[4:]))
}

// home returns where a key's search begins. The multiplier is 2^64 over the
// golden ratio: addresses that differ in their last byte only are spread.
func (s *addressSet) home(k uint64) int { return int(k * 0x9e3779b97f4a7c15 >> s.shift) }

func (s *addressSet) has(m radiotap.MAC) bool {
	k := key(m)
	for i := s.home(k); s.slots[i] != 0; i = (i + 1) & (len(s.slots) - 1) {
		if s.slots[i] == k {
			return true
		}
	}
	return false
}

// hasAny reports whether RA, TA, SA or DA of a frame is in the set.
func (s *addressSet) hasAny(d *radiotap.Dot11) bool {
	if len(s.slots) == 0 {
		return false
	}
	return d.Has&radiotap.TA != 0 && s.has(d.TA) ||
		d.Has&radiotap.RA != 0 && s.has(d.RA) ||
		d.Has&radiotap.SA != 0 && d.SA != d.TA && s.has(d.SA) ||
		d.Has&radiotap.DA != 0 && d.DA != d.RA && s.has(d.DA)
}
