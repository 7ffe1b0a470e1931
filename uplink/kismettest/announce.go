package kismettest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sensord/sensord/uplink/kismet"
)

// openTimeout is how long a server waits for an OPENREPORT; a later one leaves
// the source unlisted.
const openTimeout = 30 * time.Second

// announce deals with NEWSOURCE. The server is locked.
func (x *session) announce(h kismet.Header, m kismet.NewSource) error {
	s := x.s
	iface, options := parseDefinition(m.Definition)
	uuid := looseUUID(m.UUID)
	src := s.listed(uuid)
	switch {
	case s.fault.Load().RejectSources:
		return dropf("source rejected")
	case src == nil && !slices.Contains(s.cfg.Types, m.Type):
		return dropf("unknown source type %q", m.Type)
	case src != nil && src.Type != m.Type && s.cfg.Profile != T23:
		return dropf("source %s is of type %s, not %s", uuid, src.Type, m.Type)
	}
	if text := options["uuid"]; text != "" {
		if own := looseUUID(text); own != noUUID {
			uuid = own
		} else {
			return dropf("unparsable uuid option %q", text)
		}
	}
	if src == nil {
		src = s.newSource(uuid, m.Type)
	}
	if options["uuid"] != "" {
		src.uuid = uuid // before the one of the report, on a 2023 server too
	}
	if old := src.session; old != nil {
		old.finish(&stop{endNow, "replaced by a new connection"})
		if d := s.fault.Load().StaleEnd; d > 0 {
			time.AfterFunc(d, func() { x.end(&stop{endNow, "websocket connection closed"}) })
		}
	}
	if s.cfg.Profile == T25PB {
		src.peer.version = h.Version
	}
	src.define(iface, options, m.Definition, s.cfg.WifiOptions)
	if name := src.options["metagps"]; name != "" {
		if src.meta = s.meta(name); src.meta == nil {
			src.meta = s.addMeta(name, "meta:name="+name, false)
		}
	}
	src.session, src.err = x, ""
	src.Sessions++

	x.src, x.peer, x.number = src, &src.peer, src.Sessions
	x.lastPong, x.openAt = time.Now(), time.Now()
	if f := s.fault.Load(); f.ResetAfter != nil {
		x.resetAt = f.ResetAfter(src.id(), x.number)
	}
	close(x.announced)
	x.openSeq = x.say(kismet.OpenSource{Definition: src.definition()})
	if l, ok := x.link.(*tcpLink); ok && s.cfg.Profile == T23 {
		l.swallow()
	}
	s.cfg.Logger.Info("source announced", "source", src.id(), "type", src.Type, "session", x.number)
	return nil
}

// openReport deals with OPENREPORT. The server is locked.
func (x *session) openReport(m kismet.OpenReport) error {
	src, s := x.src, x.s
	if !m.OK {
		return dropf("%s", m.Text)
	}
	x.opened = true
	src.uuid = s.reportedUUID(src, m)
	src.report(m)
	// Another echo leaves a source that runs and is in no list, a late one too.
	if m.Seq != x.openSeq || time.Since(x.openAt) > openTimeout {
		return nil
	}
	if other := s.listed(src.uuid); other != nil && other != src {
		return dropf("another source has the UUID %s", src.uuid)
	}
	x.openSeq = 0
	src.Listed = true
	s.cfg.Logger.Info("source opened", "source", src.id())
	s.hop(src)
	return nil
}

// reportedUUID is the UUID of a source once it is open. A 2023 server takes it
// from the report, and makes one up when there is none.
func (s *Server) reportedUUID(src *source, m kismet.OpenReport) string {
	if src.uuid != "" {
		return src.uuid
	}
	if m.UUID != "" {
		return looseUUID(m.UUID)
	}
	s.madeUp++
	return fmt.Sprintf("FFFFFFFF-0000-0000-0000-%012X", s.madeUp)
}

// configureReport deals with CONFIGREPORT. The server is locked.
func (x *session) configureReport(h kismet.Header, m kismet.ConfigureReport) error {
	if !m.OK {
		return dropf("%s", m.Text)
	}
	delete(x.pending, m.Seq)
	x.src.tuned(h.Version, m)
	return nil
}

// configure sends a CONFIGREQ. The server must be locked.
func (x *session) configure(m kismet.Configure) {
	x.pending[x.say(m)] = struct{}{}
}

// hop gives the sources that are like src their hop commands, as the server
// does when src has opened: each starts elsewhere in
// the common list.
func (s *Server) hop(src *source) {
	if s.cfg.HopRate < 0 || !src.canHop() {
		return
	}
	var alike []*source
	for _, o := range s.sources {
		open := o.Listed && o.session != nil && o.session.opened
		if open && o.canHop() && sameChannels(o.Channels, src.Channels) {
			alike = append(alike, o)
		}
	}
	for i, o := range alike {
		rate := s.cfg.HopRate
		if len(alike) > 1 {
			rate = hopRate(o.options["channel_hoprate"], rate)
		}
		o.session.configure(kismet.Configure{Hop: &kismet.Hop{
			Rate:     rate,
			Shuffle:  !s.cfg.InOrder,
			Offset:   uint32(len(o.hopList) / len(alike) * i),
			Channels: o.hopList,
		}})
	}
}

func sameChannels(a, b []string) bool {
	lower := func(in []string) []string {
		out := make([]string, len(in))
		for i, c := range in {
			out[i] = strings.ToLower(c)
		}
		slices.Sort(out)
		return out
	}
	return slices.Equal(lower(a), lower(b))
}
