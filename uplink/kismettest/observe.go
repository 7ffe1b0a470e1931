package kismettest

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/sensord/sensord/uplink/kismet"
)

// Stats are what a server knows and has counted of a source, over all its
// sessions.
type Stats struct {
	Type      string
	Interface string
	Name      string
	Announced string // the definition of the last NEWSOURCE, as sent
	Listed    bool   // in the server's source list: opened with the right echo at least once
	Sessions  int    // NEWSOURCEs that were accepted

	Frames  int // data reports with a frame, behind a good OPENREPORT
	Reports int // all data reports behind a good OPENREPORT
	Early   int // data reports before it: a sensor must not send them, and a real server counts them
	Pings   int // PINGs that the sensor sent

	LinkType         uint32
	CaptureInterface string
	Hardware         string
	Program          string   // version of the capture program, v3 only
	Channels         []string // supported, options of the definition included
	Channel          string
	Hopping          bool
	Hop              kismet.Hop // last reported

	ConfigReports int
	LastReport    kismet.ConfigureReport
	Messages      []kismet.Text // the first 1000
}

// Source is a snapshot of one source.
type Source struct {
	Stats
	UUID       string // on a 2023 server NEWSOURCE's until the OPENREPORT
	Definition string // as the server regenerates it
	Options    map[string]string
	Version    kismet.Version // the generation that the server answers in
	Running    bool           // there is a session
	Error      string         // why the last session ended; empty while running
	Pending    int            // CONFIGREQs of this session without a report
}

// Frame is a frame as its data report carried it.
type Frame struct {
	Session   int // number of the session that brought it, from 1
	LinkType  uint32
	Sec, Usec uint64
	OrigLen   uint32
	Content   []byte // not to be changed
	GPS       *kismet.GPS
	Signal    *kismet.Signal
	Place     *Place // where the server puts it; nil is nowhere
}

// newFrame makes a Frame of a report; of that only the content lives in the
// receive buffer.
func newFrame(session int, d *kismet.Data, at *Place) Frame {
	p := d.Packet
	return Frame{
		Session: session, LinkType: p.LinkType, Sec: p.Sec, Usec: p.Usec, OrigLen: p.OrigLen,
		Content: slices.Clone(p.Content), GPS: d.GPS, Signal: d.Signal, Place: at,
	}
}

// Sources returns all sources, running or not, in the order of their first
// announcement.
func (s *Server) Sources() []Source {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]Source, len(s.sources))
	for i, src := range s.sources {
		list[i] = src.snapshot()
	}
	return list
}

// Source returns the source with this UUID.
func (s *Server) Source(uuid string) (Source, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if src := s.find(uuid); src != nil {
		return src.snapshot(), true
	}
	return Source{}, false
}

// Frames returns the frames of a source, in the order of their arrival, as far
// as they were kept.
func (s *Server) Frames(uuid string) []Frame {
	s.mu.Lock()
	defer s.mu.Unlock()
	if src := s.find(uuid); src != nil {
		return slices.Clone(src.kept)
	}
	return nil
}

// Rejected returns why connections ended before a source was announced, the
// first 1000.
func (s *Server) Rejected() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.rejected)
}

// Accepted returns how many connections were accepted, HTTP and legacy TCP.
func (s *Server) Accepted() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.accepted
}

// Wait waits until cond is true of the server. It looks whenever something has
// changed, without polling; cond may call all methods.
func (s *Server) Wait(ctx context.Context, cond func(*Server) bool) error {
	bell := make(chan struct{}, 1)
	s.mu.Lock()
	s.bells[bell] = struct{}{}
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		delete(s.bells, bell)
		s.mu.Unlock()
	}()
	for !cond(s) {
		select {
		case <-bell:
		case <-ctx.Done():
			return fmt.Errorf("wait for kismettest: %w; %s", ctx.Err(), s.describe())
		}
	}
	return nil
}

// notify wakes all who wait. The server must be locked.
func (s *Server) notify() {
	for bell := range s.bells {
		select {
		case bell <- struct{}{}:
		default:
		}
	}
}

// describe says in a line what the server has seen, for a test that failed.
func (s *Server) describe() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d connections", s.Accepted())
	for _, src := range s.Sources() {
		fmt.Fprintf(&b, "; source %s v%d: %d frames in %d sessions, running %t, listed %t", src.UUID, src.Version, src.Frames, src.Sessions, src.Running, src.Listed)
		if src.Error != "" {
			fmt.Fprintf(&b, ", error %q", src.Error)
		}
	}
	for _, reason := range s.Rejected() {
		fmt.Fprintf(&b, "; rejected: %s", reason)
	}
	return b.String()
}

// find returns the source with this UUID, a listed one first, then the last.
func (s *Server) find(uuid string) *source {
	uuid = strings.ToUpper(uuid)
	if src := s.listed(uuid); src != nil {
		return src
	}
	for _, src := range slices.Backward(s.sources) {
		if src.id() == uuid {
			return src
		}
	}
	return nil
}

func (src *source) snapshot() Source {
	out := Source{
		Stats: src.Stats, UUID: src.id(), Definition: src.definition(), Options: maps.Clone(src.options),
		Version: src.peer.version, Running: src.session != nil, Error: src.err,
	}
	out.Channels, out.Messages = slices.Clone(src.Channels), slices.Clone(src.Messages)
	if src.session != nil {
		out.Pending = len(src.session.pending)
	}
	return out
}

// reject notes why a connection ended without a source.
func (s *Server) reject(reason string) {
	if len(s.rejected) < maxNotes {
		s.rejected = append(s.rejected, reason)
	}
}
