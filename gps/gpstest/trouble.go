package gpstest

import (
	"math"
	"math/rand/v2"
	"time"
)

// A spell is one time of trouble.
type spell struct {
	from, to time.Duration
	astray
}

// spells draws when trouble comes during a drive, and of what kind.
func (t Trouble) spells(rng *rand.Rand, whole time.Duration) []spell {
	var out []spell
	if t.PerHour == 0 {
		return nil
	}
	at := time.Duration(0)
	for {
		at += time.Duration(rng.ExpFloat64() / t.PerHour * float64(time.Hour))
		if at >= whole {
			return out
		}
		lasts := t.Min + time.Duration(rng.Float64()*float64(t.Max-t.Min))
		metres := t.MinM + rng.Float64()*(t.MaxM-t.MinM)
		sin, cos := math.Sincos(2 * math.Pi * rng.Float64())
		out = append(out, spell{at, at + lasts, astray{metres * sin, metres * cos, 0.7 + 0.9*rng.Float64()}})
		at += lasts
	}
}

// during is the spell at a time, or nil.
func during(spells []spell, since time.Duration) *spell {
	for i := range spells {
		if s := &spells[i]; s.from <= since && since < s.to {
			return s
		}
	}
	return nil
}

// A line carries what a receiver says into the machine, in order, and late.
type line struct {
	m      Model
	rng    *rand.Rand
	stalls []spell
	last   time.Duration
}

func newLine(m Model, rng *rand.Rand, whole time.Duration) *line {
	l := &line{m: m, rng: rng}
	if m.Stall.Every > 0 {
		perHour := float64(time.Hour) / float64(m.Stall.Every)
		l.stalls = Trouble{PerHour: perHour, Min: m.Stall.Max / 4, Max: m.Stall.Max}.spells(rng, whole)
	}
	return l
}

// carry is when the first byte arrives of what was measured at a time.
func (l *line) carry(measured time.Duration) time.Duration {
	jitter := min(l.rng.ExpFloat64(), 8) * float64(l.m.Jitter)
	at := measured + l.m.Latency + time.Duration(jitter)
	if s := during(l.stalls, at); s != nil {
		at = s.to
	}
	l.last = max(at, l.last+2*time.Millisecond)
	return l.last
}
