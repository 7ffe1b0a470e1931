// Package linuxwifi captures from Linux Wi-Fi radios: it prepares an interface
// for monitor mode, reads its frames, tunes it, notices what others do to it,
// and puts everything back as it was.
//
// A radio is known by its phy's index and its interfaces' indexes, never by
// names, which can change. Every change to the machine is written to a state
// file before it is made, so that Restore can undo what a killed process left.
// Only what was created here is ever removed.
//
// The methods of Radio may be called from any goroutine, except that one
// goroutine at a time reads batches. There are no package variables: radios in
// one process know nothing of each other.
package linuxwifi
