package bpf_test

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strings"

	"github.com/sensord/sensord/capture/radiotap"
)

// A wish is a Spec in a form that shares nothing with the package, for the
// oracle: rules are texts of the same language, read again.
type wish struct {
	plain80211    bool // no radiotap in front
	excluded      []radiotap.MAC
	mgmt, trunc   bool
	keepBadFCS    bool
	rules         []oracleRule
	allowKernel   int
	ruleTexts     []string
	unknownFormat bool
}

// An oracleRule is a rule as a list of conditions on an observation.
type oracleRule struct {
	action string
	conds  []func(*seen) bool
}

// seen is a frame as the oracle sees it.
type seen struct {
	head             int // where 802.11 begins
	flags            int // of radiotap
	signal           *int
	typ, sub         int
	roles            map[string][]byte
	hdr              int
	data             []byte // from 802.11 on
	protected        bool
	readable, hasDot bool
}

// tapFields are alignment and size by bit.
var tapFields = map[int][2]int{
	0: {8, 8}, 1: {1, 1}, 2: {1, 1}, 3: {2, 4}, 4: {2, 2}, 5: {1, 1}, 6: {1, 1}, 7: {2, 2}, 8: {2, 2}, 9: {2, 2},
	10: {1, 1}, 11: {1, 1}, 12: {1, 1}, 13: {1, 1}, 14: {2, 2}, 15: {2, 2}, 16: {1, 1}, 17: {1, 1}, 18: {4, 8},
	19: {1, 3}, 20: {4, 8}, 21: {2, 12}, 22: {8, 12}, 23: {2, 12}, 24: {2, 12}, 25: {2, 6}, 26: {1, 1}, 27: {2, 4},
}

// readTap reads the radiotap fields that a filter needs, slowly.
func readTap(frame []byte) (head, flags int, signal *int, ok bool) {
	if len(frame) < 8 || frame[0] != 0 {
		return 0, 0, nil, false
	}
	head = int(frame[2]) + 256*int(frame[3])
	if head < 8 || head > len(frame) {
		return 0, 0, nil, false
	}
	var words []uint32
	at := 4
	for {
		if at+4 > head {
			return head, 0, nil, true
		}
		words = append(words, binary.LittleEndian.Uint32(frame[at:]))
		at += 4
		if words[len(words)-1]>>31 == 0 {
			break
		}
	}
	values := map[int][]byte{}
	note := func(bit int, b []byte) {
		if _, there := values[bit]; !there {
			values[bit] = b
		}
	}
	space := "radiotap"
words:
	for _, w := range words {
		for bit := range 28 {
			if w>>bit&1 == 0 || space != "radiotap" {
				continue
			}
			align, size := tapFields[bit][0], tapFields[bit][1]
			for at%align != 0 {
				at++
			}
			if at+size > head {
				break words
			}
			note(bit, frame[at:at+size])
			at += size
		}
		if w>>28&1 == 1 {
			for space == "radiotap" {
				for at%4 != 0 {
					at++
				}
				if at+4 > head {
					break
				}
				kind, size := int(binary.LittleEndian.Uint16(frame[at:])), int(binary.LittleEndian.Uint16(frame[at+2:]))
				if at+4+size > head {
					break
				}
				if f, known := tapFields[kind]; known && size >= f[1] {
					note(kind, frame[at+4:at+4+size])
				}
				at += 4 + size
			}
			break
		}
		switch {
		case w>>29&1 == 1:
			space = "radiotap"
		case w>>30&1 == 1:
			at += at % 2
			if at+6 > head {
				break words
			}
			at += 6 + int(binary.LittleEndian.Uint16(frame[at+4:]))
			space = "vendor"
		case space == "radiotap":
			break words
		}
	}
	if f, there := values[1]; there {
		flags = int(f[0])
	}
	if s, there := values[5]; there {
		n := int(int8(s[0]))
		signal = &n
	}
	return head, flags, signal, true
}

