package meta

import (
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/sensord/sensord/gps"
)

// An Update is a position as somebody posted it. Numbers that were not given
// are NaN.
type Update struct {
	TimeNs    int64   // UTC of the measurement, ns since 1970; 0 if not given
	Lat, Lon  float64 // degrees, WGS 84
	AltMSL    float64 // metres above mean sea level
	SpeedMPS  float64 // over ground
	CourseDeg float64 // of movement, clockwise from true north, below 360
	AccuracyM float64 // 95 % horizontal radius

	// Ignored names a field beyond Kismet's that was there and not understood,
	// as a time that is none; "" if there was none.
	Ignored string
}

// NewUpdate returns an Update that only has a place, in degrees.
func NewUpdate(lat, lon float64) Update {
	nan := math.NaN()
	return Update{Lat: lat, Lon: lon, AltMSL: nan, SpeedMPS: nan, CourseDeg: nan, AccuracyM: nan}
}

// What is beyond these is a mistake, and no position is better than a false one.
const (
	minAltM      = -5000 // deeper than any mine
	maxAltM      = 100_000
	maxSpeedMPS  = 1000
	maxAccuracyM = 20_000_000 // half around the earth
)

// Times outside these are no times of a measurement.
var (
	minTimeNs = time.Date(1980, 1, 6, 0, 0, 0, 0, time.UTC).UnixNano() // GPS began
	maxTimeNs = time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC).UnixNano()
)

var errNowhere = errors.New("lat and lon are missing")

// check says what is wrong with an update.
func (u *Update) check() error {
	if math.IsNaN(u.Lat) && math.IsNaN(u.Lon) {
		return errNowhere
	}
	for _, f := range []struct {
		name      string
		v         float64
		low, high float64
		needed    bool
	}{
		{"lat", u.Lat, -90, 90, true},
		{"lon", u.Lon, -180, 180, true},
		{"alt", u.AltMSL, minAltM, maxAltM, false},
		{"spd", u.SpeedMPS * gps.KMHPerMPS, 0, maxSpeedMPS * gps.KMHPerMPS, false},
		{"heading", u.CourseDeg, 0, 360, false},
		{"accuracy", u.AccuracyM, 0, maxAccuracyM, false},
	} {
		switch {
		case math.IsNaN(f.v) && f.needed:
			return fmt.Errorf("%s is missing", f.name)
		case f.v < f.low, f.v > f.high:
			return fmt.Errorf("%s %v is not within %.0f to %.0f", f.name, f.v, f.low, f.high)
		}
	}
	if u.TimeNs != 0 && (u.TimeNs < minTimeNs || u.TimeNs > maxTimeNs) {
		return fmt.Errorf("time %s is no time of a measurement", time.Unix(0, u.TimeNs).UTC().Format(time.RFC3339))
	}
	return nil
}
