package configs

import (
	"cmp"
	"math"
	"strconv"

	"github.com/sensord/sensord/gps"
)

// fixed reads the position of a fixed receiver.
func (l *loader) fixed(r *receiverDraft) gps.Position {
	lat := l.coordinate(r, "lat", "latitude", 90)
	lon := l.coordinate(r, "lon", "longitude", 180)
	return gps.NewFixed(lat, lon, l.altitude(r), cmp.Or(r.name.value, gps.FixedKind))
}

// coordinate reads a latitude or longitude, 0 included.
func (l *loader) coordinate(r *receiverDraft, key, word string, most float64) float64 {
	limit := strconv.FormatFloat(most, 'f', -1, 64)
	right := "write degrees from -" + limit + " to " + limit + ", north and east positive"
	t := r.set[key]
	if !t.given() {
		if !r.told && !l.blamed(join(r.path, key)) && !l.blamedAt(r.path, key) {
			l.wrongReceiver(r, r.from, key, right, "the %s is missing", word)
		}
		return 0
	}
	n, err := parseNumber(t.value)
	if err != nil || math.Abs(n) > most {
		l.wrongReceiver(r, t.from, key, right, "%s is no %s", quote(t.value), word)
		return 0
	}
	return n
}

// altitude reads metres above mean sea level; NaN if they are not given.
func (l *loader) altitude(r *receiverDraft) float64 {
	const lowest, highest = -12_000, 100_000
	t := r.set["alt"]
	if !t.given() {
		return math.NaN()
	}
	n, err := parseNumber(t.value)
	if err != nil || n < lowest || n > highest {
		l.wrongReceiver(r, t.from, "alt", "write metres above sea level, or leave it out", "%s is no altitude", quote(t.value))
	}
	return n
}

func formatPosition(p gps.Position) string {
	s := strconv.FormatFloat(p.Lat, 'f', -1, 64) + "," + strconv.FormatFloat(p.Lon, 'f', -1, 64)
	if !math.IsNaN(p.AltMSL) {
		s += "," + strconv.FormatFloat(p.AltMSL, 'f', -1, 64)
	}
	return s
}
