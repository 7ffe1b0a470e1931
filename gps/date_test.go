package gps_test

import (
	"errors"
	"testing"
	"time"

	"github.com/sensord/sensord/gps"
)

func TestParsesDates(t *testing.T) {
	const outside = "not between 1980-01-01 and 2200-12-31"
	for s, want := range map[string]string{
		"1980-01-01": "", "2026-03-27": "", "2200-12-31": "",
		"1979-12-31": outside, "1969-12-31": outside, "0001-01-01": outside, "9999-12-31": outside, "2201-01-01": outside,
		"": "no date", "27.3.2026": "no date", "2026-02-30": "no date", "2026-3-1": "no date", "10000-01-01": "no date",
	} {
		got, err := gps.ParseDate(s)
		switch {
		case err == nil && (want != "" || got.Format(time.DateOnly) != s):
			t.Errorf("%q is taken as %v", s, got)
		case err != nil && err.Error() != want:
			t.Errorf("%q: %v, want %q", s, err, want)
		case errors.Is(err, gps.ErrNoDate) != (want == "no date"):
			t.Errorf("%q: %v", s, err)
		}
	}
}
