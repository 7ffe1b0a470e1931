package gps

import (
	"errors"
	"fmt"
	"time"
)

// A date that a receiver or its log can have is of these years: there was no
// GPS before them.
const (
	FirstYear = 1980
	LastYear  = 2200
)

// ErrNoDate is the error of ParseDate for what is not written as a date.
var ErrNoDate = errors.New("no date")

// ParseDate reads the UTC day on which a log begins, as 2026-03-27. Its error
// says what that is instead: ErrNoDate, or not a day on which a log can begin.
func ParseDate(s string) (time.Time, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return time.Time{}, ErrNoDate
	}
	if t.Year() < FirstYear || t.Year() > LastYear {
		return time.Time{}, fmt.Errorf("not between %d-01-01 and %d-12-31", FirstYear, LastYear)
	}
	return t, nil
}
