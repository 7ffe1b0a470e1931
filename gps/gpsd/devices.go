package gpsd

import (
	"slices"
	"strings"

	"github.com/sensord/sensord/gps"
)

// stillThereNs is how long a device that reported cannot be gone.
const stillThereNs = 3_000_000_000

// list takes gpsd's list of all devices. What is missing in it is gone: gpsd
// forgets a device that it cannot open again, without a word.
func (d *Decoder) list(devices []report, receivedNs int64, tell func(gps.Event)) {
	first := !d.listed
	d.listed = true
	d.has = d.has[:0]
	for i := range devices {
		r := &devices[i]
		if len(d.has) < maxDevices && r.Path != "" {
			d.has = append(d.has, brief(r.Path))
		}
		if first {
			// What it has at the beginning is no news.
			if dev := d.source(string(r.Path)); dev != nil && r.Path != "" {
				dev.driver, dev.active = brief(r.Driver), bool(r.Activated)
			}
			continue
		}
		d.change(r, receivedNs, tell)
	}
	for _, path := range d.paths() {
		dev := d.devices[path]
		// What another gpsd feeds this one is in no list and reports all the same.
		if slices.Contains(d.has, path) || receivedNs-dev.reportNs < stillThereNs {
			continue
		}
		if dev.active {
			d.lost(dev, receivedNs, tell)
		}
		delete(d.devices, path)
	}
}

// change takes what gpsd says of one device.
func (d *Decoder) change(r *report, receivedNs int64, tell func(gps.Event)) {
	if r.Path == "" {
		return
	}
	dev := d.source(string(r.Path))
	if dev == nil {
		return
	}
	if r.Driver != "" {
		dev.driver = brief(r.Driver)
	}
	switch {
	case dev.active && !bool(r.Activated):
		d.lost(dev, receivedNs, tell)
	case !dev.active && bool(r.Activated):
		dev.active = true
		d.note(receivedNs, dev.path, "gpsd reads from "+dev.path, tell)
	}
}

func (d *Decoder) lost(dev *device, receivedNs int64, tell func(gps.Event)) {
	dev.flush(tell)
	*dev = device{path: dev.path, driver: dev.driver}
	d.note(receivedNs, dev.path, "gpsd has lost "+dev.path, tell)
}

// paths returns the names of the devices that gpsd has, in their order.
func (d *Decoder) paths() []string {
	var paths []string
	for path := range d.devices {
		if path != "" {
			paths = append(paths, path)
		}
	}
	slices.Sort(paths)
	return paths
}

// detail says in a few words what gpsd is and has.
func (d *Decoder) detail() string {
	var parts []string
	if d.release != "" {
		parts = append(parts, "gpsd "+d.release)
	}
	for _, path := range d.paths() {
		dev := d.devices[path]
		switch {
		case !dev.active:
			path += " (not in use)"
		case dev.driver != "":
			path += " (" + dev.driver + ")"
		}
		parts = append(parts, path)
	}
	return strings.Join(parts, ", ")
}

// reading reports whether gpsd reads from a device that is asked for.
func (d *Decoder) reading() bool {
	for _, dev := range d.devices {
		if dev.active {
			return true
		}
	}
	return false
}

// missing says why nothing is to be expected of gpsd.
func (d *Decoder) missing() string {
	paths := d.paths()
	switch {
	case len(paths) > 0:
		return "gpsd does not read from " + strings.Join(paths, " or ")
	case len(d.has) == 0:
		return "gpsd has no receiver"
	default:
		return "gpsd has no " + d.o.Device + ", but " + strings.Join(d.has, ", ")
	}
}
