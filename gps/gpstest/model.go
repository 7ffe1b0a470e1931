package gpstest

import (
	"math/rand/v2"
	"time"

	"github.com/sensord/sensord/gps"
)

// A Model says what a receiver is like. Sigmas are standard deviations, per
// axis; nothing of it is told to who reads the fixes, but for what the fixes
// claim.
type Model struct {
	Name string

	Interval time.Duration // between fixes; they stand on whole intervals of UTC
	Shift    time.Duration // and that much later
	Uneven   time.Duration // sigma of when it measures

	Latency time.Duration // from the measurement to the first byte's arrival, at least
	Jitter  time.Duration // mean of what comes on top, exponentially distributed, at most 8 times that
	Stall   Stall         // now and then nothing arrives for a while, and then all at once

	WhiteM       float64       // new in each fix
	ColouredM    float64       // drifts slowly: a Gauss-Markov process
	Tau          time.Duration // that forgets itself within this time
	OffsetEastM  float64       // always there
	OffsetNorthM float64
	AltFactor    float64 // heights are that much worse

	DopplerMPS  float64 // sigma of each axis of the velocity
	CourseAbove float64 // m/s: slower than this the course is not said

	Claim Claim

	CreepM  float64       // how far it may have crept from the truth when the sky goes away
	Coast   time.Duration // how long it goes on straight ahead under a roof
	Silent  bool          // says nothing while it has no fix
	Gaps    Trouble       // no fix
	Echoes  Trouble       // positions beside the truth by reflections; Doppler stays right
	Cells   Trouble       // positions of something nearby that the receiver knows: stands still there, without speed
	LieRoll float64       // probability that an echo's claim does not tell
}

// A Claim is how a receiver's claimed accuracy comes about: the 95 % radius of
// its noise, but for what the receiver does not know of itself. With the origin
// gps.OriginHDOP it claims nothing, and the radius is what its dilution stands for.
type Claim struct {
	Origin gps.AccuracyOrigin
	Factor float64       // 1 is the truth; what spreads and wanders needs a little more to hold in 95 of 100 cases
	Spread float64       // sigma of the logarithm of a factor that stays for a drive
	Wander float64       // the same of one that changes within a minute
	Behind time.Duration // how late it notices that the sky changed
}

// A Trouble comes at random.
type Trouble struct {
	PerHour    float64
	Min, Max   time.Duration // how long
	MinM, MaxM float64       // how far
}

// A Stall keeps what a line has to say back.
type Stall struct {
	Every time.Duration // on average; 0 is never
	Max   time.Duration
}

// Good is the receiver of the targets about timing: half a metre of noise and
// nothing else. A fix each second, over a fast line.
func Good(name string) Model {
	return Model{
		Name: name, Interval: time.Second, Latency: 120 * time.Millisecond, Jitter: 20 * time.Millisecond,
		WhiteM: 0.5, Tau: time.Minute, AltFactor: 1.6, DopplerMPS: 0.1, CourseAbove: 0.3,
		Claim: Claim{Origin: gps.OriginGST, Factor: 1, Spread: 0.05},
	}
}

// Puck is an ordinary receiver on the roof, on a serial line or USB, that says
// its error ellipse.
func Puck(name string) Model {
	m := Good(name)
	m.Latency, m.Jitter = 160*time.Millisecond, 40*time.Millisecond
	m.Stall = Stall{Every: 90 * time.Second, Max: 400 * time.Millisecond}
	m.WhiteM, m.ColouredM, m.DopplerMPS = 0.4, 1.3, 0.08
	m.Claim = Claim{Origin: gps.OriginGST, Factor: 1.04, Spread: 0.12, Wander: 0.1, Behind: 4 * time.Second}
	m.CreepM, m.Coast = 12, 1500*time.Millisecond
	m.Echoes = Trouble{PerHour: 4, Min: time.Second, Max: 6 * time.Second, MinM: 20, MaxM: 80}
	m.LieRoll = 0.5
	return m
}

// Phone is a phone behind the windscreen that posts what it knows: worse, later,
// a little beside where the car is, and now and then where it is not at all.
func Phone(name string) Model {
	m := Puck(name)
	m.Shift, m.Uneven = 370*time.Millisecond, 15*time.Millisecond
	m.Latency, m.Jitter = 320*time.Millisecond, 80*time.Millisecond
	m.Stall = Stall{Every: 60 * time.Second, Max: 600 * time.Millisecond}
	m.WhiteM, m.ColouredM, m.Tau, m.DopplerMPS, m.CourseAbove = 0.8, 2.6, 45*time.Second, 0.2, 0.7
	m.OffsetEastM, m.OffsetNorthM = 1.2, -0.8
	m.Claim = Claim{Origin: gps.OriginGiven, Factor: 1.08, Spread: 0.18, Wander: 0.12, Behind: 6 * time.Second}
	m.CreepM, m.Coast, m.Silent = 25, 4*time.Second, true
	m.Gaps = Trouble{PerHour: 6, Min: 4 * time.Second, Max: 40 * time.Second}
	m.Echoes = Trouble{PerHour: 8, Min: time.Second, Max: 10 * time.Second, MinM: 50, MaxM: 200}
	m.Cells = Trouble{PerHour: 4, Min: time.Second, Max: 8 * time.Second, MinM: 80, MaxM: 300}
	return m
}

// SecondPhone is one in a pocket or a bag: worse and later still, farther
// beside.
func SecondPhone(name string) Model {
	m := Phone(name)
	m.Shift = 810 * time.Millisecond
	m.Latency, m.Jitter = 420*time.Millisecond, 120*time.Millisecond
	m.WhiteM, m.ColouredM, m.Tau = 1.2, 3.2, 70*time.Second
	m.OffsetEastM, m.OffsetNorthM = -2, 1.5
	return m
}

// Mouse is a receiver of twenty years ago on a slow serial line: it knows its
// dilution, and not its errors.
func Mouse(name string) Model {
	m := Puck(name)
	m.Latency, m.Jitter = 380*time.Millisecond, 40*time.Millisecond
	m.WhiteM, m.ColouredM, m.Tau, m.DopplerMPS = 0.5, 1.8, 80*time.Second, 0.15
	m.Claim = Claim{Origin: gps.OriginHDOP, Behind: 2 * time.Second}
	m.CreepM, m.Coast = 20, 4*time.Second
	return m
}

// varied makes one piece of a model: no two of a kind are equally good.
func (m Model) varied(rng *rand.Rand) Model {
	k := 0.8 + 0.45*rng.Float64()
	m.WhiteM *= k
	m.ColouredM *= k
	return m
}
