package actors

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/sensord/sensord/configs"
	"github.com/sensord/sensord/gps"
)

// silence is a fixer that says nothing.
type silence struct{}

func (silence) Run(context.Context, func(gps.Event)) error { return nil }
func (silence) Object() string                             { return "silence" }
func (silence) Detail() string                             { return "" }

// aReceiver is a receiver's state on a clock that the test moves.
func aReceiver() (r *receiverState, pass func(time.Duration)) {
	now := int64(time.Hour)
	r = &receiverState{cfg: configs.Receiver{Name: "puck"}, fixer: silence{}, now: func() int64 { return now }}
	return r, func(d time.Duration) { now += int64(d) }
}

// says has a device give an epoch; what passes arrives at once.
func (r *receiverState) says(device string, mode gps.Mode) (from string, passed bool) {
	f := gps.NewFix()
	f.Device, f.Mode = device, mode
	from, passed = r.heard(f)
	if passed {
		r.waiting.Add(-1)
	}
	return from, passed
}

// Devices behind one gpsd, and senders to one port, are told apart; one that
// connects again is the same.
func TestDevicesBehindAReceiverHaveNames(t *testing.T) {
	r, pass := aReceiver()
	for _, tt := range []struct {
		wait         time.Duration
		device, want string
	}{
		{0, "/dev/ttyACM0", "puck"},
		{0, "/dev/ttyACM1", "puck /dev/ttyACM1"},
		{0, "/dev/ttyACM0", "puck"},
		{0, "192.0.2.7:1234", "puck 192.0.2.7"},
		{0, "192.0.2.7:999", "puck 192.0.2.7:999"}, // both speak
		{time.Minute, "192.0.2.7:1000", "puck 192.0.2.7"},
		{0, "[2001:db8::1]:999", "puck 2001:db8::1"},
	} {
		pass(tt.wait)
		if got, ok := r.says(tt.device, gps.Mode3D); got != tt.want || !ok {
			t.Errorf("%s is called %q, want %q", tt.device, got, tt.want)
		}
	}
}

// Of too many devices those that spoke first count, and one that fell silent
// makes room.
func TestTooManyDevicesAreNotMixed(t *testing.T) {
	r, pass := aReceiver()
	names := map[string]bool{}
	for i := range maxDevices {
		name, _ := r.says(fmt.Sprintf("192.0.2.%d", i), gps.Mode3D)
		names[name] = true
	}
	if len(names) != maxDevices {
		t.Errorf("%d names for %d devices", len(names), maxDevices)
	}
	if name, ok := r.says("198.51.100.1", gps.Mode3D); ok {
		t.Errorf("one too many is called %q", name)
	}
	pass(2 * time.Minute)
	if _, ok := r.says("198.51.100.1", gps.Mode3D); !ok || len(r.devices) != maxDevices {
		t.Errorf("it is not heard when others are silent; %d devices", len(r.devices))
	}
}

// A flood costs who floods, and nobody else.
func TestDeviceThatFloodsLosesItsOwnFixes(t *testing.T) {
	r, pass := aReceiver()
	var flood, calm int
	for range 10 { // seconds
		for range 1000 {
			pass(time.Millisecond)
			if _, ok := r.says("192.0.2.1", gps.Mode3D); ok {
				flood++
			}
		}
		if _, ok := r.says("192.0.2.2", gps.Mode3D); ok {
			calm++
		}
	}
	if flood > burst+10*perSecond || flood < 9*perSecond || calm != 10 {
		t.Errorf("%d of 10000 passed, and %d of the calm one's 10", flood, calm)
	}
	if s := r.status(); s.Skipped != uint64(10_000-flood) {
		t.Errorf("%d skipped", s.Skipped)
	}
}

// What does not arrive at the navigator must not pile up on its way.
func TestFixesOnTheirWayAreBounded(t *testing.T) {
	r, pass := aReceiver()
	var passed int
	for range 1000 {
		pass(time.Second)
		if _, ok := r.heard(gps.NewFix()); ok {
			passed++
		}
	}
	if passed != maxWaiting {
		t.Errorf("%d are on their way", passed)
	}
}

// A device without a fix does not hide another one's.
func TestReceiverHasAFixIfADeviceHas(t *testing.T) {
	r, pass := aReceiver()
	for range 20 {
		pass(500 * time.Millisecond)
		r.says("/dev/ttyACM0", gps.ModeNone)
		if s := r.status(); s.State != ReceiverSearching {
			t.Fatalf("state %v", s.State)
		}
	}
	for range 20 {
		pass(500 * time.Millisecond)
		r.says("/dev/ttyACM1", gps.Mode3D)
		pass(500 * time.Millisecond)
		r.says("/dev/ttyACM0", gps.ModeNone)
		if s := r.status(); s.State != ReceiverFix || s.Fix.Device != "/dev/ttyACM1" || s.Age > time.Second {
			t.Fatalf("status %+v", s)
		}
	}
	pass(10 * time.Second)
	r.says("/dev/ttyACM0", gps.ModeNone)
	if s := r.status(); s.State != ReceiverStale || s.Age < 10*time.Second {
		t.Errorf("status %+v", s)
	}
}
