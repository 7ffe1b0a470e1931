package kismettest

import (
	"fmt"
	"slices"

	"github.com/sensord/sensord/uplink/kismet"
)

// SetChannel tells a running source to stop hopping and tune, as the web
// interface does. It does not wait for the report.
func (s *Server) SetChannel(uuid, channel string) error {
	return s.configure(uuid, kismet.Configure{Channel: channel})
}

// SetHop tells a running source to hop. It does not wait for the report.
func (s *Server) SetHop(uuid string, hop kismet.Hop) error {
	hop.Channels = slices.Clone(hop.Channels)
	return s.configure(uuid, kismet.Configure{Hop: &hop})
}

// CloseSource ends a running source's session, as the web interface does. The
// sensor may come back at once.
func (s *Server) CloseSource(uuid string) error {
	return s.command(uuid, func(x *session) { x.finish(&stop{endFlush, "source closed"}) })
}

func (s *Server) configure(uuid string, m kismet.Configure) error {
	return s.command(uuid, func(x *session) { x.configure(m) })
}

// command does something to the session of a running source.
func (s *Server) command(uuid string, do func(*session)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	src := s.find(uuid)
	if src == nil || src.session == nil {
		return fmt.Errorf("source %s: not running", uuid)
	}
	do(src.session)
	return nil
}
