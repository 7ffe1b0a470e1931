// Package hop decides which channel a radio listens on, and says what came of
// it. A Plan is a list of channels and a rate; a Hopper tunes a radio by its
// plan, on a schedule of absolute times that the radio's own slowness does not
// shift; a Coverage counts what was visited, for how long, and what was heard
// there; Split divides one list among several radios.
//
// The package knows channels as values and radios as something that can be
// tuned: no netlink, no interface, no Kismet. Plans are plain values; Hopper
// and Coverage may be used from any goroutine.
package hop
