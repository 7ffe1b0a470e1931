package gpsd

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/sensord/sensord/gps"
)

// DecoderOptions say what a Decoder makes of gpsd's lines.
type DecoderOptions struct {
	Device string // only this device's reports; "" is all
	// Offset is the clock that gpsd measures with (CLOCK_REALTIME of its
	// machine) minus CLOCK_BOOTTIME of this one, ns, and how far off that may
	// be. It is asked when a pulse comes. If it is nil, or reports false, no
	// pulses are told.
	Offset func() (offsetNs, errorNs int64, ok bool)
	// Whole holds a fix back until the next epoch begins, or Flush, so that
	// there is one for each epoch, with all that gpsd said of it: right for
	// logs. Without it a fix is told at once, and again if gpsd then knows more
	// of the same epoch, as it does while it still learns the receiver's cycle.
	Whole bool
}

// A Decoder makes events of lines of gpsd's JSON: gpsd's own output from 3.10
// on, or a log of it. Several devices are told apart by Fix.Device.
type Decoder struct {
	o       DecoderOptions
	release string
	devices map[string]*device // that are asked for
	has     []string           // all of gpsd's own
	notices limiter
	turns   uint64

	watching     bool  // gpsd confirmed the watch
	refused      bool  // it refused what was asked of it
	listed       bool  // it said what devices it has
	lastReportNs int64 // when a device last said something, CLOCK_BOOTTIME
	strangeClock bool  // pulses of a clock that is not this machine's were told of
}

// maxDevices bounds what a peer that invents devices can make us keep. gpsd has
// room for four, or for as many as it was built for.
const maxDevices = 64

// NewDecoder returns a Decoder for one stream of lines.
func NewDecoder(o DecoderOptions) *Decoder {
	return &Decoder{o: o, devices: map[string]*device{}}
}

// A device is what is known of one behind gpsd.
type device struct {
	path     string
	driver   string
	active   bool
	reportNs int64   // when it last said something, CLOCK_BOOTTIME
	told     gps.Fix // the newest fix
	has      bool    // there is one
	held     bool    // it is not told yet
	turn     uint64  // of it among those of all devices
	gst      noise
	sky      dilution
	begin    arrival
	mock     bool // it was told that its positions are simulated
}

// errNoReport is the error of a line that is JSON but not of gpsd.
var errNoReport = errors.New("no object with a class")

// Line decodes one line, with or without its end, that arrived at receivedNs
// (CLOCK_BOOTTIME, ns) and calls tell, before it returns, for each event in it.
// Classes and keys that it does not know are ignored. Its error says why the
// line is not gpsd's; then nothing was told, and the next line may come.
func (d *Decoder) Line(line []byte, receivedNs int64, tell func(gps.Event)) error {
	var r message
	if err := json.Unmarshal(line, &r); err != nil {
		if _, mistyped := errors.AsType[*json.UnmarshalTypeError](err); mistyped {
			return errNoReport
		}
		return err
	}
	if r.Class == "" {
		return errNoReport
	}
	d.report(&r, receivedNs, tell)
	return nil
}

func (d *Decoder) report(r *message, receivedNs int64, tell func(gps.Event)) {
	switch r.Class {
	case "VERSION":
		d.release = brief(r.Release)
	case "WATCH":
		d.watching = true
	case "ERROR":
		d.refused = true
		d.note(receivedNs, "", fmt.Sprintf("gpsd says: %s", brief(r.Message)), tell)
	case "DEVICES":
		d.list(r.Devices, receivedNs, tell)
	case "DEVICE":
		d.change(&r.report, receivedNs, tell)
	case "TPV", "GST", "SKY", "PPS", "TOFF":
		dev := d.source(string(r.Device))
		if dev == nil {
			return
		}
		d.lastReportNs = receivedNs
		dev.active, dev.reportNs = true, receivedNs
		d.measured(dev, &r.report, receivedNs, tell)
	case "POLL":
		d.poll(r, receivedNs, tell)
	}
}

func (d *Decoder) measured(dev *device, r *report, receivedNs int64, tell func(gps.Event)) {
	switch r.Class {
	case "TPV":
		d.position(dev, r, receivedNs, tell)
	case "GST":
		dev.gst = newNoise(r, receivedNs)
		if dev.held {
			dev.judge(&dev.told)
		}
	case "SKY":
		if sky, ok := dev.skyOf(r, receivedNs); ok {
			tell(sky)
		}
		if dev.held {
			dev.judge(&dev.told)
		}
	case "PPS", "TOFF":
		d.pulse(dev, r, receivedNs, tell)
	}
}

// poll reads the answer to ?POLL, which logs of clients that poll are made of:
// it repeats what gpsd had last, so that only what is new in it counts.
func (d *Decoder) poll(r *message, receivedNs int64, tell func(gps.Event)) {
	for _, reports := range []list[report]{r.GST, r.SKY, r.TPV} {
		for i := range reports {
			one := &reports[i]
			dev := d.source(string(one.Device))
			if dev == nil {
				continue
			}
			d.lastReportNs = receivedNs
			if one.Class == "TPV" && dev.has && int64(one.Time) <= dev.told.TimeNs {
				continue
			}
			d.measured(dev, one, receivedNs, tell)
		}
	}
}

// Flush tells the fixes that are held back: the lines are at their end.
func (d *Decoder) Flush(tell func(gps.Event)) {
	d.flushBefore(math.MaxInt64, tell)
}

// flushBefore tells the held fixes that came before a time, oldest first.
func (d *Decoder) flushBefore(receivedNs int64, tell func(gps.Event)) {
	var due []*device
	for _, dev := range d.devices {
		if dev.held && dev.told.ReceivedNs < receivedNs {
			due = append(due, dev)
		}
	}
	slices.SortFunc(due, func(a, b *device) int {
		return cmp.Compare(a.turn, b.turn)
	})
	for _, dev := range due {
		dev.flush(tell)
	}
}

func (dev *device) flush(tell func(gps.Event)) {
	if dev.held {
		dev.held = false
		tell(dev.told)
	}
}

// source returns the device whose report it is, nil if it is not asked for.
func (d *Decoder) source(path string) *device {
	// Without a name it is the only one: gpsd leaves it out then.
	if d.o.Device != "" && path != "" && path != d.o.Device {
		return nil
	}
	dev, known := d.devices[path]
	if !known && len(d.devices) < maxDevices {
		dev = &device{path: strings.Clone(path)}
		d.devices[dev.path] = dev
	}
	return dev
}

// note tells a notice, unless there were too many of late.
func (d *Decoder) note(receivedNs int64, path, says string, tell func(gps.Event)) {
	if d.notices.allow(receivedNs) {
		tell(gps.Notice{Device: path, Text: says})
	}
}

// A limiter lets noticesPerMinute pass, so that a peer that goes mad does not
// fill a log.
type limiter struct {
	sinceNs int64
	count   int
}

const (
	noticesPerMinute = 20
	minuteNs         = 60_000_000_000
)

func (l *limiter) allow(nowNs int64) bool {
	if nowNs-l.sinceNs >= minuteNs || nowNs < l.sinceNs {
		l.sinceNs, l.count = nowNs, 0
	}
	l.count++
	return l.count <= noticesPerMinute
}

// brief cuts what a peer says to what one reads in a log, on one line.
func brief(t text) string {
	s := strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, string(t))
	if len(s) > 200 {
		s = strings.ToValidUTF8(s[:200], "") + "…"
	}
	return s
}
