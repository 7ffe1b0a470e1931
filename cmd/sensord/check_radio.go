package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/capture/linuxwifi"
	"github.com/sensord/sensord/configs"
	"github.com/sensord/sensord/internal/fault"
)

// radioCheck looks at the radios of a configuration and changes nothing.
type radioCheck struct {
	*checklist
	app      *app
	stateDir string
	split    splitCheck
}

// radio tells of one radio, a line per step: is it there, may it be used, does
// it do what the configuration asks for.
func (c *radioCheck) radio(ctx context.Context, s configs.Source) {
	began := time.Now()
	d, err := c.app.radios.check(ctx, linuxwifi.Options{
		Interface: s.Definition.Interface, Definition: s.Definition, RingBytes: s.RingBytes, StateDir: c.stateDir,
	})
	took := time.Since(began)
	problems := d.Problems
	if err != nil && !slices.ContainsFunc(problems, func(p error) bool { return p.Error() == err.Error() }) {
		problems = append([]error{err}, problems...)
	}
	name := s.Definition.Interface
	found := len(problems) == 0 || len(d.Bands) > 0
	if found && !d.Monitor && !slices.ContainsFunc(problems, func(p error) bool { return stepOf(p) == fault.RadioUnsupported }) {
		problems = append(problems, fault.Newf(fault.RadioUnsupported, "radio "+name, "its driver has no monitor mode"))
	}
	for i, step := range []struct {
		name string
		code fault.Code
		ok   string
	}{
		{"radio", "", radioText(d)},
		{"permission", fault.RadioPermission, "the capabilities are there"},
		{"monitor mode", fault.RadioUnsupported, "the driver has it"},
		{"rfkill", fault.RadioBlocked, "it does not keep the radio off"},
		{"interfaces", fault.RadioBusy, "no other one keeps the radio from being tuned"},
	} {
		told := false
		for _, p := range problems {
			if stepOf(p) == step.code {
				c.step(step.name, took, "", p)
				took, told = 0, true
			}
		}
		if !told && found {
			c.step(step.name, took, name+": "+step.ok, nil)
		}
		if i == 0 {
			took = 0
		}
	}
	for _, note := range d.Notes {
		c.warn("radio", 0, "", name+": "+note, "")
	}
	if len(d.Bands) > 0 {
		c.channels(s, d)
	}
	c.filter(ctx, s)
}

// stepOf is the code whose step tells a problem; "" is of the first step.
func stepOf(problem error) fault.Code {
	switch code := fault.CodeOf(problem); code {
	case fault.RadioPermission, fault.RadioUnsupported, fault.RadioBlocked, fault.RadioBusy:
		return code
	}
	return ""
}

// channels holds what the configuration asks for against what the radio can do.
func (c *radioCheck) channels(s configs.Source, d linuxwifi.Device) {
	name := s.Definition.Interface
	o, err := capture.ParseChannelOptions(s.Definition)
	if err != nil {
		c.step("channels", 0, "", err)
		return
	}
	listed := capture.ListChannels(d.Bands, o)
	on := 0
	for _, l := range listed {
		if l.Off == "" {
			on++
		}
	}
	if on == 0 {
		c.step("channels", 0, "", fault.Newf(fault.RadioChannel, "radio "+name, "none of its %d channels can be used", len(listed)))
		return
	}
	detail := fmt.Sprintf("%s: %d can be used", name, on)
	if off := len(listed) - on; off > 0 {
		detail += fmt.Sprintf(", %d cannot; `sensord list --channels` says why", off)
	}
	c.step("channels", 0, detail, nil)
	if fixed, ok := s.Definition.Get("channel"); ok && fixed != "" {
		c.tunable("channel", name, d, []string{fixed}, s.Hop.Mode == configs.HopOff)
	}
	switch s.Hop.Mode {
	case configs.HopOff:
	case configs.HopSplit:
		c.split.add(s, d, listed, o)
	default:
		if len(s.Hop.Channels) > 0 {
			c.tunable("hop list", name, d, s.Hop.Channels, true)
			return
		}
		c.hopList(s, listed, o)
	}
}

