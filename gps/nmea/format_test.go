package nmea_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/sensord/sensord/gps"
	"github.com/sensord/sensord/gps/nmea"
)

func ExampleAppendRMC() {
	f := gps.NewFix()
	f.Mode, f.TimeNs = gps.Mode3D, 1772625600e9
	f.Lat, f.Lon, f.SpeedMPS, f.CourseDeg = 48.1173, -11.51667, 30, 84.4
	fmt.Printf("%q\n", nmea.AppendRMC(nil, "GN", f))
	// Output: "$GNRMC,120000.000,A,4807.038000,N,01131.000200,W,58.315,84.40,040326,,,A*50\r\n"
}

// What is unknown is left out; what is not there is said to be not there.
func TestFormatLeavesOutWhatIsUnknown(t *testing.T) {
	f := gps.NewFix()
	b := nmea.AppendGGA(nil, "GP", f)
	b = nmea.AppendRMC(b, "GP", f)
	b = nmea.AppendGLL(b, "GP", f)
	b = nmea.AppendGNS(b, "GP", f)
	b = nmea.AppendVTG(b, "GP", f)
	b = nmea.AppendZDA(b, "GP", f)
	b = nmea.AppendGST(b, "GP", f)
	b = nmea.AppendGSA(b, "GP", f)
	b = nmea.AppendGSV(b, "GP", nil)
	var got []string
	for line := range strings.Lines(string(b)) {
		d := nmea.NewDecoder(nmea.Options{})
		d.Write([]byte(line), 0, func(gps.Event) {})
		if d.Counts().Sentences != 1 {
			t.Errorf("%q is not valid", line)
		}
		got = append(got, line[:len(line)-5])
	}
	want := []string{
		"$GPGGA,,,,,,0,,,,M,,M,,", "$GPRMC,,V,,,,,,,,,,N", "$GPGLL,,,,,,V,N", "$GPGNS,,,,,,N,,,,,,",
		"$GPVTG,,T,,M,,N,,K,N", "$GPZDA,,,,,00,00", "$GPGST,,,,,,,,", "$GPGSA,A,1,,,,,,,,,,,,,,,", "$GPGSV,1,1,00",
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

// What is written is read again, to the last digit that was written.
func TestWrittenFixesAreReadAgain(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := gps.NewFix()
		f.Mode = gps.Mode3D
		f.TimeNs = rapid.Int64Range(1767225600000, 4102444800000).Draw(t, "ms") * 1e6 // 2026 to 2099
		if f.TimeNs >= 3471292800e9 {
			f.TimeNs -= 3471292800e9 - 1767225600e9 // two digits end with 2079
		}
		f.Lat = rapid.Float64Range(-90, 90).Draw(t, "lat")
		f.Lon = rapid.Float64Range(-180, 180).Draw(t, "lon")
		f.AltMSL = rapid.Float64Range(-400, 9000).Draw(t, "alt")
		f.AltHAE = f.AltMSL + rapid.Float64Range(-100, 80).Draw(t, "separation")
		f.SpeedMPS = rapid.Float64Range(0, 300).Draw(t, "speed")
		f.CourseDeg = rapid.Float64Range(0, 359.99).Draw(t, "course")
		f.HDOP = rapid.Float64Range(0.5, 50).Draw(t, "hdop")
		f.AccuracyM = rapid.Float64Range(0.1, 500).Draw(t, "accuracy")
		f.AltAccuracyM = rapid.Float64Range(0.1, 500).Draw(t, "altitude's accuracy")
		f.Satellites = rapid.IntRange(4, 40).Draw(t, "satellites")

		b := nmea.AppendRMC(nil, "GN", f)
		if rapid.Bool().Draw(t, "GNS") {
			b = nmea.AppendGNS(b, "GN", f)
		} else {
			b = nmea.AppendGGA(b, "GN", f)
		}
		b = nmea.AppendGST(nmea.AppendVTG(nmea.AppendGLL(b, "GN", f), "GN", f), "GN", f)
		events, counts := decode(nmea.Options{}, b)
		if len(events) != 1 || counts != (nmea.Counts{Sentences: 5}) {
			t.Fatalf("%q: %+v, %q", b, counts, texts(events))
		}
		g := events[0].(gps.Fix)
		for _, c := range []struct {
			name          string
			want, got, by float64
		}{
			{"time", 0, float64(g.TimeNs - f.TimeNs), 0},
			{"latitude", f.Lat, g.Lat, 1e-8},
			{"longitude", 0, math.Remainder(f.Lon-g.Lon, 360), 1e-8},
			{"altitude", f.AltMSL, g.AltMSL, 0.0051},
			{"height", f.AltHAE, g.AltHAE, 0.0101},
			{"speed", f.SpeedMPS, g.SpeedMPS, 0.0003},
			{"course", f.CourseDeg, g.CourseDeg, 0.0051},
			{"dilution", f.HDOP, g.HDOP, 0.0051},
			{"accuracy", f.AccuracyM, g.AccuracyM, 0.0013},
			{"altitude's accuracy", f.AltAccuracyM, g.AltAccuracyM, 0.001},
			{"satellites", float64(f.Satellites), float64(g.Satellites), 0},
		} {
			if !(math.Abs(c.want-c.got) <= c.by) {
				t.Errorf("%s: %v, want %v\n%s", c.name, c.got, c.want, b)
			}
		}
	})
}

// Rounding carries from minutes to degrees, and from seconds to days.
func TestFormatCarries(t *testing.T) {
	f := gps.NewFix()
	f.Mode, f.TimeNs = gps.Mode2D, 1772668799_999_700_000
	f.Lat, f.Lon = 47.999999999999, -9.9999999999
	got := string(nmea.AppendRMC(nil, "GP", f))
	if want := "$GPRMC,000000.000,A,4800.000000,N,01000.000000,W,,,050326,,,A"; !strings.HasPrefix(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
