package gpsd_test

import (
	"runtime"
	"strings"
	"testing"

	"github.com/sensord/sensord/gps"
	"github.com/sensord/sensord/gps/gpsd"
)

// Lines with which a peer can try to make the decoder work, as long as a line
// may be.
func hostile() map[string]string {
	nested := func(unit string) string {
		n := min((gpsd.MaxLine-100)/(len(unit)+2), 4990) // deeper is no JSON for encoding/json
		return `{"class":"POLL","tpv":[` + strings.Repeat(unit, n) + strings.Repeat("]}", n) + "]}"
	}
	many := func(begin, unit, end string) string {
		n := (gpsd.MaxLine - len(begin) - len(end)) / (len(unit) + 1)
		return begin + strings.TrimSuffix(strings.Repeat(unit+",", n), ",") + end
	}
	return map[string]string{
		"devices in devices":   nested(`{"class":"DEVICES","devices":[`),
		"polls in polls":       nested(`{"tpv":[`),
		"noise in noise":       nested(`{"gst":[`),
		"views in views":       nested(`{"sky":[`),
		"satellites in them":   nested(`{"satellites":[`),
		"brackets":             `{"class":"TPV","lat":` + strings.Repeat("[", 5000) + strings.Repeat("]", 5000) + "}",
		"many devices":         many(`{"class":"DEVICES","devices":[`, `{}`, `]}`),
		"many fixes":           many(`{"class":"POLL","tpv":[`, `{}`, `]}`),
		"many satellites":      many(`{"class":"SKY","satellites":[`, `{}`, `]}`),
		"one key many times":   many(`{"class":"SKY",`, `"satellites":[{}]`, `}`),
		"many views":           many(`{"class":"POLL","sky":[`, `{"class":"SKY","satellites":[`+strings.Repeat("{},", 255)+`{}]}`, `]}`),
		"numbers in a list":    many(`{"class":"POLL","tpv":[`, `1`, `]}`),
		"a device for each":    many(`{"class":"DEVICES","devices":[`, `{"path":"/dev/a"}`, `]}`),
		"one list in each key": many(`{"class":"TPV",`, `"lat":[]`, `}`),
	}
}

// What a line takes is bounded by its length, whatever stands in it.
func TestBoundsWhatALineTakes(t *testing.T) {
	const perByte = 256 // three bytes are an empty satellite, of more than 100
	for name, line := range hostile() {
		t.Run(name, func(t *testing.T) {
			if len(line) > gpsd.MaxLine {
				t.Fatalf("a line of %d bytes would not be read", len(line))
			}
			d := gpsd.NewDecoder(gpsd.DecoderOptions{})
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			err := d.Line([]byte(line), 1, func(gps.Event) {})
			runtime.ReadMemStats(&after)
			took := after.TotalAlloc - before.TotalAlloc
			if err != nil {
				t.Fatal(err)
			}
			if took > perByte*uint64(len(line)) {
				t.Errorf("a line of %d bytes takes %d", len(line), took)
			}
		})
	}
}
