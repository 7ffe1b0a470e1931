package fusion

import "time"

// r95 is how many standard deviations per axis the radius has that holds 95 %
// of a round two-dimensional normal distribution: the root of -2 ln 0.05.
const r95 = 2.447746830680816

// side95 is the same for the two sides of one axis.
const side95 = 1.959963984540054

// A body is how something may move. Accelerations follow Singer's model: the
// standard deviation per axis is what equation 1 of his paper makes of a
// largest acceleration that is met one time in fifty, and of steady movement
// half of the time: max²/3 · (1 + 4·0.02 - 0.5).
type body struct {
	accVar  float64 // (m/s²)², per axis
	accTau  float64 // seconds that an acceleration lasts
	velVar  float64 // (m/s)², per axis, before anything is known of it
	fastest float64 // m/s: what a jump may do and still be a movement
}

// car brakes and turns by up to 4 m/s², for about 3 s.
var car = body{accVar: 1.2, accTau: 3, velVar: 15 * 15, fastest: 70}

// foot turns about within a step or two.
var foot = body{accVar: 0.44, accTau: 1, velVar: 1.5 * 1.5, fastest: 12}

func (m Motion) body() *body {
	if m == Foot {
		return &foot
	}
	return &car
}

const (
	// calmVar is the acceleration that is left to something that stands: wind
	// and doors, (m/s²)².
	calmVar = 0.02 * 0.02
	// calmVelVar and calmAccVar are how well it is known that it stands.
	calmVelVar, calmAccVar = 0.05 * 0.05, 0.02 * 0.02
	// creeping is the speed, in m/s, above which it may be moving, on the mean of
	// calmSeconds: a module's noise of 0.1 m/s per axis is 0.13 m/s of speed.
	creeping, calmSeconds = 0.15, 3.0
	// calmAfter is how long receivers must say so: a stop at a kerb is shorter.
	calmAfter = 3 * time.Second

	// offTau is how long a receiver is off in the same way, in seconds:
	// reflections and the filter inside it change within a minute when it moves,
	// and with the satellites when it stands, five times slower.
	offTau, offTauCalm = 60.0, 300.0

	// courseFrom is the speed, in m/s, from which a course means something, and
	// courseSure that from which it is as good as the speed: in between noise of
	// 0.1 to 0.3 m/s turns it by more than 15 degrees, and receivers go on to say
	// the last one.
	courseFrom, courseSure = 0.3, 1.0
	// movingFrom is the speed from which a point has a course.
	movingFrom = 0.7
)

// What receivers are assumed to be like before they have shown it.
const (
	assumedM       = 20.0 // 95 % radius, metres, where none is said: a phone among houses
	bestM, worstM  = 0.1, 1e4
	assumedSpeed   = 0.25 // one sigma, m/s: between a module's 0.1 and a phone's 0.5
	bestSpeed      = 0.1
	noisiest       = 0.5
	fastestSaid    = 340.0 // m/s: faster is nonsense
	altFactor      = 1.7   // heights are that much worse than one axis: usual VDOP over HDOP/√2
	climbVar       = 0.5   // (m/s)²
	altRange       = 20e3  // metres: what is outside is nonsense
	whiteShare     = 0.25  // of the claimed variance that is new in each fix
	whiteLeast     = 0.02  //
	whiteMost      = 0.98  // more than that, and the claim is too small
	whiteUtmost    = 16.0  //
	whiteRate      = 0.04  // of what one fix teaches about it
	scaleSeconds   = 300.0 // how slowly a contradicted claim is corrected: 5 times offTau
	scaleMost      = 36.0  // of the variance: six times the radius
	claimSeconds   = 5.0   // over which claims are averaged: they come with noise of their own
	claimStep      = 4.0   // times the variance, which is believed at once
	settledAfter   = 10 * time.Second
	enough         = 4 // satellites: with fewer, receivers go on as they went, which is said with confidence and is off by m/s in a bend
	guessVelVar    = 4.0
	claimDoubt     = 1.1
	leastWhiteVar  = 1e-4   // m²
	leastOffVar    = 2.5e-3 // m²
	altWhiteShare  = 0.25   //
	heightVar      = 100.0  // (m/s)², of climbing, before anything is known of it
	heightAccVar   = 0.09   // (m/s²)²: hills and ramps
	heightAccTau   = 3.0    // seconds
	heightGate     = 5.0    // sigma
	heightSilentNs = int64(time.Minute)
)

const (
	// History is how far behind the newest fix a late one may be.
	History = 5 * time.Second
	// historyMost bounds it: three receivers at 10 Hz fill 4 s.
	historyMost = 128
	// closest is the least time between two fixes of one receiver: 50 Hz.
	closest = 20 * time.Millisecond

	// restartAfter is the gap after which a start is better than a prediction.
	restartAfter = 2 * time.Minute
	// lately is how long a receiver's last position counts for the answer to who
	// makes the track.
	lately = 5 * time.Second

	// recentre is how far from its origin the plane is left, in metres: it is
	// 0.3 m below the ground there, and a metre in it 50 nm short.
	recentre = 2000.0
)
