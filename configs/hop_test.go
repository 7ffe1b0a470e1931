package configs

import (
	"math"
	"testing"
)

func TestParseRate(t *testing.T) {
	for _, tt := range []struct {
		in      string
		want    float64
		wantErr string
	}{
		{"5/sec", 5, ""},
		{"0.5/sec", 0.5, ""},
		{" 30 / MIN ", 0.5, ""},
		{"1/dwell", 1, ""},
		{"4/dwell", 0.25, ""},
		{"0/sec", 0, ""},
		{"200/sec", 200, ""},
		{"3600/dwell", 1. / 3600, ""},
		{"5", 0, `"5" has no unit`},
		{"", 0, `"" is no rate`},
		{"/sec", 0, `"/sec" is no rate`},
		{"-1/sec", 0, `"-1/sec" is no rate`},
		{"Inf/sec", 0, `"Inf/sec" is no rate`},
		{"5/hour", 0, `"5/hour": the unit of a rate is sec, min or dwell`},
		{"0/dwell", 0, `"0/dwell" stays for no time at all`},
		{"201/sec", 0, `"201/sec" is faster than any radio, 200/sec is the most`},
		{"0.001/dwell", 0, `"0.001/dwell" is faster than any radio, 200/sec is the most`},
		{"4000/dwell", 0, `"4000/dwell" is less than a hop in an hour`},
	} {
		got, err := ParseRate(tt.in)
		if math.Abs(got-tt.want) > 1e-12 || errText(err) != tt.wantErr {
			t.Errorf("ParseRate(%q) = %v, %v; want %v, %s", tt.in, got, err, tt.want, tt.wantErr)
		}
	}
	for _, text := range []string{"0/sec", "5/sec", "2.5/sec", "30/min", "1/min", "90/dwell"} {
		rate, err := ParseRate(text)
		if err != nil {
			t.Fatal(err)
		}
		if back := FormatRate(rate); back != text {
			t.Errorf("%s reads back as %s", text, back)
		}
	}
}

func FuzzParseRate(f *testing.F) {
	for _, seed := range []string{"5/sec", "30/min", "1/dwell", "0/sec", "1e-3/sec", "x"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		rate, err := ParseRate(s)
		if err != nil {
			return
		}
		if rate != 0 && (rate < minHopRate || rate > maxHopRate) {
			t.Fatalf("%q is %v hops per second", s, rate)
		}
		back, err := ParseRate(FormatRate(rate))
		if err != nil || math.Abs(back-rate) > rate/1e4 {
			t.Fatalf("%q is %v, written as %s, which is %v, %v", s, rate, FormatRate(rate), back, err)
		}
	})
}
