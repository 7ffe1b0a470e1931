package fusion

import "time"

// r95 is how many standard deviations per axis the radius has that holds 95 %
// of a round two-dimensional normal distribution: the root of -2 ln 0.05.
const r95 = 2.447746830680816

// side95 is the same for the two sides of one axis.
const side95 = 1.959963984540054

// A body is how something may move. Accelerations follow Singer's model: their
// variance per axis is what equation 1 of his paper makes of a largest one that
// is met one time in fifty, and of steady movement half of the time:
// largest²/3 · (1 + 4·0.02 - 0.5).
type body struct {
	accVar  float64 // (m/s²)², per axis
	accTau  float64 // seconds that an acceleration lasts
	velVar  float64 // (m/s)², per axis, before anything is known of it
	fastest float64 // m/s: what a jump may do and still be a movement
}

// car brakes and turns by 2.5 m/s², as ordinary drivers do, for about 3 s. What
// is more is met by a velocity that counts for what it says (velNIS).
var car = body{accVar: 1.2, accTau: 3, velVar: 15 * 15, fastest: 70}

// foot turns about, by 1.5 m/s², within a step or two.
var foot = body{accVar: 0.44, accTau: 1, velVar: 1.5 * 1.5, fastest: 12}

func (m Motion) body() *body {
	if m == Foot {
		return &foot
	}
	return &car
}

// What something is like that stands.
const (
	// calmVar is the acceleration that is left to it, (m/s²)²: wind and doors.
	calmVar = 0.02 * 0.02
	// calmVelVar and calmAccVar are how well it is known that it stands: a third of
	// creeping.
	calmVelVar, calmAccVar = 0.05 * 0.05, 0.02 * 0.02
	// creeping is the speed, in m/s, above which it may be moving, on the mean of
	// calmSeconds: a module's noise of 0.1 m/s per axis is 0.13 m/s of speed. Who is
	// noisier cannot tell a parked car from one in a queue.
	creeping, calmSeconds = 0.15, 3.0
	// calmAfter is how long receivers must say so, and for how long it is taken
	// for granted when they cannot tell: a stop at a kerb is shorter.
	calmAfter = 3 * time.Second
	// strayM and strayShare are how far a position may go, in metres and in
	// claimed radii, while the speed says that it does not.
	strayM, strayShare = 5.0, 2.0
)

// What receivers are like.
const (
	// offTau is how long one is off in the same way, in seconds: reflections, and
	// the filter inside it, change within a minute when it moves, and with the
	// satellites when it stands, five times slower.
	offTau, offTauCalm = 60.0, 300.0

	// claimDoubt is what claims are multiplied by, as variances: they are right
	// within a fifth or so, and where the standard deviation itself has one of a
	// fifth, log-normal, the circle that holds 95 % has 1.08 times the radius.
	claimDoubt = 1.16
	// claimRise and claimFall are over how many seconds claims are averaged, which
	// come with noise of their own: what gets worse is believed sooner. More than
	// claimStep times the variance is believed at once.
	claimRise, claimFall, claimStep = 5.0, 10.0, 4.0
	// assumedM is the radius where none is said, in metres: a phone among houses.
	assumedM = 20.0
	// bestM and worstM bound what is said: a receiver with corrections, and one
	// that knows the town.
	bestM, worstM = 0.1, 1e4

	// whiteShare is the share of a claimed variance that is new in each fix,
	// before the receiver has shown it. Their own filters leave modules little.
	whiteShare = 0.25
	// whiteLeast keeps the filter from believing single fixes. Above whiteMost the
	// claim is too small, for something always lasts: without that, a receiver
	// that claims far too little would be believed more than all others. More
	// than whiteUtmost is no noise.
	whiteLeast, whiteMost, whiteUtmost = 0.02, 0.9, 16.0
	// whiteRate is by how much the logarithm of the share moves with one fix: some
	// 25 fixes count, while the share is small, and more later.
	whiteRate = 0.04
	// whiteCut is where a surprise, in its variance, is no noise any more.
	whiteCut = 4.0

	// scaleSeconds is how slowly a contradicted claim is corrected: some times
	// offTau, for no less shows how far a receiver is off.
	scaleSeconds = 150.0
	// scaleMost bounds that: six times the radius.
	scaleMost = 36.0

	// leastWhiteVar and leastOffVar are a centimetre and 5 cm, squared: where
	// antennas are.
	leastWhiteVar, leastOffVar = 1e-4, 2.5e-3

	// enough is the least number of satellites for a fix. With fewer, receivers go
	// on as they went, for seconds, which they say with confidence, and which is
	// off by metres per second in a bend: guessVelVar, (m/s)².
	enough, guessVelVar = 4, 4.0
)

// What they say of velocity.
const (
	// assumedSpeed is the noise of a velocity, one sigma per axis in m/s, before a
	// receiver has shown it: between a module's 0.1 and a phone's 0.5.
	assumedSpeed = 0.25
	// bestSpeed is the least noise that is believed: what is less was averaged by
	// the receiver, and lasts longer than a fix. noisiest is the most.
	bestSpeed, noisiest = 0.1, 0.5
	// fastestSaid is the speed, in m/s, above which it is nonsense.
	fastestSaid = 340.0
	// courseFrom is the speed, in m/s, from which a course means something, and
	// courseSure that from which it is as good as the speed: in between noise of
	// 0.1 to 0.3 m/s turns it by more than 15 degrees, and receivers go on to say
	// the last one.
	courseFrom, courseSure = 0.3, 1.0
	// vague is the variance of such a direction, in squares of the speed: half a
	// radian.
	vague = 0.25
	// movingFrom is the speed from which a point has a course.
	movingFrom = 0.7
)

// What they say of height.
const (
	altFactor     = 1.7  // heights are that much worse than one axis: usual VDOP over HDOP/√2
	altRange      = 20e3 // metres: what is outside is nonsense
	altWhiteShare = 0.25 // of the variance is new in each fix
	climbVar      = 0.5  // (m/s)², of what is said of climbing
	steepest      = 100. // m/s: more is nonsense

	heightVelVar = 25.0 // (m/s)², of climbing, before anything is known of it
	heightAccVar = 0.09 // (m/s²)²: hills and ramps
	heightAccTau = 3.0  // seconds
	heightNIS    = 25.0 // as gateNIS

	// heightSilent is how long a height is told after one was heard.
	heightSilent = time.Minute
)

// Times.
const (
	// History is how far behind the newest fix a late one may be.
	History = 5 * time.Second
	// historyMost bounds it: three receivers at 10 Hz fill 4 s.
	historyMost = 128
	// closest is the least time between two fixes of one receiver: 50 Hz.
	closest = 20 * time.Millisecond
	// restartAfter is the gap after which a start is better than a prediction: a
	// car may be kilometres away.
	restartAfter = 2 * time.Minute
	// lately is how long a receiver's last position counts for who makes the
	// track, and in a vote. After that, and after three of its intervals, it has to
	// find itself again.
	lately = 5 * time.Second
	// settledAfter is how long a receiver must have been there to be trusted when
	// another one says something surprising.
	settledAfter = 10 * time.Second
)

// recentre is how far from its origin the plane is left, in metres: it is 0.3 m
// above the ground there, and a metre of ground is 50 nm short in it.
const recentre = 2000.0
