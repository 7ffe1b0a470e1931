package bpf

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/sensord/sensord/capture/radiotap"
	"github.com/sensord/sensord/internal/fault"
)

// An Action is what happens to a frame.
type Action uint8

// The actions. The zero value is none.
const (
	_    Action = iota
	Drop        // it is not captured
	Keep        // it is captured whole
	Cut         // its headers are captured; EAPOL is captured whole
)

var actionNames = [...]string{Drop: "drop", Keep: "keep", Cut: "cut"}

// String returns the word with which a rule begins.
func (a Action) String() string {
	if a < Drop || a > Cut {
		return "no action"
	}
	return actionNames[a]
}

// A Rule is one line of a filter: an action for the frames that meet all of
// its conditions. It is comparable; the zero value is no rule. ParseRule makes
// them.
type Rule struct {
	action      Action
	kinds       kinds
	roles       roleSet // which of addresses are conditions
	addresses   [len(roleNames)]radiotap.MAC
	length      span
	signal      span
	knownSignal bool // signal is a condition
}

// A span is a range of numbers, both ends included.
type span struct{ least, most int32 }

// The roles of addresses in a rule.
const (
	roleRA = iota
	roleTA
	roleSA
	roleDA
	roleBSSID
	roleAny // one of the first four
)

var roleNames = [...]string{"ra", "ta", "sa", "da", "bssid", "any"}

type roleSet uint8

// maxRuleBytes bounds a line of a filter; with every subtype it is shorter.
const maxRuleBytes = 2048

const ruleAdvice = "write an action (drop, keep or cut) and conditions, as in: drop type=data subtype=qos-null ta=00:1A:2B:3C:4D:5E"

// ParseRule reads one rule: an action and any number of conditions, separated
// by blanks. Case does not matter. The action applies to the frames that meet
// all conditions; without conditions, to all frames.
//
//	drop subtype=beacon,probe-resp
//	keep type=mgmt
//	cut  type=data len>200
//	drop any=00:1A:2B:3C:4D:5E signal<-80
//
// Actions are drop; keep, which is the whole frame; and cut, which leaves the
// radiotap and 802.11 headers, but all of a frame with unencrypted EAPOL.
//
// Conditions are
//
//	type=T[,T...]     mgmt, ctrl, data, ext
//	subtype=S[,S...]  beacon, probe-req, qos-data, qos-null, ack, rts ...,
//	                  or type and number: ctrl/13. data is plain data alone.
//	ra=MAC ta=MAC     receiver and transmitter on the air
//	sa=MAC da=MAC     source and destination
//	any=MAC           any of these four
//	bssid=MAC         the cell, in management and data frames
//	len<N len>N       bytes on the air, without the radiotap header
//	signal<N signal>N dBm; a frame without a signal value does not meet them
//
// An address that the frame does not have meets no condition. Of several
// rules the first that matches decides.
//
// Errors are *fault.Error with the code fault.ConfigInvalid.
func ParseRule(s string) (Rule, error) {
	r, err := parseRule(s)
	if err != nil {
		const most = 60
		if len(s) > most {
			s = strings.ToValidUTF8(s[:most], "") + "..."
		}
		return Rule{}, &fault.Error{
			Code: fault.ConfigInvalid, Object: "filter rule " + strconv.Quote(s), Err: err, Advice: ruleAdvice,
		}
	}
	return r, nil
}

func parseRule(s string) (Rule, error) {
	if len(s) > maxRuleBytes {
		return Rule{}, fmt.Errorf("it has %d bytes, %d are the most", len(s), maxRuleBytes)
	}
	words := strings.Fields(strings.ToLower(s))
	if len(words) == 0 {
		return Rule{}, errors.New("it is empty")
	}
	r := Rule{
		action: Action(max(0, indexOf(actionNames[:], words[0]))),
		kinds:  everyKind,
		length: span{0, math.MaxInt32},
		signal: span{math.MinInt32, math.MaxInt32},
	}
	if r.action == 0 {
		return Rule{}, fmt.Errorf("%q is no action: there are drop, keep and cut", words[0])
	}
	seen := make(map[string]bool, len(words))
	for _, word := range words[1:] {
		i := strings.IndexAny(word, "=<>")
		if i <= 0 {
			return Rule{}, fmt.Errorf("%q is no condition", word)
		}
		if seen[word[:i+1]] {
			return Rule{}, fmt.Errorf("%s is given twice: use two rules", word[:i+1])
		}
		seen[word[:i+1]] = true
		if err := r.condition(word[:i], word[i], word[i+1:]); err != nil {
			return Rule{}, err
		}
	}
	if r.kinds == (kinds{}) {
		return Rule{}, errors.New("no subtype in it is of the type in it")
	}
	if r.length.least > r.length.most || r.signal.least > r.signal.most {
		return Rule{}, errors.New("no number is within its bounds")
	}
	return r, nil
}

// condition adds what one word says.
func (r *Rule) condition(name string, op byte, value string) error {
	role := indexOf(roleNames[:], name)
	switch {
	case op != '=' && name == "len":
		return r.length.bound(op, value, 0, math.MaxUint16)
	case op != '=' && name == "signal":
		r.knownSignal = true
		return r.signal.bound(op, value, -1000, 1000)
	case op == '=' && name == "type":
		ks, err := parseTypes(value)
		r.kinds = r.kinds.and(ks)
		return err
	case op == '=' && name == "subtype":
		ks, err := parseSubtypes(value)
		r.kinds = r.kinds.and(ks)
		return err
	case op == '=' && role >= 0:
		mac, err := radiotap.ParseMAC(value)
		r.addresses[role] = mac
		r.roles |= 1 << role
		return err
	default:
		return fmt.Errorf("%q is no condition: there are type= subtype= ra= ta= sa= da= any= bssid= len< len> signal< signal>", name+string(op))
	}
}

// bound narrows the span by <value or >value.
func (s *span) bound(op byte, value string, least, most int64) error {
	n, err := strconv.ParseInt(value, 10, 32)
	if err != nil || n < least || n > most {
		return fmt.Errorf("%q is no number from %d to %d", value, least, most)
	}
	if op == '<' {
		s.most = int32(n) - 1
	} else {
		s.least = int32(n) + 1
	}
	return nil
}

func (s span) has(n int) bool { return n >= int(s.least) && n <= int(s.most) }

// Action returns what the rule does with a frame.
func (r Rule) Action() Action { return r.action }

// String returns the rule in one spelling that ParseRule reads back to the
// same value.
func (r Rule) String() string {
	var b strings.Builder
	b.WriteString(r.action.String())
	if ks := r.kinds.String(); ks != "" {
		b.WriteString(" " + ks)
	}
	for role, name := range roleNames {
		if r.roles>>role&1 != 0 {
			b.WriteString(" " + name + "=" + r.addresses[role].String())
		}
	}
	if r.length.most != math.MaxInt32 {
		fmt.Fprintf(&b, " len<%d", r.length.most+1)
	}
	if r.length.least != 0 {
		fmt.Fprintf(&b, " len>%d", r.length.least-1)
	}
	if r.signal.most != math.MaxInt32 {
		fmt.Fprintf(&b, " signal<%d", r.signal.most+1)
	}
	if r.signal.least != math.MinInt32 {
		fmt.Fprintf(&b, " signal>%d", r.signal.least-1)
	}
	return b.String()
}
