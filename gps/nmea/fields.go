package nmea

import (
	"errors"
	"math"
	"strconv"
	"strings"
)

var (
	errNumber = errors.New("not a number")
	errRange  = errors.New("out of range")
	errTime   = errors.New("not a time of day")
	errPlace  = errors.New("not a latitude and longitude")
	errForm   = errors.New("not of this sentence's form")
)

// day is how many nanoseconds a day has, leap seconds aside.
const day = int64(24 * 60 * 60 * 1e9)

// noTime is a time of day that is not known.
const noTime = int64(-1)

// A reader reads the fields of a sentence. Those that are empty or missing are
// absent: NaN, -1 or 0. The first one that cannot be is kept in err.
type reader struct {
	fields []string
	err    error
}

func (r *reader) fail(err error) {
	if r.err == nil {
		r.err = err
	}
}

// text returns field i without the blanks that some receivers pad with.
func (r *reader) text(i int) string {
	if i >= len(r.fields) {
		return ""
	}
	return strings.TrimSpace(r.fields[i])
}

// char returns the first character of field i, 0 if there is none.
func (r *reader) char(i int) byte {
	s := r.text(i)
	if s == "" {
		return 0
	}
	return s[0]
}

// number returns field i, which has to be within low and high.
func (r *reader) number(i int, low, high float64) float64 {
	s := r.text(i)
	if s == "" {
		return math.NaN()
	}
	// ParseFloat also takes NaN, Inf, 0x1p3 and 1e300.
	if strings.Trim(s, "+-.0123456789") != "" {
		r.fail(errNumber)
		return math.NaN()
	}
	v, err := strconv.ParseFloat(s, 64)
	if err != nil {
		r.fail(errNumber)
		return math.NaN()
	}
	if v < low || v > high {
		r.fail(errRange)
		return math.NaN()
	}
	return v
}

// count returns field i as a number of things, -1 if it is absent.
func (r *reader) count(i int) int {
	v := r.number(i, 0, 999)
	if math.IsNaN(v) {
		return -1
	}
	return int(v)
}

// dilution returns field i, or NaN for what receivers say when they do not
// know it: 0 (Skytraq), 99.99 and the like.
func (r *reader) dilution(i int) float64 {
	v := r.number(i, 0, math.MaxFloat64)
	if v < 0.01 || v >= 90 {
		return math.NaN()
	}
	return v
}

// sigma returns field i as a standard deviation in metres. Zero is what
// receivers without a fix say.
func (r *reader) sigma(i int) float64 {
	v := r.number(i, 0, math.MaxFloat64)
	if v == 0 || v > 1e6 {
		return math.NaN()
	}
	return v
}

// timeOfDay returns field i, hhmmss with or without a fraction, in nanoseconds
// since midnight, or noTime.
func (r *reader) timeOfDay(i int) int64 {
	s := r.text(i)
	if s == "" {
		return noTime
	}
	whole, fraction, _ := strings.Cut(s, ".")
	if len(whole) != 6 || len(fraction) > 12 || !digits(whole) || !digits(fraction) {
		r.fail(errTime)
		return noTime
	}
	h, m, sec := two(whole), two(whole[2:]), two(whole[4:])
	if h > 23 || m > 59 || sec > 60 { // 60: a leap second
		r.fail(errTime)
		return noTime
	}
	ns := int64(0)
	for k, unit := 0, int64(1e8); k < len(fraction) && unit > 0; k, unit = k+1, unit/10 {
		ns += int64(fraction[k]-'0') * unit
	}
	return int64(h*3600+m*60+sec)*1e9 + ns
}

// position reads latitude, N or S, longitude, and E or W from field i on.
// places is how many decimals of a minute the coarser of the two has.
func (r *reader) position(i int) (lat, lon float64, places int) {
	nan := math.NaN()
	for k := range 4 {
		if r.text(i+k) == "" {
			return nan, nan, 0
		}
	}
	lat, p1, ok1 := degrees(r.text(i), r.text(i+1), 90, "N", "S")
	lon, p2, ok2 := degrees(r.text(i+2), r.text(i+3), 180, "E", "W")
	if !ok1 || !ok2 {
		r.fail(errPlace)
		return nan, nan, 0
	}
	return lat, lon, min(p1, p2)
}

// degrees reads dddmm.mmmm. A decimal point has to be there: whole minutes are
// no position.
func degrees(s, side string, limit float64, positive, negative string) (v float64, places int, ok bool) {
	whole, fraction, found := strings.Cut(s, ".")
	if !found || whole == "" || len(whole) > 5 || !digits(whole) || !digits(fraction) {
		return 0, 0, false
	}
	n, _ := strconv.Atoi(whole)
	if n%100 > 59 {
		return 0, 0, false
	}
	part, err := strconv.ParseFloat("0."+fraction+"0", 64)
	if err != nil {
		return 0, 0, false
	}
	v = (float64(n/100*60+n%100) + part) / 60
	switch {
	case v > limit:
		return 0, 0, false
	case side == positive:
		return v, len(fraction), true
	case side == negative:
		return 0 - v, len(fraction), true // 0, and not -0
	}
	return 0, 0, false
}

func digits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// two returns the number that the first two digits of s are.
func two(s string) int { return int(s[0]-'0')*10 + int(s[1]-'0') }
