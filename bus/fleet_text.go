package bus

import (
	"math"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// harmlessText is a text of the bus as a person's terminal may have it: what is
// no character to print is replaced, and what is longer than n runes is cut.
func harmlessText(s string, n int) string {
	if len(s) <= n && !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) || r == utf8.RuneError }) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if n--; n < 0 {
			return b.String() + "~"
		}
		if !unicode.IsPrint(r) {
			r = '?'
		}
		b.WriteRune(r)
	}
	return b.String()
}

// fleetTime is a time in JSON and in words, "" if it is not known.
func fleetTime(ns int64) string {
	if ns <= 0 {
		return ""
	}
	return time.Unix(0, ns).UTC().Format("2006-01-02T15:04:05.000Z")
}

// rounded is x to so many digits behind the point, nil for what is no number.
func rounded(x float64, digits int) *float64 {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return nil
	}
	k := math.Pow10(digits)
	if r := math.Round(x*k) / k; !math.IsInf(r, 0) && !math.IsNaN(r) {
		x = r
	}
	return &x
}

// roundedOf is the same of a number that may be missing.
func roundedOf(x *float64, digits int) *float64 {
	if x == nil {
		return nil
	}
	return rounded(*x, digits)
}

// secondsSince is the time from then to now, never negative.
func secondsSince(then, now time.Time) *float64 {
	return rounded(max(now.Sub(then), 0).Seconds(), 3)
}

// spanWords is a span as one says it: seconds to hours.
func spanWords(d time.Duration) string {
	if d < 10*time.Second {
		return d.Round(100 * time.Millisecond).String()
	}
	return d.Round(time.Second).String()
}
