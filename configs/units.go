package configs

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// sizeUnits are the units of ParseSize, the largest first within each family.
// A bare B comes last because every other unit ends in it.
var sizeUnits = [...]struct {
	name  string
	bytes int64
}{
	{"TiB", 1 << 40},
	{"GiB", 1 << 30},
	{"MiB", 1 << 20},
	{"KiB", 1 << 10},
	{"TB", 1e12},
	{"GB", 1e9},
	{"MB", 1e6},
	{"kB", 1e3},
	{"B", 1},
}

// ParseSize reads a size in bytes with its unit, as in 64MiB or 1.5 GB.
func ParseSize(s string) (int64, error) {
	for _, unit := range sizeUnits {
		digits, ok := strings.CutSuffix(s, unit.name)
		if !ok {
			continue
		}
		n, err := parseNumber(strings.TrimSpace(digits))
		if err != nil || n < 0 {
			break
		}
		if n *= float64(unit.bytes); n >= math.MaxInt64 {
			return 0, fmt.Errorf("%s is too large", quote(s))
		}
		return int64(n), nil
	}
	if _, err := parseNumber(s); err == nil {
		return 0, fmt.Errorf("%s has no unit", quote(s))
	}
	return 0, fmt.Errorf("%s is no size", quote(s))
}

// FormatSize writes a size as ParseSize reads it.
func FormatSize(n int64) string {
	for _, unit := range sizeUnits[:4] {
		if n >= unit.bytes && n%unit.bytes == 0 {
			return strconv.FormatInt(n/unit.bytes, 10) + unit.name
		}
	}
	return strconv.FormatInt(n, 10) + "B"
}

// parseNumber reads a decimal number. It refuses what strconv would take
// besides: hexadecimal, infinity, and what is no number.
func parseNumber(s string) (float64, error) {
	if strings.Trim(s, "+-.0123456789eE") != "" {
		return 0, errors.New("no number")
	}
	return strconv.ParseFloat(s, 64)
}

// parseDuration reads a duration within bounds, as in 3s, 500ms or 7d.
func parseDuration(s string, least, most time.Duration) (time.Duration, mistake) {
	right := "write a duration from " + FormatDuration(least) + " to " + FormatDuration(most)
	d, err := time.ParseDuration(strings.ReplaceAll(s, " ", ""))
	if days, ok := strings.CutSuffix(s, "d"); ok {
		d, err = parseDays(days)
	}
	switch _, number := parseNumber(s); {
	case err != nil && number == nil || err == nil && s == "0":
		return 0, mistake{quote(s) + " has no unit", right}
	case err != nil:
		return 0, mistake{quote(s) + " is no duration", right}
	case d < least:
		return 0, mistake{quote(s) + " is too short", right}
	case d > most:
		return 0, mistake{quote(s) + " is too long", right}
	}
	return d, mistake{}
}

func parseDays(s string) (time.Duration, error) {
	n, err := parseNumber(strings.TrimSpace(s))
	return time.Duration(max(min(n, maxDays), -1) * float64(day)), err
}

const (
	day     = 24 * time.Hour
	maxDays = 100_000 // of what a time.Duration can hold
)

// FormatDuration writes a duration as it is written in a configuration: 1h,
// not 1h0m0s, and 7d, not 168h0m0s.
func FormatDuration(d time.Duration) string {
	if d >= 2*day && d%day == 0 {
		return strconv.FormatInt(int64(d/day), 10) + "d"
	}
	s := d.String()
	for _, zero := range []string{"m0s", "h0m"} {
		if strings.HasSuffix(s, zero) {
			s = strings.TrimSuffix(s, zero[1:])
		}
	}
	return s
}

// parseLength reads a length in metres, as in 100m or 1.5km.
func parseLength(s string) (float64, error) {
	metres, factor := strings.TrimSpace(s), 1.0
	switch {
	case strings.HasSuffix(metres, "km"):
		metres, factor = strings.TrimSuffix(metres, "km"), 1000
	case strings.HasSuffix(metres, "m"):
		metres = strings.TrimSuffix(metres, "m")
	default:
		if _, err := parseNumber(metres); err == nil {
			return 0, fmt.Errorf("%s has no unit", quote(s))
		}
	}
	n, err := parseNumber(strings.TrimSpace(metres))
	if err != nil {
		return 0, fmt.Errorf("%s is no length", quote(s))
	}
	return n * factor, nil
}

// formatLength writes metres as parseLength reads them.
func formatLength(metres float64) string { return strconv.FormatFloat(metres, 'f', -1, 64) + "m" }
