package meta

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/sensord/sensord/gps"
)

var errNoObject = errors.New("the body is not a JSON object")

// ParseUpdate reads the body of an update as Kismet's clients send it: a JSON
// object, or a form with that object in its field json. contentType is the
// request's; without one that says JSON the body itself tells which it is, which
// is more than Kismet takes.
//
// The object's lat and lon are degrees and must be there; alt is metres above
// mean sea level, and 0 or absent is none, as to Kismet; spd is km/h. Beyond
// Kismet's there may be time (seconds since 1970, milliseconds if that large, or
// RFC 3339), heading (degrees of movement) and accuracy (95 % radius in metres;
// 0 is none). A null is an absent field; so are a negative spd and heading,
// which is how phones say that they know none. All other keys are passed over,
// and so are time, heading and accuracy of another type than these: Kismet
// passes over them, too. Errors are for who posted it: numbers out of range, no
// position, no JSON.
func ParseUpdate(body []byte, contentType string) (Update, error) {
	fields, err := object(body, contentType)
	if err != nil {
		return Update{}, err
	}
	u := NewUpdate(math.NaN(), math.NaN())
	var spd float64
	for _, f := range []struct {
		name string
		to   *float64
	}{{"lat", &u.Lat}, {"lon", &u.Lon}, {"alt", &u.AltMSL}, {"spd", &spd}} {
		if *f.to, err = number(fields[f.name]); err != nil {
			return Update{}, fmt.Errorf("%s %w", f.name, err)
		}
	}
	if u.AltMSL == 0 {
		u.AltMSL = math.NaN()
	}
	u.SpeedMPS = atLeastZero(spd) / gps.KMHPerMPS
	if err := u.more(fields); err != nil {
		return Update{}, err
	}
	if err := u.check(); err != nil {
		return Update{}, err
	}
	return u, nil
}

// more reads the fields that Kismet does not know.
func (u *Update) more(fields map[string]json.RawMessage) error {
	var err error
	if u.CourseDeg, err = number(fields["heading"]); errors.Is(err, errNoNumber) {
		u.CourseDeg, u.Ignored = math.NaN(), "heading"
	} else if err != nil {
		return fmt.Errorf("heading %w", err)
	}
	if u.CourseDeg = atLeastZero(u.CourseDeg); u.CourseDeg == 360 {
		u.CourseDeg = 0
	}
	if u.AccuracyM, err = number(fields["accuracy"]); errors.Is(err, errNoNumber) {
		u.AccuracyM, u.Ignored = math.NaN(), "accuracy"
	} else if err != nil {
		return fmt.Errorf("accuracy %w", err)
	}
	if u.AccuracyM == 0 {
		u.AccuracyM = math.NaN()
	}
	if u.TimeNs, err = instant(fields["time"]); errors.Is(err, errNoNumber) {
		u.TimeNs, u.Ignored = 0, "time"
	} else if err != nil {
		return fmt.Errorf("time %w", err)
	}
	return nil
}

// atLeastZero returns v, or NaN if it is negative.
func atLeastZero(v float64) float64 {
	if v < 0 {
		return math.NaN()
	}
	return v
}

// object finds the JSON object in a body.
func object(body []byte, contentType string) (map[string]json.RawMessage, error) {
	body = bytes.TrimPrefix(body, []byte("\ufeff"))
	body = bytes.TrimSpace(bytes.TrimRight(body, "\x00"))
	isJSON := strings.HasPrefix(strings.ToLower(contentType), "application/json")
	if isJSON || bytes.HasPrefix(body, []byte("{")) {
		return parseObject(body)
	}
	for _, text := range formField(string(body), "json") {
		if fields, err := parseObject([]byte(text)); err == nil {
			return fields, nil
		}
	}
	return nil, errNoObject
}

func parseObject(text []byte) (map[string]json.RawMessage, error) {
	if !bytes.HasPrefix(bytes.TrimSpace(text), []byte("{")) {
		return nil, errNoObject
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(text, &fields); err != nil {
		return nil, fmt.Errorf("the body is no JSON: %w", err)
	}
	return fields, nil
}

// formField returns what the last field of that name in a form can mean, the
// likeliest first. Kismet decodes leniently, and so many clients encode nothing:
// then an & does not end the value, and a + is one.
func formField(form, name string) []string {
	at := -1
	for i := 0; i <= len(form); {
		if strings.HasPrefix(form[i:], name+"=") {
			at = i + len(name) + 1
		}
		next := strings.IndexByte(form[i:], '&')
		if next < 0 {
			break
		}
		i += next + 1
	}
	if at < 0 {
		return nil
	}
	rest := form[at:]
	value, _, _ := strings.Cut(rest, "&")
	spaced := strings.NewReplacer("+", " ")
	return []string{unescape(spaced.Replace(value)), unescape(value), unescape(spaced.Replace(rest)), unescape(rest)}
}

// unescape decodes %XX, and leaves what is none of these as it is.
func unescape(s string) string {
	if !strings.Contains(s, "%") {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			if v, err := strconv.ParseUint(s[i+1:i+3], 16, 8); err == nil {
				b.WriteByte(byte(v))
				i += 2
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

var (
	errNoNumber = errors.New("is not a number")
	errRange    = errors.New("is out of range")
)

// number reads a JSON number; NaN if it is absent.
func number(text json.RawMessage) (float64, error) {
	if len(text) == 0 || string(text) == "null" {
		return math.NaN(), nil
	}
	if c := text[0]; c != '-' && (c < '0' || c > '9') {
		return 0, errNoNumber
	}
	v, err := strconv.ParseFloat(string(text), 64)
	if err != nil {
		return 0, errRange // the JSON parser has seen that it is a number
	}
	return v, nil
}

// milliseconds is where a number of seconds is taken for one of milliseconds,
// as JavaScript has them: seconds are that many in the year 5138.
const milliseconds = 1e11

// instant reads a time into ns since 1970; 0 if it is absent.
func instant(text json.RawMessage) (int64, error) {
	var s string
	if err := json.Unmarshal(text, &s); err == nil && len(text) > 0 && text[0] == '"' {
		if t, err := time.Parse(time.RFC3339, s); err == nil {
			if t.Year() < 1980 || t.Year() >= 2200 {
				return 0, errRange
			}
			return t.UnixNano(), nil
		}
		if v, err := strconv.ParseFloat(s, 64); err == nil {
			return since1970(v)
		}
		return 0, errNoNumber
	}
	v, err := number(text)
	if err != nil || math.IsNaN(v) {
		return 0, err
	}
	return since1970(v)
}

// since1970 turns seconds into ns, to the microsecond that a float64 can hold.
func since1970(v float64) (int64, error) {
	if math.Abs(v) >= milliseconds {
		v /= 1000
	}
	switch {
	case v == 0:
		return 0, nil
	case !(v >= float64(minTimeNs)/1e9 && v <= float64(maxTimeNs)/1e9): // also NaN
		return 0, errRange
	}
	sec, frac := math.Modf(v)
	return int64(sec)*int64(time.Second) + int64(math.Round(frac*1e6))*int64(time.Microsecond), nil
}
