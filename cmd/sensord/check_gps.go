package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/sensord/sensord/bus"
	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/configs"
	"github.com/sensord/sensord/gps"
	"github.com/sensord/sensord/gps/clock"
	"github.com/sensord/sensord/gps/feed"
	"github.com/sensord/sensord/gps/gpsd"
	"github.com/sensord/sensord/internal/fault"
)

// gpsCheck looks at what says where the sensor is: each receiver is run until
// it has said where it is, or long enough to know why not.
type gpsCheck struct {
	*checklist
	open   func(configs.Receiver) (checkedReceiver, error)
	ports  func() ([]feed.Port, error) // serial devices that may be receivers
	system func() (clock.System, error)
	others func() (pids []int, all bool) // see otherSensords
	wait   waits
}

// checkedReceiver is a receiver as a check sees it: see gps/gpsd and gps/feed.
type checkedReceiver interface {
	Run(ctx context.Context, tell func(gps.Event)) error
	Object() string
	Detail() string
}

// waits say how long to wait for a receiver.
type waits struct {
	first   time.Duration // for the first that it says; as long as receivers themselves wait
	hunt    time.Duration // the same where the rate of the line has to be found
	visitor time.Duration // for somebody to send, who may come at any time
	fix     time.Duration // after the first that was said, for a position
}

func usualWaits() waits {
	return waits{first: 11 * time.Second, hunt: 20 * time.Second, visitor: 3 * time.Second, fix: 2 * time.Second}
}

func newGPSCheck(c *checklist) *gpsCheck {
	return &gpsCheck{
		checklist: c, open: openChecked, ports: feed.Ports, system: clock.ReadSystem,
		others: func() ([]int, bool) { return otherSensords("/proc") }, wait: usualWaits(),
	}
}

// openChecked makes a receiver that connects to something.
func openChecked(r configs.Receiver) (checkedReceiver, error) {
	if r.Type == configs.ReceiverGPSD {
		return gpsd.New(gpsd.Options{Address: r.Address, Device: r.Device, Now: clock.Boottime}), nil
	}
	return feed.New(feed.Options{
		Kind: feed.Kind(r.Feed), Device: r.Device, Baud: r.Baud, Address: r.Address, NoChecksum: r.NoChecksum, Now: clock.Boottime,
	})
}

// clock tells whether the machine knows what time it is, which decides whose
// times the server keeps of what radios hear.
func (c *gpsCheck) clock(sources []configs.Source) {
	if !slices.ContainsFunc(sources, func(s configs.Source) bool { return s.Type == capture.TypeLinuxWifi }) {
		return
	}
	c.about = "this machine"
	switch s, err := c.system(); {
	case err != nil:
		c.warn("clock", 0, "", "the kernel does not say whether its clock is right: "+innermost(err).Error(), unsureRemedy)
	case !s.Synchronised:
		c.warn("clock", 0, "", "the kernel says that its clock is not synchronised", unsureRemedy)
	default:
		c.step("clock", 0, "the kernel says that its clock is synchronised", nil)
	}
}

const unsureRemedy = "start an NTP client; until then frames get their times from a GPS receiver, or that of their arrival at the server"

// receiverStep is how the check of one receiver went.
type receiverStep struct {
	took         time.Duration
	warn         bool
	code         fault.Code // of a warning; may be empty
	text, remedy string
	err          error
	covers       logTimes // of a log that locates files
}

// receivers tells of each receiver, a line each. They are looked at together:
// some take seconds.
func (c *gpsCheck) receivers(ctx context.Context, cfg configs.Config) {
	steps := make([]receiverStep, len(cfg.GPS.Receivers))
	var all sync.WaitGroup
	for i, r := range cfg.GPS.Receivers {
		all.Go(func() {
			began := time.Now()
			steps[i] = c.receiver(ctx, r, cfg.Web)
			steps[i].took = time.Since(began)
		})
	}
	all.Wait()
	for i, s := range steps {
		c.about = "receiver " + cfg.GPS.Receivers[i].Name
		if s.warn {
			c.warn("receiver", s.took, s.code, s.text, s.remedy)
		} else {
			c.step("receiver", s.took, s.text, s.err)
		}
		c.covered(s.covers, cfg.GPS.Predict)
	}
}

func (c *gpsCheck) receiver(ctx context.Context, r configs.Receiver, web configs.Web) receiverStep {
	switch r.Type {
	case configs.ReceiverFixed:
		return receiverStep{text: r.Name + ": always at " + coordinates(&r.Fixed)}
	case configs.ReceiverMeta:
		return receiverStep{text: r.Name + ": positions are posted to " + postURL(web, "/gps/meta/"+r.Name+"/update.cmd")}
	case configs.ReceiverWeb:
		return receiverStep{text: r.Name + ": positions are posted to " + postURL(web, "/gps/web/update.cmd")}
	case configs.ReceiverReplay:
		return replayStep(ctx, r)
	case configs.ReceiverBus:
		return receiverStep{text: r.Name + ": follows " + bus.Heard(r.From).String() + " on the bus"}
	case configs.ReceiverGPSD, configs.ReceiverNMEA:
	}
	live, err := c.open(r)
	if err != nil {
		return receiverStep{err: err}
	}
	return c.listen(ctx, r, live)
}

