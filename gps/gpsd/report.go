package gpsd

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"time"
)

// A message is one line of gpsd's: a report, with those that stand in it. They
// have no reports in them again, so that a peer cannot make the decoder read
// the same bytes once for each level of brackets.
type message struct {
	report

	// DEVICES
	Devices list[report] `json:"devices"`

	// POLL
	TPV list[report] `json:"tpv"`
	GST list[report] `json:"gst"`
	SKY list[report] `json:"sky"`
}

// A report is any of gpsd's objects: the keys that sensord knows of all
// classes, as gpsd_json(5) names them. A field that is absent, or of a type
// that gpsd does not give it, reads as absent: one strange value costs itself,
// not its line.
type report struct {
	Class  text `json:"class"`
	Device text `json:"device"`
	Time   date `json:"time"`

	// VERSION, ERROR
	Release text `json:"release"`
	Message text `json:"message"`

	// DEVICE
	Path      text  `json:"path"`
	Driver    text  `json:"driver"`
	Activated truth `json:"activated"`

	// TPV
	Mode     number `json:"mode"`
	Status   number `json:"status"`
	Lat      number `json:"lat"` // GST: the standard deviation, m
	Lon      number `json:"lon"` // GST: the same
	Alt      number `json:"alt"` // GST: the same
	AltMSL   number `json:"altMSL"`
	AltHAE   number `json:"altHAE"`
	GeoidSep number `json:"geoidSep"`
	Speed    number `json:"speed"`
	Track    number `json:"track"`
	Climb    number `json:"climb"`
	EPX      number `json:"epx"`
	EPY      number `json:"epy"`
	EPV      number `json:"epv"`
	EPS      number `json:"eps"`
	EPH      number `json:"eph"`

	// GST
	Major number `json:"major"`
	Minor number `json:"minor"`

	// SKY
	HDOP       number          `json:"hdop"`
	Used       number          `json:"uSat"`
	Satellites list[satellite] `json:"satellites"`

	// PPS, TOFF
	RealSec   number `json:"real_sec"`
	RealNsec  number `json:"real_nsec"`
	ClockSec  number `json:"clock_sec"`
	ClockNsec number `json:"clock_nsec"`
	Precision number `json:"precision"`
}

// A satellite is one object of SKY's list.
type satellite struct {
	PRN    number `json:"PRN"`
	GNSSID number `json:"gnssid"`
	El     number `json:"el"`
	Az     number `json:"az"`
	SS     number `json:"ss"`
	Used   truth  `json:"used"`
}

// A number is a JSON number, also in quotes. What is absent, not finite or no
// number has no value.
type number struct {
	v  float64
	ok bool
}

func (n *number) UnmarshalJSON(b []byte) error {
	v, err := strconv.ParseFloat(strings.Trim(string(b), `"`), 64)
	n.v, n.ok = v, err == nil && !math.IsNaN(v) && !math.IsInf(v, 0)
	return nil
}

// in returns the number if it lies in [low, high], else NaN.
func (n number) in(low, high float64) float64 {
	if !n.ok || n.v < low || n.v > high {
		return math.NaN()
	}
	return n.v
}

// integer returns the number as an integer, or none if it is absent or beyond
// what any of gpsd's integers can be, also on 32 bit.
func (n number) integer(none int) int {
	if !n.ok || math.Abs(n.v) > math.MaxInt32 {
		return none
	}
	return int(n.v)
}

// A text is a JSON string; anything else is "".
type text string

func (t *text) UnmarshalJSON(b []byte) error {
	var s string
	if json.Unmarshal(b, &s) != nil {
		s = ""
	}
	*t = text(s)
	return nil
}

// A truth is what JavaScript takes for true: gpsd gives a device's "activated"
// as a time, and as 0 when it is not.
type truth bool

func (t *truth) UnmarshalJSON(b []byte) error {
	switch string(b) {
	case "false", "null", `""`, "0", "0.0", `"0"`:
		*t = false
	default:
		*t = true
	}
	return nil
}

// A list is the objects among the first maxElements elements of a JSON array.
type list[T any] []T

// maxElements is more than gpsd has room for: 184 satellites, and few devices.
// A line of empty objects must not become half a kilobyte for every three bytes.
const maxElements = 256

func (l *list[T]) UnmarshalJSON(b []byte) error {
	d := json.NewDecoder(bytes.NewReader(b))
	if t, _ := d.Token(); t != json.Delim('[') {
		return nil // what is no array has no elements
	}
	var raw json.RawMessage
	for n := len(*l); n < maxElements && d.More() && d.Decode(&raw) == nil; n++ {
		var v T
		if raw[0] == '{' && json.Unmarshal(raw, &v) == nil {
			*l = append(*l, v)
		}
	}
	return nil
}

// A date is a time in ISO 8601, or in seconds since 1970 as the oldest gpsds
// give it. Its value is ns since 1970, and 0 if it is absent or no time.
type date int64

func (d *date) UnmarshalJSON(b []byte) error {
	*d = 0
	if b[0] != '"' {
		var n number
		_ = n.UnmarshalJSON(b)
		if n.ok && n.v > 0 && n.v < maxSeconds {
			// gpsd gives milliseconds; a float64 holds microseconds of today.
			*d = date(math.Round(n.v*1e6)) * 1000
		}
		return nil
	}
	var s text
	_ = s.UnmarshalJSON(b)
	*d = date(parseTime(string(s)))
	return nil
}

// maxSeconds is the end of what int64 nanoseconds since 1970 can hold.
const maxSeconds = 9_223_372_036

// parseTime returns ns since 1970 of ISO 8601 with any fraction, 0 if it is
// none or lies before 1970. A leap second is the first of the next minute.
func parseTime(s string) int64 {
	leap := len(s) > 18 && s[17:19] == "60"
	if leap {
		s = s[:17] + "59" + s[19:]
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		t, err = time.Parse("2006-01-02T15:04:05.999999999", s)
	}
	if leap {
		t = t.Add(time.Second)
	}
	if err != nil || t.Unix() <= 0 || t.Unix() >= maxSeconds {
		return 0
	}
	return t.UnixNano()
}
