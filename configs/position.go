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
	t := r.set[key]
	n, m := parseDegrees(t.value, word, most)
	switch {
	case t.given() && m.made():
		l.wrongReceiver(r, t.from, key, m.right, "%s", m.what)
	case !t.given() && !r.told && !l.blamed(join(r.path, key)) && !l.blamedAt(r.path, key):
		l.wrongReceiver(r, r.from, key, m.right, "the %s is missing", word)
	}
	return n
}

// parseDegrees reads a latitude or longitude; it is 0 with a mistake.
func parseDegrees(s, word string, most float64) (float64, mistake) {
	limit := strconv.FormatFloat(most, 'f', -1, 64)
	n, err := parseNumber(s)
	if err != nil || math.Abs(n) > most {
		return 0, mistake{quote(s) + " is no " + word, "write degrees from -" + limit + " to " + limit + ", north and east positive"}
	}
	return n, mistake{}
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
