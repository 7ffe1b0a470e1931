package meta_test

import (
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/sensord/sensord/gps/meta"
)

const (
	typeJSON = "application/json"
	typeForm = "application/x-www-form-urlencoded"
)

// update is a NewUpdate with what the test says of it.
func update(lat, lon float64, more ...func(*meta.Update)) meta.Update {
	u := meta.NewUpdate(lat, lon)
	for _, set := range more {
		set(&u)
	}
	return u
}

func alt(m float64) func(*meta.Update)        { return func(u *meta.Update) { u.AltMSL = m } }
func speed(mps float64) func(*meta.Update)    { return func(u *meta.Update) { u.SpeedMPS = mps } }
func heading(deg float64) func(*meta.Update)  { return func(u *meta.Update) { u.CourseDeg = deg } }
func accuracy(m float64) func(*meta.Update)   { return func(u *meta.Update) { u.AccuracyM = m } }
func at(ns int64) func(*meta.Update)          { return func(u *meta.Update) { u.TimeNs = ns } }
func ignored(field string) func(*meta.Update) { return func(u *meta.Update) { u.Ignored = field } }

func TestParseUpdate(t *testing.T) {
	full := `{"lat":1.5,"lon":-2.5,"alt":3,"spd":36}`
	whole := update(1.5, -2.5, alt(3), speed(10))
	for _, tt := range []struct {
		name        string
		contentType string
		body        string
		want        meta.Update
	}{
		{"JSON", typeJSON, full, whole},
		{"JSON with a charset", "application/json; charset=utf-8", full, whole},
		{"JSON in capitals", "Application/JSON", full, whole},
		{"JSON that is not said to be", "text/plain", full, whole},
		{"JSON by curl -d", typeForm, full, whole},
		{"JSON without a type", "", " \r\n" + full + "\r\n", whole},
		{"JSON of a C program", typeJSON, full + "\x00", whole},
		{"JSON with a byte order mark", typeJSON, "\ufeff" + full, whole},

		{"form, encoded", typeForm, "json=%7B%22lat%22%3A1.5%2C%22lon%22%3A-2.5%7D", update(1.5, -2.5)},
		{"form with charset", typeForm + "; charset=UTF-8", "json=%7B%22lat%22%3A1.5%2C%22lon%22%3A-2.5%7D", update(1.5, -2.5)},
		{"form, encoded with plus for space", typeForm, "json=%7B%22lat%22%3A+1.5%2C+%22lon%22%3A+-2.5%7D", update(1.5, -2.5)},
		{"form, not encoded", typeForm, "json=" + full, whole},
		{"form, & not encoded", typeForm, `json={"lat":1.5,"lon":-2.5,"name":"a&b"}`, update(1.5, -2.5)},
		{"form, & encoded, another field", typeForm, `json=%7B%22lat%22%3A1.5%2C%22lon%22%3A-2.5%2C%22n%22%3A%22a%26b%22%7D&x=y`, update(1.5, -2.5)},
		{"form, second field", typeForm, "a=b&json=" + full, whole},
		{"form, last of two", typeForm, "json=x&json=" + full, whole},
		{"form, plus of a number not encoded", typeForm, `json={"lat":1.5e+1,"lon":2}`, update(15, 2)},
		{"form, percent not encoded", typeForm, `json={"lat":1,"lon":2,"load":"99%"}`, update(1, 2)},

		{"no altitude", typeJSON, `{"lat":1,"lon":2}`, update(1, 2)},
		{"altitude 0 is none", typeJSON, `{"lat":1,"lon":2,"alt":0}`, update(1, 2)},
		{"below the sea", typeJSON, `{"lat":1,"lon":2,"alt":-400.5}`, update(1, 2, alt(-400.5))},
		{"nulls are absent", typeJSON, `{"lat":1,"lon":2,"alt":null,"spd":null,"time":null,"heading":null,"accuracy":null}`, update(1, 2)},
		{"equator and meridian", typeJSON, `{"lat":0,"lon":0,"spd":0}`, update(0, 0, speed(0))},
		{"corners", typeJSON, `{"lat":-90,"lon":180}`, update(-90, 180)},
		{"speed and heading of a phone that knows none", typeJSON, `{"lat":1,"lon":2,"spd":-3.6,"heading":-1}`, update(1, 2)},
		{"the last of two", typeJSON, `{"lat":9,"lat":1,"lon":2}`, update(1, 2)},
		{"unknown keys", typeJSON, `{"lat":1,"lon":2,"LAT":7,"x":{"y":[1,2,{}]}}`, update(1, 2)},

		{"heading and accuracy", typeJSON, `{"lat":1,"lon":2,"heading":359.5,"accuracy":4.5}`, update(1, 2, heading(359.5), accuracy(4.5))},
		{"north is 0", typeJSON, `{"lat":1,"lon":2,"heading":360}`, update(1, 2, heading(0))},
		{"accuracy 0 is none", typeJSON, `{"lat":1,"lon":2,"accuracy":0}`, update(1, 2)},
		{"time in seconds", typeJSON, `{"lat":1,"lon":2,"time":1790000000.25}`, update(1, 2, at(1790000000250000000))},
		{"time to the microsecond", typeJSON, `{"lat":1,"lon":2,"time":1790000000.100001}`, update(1, 2, at(1790000000100001000))},
		{"time in milliseconds", typeJSON, `{"lat":1,"lon":2,"time":1790000000250}`, update(1, 2, at(1790000000250000000))},
		{"time as text", typeJSON, `{"lat":1,"lon":2,"time":"1790000000"}`, update(1, 2, at(1790000000000000000))},
		{"RFC 3339", typeJSON, `{"lat":1,"lon":2,"time":"2026-09-21T15:33:20.5+02:00"}`, update(1, 2, at(1789997600500000000))},
		{"time 0 is none", typeJSON, `{"lat":1,"lon":2,"time":0}`, update(1, 2)},
		{"a time that is none", typeJSON, `{"lat":1,"lon":2,"time":"yesterday"}`, update(1, 2, ignored("time"))},
		{"another client's fields", typeJSON, `{"lat":1,"lon":2,"heading":[],"accuracy":"12m"}`, update(1, 2, ignored("accuracy"))},
		{"another client's heading", typeJSON, `{"lat":1,"lon":2,"heading":"NNE"}`, update(1, 2, ignored("heading"))},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := meta.ParseUpdate([]byte(tt.body), tt.contentType)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got, cmpopts.EquateNaNs(), cmpopts.EquateApprox(0, 1e-12)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestParseUpdateRefuses(t *testing.T) {
	for _, tt := range []struct {
		name        string
		contentType string
		body        string
		want        string
	}{
		{"nothing", typeJSON, ``, "the body is not a JSON object"},
		{"text", typeJSON, `x`, "the body is not a JSON object"},
		{"array", typeJSON, `[1]`, "the body is not a JSON object"},
		{"null", typeJSON, `null`, "the body is not a JSON object"},
		{"torn", typeJSON, `{"lat":1,"lon":2`, "the body is no JSON: unexpected end of JSON input"},
		{"something behind it", typeJSON, `{"lat":1,"lon":2} x`, "the body is no JSON: invalid character 'x' after top-level value"},
		{"NaN", typeJSON, `{"lat":NaN,"lon":2}`, "the body is no JSON: invalid character 'N' looking for beginning of value"},
		{"form as JSON", typeJSON, `json={"lat":1,"lon":2}`, "the body is not a JSON object"},
		{"form without the field", typeForm, `lat=1&lon=2`, "the body is not a JSON object"},
		{"form with the field's name in capitals", typeForm, `JSON={"lat":1,"lon":2}`, "the body is not a JSON object"},
		{"form with another at the end", typeForm, `json={"lat":1,"lon":2}&json=x`, "the body is not a JSON object"},
		{"no position", typeJSON, `{}`, "lat and lon are missing"},
		{"half a position", typeJSON, `{"lat":1}`, "lon is missing"},
		{"null position", typeJSON, `{"lat":null,"lon":2}`, "lat is missing"},
		{"text for a number", typeJSON, `{"lat":"1.5","lon":2}`, "lat is not a number"},
		{"text for an altitude", typeJSON, `{"lat":1.5,"lon":2,"alt":"3"}`, "alt is not a number"},
		{"bool for a number", typeJSON, `{"lat":true,"lon":2}`, "lat is not a number"},
		{"more than a number holds", typeJSON, `{"lat":1e400,"lon":2}`, "lat is out of range"},
		{"latitude", typeJSON, `{"lat":90.01,"lon":2}`, "lat 90.01 is not within -90 to 90"},
		{"longitude", typeJSON, `{"lat":1,"lon":-180.5}`, "lon -180.5 is not within -180 to 180"},
		{"altitude", typeJSON, `{"lat":1,"lon":2,"alt":1e6}`, "alt 1e+06 is not within -5000 to 100000"},
		{"speed", typeJSON, `{"lat":1,"lon":2,"spd":5000}`, "spd 5000 is not within 0 to 3600"},
		{"heading", typeJSON, `{"lat":1,"lon":2,"heading":361}`, "heading 361 is not within 0 to 360"},
		{"accuracy of a position that is none", typeJSON, `{"lat":1,"lon":2,"accuracy":-1}`, "accuracy -1 is not within 0 to 20000000"},
		{"accuracy beyond a number", typeJSON, `{"lat":1,"lon":2,"accuracy":1e999}`, "accuracy is out of range"},
		{"heading beyond a number", typeJSON, `{"lat":1,"lon":2,"heading":1e999}`, "heading is out of range"},
		{"time before GPS", typeJSON, `{"lat":1,"lon":2,"time":12345}`, "time is out of range"},
		{"time too far", typeJSON, `{"lat":1,"lon":2,"time":"9999-01-01T00:00:00Z"}`, "time is out of range"},
		{"time far too far", typeJSON, `{"lat":1,"lon":2,"time":1e300}`, "time is out of range"},
		{"time that is no number", typeJSON, `{"lat":1,"lon":2,"time":"NaN"}`, "time is out of range"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := meta.ParseUpdate([]byte(tt.body), tt.contentType)
			if err == nil || err.Error() != tt.want {
				t.Errorf("error %v, want %q", err, tt.want)
			}
			if got != (meta.Update{}) {
				t.Errorf("update %+v with an error", got)
			}
		})
	}
}

func FuzzParseUpdate(f *testing.F) {
	for _, body := range []string{
		`{"lat":1.5,"lon":-2.5,"alt":3,"spd":36,"time":1790000000.25,"heading":1,"accuracy":5}`,
		`{"lat":1,"lon":2,"time":"2026-09-21T15:33:20Z"}`, `json=%7B%22lat%22%3A1.5%2C%22lon%22%3A-2.5%7D&x=y`,
		`json={"lat":1,"lon":2,"a":"%zz&+"}`, `a=b&json=`, `json=json=&json`, `{"lat":null}`, `[[[[`, "\xef\xbb\xbf{}\x00", `%`, `json=%`, `json=%4`,
	} {
		f.Add([]byte(body), typeJSON)
		f.Add([]byte(body), typeForm)
	}
	f.Fuzz(func(t *testing.T, body []byte, contentType string) {
		u, err := meta.ParseUpdate(body, contentType)
		if err != nil {
			if u != (meta.Update{}) {
				t.Errorf("update %+v with error %v", u, err)
			}
			if len(err.Error()) > 200 || strings.ContainsAny(err.Error(), "\r\n\x00") {
				t.Errorf("error of %d bytes: %q", len(err.Error()), err)
			}
			return
		}
		// What was taken is what a receiver takes.
		r := meta.New(meta.Options{Now: func() int64 { return 0 }})
		if err := r.Post(u); err != nil {
			t.Errorf("%+v: %v", u, err)
		}
		if math.Abs(u.Lat) > 90 || math.Abs(u.Lon) > 180 || math.IsNaN(u.Lat+u.Lon) || u.AltMSL == 0 || u.AccuracyM == 0 || u.CourseDeg == 360 {
			t.Errorf("update %+v", u)
		}
	})
}
