package kismettest

import (
	"maps"
	"slices"
	"strings"

	"github.com/sensord/sensord/uplink/kismet"
)

// maxNotes bounds the lists of messages and rejections.
const maxNotes = 1000

// A source is a datasource object of the server. It outlives its sessions once
// it is listed. All of it is guarded by Server.mu.
type source struct {
	Stats

	uuid    string // empty on a 2023 server until the OPENREPORT
	asked   string // the UUID of NEWSOURCE
	peer    peer
	session *session // nil when not running
	err     string
	options map[string]string
	meta    *metaGPS // that metagps= names; nil is none
	hopList []string // what the server makes it hop through
	kept    []Frame
}

// newSource makes the object for a UUID that is in no list. What was counted
// under this UUID by an object that never got into the list goes on counting.
func (s *Server) newSource(uuid, typ string) *source {
	src := &source{asked: uuid, peer: peer{version: s.cfg.Profile.fresh()}}
	if s.cfg.Profile != T23 {
		src.uuid = uuid
	}
	s.sources = slices.DeleteFunc(s.sources, func(o *source) bool {
		if o.Listed || o.session != nil || o.id() != uuid {
			return false
		}
		src.Stats, src.kept = o.Stats, o.kept
		return true
	})
	src.Type = typ
	s.sources = append(s.sources, src)
	return src
}

// listed returns the source with this UUID that is in the server's list.
func (s *Server) listed(uuid string) *source {
	for _, src := range s.sources {
		if src.Listed && src.uuid == uuid {
			return src
		}
	}
	return nil
}

// id is what a source is called: its UUID, or the announced one until it has
// one.
func (src *source) id() string {
	if src.uuid != "" {
		return src.uuid
	}
	return src.asked
}

// define merges a definition into the options that the source already has;
// none is ever forgotten.
func (src *source) define(iface string, options map[string]string, announced string, wifi map[string]string) {
	if src.options == nil {
		src.options = map[string]string{}
	}
	maps.Copy(src.options, options)
	if src.Type == "linuxwifi" {
		for name, value := range wifi {
			if _, ok := src.options[name]; !ok {
				src.options[name] = value
			}
		}
	}
	src.Interface, src.Announced = iface, announced
	if src.Name = src.options["name"]; src.Name == "" {
		src.Name = iface
	}
}

func (src *source) definition() string { return regenerate(src.Interface, src.options) }

// report takes what an OPENREPORT says of the source.
func (src *source) report(m kismet.OpenReport) {
	if src.LinkType == 0 {
		src.LinkType = m.LinkType
	}
	src.CaptureInterface, src.Hardware, src.Program = m.CaptureInterface, m.Hardware, m.Version
	src.Channel = m.Channel
	if m.Hop != nil {
		src.Hop = *m.Hop
	}
	src.Channels = slices.Clone(m.Channels)
	if ch := src.options["channel"]; ch != "" {
		src.Channels = addChannels(src.Channels, ch)
	}
	src.hopList = slices.Clone(src.Channels)
	if list := src.options["channels"]; list != "" {
		src.hopList = strings.Split(list, ",")
		src.Channels = addChannels(src.Channels, src.hopList...)
	}
	if list := src.options["add_channels"]; list != "" {
		src.hopList = addChannels(src.hopList, strings.Split(list, ",")...)
		src.Channels = addChannels(src.Channels, src.hopList...)
	}
	if list := src.options["block_channels"]; list != "" {
		for blocked := range strings.SplitSeq(list, ",") {
			src.block(blocked)
		}
	}
}

// block takes a blocked channel out of the hop list. A v3 server takes out the
// first other one instead.
func (src *source) block(blocked string) {
	i := slices.IndexFunc(src.hopList, func(c string) bool {
		return strings.EqualFold(c, blocked) != (src.peer.version == kismet.V3)
	})
	if i >= 0 {
		src.hopList = slices.Delete(src.hopList, i, i+1)
	}
}

// addChannels appends the channels that list lacks.
func addChannels(list []string, more ...string) []string {
	for _, ch := range more {
		if !slices.ContainsFunc(list, func(c string) bool { return strings.EqualFold(c, ch) }) {
			list = append(list, ch)
		}
	}
	return list
}

// tuned takes what a CONFIGREPORT says is in effect.
func (src *source) tuned(v kismet.Version, m kismet.ConfigureReport) {
	src.ConfigReports++
	src.LastReport = m
	if m.Channel != "" {
		src.Channel, src.Hopping = m.Channel, false
	}
	// In v2 a channel makes the server ignore the hop block.
	if m.Hop == nil || v != kismet.V3 && m.Channel != "" {
		return
	}
	src.Hopping = v == kismet.V3 || m.Hop.Rate != 0
	if v != kismet.V3 || m.Hop.Channels != nil {
		src.hopList = slices.Clone(m.Hop.Channels)
	}
	src.Hop = *m.Hop
	src.Hop.Channels = slices.Clone(src.hopList)
}

// canHop reports whether the server makes the source hop.
func (src *source) canHop() bool {
	return src.Type == "linuxwifi" && optionBool(src.options["channel_hop"], true)
}
