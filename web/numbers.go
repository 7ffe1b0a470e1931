package web

import (
	"fmt"
	"math"
	"strings"
	"time"
)

// Rounded is x to so many digits behind the point, nil for what is no number:
// JSON has neither NaN nor infinities.
func Rounded(x float64, digits int) *float64 {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return nil
	}
	k := math.Pow10(digits)
	x = math.Round(x*k) / k
	return &x
}

// Seconds is a span in seconds, to the millisecond.
func Seconds(d time.Duration) *float64 { return Rounded(d.Seconds(), 3) }

// Grouped is a number with its thousands apart, for people: 12 345.
func Grouped(n uint64) string {
	digits := fmt.Sprint(n)
	var b strings.Builder
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteByte(' ')
		}
		b.WriteRune(d)
	}
	return b.String()
}
