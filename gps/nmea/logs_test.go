package nmea_test

import (
	"bytes"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sensord/sensord/gps"
	"github.com/sensord/sensord/gps/nmea"
)

// A logged is a drive as one kind of receiver tells it. Orders and rates are
// those that makers document for theirs.
type logged struct {
	name     string
	start    time.Time
	interval time.Duration
	epochs   int
	lat, lon float64
	speed    float64 // m/s
	course   float64 // degrees at the beginning, one more each epoch
	nofix    func(i int) bool
	standing func(i int) bool
	write    func(b []byte, f gps.Fix, i int) []byte
}

func logs() []logged {
	never := func(int) bool { return false }
	return []logged{
		{
			// Several systems in the form of NMEA 4.11; a cold start and a tunnel.
			name: "several-systems", start: time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC), interval: time.Second, epochs: 60,
			lat: 48.1173, lon: 11.5167, speed: 30, course: 84, standing: never,
			nofix: func(i int) bool { return i < 4 || (i >= 30 && i < 36) },
			write: writeSeveral,
		},
		{
			// One system at 5 Hz, south and west.
			name: "five-hertz", start: time.Date(2026, 7, 1, 8, 30, 0, 0, time.UTC), interval: 200 * time.Millisecond, epochs: 100,
			lat: -33.45, lon: -70.66, speed: 13, course: 200, standing: func(i int) bool { return i > 60 && i < 80 }, nofix: never,
			write: func(b []byte, f gps.Fix, i int) []byte {
				b = nmea.AppendGGA(b, "GP", f)
				b = nmea.AppendGSA(b, "GP", f, 1, 4, 9, 12, 17, 19, 23)
				if i%5 == 0 {
					b = nmea.AppendGSV(b, "GP", satellites(7))
				}
				b = nmea.AppendRMC(b, "GP", f)
				return nmea.AppendVTG(b, "GP", f)
			},
		},
		{
			// Over midnight and into another year.
			name: "new-year", start: time.Date(2027, 12, 31, 23, 59, 40, 0, time.UTC), interval: time.Second, epochs: 40,
			lat: 52.52, lon: 13.405, speed: 1.4, course: 300, standing: never, nofix: never,
			write: func(b []byte, f gps.Fix, i int) []byte {
				b = nmea.AppendGGA(b, "GP", f)
				b = nmea.AppendGLL(b, "GP", f)
				b = nmea.AppendGSA(b, "GP", f, 1, 4, 9, 12, 17, 19, 23)
				return nmea.AppendRMC(b, "GP", f)
			},
		},
		{
			// Over the antimeridian, with GNS instead of GGA.
			name: "antimeridian", start: time.Date(2026, 11, 5, 3, 14, 15, 500e6, time.UTC), interval: time.Second, epochs: 50,
			lat: -16.8, lon: 179.9931, speed: 30, course: 65, standing: never, nofix: never,
			write: func(b []byte, f gps.Fix, i int) []byte {
				b = nmea.AppendRMC(b, "GN", f)
				b = nmea.AppendGNS(b, "GN", f)
				b = nmea.AppendGSA(b, "GN", f, 1, 4, 9, 12, 17, 19, 23)
				b = nmea.AppendGST(b, "GN", f)
				return nmea.AppendZDA(b, "GN", f)
			},
		},
		{
			// A bad line: lost bytes, flipped bits, noise; and positions that the
			// receiver itself says do not count.
			name: "bad-line", start: time.Date(2026, 5, 17, 18, 0, 0, 0, time.UTC), interval: time.Second, epochs: 60,
			lat: 40.4, lon: -3.7, speed: 22, course: 10, standing: never, nofix: never,
			write: writeBadly,
		},
	}
}

func writeSeveral(b []byte, f gps.Fix, i int) []byte {
	b = nmea.AppendRMC(b, "GN", f)
	b = nmea.AppendVTG(b, "GN", f)
	b = nmea.AppendGGA(b, "GN", f)
	if f.HasPosition() {
		b = nmea.Append(b, "GNGSA,A,3,01,04,09,12,17,,,,,,,,1.60,0.90,1.30,1")
		b = nmea.Append(b, "GNGSA,A,3,02,05,24,,,,,,,,,,1.60,0.90,1.30,3")
	} else {
		b = nmea.Append(b, "GNGSA,A,1,,,,,,,,,,,,,99.99,99.99,99.99,1")
		b = nmea.Append(b, "GNGSA,A,1,,,,,,,,,,,,,99.99,99.99,99.99,3")
	}
	b = nmea.AppendGSV(b, "GP", satellites(7))
	b = nmea.AppendGSV(b, "GA", satellites(3))
	return nmea.AppendGLL(b, "GN", f)
}

