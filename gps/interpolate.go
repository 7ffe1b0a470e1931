package gps

import "math"

// between writes to p where the sensor was between two knots. It reports false,
// and writes nothing, if that is not known within limit metres.
//
// The way is a cubic that has the places and the velocities of both knots, or a
// straight line where the velocities are not known or cannot be true. Its 95 %
// radius is made of independent parts: the knots' radii by their weights; what
// the errors of the velocities do to the cubic; and how far something that
// accelerates by at most accel can be off the way (it speeds up for a quarter
// of the time, brakes for half of it and speeds up again: accel·t²/16 in the
// middle; off a straight line it is accel·t²/8). Knots that contradict each
// other leave the middle open by as much as they do.
func (p *Position) between(a, b *knot, ns int64, limit float64) bool {
	dt := seconds(b.timeNs - a.timeNs)
	since, left := seconds(ns-a.timeNs), seconds(b.timeNs-ns)
	u, w := since/dt, left/dt
	accel := float64(max(a.accel, b.accel))

	// How much each knot's place counts, and each one's velocity, in seconds.
	wa, wb, va, vb := w, u, 0.0, 0.0
	stray := accel * since * left / 2
	if !b.straight {
		wa, wb = w*w*(1+2*u), u*u*(1+2*w)
		va, vb = w*w*since, -u*u*left
		stray = accel * u * w * since * left
	}
	base := wa*float64(a.accuracy) + wb*float64(b.accuracy)
	ea, eb := va*float64(a.velAccuracy), vb*float64(b.velAccuracy)
	radius := math.Sqrt(base*base+ea*ea+eb*eb+stray*stray) + 2*min(wa, wb)*float64(b.apart)
	if !(radius <= limit) {
		return false
	}

	ta, tb := a.velocity(), b.velocity()
	up := vec{
		wa*a.up.x + wb*b.up.x + va*ta.x + vb*tb.x,
		wa*a.up.y + wb*b.up.y + va*ta.y + vb*tb.y,
		wa*a.up.z + wb*b.up.z + va*ta.z + vb*tb.z,
	}
	turn := vec{w*ta.x + u*tb.x, w*ta.y + u*tb.y, w*ta.z + u*tb.z}

	near := a
	if u > 0.5 {
		near = b
	}
	alt := w*float64(a.alt) + u*float64(b.alt)
	if alt != alt { // NaN: not both are known
		alt = float64(near.alt)
	}
	p.AltMSL, p.AccuracyM, p.Kind, p.Receiver = alt, radius, Kind, near.receiver
	p.locate(up, turn, a.drifts || b.drifts, near.stands)
	return true
}

// after writes to p where the sensor is behind a knot if it goes on as it did. It
// reports false, and writes nothing, if that is not known within limit metres.
func (p *Position) after(a *knot, ns int64, limit float64) bool {
	since := seconds(ns - a.timeNs)
	base, e := float64(a.accuracy), float64(a.velAccuracy)*since
	stray := float64(a.accel) * since * since / 2
	radius := math.Sqrt(base*base + e*e + stray*stray)
	if !(radius <= limit) {
		return false
	}
	t := a.velocity()
	up := vec{a.up.x + since*t.x, a.up.y + since*t.y, a.up.z + since*t.z}
	p.AltMSL, p.AccuracyM, p.Kind, p.Receiver = float64(a.alt), radius, Kind, a.receiver
	p.locate(up, t, a.drifts, a.stands)
	return true
}

// locate fills in where up points to, and what its turning is as speed and
// heading. The vector may be a little longer or shorter than 1.
func (p *Position) locate(up, turn vec, drifts, stands bool) {
	off := math.Sqrt(up.x*up.x + up.y*up.y) // cosine of the latitude
	p.Lat = math.Atan2(up.z, off) * radian
	p.Lon = math.Atan2(up.y, up.x) * radian
	if drifts {
		p.SpeedMPS, p.Heading = math.NaN(), math.NaN()
		return
	}
	x, y := 1.0, 0.0 // where longitude 0 is: what Atan2 says of a pole
	if off > 0 {
		x, y = up.x/off, up.y/off
	}
	re, rn := curvatures(up.z)
	east := re * (x*turn.y - y*turn.x)
	north := rn * (off*turn.z - up.z*(x*turn.x+y*turn.y))
	p.SpeedMPS = math.Sqrt(east*east + north*north)
	if stands {
		p.Heading = math.NaN()
		return
	}
	p.Heading = math.Atan2(east, north) * radian
	if p.Heading < 0 {
		p.Heading += 360
	}
}
