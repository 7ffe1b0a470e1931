package export_test

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sensord/sensord/gps"
	"github.com/sensord/sensord/uplink/export"
	"github.com/sensord/sensord/uplink/frames"
)

func TestGPX(t *testing.T) {
	var b bytes.Buffer
	g := export.NewGPX(&b, "rover <1> & \x01\xff")
	at := func(seconds float64, lat, lon, alt, accuracy float64) {
		g.Add(&frames.Located{
			TimeNs: 1_750_000_000e9 + int64(seconds*1e9), HasPosition: true,
			Position: gps.Position{Lat: lat, Lon: lon, AltMSL: alt, AccuracyM: accuracy},
		})
	}
	nan := math.NaN()
	at(1.5, 52.00000012, -4.5, 12.345, 3.14159)
	at(1.25, 52, -4.5, 12.3, 3) // another source's: earlier within the second
	at(1.75, 53, -4.5, 12.3, 3)
	at(0, 52.0000000049, -4.4999999951, nan, nan)
	at(61.25, 52.1, -4.5, nan, 3)  // a minute is no gap
	at(121.5, 52.2, 180, -3, 1e99) // more than that is
	at(122.5, nan, 180, 0, 1)
	at(123.5, 91, 180, 0, 1)
	g.Add(&frames.Located{TimeNs: start})
	if g.Points() != 4 {
		t.Errorf("%d points", g.Points())
	}
	if err := g.Close(); err != nil {
		t.Fatal(err)
	}
	want := `<?xml version="1.0" encoding="UTF-8"?>
<gpx version="1.1" creator="sensord" xmlns="http://www.topografix.com/GPX/1/1" xmlns:sensord="https://github.com/sensord/sensord/gpx/1">
<trk>
<name>rover &lt;1&gt; &amp; ??</name>
<trkseg>
<trkpt lat="52.00000000" lon="-4.50000000"><time>2025-06-15T15:06:40.000Z</time><fix>2d</fix></trkpt>
<trkpt lat="52.00000000" lon="-4.50000000"><ele>12.30</ele><time>2025-06-15T15:06:41.250Z</time><fix>3d</fix><extensions><sensord:accuracy>3.00</sensord:accuracy></extensions></trkpt>
<trkpt lat="52.10000000" lon="-4.50000000"><time>2025-06-15T15:07:41.250Z</time><fix>2d</fix><extensions><sensord:accuracy>3.00</sensord:accuracy></extensions></trkpt>
</trkseg>
<trkseg>
<trkpt lat="52.20000000" lon="180.00000000"><ele>-3.00</ele><time>2025-06-15T15:08:41.500Z</time><fix>3d</fix></trkpt>
</trkseg>
</trk>
</gpx>
`
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if err := xml.Unmarshal(b.Bytes(), new(any)); err != nil {
		t.Error(err)
	}
}

func TestGpsbabelReadsTheGPX(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.gpx")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	g := export.NewGPX(file, "rover-1")
	var want []string
	for i := range 300 {
		lat, lon := 52+float64(i)/1e4, 4.9-float64(i)/1e4
		g.AddPosition(1_750_000_000e9+int64(i)*1e9, gps.Position{Lat: lat, Lon: lon, AltMSL: 5, AccuracyM: 2})
		want = append(want, fmt.Sprintf("%d %.5f %.5f", i+1, lat, lon))
	}
	if err := g.Close(); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	var got []string
	for i, line := range strings.Split(strings.TrimSpace(run(t, "gpsbabel", "-t", "-i", "gpx", "-f", path, "-o", "unicsv,utc=0", "-F", "-")), "\n") {
		if i > 0 { // No,Latitude,Longitude,Name,Altitude,...
			col := strings.Split(line, ",")
			var lat, lon float64
			if _, err := fmt.Sscan(col[1], &lat); err != nil {
				t.Fatalf("%q: %v", line, err)
			}
			if _, err := fmt.Sscan(col[2], &lon); err != nil {
				t.Fatalf("%q: %v", line, err)
			}
			got = append(got, fmt.Sprintf("%s %.5f %.5f", col[0], lat, lon))
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
