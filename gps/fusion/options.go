package fusion

import "time"

// Mode says what becomes of several receivers. The zero Mode is Fusion.
type Mode string

// Modes.
const (
	Fusion   Mode = "fusion"   // all of them into one filter, each by its accuracy
	Priority Mode = "priority" // the best one that has a fix; the others stand by
)

// Motion says how the sensor may move. The zero Motion is Car.
type Motion string

// Motions.
const (
	Car  Motion = "car"
	Foot Motion = "foot"
)

// Options are what a Filter has to know beforehand. The zero value is good.
type Options struct {
	Mode   Mode
	Motion Motion

	// Order names the receivers for Priority, best first. Devices behind one
	// receiver are as good as each other. Receivers that are not named follow in
	// the order in which they were first heard.
	Order []string

	// BelieveAfter is how long fixes that jumped must agree among themselves
	// before they are believed, while fewer receivers contradict them than say the
	// same. 0 is DefaultBelieveAfter.
	BelieveAfter time.Duration
}

// DefaultBelieveAfter is longer than the reflections and reacquisitions that
// make receivers jump and jump back, and short enough for the end of a tunnel.
const DefaultBelieveAfter = 10 * time.Second
