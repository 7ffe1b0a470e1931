package gpstest_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/sensord/sensord/gps"
	"github.com/sensord/sensord/gps/gpsd"
)

// gpsd's own client reads the fixes of the drive out of the lines.
func TestGPSDReadsBack(t *testing.T) {
	d := scenario(t, "tunnel").Drive(1)
	dec := gpsd.NewDecoder(gpsd.DecoderOptions{})
	var got []gps.Fix
	for _, c := range d.GPSD() {
		if !json.Valid(c.Bytes) || !bytes.HasSuffix(c.Bytes, []byte("\r\n")) {
			t.Fatalf("line %q", c.Bytes)
		}
		if err := dec.Line(c.Bytes, c.AtNs, func(e gps.Event) {
			if f, ok := e.(gps.Fix); ok && (len(got) == 0 || got[len(got)-1].TimeNs != f.TimeNs || got[len(got)-1].Device != f.Device) {
				got = append(got, f)
			}
		}); err != nil {
			t.Fatal(err)
		}
	}
	if len(got) != len(d.Arrivals) {
		t.Fatalf("%d fixes of %d", len(got), len(d.Arrivals))
	}
	for i, a := range d.Arrivals {
		compare(t, got[i], a.Fix, 1e-8)
		if want := "/dev/" + a.Fix.Receiver; got[i].Device != want {
			t.Fatalf("device %q, want %q", got[i].Device, want)
		}
	}
}
