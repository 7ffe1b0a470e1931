package fusion

import (
	"fmt"
	"math"
	"time"

	"github.com/sensord/sensord/gps"
)

// What a position must do to be looked at twice.
const (
	// gateNIS is the square of how many sigma a position may be from where the
	// filter and the claimed accuracy together allow it: 5 sigma is one in 270 000
	// by chance, and 2.9 times the claimed radius where the filter knows no better
	// than the receiver.
	gateNIS = 25.0
	// gateLeast is a distance in metres that is no jump, however sure all are:
	// lever arms, and receivers that lose their corrections.
	gateLeast = 3.0
	// doubtNIS is a surprise for what the receiver said so far, though not for
	// what it claims: one in a thousand by chance.
	doubtNIS = 13.8
	// velNIS is where a velocity begins to count less: one in a hundred. What is
	// velMost times that is not believed at all.
	velNIS, velMost = 9.21, 10.0

	// jumpLeast is how many fixes must agree before a jump is believed.
	jumpLeast = 3
	// youngest is how long even a filter that just started is believed.
	youngest = 5 * time.Second
	// tieAfter times BelieveAfter is how long a receiver contradicts another one
	// before nobody is believed, unless the filter just started.
	tieAfter = 6
)

// A jump is where a receiver's fixes say it is, while they are not believed.
type jump struct {
	since, last int64
	count       int // 0 if there is none
	at          gps.ECEF
	speed       float64
}

// add takes a fix that is not believed. It begins anew when the fix does not
// agree with the one before: dt seconds ago, and as far as it can have moved.
func (j *jump) add(m *measurement, b *body) {
	dt := seconds(m.atNs - j.last)
	reach := 3*m.accuracy + b.fastest*dt
	if speed := math.Max(m.speed, j.speed); !math.IsNaN(speed) {
		reach = 3*m.accuracy + 1.5*speed*dt + b.fastest/10*dt*dt
	}
	if j.count == 0 || dt < 0 || dt > restartAfter.Seconds() || apart(m.ecef, j.at) > reach {
		*j = jump{since: m.atNs}
	}
	j.count++
	j.last, j.at, j.speed = m.atNs, m.ecef, m.speed
}

func (j *jump) lasted() time.Duration { return time.Duration(j.last - j.since) }

// alive reports whether it still stands at a time.
func (j *jump) alive(atNs int64) bool { return j.count > 0 && atNs-j.last <= int64(lately) }

// poll counts the receivers that believe the filter, and those that are where
// the jump of one is.
func (f *Filter) poll(slot int, atNs int64) (keep, leave int) {
	j := &f.receivers[slot].jump
	for i, r := range f.receivers {
		switch {
		case i == slot || r.jump.alive(atNs) && r.jump.count >= jumpLeast && apart(r.jump.at, j.at) < f.near(r, slot):
			leave++
		case r.isGood && atNs-r.goodNs <= int64(lately):
			keep++
		}
	}
	return keep, leave
}

// near is how close two receivers must be to say the same.
func (f *Filter) near(r *receiver, slot int) float64 {
	o := f.receivers[slot]
	move := math.Abs(seconds(r.jump.last-o.jump.last)) * f.body.fastest
	return 3*(r.claimed+o.claimed) + move
}

// believe reports whether the jump of a receiver is where the filter has to
// start again. Most receivers decide; a receiver that nobody contradicts, after
// BelieveAfter, or after as long as the filter was believed if that is less. At
// a tie nobody knows: the accuracy grows to reach both.
func (f *Filter) believe(slot int, atNs int64) bool {
	j := &f.receivers[slot].jump
	keep, leave := f.poll(slot, atNs)
	wait := min(f.o.BelieveAfter, max(time.Duration(f.lastGood-f.since), youngest))
	return leave > keep && j.count >= jumpLeast && j.lasted() >= wait
}

// leap is what is left of the doubt about a jump that was believed: it might
// have been a jump from the truth. It goes within BelieveAfter.
func (f *Filter) leap(atNs int64) float64 {
	left := 1 - float64(atNs-f.since)/float64(f.o.BelieveAfter)
	return f.leapt * min(max(left, 0), 1)
}

// tie returns how far from a node a receiver is that contradicts as many as
// agree with it, for long enough; 0 if there is none.
func (f *Filter) tie(n *node) float64 {
	var far float64
	for i, r := range f.receivers {
		j := &r.jump
		settled := time.Duration(j.since-f.since) >= f.o.BelieveAfter
		if !j.alive(n.m.atNs) || settled && j.lasted() < tieAfter*f.o.BelieveAfter {
			continue
		}
		if keep, leave := f.poll(i, n.m.atNs); keep == leave {
			lat, lon := f.plane.Ground(n.e.x[0][rowPos], n.e.x[1][rowPos])
			far = max(far, apart(j.at, gps.LLA{Lat: lat, Lon: lon}.ECEF()))
		}
	}
	return far
}

// distance is how far a measurement is from the filter, in metres.
func (f *Filter) distance(n *node) float64 {
	lat, lon := f.plane.Ground(n.e.x[0][rowPos], n.e.x[1][rowPos])
	return apart(n.m.ecef, gps.LLA{Lat: lat, Lon: lon}.ECEF())
}

// why says in words what is wrong with a position that is d metres off.
func (j *jump) why(d, accuracy float64) string {
	s := fmt.Sprintf("%.0f m off, %.0f times its accuracy", d, d/accuracy)
	if d > 9999 {
		s = fmt.Sprintf("%.0f km off", d/1000)
	}
	if t := j.lasted(); t >= time.Second {
		s += fmt.Sprintf(", for %.0f s", t.Seconds())
	}
	return s
}
