package bus

import (
	"errors"
	"fmt"
	"strings"
)

// Prefix begins every subject of ours, and says which version of the messages
// is spoken there.
const Prefix = "sensord.v1"

// maxToken is how long a name within a subject may be, in bytes.
const maxToken = 64

// Any is the rig or the name of a subject that means all of them.
const Any = "*"

// Kind says what a message is about. It is the last token of its subject, or
// the one before the name.
type Kind string

// Kinds of messages.
const (
	KindPosition Kind = "position" // pb.Position
	KindStatus   Kind = "status"   // pb.Status
	KindEvent    Kind = "event"    // pb.Event
	KindMetaGPS  Kind = "metagps"  // pb.MetaGPS
)

// An Address is what a subject says: who published what.
type Address struct {
	Fleet string // token
	Rig   string // token
	Kind  Kind
	Name  string // token, of KindMetaGPS; "" of the others
}

// Subject is where a rig's messages of a kind other than KindMetaGPS are. Fleet
// and rig are tokens; a rig that is Any means those of all rigs.
func Subject(fleet, rig string, k Kind) string {
	return Prefix + "." + fleet + "." + rig + "." + string(k)
}

// MetaGPSSubject is where the positions of a meta GPS are that a rig publishes.
// All three are tokens; rig and name may be Any.
func MetaGPSSubject(fleet, rig, name string) string {
	return Subject(fleet, rig, KindMetaGPS) + "." + name
}

// Subject is the address as a subject.
func (a Address) Subject() string {
	if a.Kind == KindMetaGPS {
		return MetaGPSSubject(a.Fleet, a.Rig, a.Name)
	}
	return Subject(a.Fleet, a.Rig, a.Kind)
}

// ParseSubject is the inverse of Subject and MetaGPSSubject, but for wildcards.
// It reports false for a subject that is not ours.
func ParseSubject(s string) (Address, bool) {
	rest, ok := strings.CutPrefix(s, Prefix+".")
	if !ok {
		return Address{}, false
	}
	var a Address
	var kind string
	a.Fleet, rest, _ = strings.Cut(rest, ".")
	a.Rig, rest, _ = strings.Cut(rest, ".")
	kind, a.Name, ok = strings.Cut(rest, ".")
	a.Kind = Kind(kind)
	if !isToken(a.Fleet) || !isToken(a.Rig) {
		return Address{}, false
	}
	switch a.Kind {
	case KindPosition, KindStatus, KindEvent:
		if ok {
			return Address{}, false
		}
	case KindMetaGPS:
		if !isToken(a.Name) {
			return Address{}, false
		}
	default:
		return Address{}, false
	}
	return a, true
}

// CheckToken says what is wrong with a name that has to be a token, 1 to 64
// letters, digits, - and _. The error begins with what.
func CheckToken(what, s string) error {
	switch {
	case s == "":
		return fmt.Errorf("%s is missing", what)
	case len(s) > maxToken:
		return fmt.Errorf("%s is longer than %d characters", what, maxToken)
	case !isToken(s):
		return fmt.Errorf("%s %q %w", what, s, errToken)
	}
	return nil
}

var errToken = errors.New("has other characters than letters, digits, - and _")

// Token makes a token of any name, as a host's: what cannot be in one becomes a
// dash. It is "" if nothing of the name can be.
func Token(s string) string {
	var b strings.Builder
	some := false
	for _, r := range s {
		if b.Len() == maxToken {
			break
		}
		if r > 127 || !tokenByte(byte(r)) {
			b.WriteByte('-')
			continue
		}
		some = some || r != '-' && r != '_'
		b.WriteByte(byte(r))
	}
	if !some {
		return ""
	}
	return strings.Trim(b.String(), "-")
}

func isToken(s string) bool {
	if s == "" || len(s) > maxToken {
		return false
	}
	for i := range len(s) {
		if !tokenByte(s[i]) {
			return false
		}
	}
	return true
}

func tokenByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_'
}
