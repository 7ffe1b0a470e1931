// Package tap gives tests a Wi-Fi radio at full host speed: a TAP device whose
// link type says radiotap, in a user and network namespace of its own, so that
// no root is needed and nothing outside is touched. Only tests import it.
package tap

import "testing"

// Main runs the tests of a package inside an own namespace.
func Main(m interface{ Run() int }) { panic("skeleton") }

// Enter is Main for a TestMain that runs the tests itself.
func Enter() { panic("skeleton") }

// Device is a TAP device.
type Device struct{}

// New creates a TAP device that is up.
func New(tb testing.TB) *Device { panic("skeleton") }

// Name is the interface's name.
func (d *Device) Name() string { panic("skeleton") }

// Index is its ifindex.
func (d *Device) Index() int { panic("skeleton") }

// Write makes the device receive a frame.
func (d *Device) Write(frame []byte) error { panic("skeleton") }

// Up sets the device up.
func (d *Device) Up() error { panic("skeleton") }

// Down sets it down.
func (d *Device) Down() error { panic("skeleton") }

// SetMAC sets its hardware address.
func (d *Device) SetMAC(mac [6]byte) error { panic("skeleton") }

// Close deletes the device.
func (d *Device) Close() error { panic("skeleton") }