// forms gives the offsets of the addresses by form of the frame.
var forms = map[string]map[string]int{
	"mgmt":  {"ra": 4, "ta": 10, "sa": 10, "da": 4, "bssid": 16},
	"data":  {"ra": 4, "ta": 10, "sa": 10, "da": 4, "bssid": 16},
	"data>": {"ra": 4, "ta": 10, "sa": 10, "da": 16, "bssid": 4},
	"data<": {"ra": 4, "ta": 10, "sa": 16, "da": 4, "bssid": 10},
	"data#": {"ra": 4, "ta": 10, "sa": 24, "da": 16},
	"one":   {"ra": 4},
	"two":   {"ra": 4, "ta": 10},
	"wrap":  {"ra": 4, "ta": 16},
	"ext":   {"ta": 4, "sa": 4},
	"":      {},
}

const rtsLike = ",2,3,4,5,8,9,10,11,14,15,"

func listed(list string, n int) bool { return strings.Contains(list, ","+itoa(n)+",") }

// look takes a frame apart.
func look(w *wish, frame []byte) *seen {
	o := &seen{roles: map[string][]byte{}, readable: true}
	if !w.plain80211 {
		if o.head, o.flags, o.signal, o.readable = readTap(frame); !o.readable {
			return o
		}
	}
	b := frame[o.head:]
	o.data = b
	if len(b) < 2 || b[0]%4 != 0 {
		return o
	}
	o.hasDot = true
	o.typ, o.sub = int(b[0])/4%4, int(b[0])/16
	o.protected = b[1]&0x40 != 0
	order := b[1]&0x80 != 0
	form := ""
	switch o.typ {
	case 0:
		form, o.hdr = "mgmt", 24
		if order {
			o.hdr = 28
		}
	case 1:
		form, o.hdr = controlForm(o.sub, b)
	case 2:
		form = []string{"data", "data>", "data<", "data#"}[b[1]%4]
		o.hdr = 24
		if form == "data#" {
			o.hdr = 30
		}
		if o.sub >= 8 && order {
			o.hdr += 6
		} else if o.sub >= 8 {
			o.hdr += 2
		}
	case 3:
		o.hdr = 4
		if o.sub < 2 {
			form, o.hdr = "ext", 10
		}
	}
	for role, at := range forms[form] {
		if at+6 > len(b) {
			continue
		}
		a := slices.Clone(b[at : at+6])
		if o.typ == 1 && role == "ta" {
			a[0] &= 0xfe
		}
		o.roles[role] = a
	}
	if o.flags&0x20 != 0 {
		for o.hdr%4 != 0 {
			o.hdr++
		}
	}
	return o
}

func controlForm(sub int, b []byte) (form string, hdr int) {
	switch {
	case sub < 2:
		return "", 4
	case sub == 12, sub == 13:
		return "one", 10
	case sub == 6 && b[1]%16 == 6:
		return "one", 16
	case sub == 6, listed(rtsLike, sub):
		return "two", 16
	case len(b) >= 12 && b[10]%16 == 4 && listed(rtsLike, int(b[10])/16):
		return "wrap", 22
	default:
		return "one", 16
	}
}

func (o *seen) isEAPOL() bool {
	if o.typ != 2 || o.sub&4 != 0 || o.protected || len(o.data) < o.hdr {
		return false
	}
	return bytes.HasPrefix(o.data[o.hdr:], []byte{0xaa, 0xaa, 3, 0, 0, 0, 0x88, 0x8e})
}

// want says how many bytes of a frame the wish keeps.
func (w *wish) want(frame []byte) int {
	o := look(w, frame)
	if w.unknownFormat || !o.readable {
		return len(frame)
	}
	if o.flags&0x40 != 0 && !w.keepBadFCS {
		return 0
	}
	if !o.hasDot {
		return len(frame)
	}
	for _, role := range []string{"ra", "ta", "sa", "da"} {
		for _, m := range w.excluded {
			if a := o.roles[role]; a != nil && radiotap.MAC(a) == m {
				return 0
			}
		}
	}
	cut := min(len(frame), o.head+o.hdr)
	for _, r := range w.rules {
		met := true
		for _, c := range r.conds {
			met = met && c(o)
		}
		switch {
		case !met:
		case r.action == "drop":
			return 0
		case r.action == "cut" && !o.isEAPOL():
			return cut
		default:
			return len(frame)
		}
	}
	if w.mgmt && o.typ != 0 && !o.isEAPOL() {
		return 0
	}
	if w.trunc && o.typ == 2 && !o.isEAPOL() {
		return cut
	}
	return len(frame)
}
