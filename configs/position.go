package configs

import (
	"math"
	"strconv"
	"time"

	"github.com/sensord/sensord/gps"
)

// receiverFixed is the one type of receiver that this version has.
const receiverFixed = "fixed"

// position settles where the sensor is, from the one receiver there may be.
func (l *loader) position(receivers []receiverDraft) GPS {
	g := GPS{
		Mode: GPSFusion, Motion: MotionCar, Predict: DefaultPredict, LimitM: DefaultLimitM,
		MetaGPS: MetaGPS{Interval: time.Second, Create: true},
	}
	for i := range receivers {
		r := &receivers[i]
		fixed, ok := l.fixed(r)
		if ok && g.Fixed != nil {
			l.wrong(r.from, r.path, "keep one", "the sensor cannot be fixed in two places")
			continue
		}
		if ok {
			g.Fixed = &fixed
			g.Receivers = append(g.Receivers, Receiver{Name: fixed.Receiver, Type: ReceiverFixed, Fixed: fixed})
		}
	}
	if g.Fixed == nil {
		l.settle("gps", "unknown position", Origin{})
	}
	return g
}

func (l *loader) fixed(r *receiverDraft) (gps.Position, bool) {
	const right = "write {type: fixed, lat: 52.5200, lon: 13.4050, alt: 34}"
	switch {
	case l.blamed(r.path+".type") || l.blamedAt(r.path, "type"):
		return gps.Position{}, false
	case !r.kind.given():
		l.wrong(r.from, join(r.path, "type"), right, "the type is missing")
		return gps.Position{}, false
	case r.kind.value == receiverFixed:
	case r.kind.value == "gpsd", r.kind.value == "nmea", r.kind.value == "meta":
		l.wrong(r.kind.from, join(r.path, "type"), right, "this version has no %s receiver; it knows a fixed position", r.kind.value)
		return gps.Position{}, false
	default:
		l.wrong(r.kind.from, join(r.path, "type"), right, "%s is no type of receiver", quote(r.kind.value))
		return gps.Position{}, false
	}
	lat, latOK := l.coordinate(r, r.lat, "lat", "latitude", 90)
	lon, lonOK := l.coordinate(r, r.lon, "lon", "longitude", 180)
	alt, altOK := l.altitude(r)
	name := r.name.value
	if !r.name.given() {
		name = gps.FixedKind
	}
	if !latOK || !lonOK || !altOK {
		return gps.Position{}, false
	}
	l.settle("gps.fixed", formatPosition(lat, lon, alt), r.lat.from)
	l.settle("gps.name", name, r.name.from)
	return gps.NewFixed(lat, lon, alt, name), true
}

// coordinate reads a latitude or longitude, 0 included.
func (l *loader) coordinate(r *receiverDraft, t text, key, word string, most float64) (float64, bool) {
	limit := strconv.FormatFloat(most, 'f', -1, 64)
	right := "write degrees from -" + limit + " to " + limit + ", north and east positive"
	path := join(r.path, key)
	if !t.given() {
		if !l.blamed(path) && !l.blamedAt(r.path, key) {
			l.wrong(r.from, path, right, "the %s is missing", word)
		}
		return 0, false
	}
	n, err := parseNumber(t.value)
	if err != nil || math.Abs(n) > most {
		l.wrong(t.from, path, right, "%s is no %s", quote(t.value), word)
		return 0, false
	}
	return n, true
}

// altitude reads metres above mean sea level; NaN if they are not given.
func (l *loader) altitude(r *receiverDraft) (float64, bool) {
	const lowest, highest = -12_000, 100_000
	if !r.alt.given() {
		return math.NaN(), true
	}
	n, err := parseNumber(r.alt.value)
	if err != nil || n < lowest || n > highest {
		l.wrong(r.alt.from, join(r.path, "alt"), "write metres above sea level, or leave it out", "%s is no altitude", quote(r.alt.value))
		return 0, false
	}
	return n, true
}

func formatPosition(lat, lon, alt float64) string {
	s := strconv.FormatFloat(lat, 'f', -1, 64) + "," + strconv.FormatFloat(lon, 'f', -1, 64)
	if !math.IsNaN(alt) {
		s += "," + strconv.FormatFloat(alt, 'f', -1, 64)
	}
	return s
}