// listen runs a receiver for as long as it takes to know how it is.
func (c *gpsCheck) listen(outer context.Context, r configs.Receiver, live checkedReceiver) receiverStep {
	wait, visited := c.wait.first, r.Feed == configs.FeedListen || r.Feed == configs.FeedUDP
	switch {
	case visited:
		wait = c.wait.visitor
	case r.Feed == configs.FeedSerial && r.Baud == 0:
		wait = c.wait.hunt
	}
	ctx, done := context.WithTimeout(outer, wait)
	defer done()
	h := &heard{sky: -1}
	err := live.Run(ctx, func(e gps.Event) {
		first := !h.epoch
		switch h.take(e, live.Detail()); {
		case h.enough():
			done()
		case first && h.epoch:
			time.AfterFunc(c.wait.fix, done)
		}
	})
	object := live.Object()
	switch {
	case h.fix != nil:
		return receiverStep{text: object + ": " + withCommas(fixWorth(h.fix), h.detail)}
	case outer.Err() != nil:
		return receiverStep{err: outer.Err()}
	case ctx.Err() == nil && fault.CodeOf(err) == fault.GPSBusy:
		return c.busy(err)
	case ctx.Err() == nil: // it ended by itself
		return receiverStep{err: c.withPorts(r, err)}
	case h.speaks:
		return receiverStep{warn: true, code: fault.GPSSearching, text: object + ": " + withCommas("no fix yet", h.view(), h.detail)}
	}
	return unheard(live, wait, visited)
}

// unheard says of a receiver that told nothing whether anything came at all.
func unheard(live checkedReceiver, wait time.Duration, visited bool) receiverStep {
	object := live.Object()
	if l, ok := live.(interface{ Came() (bool, error) }); ok {
		came, err := l.Came()
		switch {
		case err != nil:
			return receiverStep{err: err}
		case came:
			return receiverStep{
				warn: true, text: object + ": sentences come, and none of them has said where the receiver is",
				remedy: "have the receiver send RMC or GGA, or wait: it may send them seldom",
			}
		}
	}
	if visited {
		return receiverStep{text: fmt.Sprintf("%s: ready; nobody sent anything in %s", object, wait)}
	}
	return receiverStep{err: fault.Newf(fault.GPSSilent, object, "nothing came in %s", wait)}
}

// heard is what a receiver has said so far.
type heard struct {
	speaks bool     // anything
	epoch  bool     // whether it knows where it is
	fix    *gps.Fix // the best with a position: the first is often not complete
	sky    int      // satellites in view; -1 is not said
	detail string   // of the receiver, while it was open
}

func (h *heard) take(e gps.Event, detail string) {
	h.detail = cmp.Or(detail, h.detail)
	switch m := e.(type) {
	case gps.Sky:
		h.speaks, h.sky = true, len(m.Satellites)
	case gps.Fix:
		h.speaks, h.epoch = true, true
		if m.HasPosition() && (h.fix == nil || m.Mode > h.fix.Mode || math.IsNaN(h.fix.AccuracyM)) {
			h.fix = &m
		}
	}
}

// enough reports whether waiting would tell nothing more.
func (h *heard) enough() bool {
	return h.fix != nil && h.fix.Mode == gps.Mode3D && !math.IsNaN(h.fix.AccuracyM)
}

func (h *heard) view() string {
	if h.sky < 0 {
		return ""
	}
	return plural(h.sky, "satellite", "satellites") + " in view"
}

// withPorts adds to a device that is not there which ones are.
func (c *gpsCheck) withPorts(r configs.Receiver, err error) error {
	f, ok := errors.AsType[*fault.Error](err)
	if !ok || f.Code != fault.GPSMissing || r.Feed != configs.FeedSerial {
		return err
	}
	ports, _ := c.ports() // without them there is less to say
	var likely []string
	for _, p := range ports {
		if p.Likely {
			likely = append(likely, p.Name())
		}
	}
	if len(likely) == 0 {
		return err
	}
	return &fault.Error{Code: f.Code, Object: f.Object, Err: f.Err, Advice: "plug it in, sensord waits for it; or name the receiver that is here: " + strings.Join(likely, ", ")}
}

// fixWorth says what a fix is worth.
func fixWorth(f *gps.Fix) string {
	text := "2D fix"
	if f.Mode == gps.Mode3D {
		text = "3D fix"
	}
	if !math.IsNaN(f.AccuracyM) {
		text += fmt.Sprintf(", good to %.1f m (%s)", f.AccuracyM, cmp.Or(string(f.AccuracyOrigin), "not said why"))
	}
	if f.Satellites >= 0 {
		text += ", " + plural(f.Satellites, "satellite", "satellites")
	}
	return text
}

func coordinates(p *gps.Position) string {
	number := func(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }
	text := number(p.Lat) + "," + number(p.Lon)
	if !math.IsNaN(p.AltMSL) {
		text += "," + number(p.AltMSL)
	}
	return text
}

// withCommas puts commas between what there is.
func withCommas(parts ...string) string {
	var there []string
	for _, p := range parts {
		if p != "" {
			there = append(there, p)
		}
	}
	return strings.Join(there, ", ")
}
