package pb

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// How much there may be in a message. Texts are counted in bytes.
const (
	MaxToken     = 64  // fleets, rigs, their ids, names of meta GPSs
	MaxDomain    = 128 // a token, too
	MaxName      = 128 // what people and programs call things: sources, receivers, states, codes
	MaxText      = 512 // sentences
	MaxSources   = 64
	MaxReceivers = 16
	MaxServers   = 16
	MaxProblems  = 32
	MaxFollows   = 8
	MaxDetails   = 16
)

// What is beyond these is a mistake, and no position is better than a false
// one. They are those of positions that are posted.
const (
	minAltM      = -5000 // deeper than any mine
	maxAltM      = 100_000
	maxSpeedMPS  = 1000
	maxAccuracyM = 20_000_000 // half around the earth
	maxAgeNs     = int64(366 * 24 * time.Hour)
	maxBootNs    = 100 * maxAgeNs
	maxSeconds   = 1e9 // 30 years
	maxRate      = 1e9
)

// Times outside these are no times of a measurement: GPS began in 1980.
var minTimeNs = time.Date(1980, 1, 6, 0, 0, 0, 0, time.UTC).UnixNano()

// MaxTimeNs is the latest time that a message can hold: the year 2200.
const MaxTimeNs int64 = 7_258_118_400_000_000_000

// A bound is shown everything of a message that has bounds. It keeps the first
// error, or mends what can be mended.
type bound struct {
	mend  bool
	shift int // halves sentences so many times, and lists a few times fewer
	err   error
}

const (
	maxShift  = 10 // halvings after which no list is left
	sentences = 3  // halvings of sentences before the first of lists
)

// length is how long a list may be.
func (b *bound) length(most int) int { return most >> max(0, b.shift-sentences) }

func (b *bound) fail(format string, args ...any) {
	if b.err == nil {
		b.err = fmt.Errorf(format, args...)
	}
}

func (b *bound) text(name string, s *string, most int) {
	if b.mend {
		if most == MaxText {
			most >>= b.shift
		}
		if len(*s) > most || !utf8.ValidString(*s) {
			*s = cut(strings.ToValidUTF8(*s, "\uFFFD"), most)
		}
		return
	}
	if len(*s) > most {
		b.fail("%s has %d bytes, more than %d", name, len(*s), most)
	} else if !utf8.ValidString(*s) {
		b.fail("%s is no UTF-8", name)
	}
}

// cut returns s with at most so many bytes, and no half a character.
func cut(s string, most int) string {
	if len(s) <= most {
		return s
	}
	for most > 0 && !utf8.RuneStart(s[most]) {
		most--
	}
	return s[:most]
}

// token is "", or such as can be in a subject. It cannot be mended.
func (b *bound) token(name, s string, most int) {
	if len(s) > most {
		b.fail("%s has %d bytes, more than %d", name, len(s), most)
		return
	}
	for i := range len(s) {
		if c := s[i]; (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != '_' {
			b.fail("%s %q has other characters than letters, digits, - and _", name, s)
			return
		}
	}
}

func (b *bound) needed(name string, there bool) {
	if !there {
		b.fail("%s is missing", name)
	}
}

// degrees is a number that a message needs.
func (b *bound) degrees(name string, v *float64, most float64) {
	switch {
	case v == nil || math.IsNaN(*v) && b.mend:
		b.fail("%s is missing", name)
	case !(math.Abs(*v) <= most):
		b.fail("%s %v is not within %v to %v", name, *v, -most, most)
	}
}

func (b *bound) maybe(name string, v **float64, low, high float64) {
	if *v == nil || **v >= low && **v <= high {
		return
	}
	if b.mend {
		*v = nil
		return
	}
	b.fail("%s %v is not within %v to %v", name, **v, low, high)
}

func (b *bound) number(name string, v *float64, high float64) {
	if *v >= 0 && *v <= high {
		return
	}
	if b.mend {
		*v = 0
		return
	}
	b.fail("%s %v is not within 0 to %v", name, *v, high)
}

// measured is the time of a measurement, or 0.
func (b *bound) measured(name string, ns *int64) { b.time(name, ns, minTimeNs) }

// clock is a time that may be of a clock that nobody has set, or 0.
func (b *bound) clock(name string, ns *int64) { b.time(name, ns, 0) }

// boot is a reading of a clock that begins when the machine does.
func (b *bound) boot(name string, ns *int64) {
	if *ns >= 0 && *ns <= maxBootNs {
		return
	}
	if b.mend {
		*ns = 0
		return
	}
	b.fail("%s %d is no reading of CLOCK_BOOTTIME", name, *ns)
}

func (b *bound) time(name string, ns *int64, first int64) {
	if *ns == 0 || *ns >= first && *ns <= MaxTimeNs {
		return
	}
	if b.mend {
		*ns = 0
		return
	}
	b.fail("%s %s is no time that can be", name, time.Unix(0, *ns).UTC().Format(time.RFC3339))
}

func (b *bound) age(name string, ns *int64) {
	if *ns >= 0 && *ns <= maxAgeNs {
		return
	}
	if b.mend {
		*ns = min(max(*ns, 0), maxAgeNs)
		return
	}
	b.fail("%s %s is no age that can be", name, time.Duration(*ns))
}

// list checks how many there are. Those that are too many are cut off, from the
// end.
func list[T any](b *bound, name string, l *[]*T, most int) {
	if b.mend {
		*l = (*l)[:min(len(*l), b.length(most))]
		return
	}
	if len(*l) > most {
		b.fail("%d %s are more than %d", len(*l), name, most)
	}
}

func (b *bound) details(m *map[string]string) {
	if b.mend {
		kept := map[string]string{}
		for _, k := range slices.Sorted(maps.Keys(*m)) {
			if len(kept) >= b.length(MaxDetails) {
				break
			}
			key, value := k, (*m)[k]
			b.text("", &key, MaxName)
			b.text("", &value, MaxText)
			kept[key] = value
		}
		*m = kept
		return
	}
	if len(*m) > MaxDetails {
		b.fail("%d details are more than %d", len(*m), MaxDetails)
	}
	for k, v := range *m {
		b.text("the name of a detail", &k, MaxName)
		b.text("a detail", &v, MaxText)
	}
}
