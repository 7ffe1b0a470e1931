package main

import (
	"context"
	"net"
	"strings"
	"time"

	"github.com/sensord/sensord/actors"
	"github.com/sensord/sensord/bus"
	"github.com/sensord/sensord/configs"
	"github.com/sensord/sensord/gps/clock"
	"github.com/sensord/sensord/internal/fault"
)

// busWait is how long a bus may take to let a rig in.
const busWait = 8 * time.Second

// bus joins the bus as the rig would, and leaves it.
func (c *checklist) bus(ctx context.Context, cfg configs.Bus, version string) {
	if !cfg.On() {
		return
	}
	c.about = "bus of fleet " + cfg.Fleet
	o, err := actors.BusOptions(cfg, version)
	if err != nil {
		c.step("bus", 0, "", err)
		return
	}
	o.Now, o.UTC = clock.Boottime, func() (int64, bool) { return 0, false }
	began := time.Now()
	patience, cancel := context.WithTimeout(ctx, busWait)
	defer cancel()
	joined, err := bus.Probe(patience, o)
	took := time.Since(began)
	switch {
	case err != nil && cfg.Mode == configs.BusLeaf && fault.CodeOf(err) == fault.BusRefused:
		// As at home, before the hub is in reach.
		c.warn("bus", took, fault.BusRefused, err.Error()+"; what is published is kept until it answers", fault.RemedyOf(err))
	case err != nil:
		c.step("bus", took, "", err)
	case cfg.Mode == configs.BusEmbedded:
		c.step("bus", took, "a server inside this process, as rig "+cfg.Rig, nil)
	default:
		c.step("bus", took, joined+" lets rig "+cfg.Rig+" in", nil)
	}
	c.busPort(ctx, cfg.Listen)
}

// busPort tells whether other programs of this machine can be let in.
func (c *checklist) busPort(ctx context.Context, address string) {
	if address == "" {
		return
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err == nil {
		_ = l.Close()
		c.step("bus port", 0, address+" is free", nil)
		return
	}
	// Whether a sensord that runs has it, which then is right, or another program.
	if conn, failed := new(net.Dialer).DialContext(ctx, "tcp", address); failed == nil {
		greeting := make([]byte, 5)
		_ = conn.SetReadDeadline(time.Now().Add(time.Second))
		_, _ = conn.Read(greeting)
		_ = conn.Close()
		if strings.HasPrefix(string(greeting), "INFO ") {
			c.warn("bus port", 0, fault.BusListen, address+": a NATS server has it", "if that is the sensord that runs here, nothing is wrong; else choose another address")
			return
		}
	}
	c.step("bus port", 0, "", fault.New(fault.BusListen, "bus "+address, innermost(err)))
}
