package actors

import (
	"strconv"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/configs"
	"github.com/sensord/sensord/uplink"
)

// session is what the source brings to its next link. It settles how the source
// is announced.
func (k *uplinkActor) session(tell func(uplink.Event)) uplink.Session {
	cfg, uuid := k.state.cfg, k.state.uuid()
	// With uuid= a 2025 server keeps remote sources apart.
	definition := cfg.Definition.With("uuid", uuid.String())
	if cfg.Type == capture.TypeLinuxWifi {
		// A server keeps what an earlier session said, so both ways are said.
		hops := strconv.FormatBool(hopMode(cfg) == configs.HopServer)
		definition = definition.With("channel_hop", hops)
		if k.clockRules() {
			own, backlog := k.ownTimes()
			k.timed.Store(own)
			k.lent.Store(backlog)
			definition = definition.With("timestamp", strconv.FormatBool(!k.timed.Load()))
		}
		// A 2025 server takes out the wrong channel: the list it is told is
		// already without them.
		definition = definition.Without("block_channels")
	}
	if !k.copied.Load() || k.server != 0 && k.rig.copyOf(metaName(cfg)) != nil {
		definition = definition.Without("metagps") // our copy is on the first server
	}
	return uplink.Session{
		UUID: uuid, Type: cfg.Type,
		Definition: definition.String(),
		Log:        k.state.log,
		Tracker:    k.rig.tracker,
		Lender:     k.rig.lender,
		Heard:      tell,
		Boottime:   k.rig.now,
		Timed:      !definition.Bool("timestamp", true),
		Unplaced:   k.copy() != nil,
		Pacer:      k.rig.pacer,
		Zones:      k.rig.cfg.Privacy.Zones,
		HoldLate:   k.rig.keeps(k.state) && k.clockRules() && !k.timed.Load(),
	}
}
