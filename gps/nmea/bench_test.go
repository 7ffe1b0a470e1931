package nmea_test

import (
	"bytes"
	"testing"

	"github.com/sensord/sensord/gps"
	"github.com/sensord/sensord/gps/nmea"
)

// BenchmarkDecoder tells what one sentence costs, in the mix that a receiver of
// several systems sends.
func BenchmarkDecoder(b *testing.B) {
	in := corpus()
	sentences := bytes.Count(in, []byte("\r\n"))
	b.ReportAllocs()
	b.SetBytes(int64(len(in) / sentences))
	d := nmea.NewDecoder(nmea.Options{})
	for n := 0; n < b.N; n += sentences {
		d.Write(in, 1, func(gps.Event) {})
	}
}

// A receiver of 10 Hz with ten sentences each is a hundred sentences a second:
// it must not keep a small machine busy with garbage.
func TestSentencesCostFewAllocations(t *testing.T) {
	in := corpus()
	sentences := float64(bytes.Count(in, []byte("\r\n")))
	d := nmea.NewDecoder(nmea.Options{})
	got := testing.AllocsPerRun(3, func() { d.Write(in, 1, func(gps.Event) {}) }) / sentences
	if got > 12 {
		t.Errorf("%.1f allocations a sentence", got)
	}
}
