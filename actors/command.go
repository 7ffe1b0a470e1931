package actors

import (
	"fmt"
	"slices"
	"time"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/capture/hop"
	"github.com/sensord/sensord/configs"
	"github.com/sensord/sensord/internal/fault"
	"github.com/sensord/sensord/uplink/kismet"
)

// command says who commands a radio's channel, and to what. In this order: the
// server's single channel, until its next hop command; the rig, where hop says
// local, split or adaptive; the server's hop command; the configuration.
type command struct {
	source string // for messages
	mode   configs.HopMode
	plan   hop.Plan        // the configuration's, or the rig's share of a split list
	server *hop.Plan       // the server's last hop command
	lock   capture.Channel // the server's single channel; zero is none
	names  map[capture.Channel]string
}

// hopsItself reports whether the server's hop commands do not count.
func hopsItself(m configs.HopMode) bool {
	return m == configs.HopLocal || m == configs.HopSplit || m == configs.HopAdaptive
}

// hopMode is the configuration's mode, unless the definition says that there is
// no hopping.
func hopMode(cfg configs.Source) configs.HopMode {
	mode := cfg.Hop.Mode
	if mode == "" {
		mode = configs.HopServer
	}
	if mode == configs.HopServer && !cfg.Definition.Bool("channel_hop", true) {
		return configs.HopOff
	}
	return mode
}

// single takes the server's command to stay on one channel.
func (c *command) single(name string) error {
	ch, err := capture.ParseChannel(name)
	if err != nil {
		return fault.New(fault.RadioChannel, c.source, err)
	}
	c.name(ch, name)
	c.lock = ch
	return nil
}

// hop takes the server's hop command. What it cannot read of the list it leaves
// out and returns. An empty list changes how, not where: servers send one when
// they know of no channels.
func (c *command) hop(k kismet.Hop) error {
	plan := hop.Plan{Rate: k.Rate, Shuffle: k.Shuffle, Skip: int(k.Skip), Offset: int(min(k.Offset, maxHopOffset))}
	var errs []error
	for _, name := range k.Channels {
		ch, err := capture.ParseChannel(name)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		c.name(ch, name)
		if len(plan.Channels) < maxHopChannels {
			plan.Channels = append(plan.Channels, ch)
		}
	}
	c.lock = capture.Channel{}
	if len(plan.Channels) == 0 {
		plan.Channels = c.effect().Channels
	}
	c.server = &plan
	if hopsItself(c.mode) {
		errs = append(errs, fmt.Errorf("hop: %s is set here, so the rig decides and not the server", c.mode))
	}
	return joined(c.source, errs)
}

// Bounds of what a server may ask for.
const (
	maxHopChannels = 1000
	maxHopOffset   = 1 << 16
	maxTold        = 3 // channels named in one message
)

// effect is the plan that counts. It does not look at the lock.
func (c *command) effect() hop.Plan {
	if c.server != nil && !hopsItself(c.mode) {
		return *c.server
	}
	if c.mode == configs.HopOff {
		return hop.Plan{Channels: c.plan.Channels}
	}
	return c.plan
}

// name remembers how the server spells a channel, to use the same word.
func (c *command) name(ch capture.Channel, name string) {
	if c.names == nil {
		c.names = map[capture.Channel]string{}
	}
	if ch.String() == name {
		delete(c.names, ch)
	} else if len(c.names) < maxHopChannels {
		c.names[ch] = name
	}
}

// spell is the name of a channel on the wire, "" for none.
func (c *command) spell(ch capture.Channel) string {
	if ch.IsZero() {
		return ""
	}
	if name, ok := c.names[ch]; ok {
		return name
	}
	return ch.String()
}

// onWire is what a hopper does, as a server reads it: the list in its order,
// without what is left out.
func (c *command) onWire(st hop.Status) *kismet.Hop {
	p := st.Plan
	k := &kismet.Hop{Shuffle: p.Shuffle, Skip: uint32(p.Stride()), Offset: uint32(max(p.Offset, 0))}
	if period := p.Period(); period > 0 {
		k.Rate = float64(time.Second) / float64(period)
	}
	for _, ch := range p.Channels {
		if slices.Contains(st.Active, ch) {
			k.Channels = append(k.Channels, c.spell(ch))
		}
	}
	return k
}