func writeBadly(b []byte, f gps.Fix, i int) []byte {
	var e []byte
	e = nmea.AppendRMC(e, "GP", f)
	e = nmea.AppendGGA(e, "GP", f)
	e = nmea.AppendGSA(e, "GP", f, 1, 4, 9, 12, 17, 19, 23)
	e = nmea.AppendGLL(e, "GP", f)
	switch {
	case i%10 == 3: // a flipped bit in the position
		e[bytes.Index(e, []byte("GPGGA"))+20] ^= 1
	case i%10 == 6: // the line was away for a moment
		at := bytes.Index(e, []byte("GPGSA")) + 10
		e = append(e[:at], e[at+15:]...)
	case i >= 40 && i < 46: // held, and said to be
		e = bytes.ReplaceAll(e, []byte(",A,A*"), []byte(",V,N*"))
		e = bytes.ReplaceAll(e, []byte(",A*"), []byte(",N*"))
		e = bytes.ReplaceAll(e, []byte(".000,A,"), []byte(".000,V,"))
		e = bytes.ReplaceAll(e, []byte(",1,07,"), []byte(",0,00,"))
		e = bytes.ReplaceAll(e, []byte("GPGSA,A,3"), []byte("GPGSA,A,1"))
		e = resum(e)
	}
	if i%7 == 0 {
		b = append(b, "\xff\x80\x07noise\r\n"...)
	}
	return append(b, e...)
}

// resum makes all checksums right.
func resum(b []byte) []byte {
	var out []byte
	for line := range bytes.Lines(b) {
		body, _, _ := bytes.Cut(line, []byte("*"))
		out = append(out, sum(string(body))...)
	}
	return out
}

func satellites(n int) []gps.Satellite {
	var out []gps.Satellite
	for i := range n {
		out = append(out, gps.Satellite{ID: i + 1, Elevation: float64(10 + 9*i), Azimuth: float64(51 * i), SNR: float64(25 + 3*i)})
	}
	return out
}

func (l logged) bytes() []byte {
	var b []byte
	lat, lon, course := l.lat, l.lon, l.course
	for i := range l.epochs {
		f := gps.NewFix()
		f.Mode, f.TimeNs = gps.Mode3D, l.start.Add(time.Duration(i)*l.interval).UnixNano()
		f.Lat, f.Lon = lat, math.Remainder(lon, 360)
		f.AltMSL, f.AltHAE = 520+float64(i)/10, 566.9+float64(i)/10
		f.SpeedMPS, f.CourseDeg = l.speed, math.Mod(course, 360)
		f.HDOP, f.Satellites, f.AccuracyM, f.AltAccuracyM = 0.9, 7, 4.5, 7
		if l.standing(i) {
			f.SpeedMPS, f.CourseDeg = 0, math.NaN()
		} else {
			way := l.speed * l.interval.Seconds() / 111_320
			lat += way * math.Cos(course*math.Pi/180)
			lon += way * math.Sin(course*math.Pi/180) / math.Cos(lat*math.Pi/180)
			course++
		}
		if l.nofix(i) {
			t := f.TimeNs
			f = gps.NewFix()
			f.Mode, f.TimeNs, f.Satellites = gps.ModeNone, t, 0
		}
		b = l.write(b, f, i)
	}
	return b
}

func (l logged) file() string { return filepath.Join("testdata", "logs", l.name+".nmea") }

// The logs that are shipped are what is written here.
func TestLogsAreAsWritten(t *testing.T) {
	for _, l := range logs() {
		if *update {
			if err := os.WriteFile(l.file(), l.bytes(), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		b, err := os.ReadFile(l.file())
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(string(b), string(l.bytes())); d != "" {
			t.Errorf("%s: (-file +written)\n%s", l.file(), d)
		}
	}
}
