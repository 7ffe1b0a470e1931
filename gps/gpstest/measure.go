package gpstest

import (
	"math"
	"time"

	"github.com/sensord/sensord/gps"
)

// radius95 is the radius of the circle that holds 95 % of what has a sigma of 1
// in both axes: sqrt(-2 ln 0.05), Rayleigh's distribution.
const radius95 = 2.447746830680816

// measure is a fix under a sky.
func (w *watcher) measure(since time.Duration, factor, roofIn, creepS float64) gps.Fix {
	m, n := w.m, w.rng.NormFloat64
	p, v, _, _ := w.t.at(since)
	east, north, up := w.t.level(p)

	e := m.OffsetEastM + factor*m.ColouredM*w.drift[0] + m.WhiteM*n()
	o := m.OffsetNorthM + factor*m.ColouredM*w.drift[1] + m.WhiteM*n()
	u := m.AltFactor * (factor*m.ColouredM*w.drift[2] + m.WhiteM*n())
	sigma := math.Hypot(w.noticed*m.ColouredM, m.WhiteM) * w.known * math.Exp(m.Claim.Wander*w.wander)
	told := radius95 * sigma

	stray := func(a astray, k float64) {
		e += a.east * k
		o += a.north * k
		told = math.Hypot(told, a.told*k*math.Hypot(a.east, a.north))
	}
	if creepS > 0 {
		k := 1 - roofIn/creepS
		stray(w.creep, k*k)
	}
	stray(w.back, math.Exp(-max(since-w.since, 0).Seconds()/3))
	if s := during(w.echo, since); s != nil {
		stray(s.astray, 1)
		e += 4 * n()
		o += 4 * n()
	}
	at := p.plus(east.times(e)).plus(north.times(o)).plus(up.times(u))
	ve, vn, vu := v.dot(east)+m.DopplerMPS*n(), v.dot(north)+m.DopplerMPS*n(), v.dot(up)+1.5*m.DopplerMPS*n()
	moved := east.times(ve).plus(north.times(vn))
	w.exit = snapshot{true, since, at, moved, told}

	f := w.say(at, told)
	f.SpeedMPS, f.ClimbMPS = math.Hypot(ve, vn), vu
	if f.SpeedMPS >= m.CourseAbove {
		f.CourseDeg = courseOf(moved, f)
	}
	f.AltAccuracyM = tenth(1.96 * sigma * m.AltFactor)
	f.Satellites = max(int(13/factor), 4)
	f.HDOP = tenth(0.8 * math.Sqrt(w.noticed) * math.Exp(0.1*w.wander))
	if m.Claim.Origin == gps.OriginHDOP {
		f.AccuracyM, f.AltAccuracyM = tenth(gps.HDOPRadius(f.HDOP)), math.NaN()
	}
	if s := during(w.cells, since); s != nil {
		return w.cell(s)
	}
	return f
}

// say is a fix at a place.
func (w *watcher) say(at vec, radius float64) gps.Fix {
	f := gps.NewFix()
	f.Mode = gps.Mode3D
	f.Lat, f.Lon, f.AltHAE = toLLA(at)
	f.AltMSL = f.AltHAE - w.t.geoid
	f.AccuracyM, f.AccuracyOrigin = tenth(radius), w.m.Claim.Origin
	return f
}

// courseOf is the course of a movement as a receiver says it that thinks that it
// is where its fix says.
func courseOf(moved vec, f gps.Fix) float64 {
	east, north, _ := axes(f.Lat, f.Lon)
	return compass(moved.dot(east), moved.dot(north))
}

// cell is a fix that stands still at something that the receiver knows of.
func (w *watcher) cell(s *spell) gps.Fix {
	p, _, _, _ := w.t.at(s.from)
	east, north, _ := w.t.level(p)
	f := w.say(p.plus(east.times(s.east)).plus(north.times(s.north)), s.told*math.Hypot(s.east, s.north))
	f.Mode, f.AltMSL, f.AltHAE = gps.Mode2D, math.NaN(), math.NaN()
	return f
}

// coast goes straight on from the last that was known.
func (w *watcher) coast(since time.Duration) gps.Fix {
	dt := (since - w.exit.since).Seconds()
	f := w.say(w.exit.at.plus(w.exit.v.times(dt)), math.Hypot(w.exit.radius, 1.5*dt))
	f.SpeedMPS = w.exit.v.length()
	if f.SpeedMPS >= w.m.CourseAbove {
		f.CourseDeg = courseOf(w.exit.v, f)
	}
	f.Satellites = 3
	return f
}

func tenth(x float64) float64 { return math.Round(x*10) / 10 }
