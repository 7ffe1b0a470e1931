package actors

import (
	"net"
	"slices"
	"time"

	"github.com/sensord/sensord/gps"
	"github.com/sensord/sensord/gps/clock"
)

// A device is one of those behind a receiver: several of one gpsd, or several
// that send to one port. Each has errors of its own, so fusion has to know
// them apart.
type device struct {
	id   string // as the receiver says it
	name string // under which fusion knows it

	heard    int64 // boottime of what it said last
	epoch    int64 // of its last epoch; 0 before the first
	fixed    int64 // of its last one with a position; 0 before the first
	interval clock.Interval
	fix      gps.Fix
	sky      []gps.Satellite

	budget  float64 // of what it may say
	allowed bool    // what it said last was within it
}

// Limits of what devices may say. A receiver that gives twenty fixes a second
// is a fast one; a flood of them costs its own.
const (
	maxDevices     = 8 // behind one receiver
	perSecond      = 50
	burst          = 50
	silentMoved    = 30 * time.Second // a device of the same host may be this one, on another port
	silentReplaced = time.Minute      // another device may have its place
)

// device returns the device that said something, nil if there are too many.
func (r *receiverState) device(id string, now int64) *device {
	silent := func(d *device) time.Duration { return time.Duration(now - d.heard) }
	for _, d := range r.devices {
		if d.id == id {
			return d.spend(now)
		}
	}
	host := hostOf(id)
	for _, d := range r.devices {
		if hostOf(d.id) == host && silent(d) > silentMoved {
			d.id = id
			return d.spend(now)
		}
	}
	d := &device{id: id, heard: now, budget: burst, name: r.cfg.Name}
	i := len(r.devices)
	if i < maxDevices {
		r.devices = append(r.devices, d)
	} else {
		i = slices.IndexFunc(r.devices, func(d *device) bool { return silent(d) > silentReplaced })
		if i < 0 {
			return nil
		}
		r.devices[i] = d
	}
	if i > 0 { // the first has the receiver's own name
		label := host
		if slices.ContainsFunc(r.devices, func(o *device) bool { return o != d && hostOf(o.id) == host }) {
			label = id
		}
		d.name += " " + label
	}
	return d.spend(now)
}

// spend takes what the device says from its budget.
func (d *device) spend(now int64) *device {
	d.budget = min(d.budget+float64(now-d.heard)/1e9*perSecond, burst)
	d.heard = now
	if d.allowed = d.budget >= 1; d.allowed {
		d.budget--
	}
	return d
}

// epochAt follows how often the device's fixes come.
func (d *device) epochAt(f gps.Fix, now int64) {
	d.interval.Came(now)
	d.epoch, d.fix = now, f
	if f.HasPosition() {
		d.fixed = now
	}
}

// hostOf is the address of who sends from a port, or the device itself.
func hostOf(id string) string {
	if host, _, err := net.SplitHostPort(id); err == nil {
		return host
	}
	return id
}
