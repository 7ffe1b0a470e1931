package bpf

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/sensord/sensord/capture/radiotap"
)

// kinds is a set of frame types with subtypes: a bit for each subtype of each
// type.
type kinds [4]uint16

const everySubtype = 0xffff

var everyKind = kinds{everySubtype, everySubtype, everySubtype, everySubtype}

var typeNames = [4]string{
	radiotap.TypeManagement: "mgmt",
	radiotap.TypeControl:    "ctrl",
	radiotap.TypeData:       "data",
	radiotap.TypeExtension:  "ext",
}

// subtypeNames are those of the standard (802.11, frame control field), as
// short as people write them. Reserved ones have no name.
var subtypeNames = [4][16]string{
	radiotap.TypeManagement: {
		"assoc-req", "assoc-resp", "reassoc-req", "reassoc-resp", "probe-req", "probe-resp", "timing-adv", "",
		"beacon", "atim", "disassoc", "auth", "deauth", "action", "action-noack", "",
	},
	radiotap.TypeControl: {
		"", "", "trigger", "tack", "beamforming-poll", "ndp-announce", "ctrl-ext", "wrapper",
		"block-ack-req", "block-ack", "ps-poll", "rts", "cts", "ack", "cf-end", "cf-end-ack",
	},
	radiotap.TypeData: {
		"data", "data-cf-ack", "data-cf-poll", "data-cf-ack-poll", "null", "cf-ack", "cf-poll", "cf-ack-poll",
		"qos-data", "qos-data-cf-ack", "qos-data-cf-poll", "qos-data-cf-ack-poll", "qos-null", "", "qos-cf-poll", "qos-cf-ack-poll",
	},
	radiotap.TypeExtension: {"dmg-beacon", "s1g-beacon"},
}

// parseTypes reads what stands behind type=: names with commas between them.
func parseTypes(value string) (kinds, error) {
	var ks kinds
	for name := range strings.SplitSeq(value, ",") {
		t := parseType(name)
		if t < 0 {
			return kinds{}, fmt.Errorf("%q is no frame type: there are mgmt, ctrl, data and ext", name)
		}
		ks[t] = everySubtype
	}
	return ks, nil
}

// parseType returns a type by its name, the standard's long one included, and -1
// for what is none.
func parseType(name string) int {
	switch name {
	case "management":
		return int(radiotap.TypeManagement)
	case "control":
		return int(radiotap.TypeControl)
	case "extension":
		return int(radiotap.TypeExtension)
	}
	return indexOf(typeNames[:], name)
}

// parseSubtypes reads what stands behind subtype=: names or TYPE/NUMBER with
// commas between them.
func parseSubtypes(value string) (kinds, error) {
	var ks kinds
	for name := range strings.SplitSeq(value, ",") {
		t, sub, ok := parseSubtype(name)
		if !ok {
			return kinds{}, fmt.Errorf("%q is no subtype: want a name as in beacon or qos-data, or type and number as in ctrl/13", name)
		}
		ks[t] |= 1 << sub
	}
	return ks, nil
}

func parseSubtype(name string) (t, sub int, ok bool) {
	if typ, number, found := strings.Cut(name, "/"); found {
		n, err := strconv.ParseUint(number, 10, 4)
		t := parseType(typ)
		return t, int(n), err == nil && t >= 0
	}
	for t := range subtypeNames {
		if sub := indexOf(subtypeNames[t][:], name); sub >= 0 {
			return t, sub, true
		}
	}
	return 0, 0, false
}

// indexOf returns where name is in the list, or -1. No name is in no list.
func indexOf(list []string, name string) int {
	for i, s := range list {
		if name != "" && s == name {
			return i
		}
	}
	return -1
}

// String returns the set as conditions of a rule, "" for every kind.
func (ks kinds) String() string {
	if ks == everyKind {
		return ""
	}
	var types, subtypes []string
	for t, subs := range ks {
		if subs == everySubtype {
			types = append(types, typeNames[t])
		}
		for sub, name := range subtypeNames[t] {
			if subs>>sub&1 == 0 {
				continue
			}
			if name == "" {
				name = typeNames[t] + "/" + strconv.Itoa(sub)
			}
			subtypes = append(subtypes, name)
		}
	}
	if 16*len(types) == len(subtypes) { // whole types and nothing else
		return "type=" + strings.Join(types, ",")
	}
	return "subtype=" + strings.Join(subtypes, ",")
}

// has reports whether a frame is of one of the kinds.
func (ks *kinds) has(d *radiotap.Dot11) bool {
	return ks[d.Type&3]>>(d.Subtype&15)&1 != 0
}

// and returns the kinds in both sets.
func (ks kinds) and(other kinds) kinds {
	for t := range ks {
		ks[t] &= other[t]
	}
	return ks
}
