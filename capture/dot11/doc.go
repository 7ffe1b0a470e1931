// Package dot11 reads what networks say of themselves: beacons and probe
// responses of 802.11, as far as a list of networks needs it. It believes no
// length, and it does not allocate.
//
// What it returns are views of the frame that it was given. All functions are
// pure and safe for concurrent use.
package dot11
