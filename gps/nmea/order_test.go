package nmea_test

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sensord/sensord/gps"
	"github.com/sensord/sensord/gps/nmea"
)

// speeds plays epochs of GGA, VTG and RMC without a speed, in an order in which
// "|" is a silence, and returns of each fix the second and the speed: a VTG's
// speed is the second that it is of, in knots.
func speeds(order func(second int) []string, seconds int) map[int]float64 {
	out := map[int]float64{}
	d := nmea.NewDecoder(nmea.Options{StartDate: time.Date(2026, 3, 4, 0, 0, 0, 0, time.UTC)})
	tell := func(e gps.Event) {
		if f, ok := e.(gps.Fix); ok {
			out[time.Unix(0, f.TimeNs).UTC().Second()] = math.Round(f.SpeedMPS / 1852 * 3600)
		}
	}
	for i := range seconds {
		for _, name := range order(i) {
			switch name {
			case "|":
				d.Flush(tell)
			case "GGA":
				d.Write(sum(fmt.Sprintf("$GPGGA,1200%02d,4807.0380,N,01131.0000,E,1,08,0.9,545.4,M,46.9,M,,", i)), 1, tell)
			case "RMC":
				d.Write(sum(fmt.Sprintf("$GPRMC,1200%02d,A,4807.0380,N,01131.0000,E,,,040326,,,A", i)), 1, tell)
			case "GSA":
				d.Write(sum("$GPGSA,A,3,04,05,09,12,24,25,29,31,,,,,2.5,0.9,2.1"), 1, tell)
			case "VTG":
				d.Write(sum(fmt.Sprintf("$GPVTG,1.0,T,,M,%d.0,N,,K,A", i)), 1, tell)
			}
		}
	}
	d.Flush(tell)
	return out
}

// A speed goes to the position of its own time, or to none.
func TestSpeedsStayWithTheirEpoch(t *testing.T) {
	always := func(names ...string) func(int) []string { return func(int) []string { return names } }
	// cold begins with seconds without a VTG.
	cold := func(names ...string) func(int) []string {
		return func(i int) []string {
			if i >= 5 {
				return names
			}
			return slices.DeleteFunc(slices.Clone(names), func(name string) bool { return name == "VTG" })
		}
	}
	for _, c := range []struct {
		name  string
		order func(int) []string
		has   func(i int) bool // a speed
	}{
		{"last", always("GGA", "GSA", "VTG", "|"), func(int) bool { return true }},
		{"first", always("VTG", "GGA", "GSA", "|"), func(int) bool { return true }},
		{"last, after a cold start", cold("GGA", "GSA", "VTG", "|"), func(i int) bool { return i >= 8 }},
		{"last, after a cold start, in a log", cold("GGA", "GSA", "VTG"), func(i int) bool { return i >= 8 }},
		{"first, after a cold start", cold("VTG", "GGA", "GSA", "|"), func(i int) bool { return i >= 5 }},
		{"behind a silence of its own", always("GGA", "GSA", "|", "VTG", "|"), func(int) bool { return false }},
		{"behind a silence within the epoch", always("GGA", "|", "RMC", "VTG", "|"), func(int) bool { return false }},
		{"now and then", func(i int) []string {
			if i%5 == 4 {
				return []string{"GGA", "RMC", "VTG"}
			}
			return []string{"GGA", "RMC"}
		}, func(int) bool { return false }},
		{
			// Once it is known to come first, no silence is needed.
			"first, and sometimes at once", func(i int) []string {
				names := []string{"VTG", "GGA", "RMC", "GSA"}
				if i < 3 || i%2 == 0 {
					names = append(names, "|")
				}
				return names
			}, func(int) bool { return true },
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := speeds(c.order, 30)
			if len(got) != 30 {
				t.Errorf("%d fixes of 30 epochs", len(got))
			}
			for i, speed := range got {
				if has := !math.IsNaN(speed); has != c.has(i) || has && speed != float64(i) {
					t.Errorf("second %d: speed %v", i, speed)
				}
			}
		})
	}
}

// Who tries a feed may send one sentence again and again.
func TestTellsOfATimeThatStandsStill(t *testing.T) {
	const (
		second = int64(time.Second)
		fixed  = "$GPGGA,120000,4807.0380,N,01131.0000,E,1,08,0.9,545.4,M,46.9,M,,"
		none   = "$GPGGA,120000,,,,,0,00,99.99,,,,,,"
		rmc    = "$GPRMC,120000,A,4807.0380,N,01131.0000,E,10.0,84.4,040326,,,A"
	)
	for _, c := range []struct {
		name     string
		every    int64
		sentence []string
		count    int
		want     int // notices
		after    int // sentences
	}{
		{"each second", second, []string{fixed}, 600, 1, 4},
		{"once an hour again", 10 * second, []string{fixed}, 800, 3, 3},
		{"without arrivals", 0, []string{fixed}, 600, 1, 41},
		{"two sentences", second, []string{fixed, rmc}, 600, 1, 5},
		{"twice", second, []string{fixed}, 2, 0, 0},
		{"25 in a second without a fraction", second / 25, []string{fixed}, 25, 0, 0},
		{"no fix, and no clock", second, []string{none}, 600, 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := nmea.NewDecoder(nmea.Options{})
			told, fixes, after := 0, 0, 0
			for i := range c.count {
				tell := func(e gps.Event) {
					switch e := e.(type) {
					case gps.Fix:
						fixes++
					case gps.Notice:
						if told++; told == 1 {
							after = i + 1
						}
						if d := cmp.Diff(gps.Notice{Text: "its time of day stands still"}, e); d != "" {
							t.Errorf("(-want +got)\n%s", d)
						}
					}
				}
				d.Write(sum(c.sentence[i%len(c.sentence)]), int64(i)*c.every, tell)
				d.Flush(tell)
			}
			if told != c.want || after != c.after || fixes != 1 {
				t.Errorf("told %d times, first after %d sentences, and %d fixes; want %d and %d, and one", told, after, fixes, c.want, c.after)
			}
		})
	}
}
