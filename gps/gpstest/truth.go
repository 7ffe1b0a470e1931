package gpstest

import "time"

// A Truth is where something was, as a smooth function of time.
type Truth struct{}

// At returns the truth some time after its begin. Before the begin it stands
// where it begins, behind the end where it ends.
func (t *Truth) At(since time.Duration) State { panic("not yet") }

// Duration is how long it goes on.
func (t *Truth) Duration() time.Duration { panic("not yet") }
