package fusion

import "time"

// A stray is a row of fixes whose times have nothing to do with the others'.
type stray struct {
	count       int
	first, last int64
}

// timely reports what is wrong with a fix's time, or that so many agree about
// another time that the filter starts again there.
func (f *Filter) timely(slot int, atNs int64) (why string, again bool) {
	newest := f.nodes[len(f.nodes)-1].m.atNs
	behind := time.Duration(newest - atNs)
	if behind >= -restartAfter && behind <= History && atNs >= f.nodes[0].m.atNs {
		f.stray = stray{}
		for _, n := range f.nodes {
			if d := time.Duration(n.m.atNs - atNs); n.m.slot == slot && d.Abs() < closest {
				return "another one of the same time", false
			}
		}
		return "", false
	}
	s := &f.stray
	if d := time.Duration(atNs - s.last); s.count == 0 || d < 0 || behind > 0 && d > restartAfter {
		*s = stray{first: atNs}
	}
	s.count++
	s.last = atNs
	if behind < 0 {
		return "the first one for " + (-behind).Round(time.Second).String(), s.count > 1
	}
	return "late by " + behind.Round(time.Second/10).String(),
		s.count >= jumpLeast && time.Duration(s.last-s.first) >= f.o.BelieveAfter
}

// farNs bounds times, so that differences never overflow: 73 years either way.
const farNs = 1 << 61