// tunable tells which of the channels the radio cannot be tuned to.
func (c *radioCheck) tunable(step, name string, d linuxwifi.Device, channels []string, tell bool) {
	bad := 0
	for _, text := range channels {
		ch, err := capture.ParseChannel(text)
		if err == nil {
			err = capture.Tunable(d.Bands, ch)
		}
		if err != nil {
			bad++
			c.step(step, 0, "", radioFault(fault.RadioChannel, name, err))
		}
	}
	if bad == 0 && (tell || len(channels) == 1) {
		c.step(step, 0, name+": "+strings.Join(channels, ", "), nil)
	}
}

// hopList tells what the radio hops over by its definition.
func (c *radioCheck) hopList(s configs.Source, listed []capture.ListedChannel, o capture.ChannelOptions) {
	name := s.Definition.Interface
	channels, errs := capture.HopList(listed, o)
	for _, err := range errs {
		c.step("hop list", 0, "", radioFault(fault.RadioChannel, name, err))
	}
	switch {
	case len(errs) > 0:
	case len(channels) == 0:
		c.step("hop list", 0, "", &fault.Error{
			Code: fault.ConfigSource, Object: "radio " + name, Err: errors.New("no channel is left to hop over"),
			Advice: "take channels out of block_channels=, or name others with channels=",
		})
	case s.Hop.Mode == configs.HopServer:
		c.step("hop list", 0, fmt.Sprintf("%s: the server commands; %d channels are offered to it", name, len(channels)), nil)
	default:
		c.step("hop list", 0, fmt.Sprintf("%s: %d channels at %s", name, len(channels), configs.FormatRate(s.Hop.Rate)), nil)
	}
}

// radioFault is err as a failure of the radio with that name, with the code
// unless it has one.
func radioFault(code fault.Code, name string, err error) error {
	f, ok := errors.AsType[*fault.Error](err)
	if !ok {
		return fault.New(code, "radio "+name, err)
	}
	return &fault.Error{Code: f.Code, Object: "radio " + name, Err: err, Advice: f.Advice}
}

// splitCheck collects the radios that share a list: each channel needs one
// radio that can be tuned to it.
type splitCheck struct {
	radios []string
	names  []string // of the channels, in the order written
	able   map[string]bool
}

func (p *splitCheck) add(s configs.Source, d linuxwifi.Device, listed []capture.ListedChannel, o capture.ChannelOptions) {
	names := s.Hop.Channels
	if len(names) == 0 {
		channels, _ := capture.HopList(listed, o)
		for _, ch := range channels {
			names = append(names, ch.String())
		}
	}
	if p.able == nil {
		p.able = map[string]bool{}
	}
	p.radios = append(p.radios, s.Definition.Interface)
	for _, name := range names {
		if !slices.Contains(p.names, name) {
			p.names = append(p.names, name)
		}
	}
	for _, name := range p.names {
		if ch, err := capture.ParseChannel(name); err == nil && capture.Tunable(d.Bands, ch) == nil {
			p.able[name] = true
		}
	}
}

// splitList tells whether the radios that share a list can do all of it.
func (c *radioCheck) splitList() {
	p := c.split
	if len(p.radios) == 0 {
		return
	}
	var none []string
	for _, name := range p.names {
		if !p.able[name] {
			none = append(none, name)
		}
	}
	c.about = "radios " + strings.Join(p.radios, ", ")
	if len(none) > 0 {
		c.step("hop list", 0, "", fault.Newf(fault.RadioChannel, "radios "+strings.Join(p.radios, ", "), "none of them can be tuned to %s", strings.Join(none, ", ")))
		return
	}
	c.step("hop list", 0, fmt.Sprintf("%s share %d channels", strings.Join(p.radios, ", "), len(p.names)), nil)
}
