package actors

import (
	"sync/atomic"
	"time"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/capture/bpf"
	"github.com/sensord/sensord/capture/hop"
	"github.com/sensord/sensord/capture/linuxwifi"
	"github.com/sensord/sensord/configs"
	"github.com/sensord/sensord/gps"
	"github.com/sensord/sensord/uplink"
	"github.com/sensord/sensord/uplink/export"
	"github.com/sensord/sensord/uplink/frames"
	"github.com/sensord/sensord/uplink/frames/spool"
)

// Status is a rig at one moment.
type Status struct {
	Started     time.Time
	Restarts    uint64 // of actors that failed
	Sources     []SourceStatus
	Position    gps.Position // if HasPosition
	HasPosition bool
	GPS         GPSStatus
	Spool       *SpoolStatus          // nil keeps frames in memory only
	Record      *export.RecorderStats // nil records nothing
	Replay      uplink.ReplayLimits   // in effect, of late frames
}

// SpoolStatus is the rig's spool at one moment, in bytes.
type SpoolStatus struct {
	Dir         string
	Bytes, Size int64 // held, and that may be
	Free        int64 // on the disk, -1 if that is not known
	Err         error // why frames are kept in memory only, nil if they are not
}

// SourceStatus is one datasource at one moment.
type SourceStatus struct {
	Name, Type string
	UUID       capture.UUID
	Capture    CaptureState
	Err        error // why capture failed
	Frames     frames.Stats
	Link       LinkStatus
	Radio      *RadioStatus // nil for what is no radio
}

// RadioStatus is a source's radio at one moment.
type RadioStatus struct {
	Err      error                 // why there is none, nil while it captures
	Tuned    capture.Channel       // zero while it is not known
	Hop      hop.Status            //
	Coverage hop.Snapshot          //
	Socket   linuxwifi.SocketStats // of the one that is open
	Filter   *bpf.Program          // nil until there is one
}

// CaptureState says how far the capture of a source is.
type CaptureState int32

// Capture states.
const (
	CaptureOpening CaptureState = iota // not yet open
	CaptureRunning                     // frames come, or may
	CaptureEnded                       // the file is read, or the rig stops
	CaptureFailed                      // could not be opened, or broke
	CaptureWaiting                     // the radio is away, and awaited
)

// String returns the state in a word.
func (s CaptureState) String() string {
	switch s {
	case CaptureRunning:
		return "capturing"
	case CaptureEnded:
		return "ended"
	case CaptureFailed:
		return "failed"
	case CaptureWaiting:
		return "waiting for the radio"
	}
	return "opening"
}

// LinkState says how far a source's link is.
type LinkState int

// Link states.
const (
	LinkIdle      LinkState = iota // no attempt yet
	LinkDialling                   // connecting, logging in, negotiating
	LinkAnnounced                  // the server has yet to open the source
	LinkStreaming                  // frames flow
	LinkWaiting                    // lost or refused; the next attempt comes
	LinkFinished                   // everything is confirmed
	LinkGaveUp                     // ended for good
)

// String returns the state in a word.
func (s LinkState) String() string {
	switch s {
	case LinkDialling:
		return "connecting"
	case LinkAnnounced:
		return "announced"
	case LinkStreaming:
		return "streaming"
	case LinkWaiting:
		return "waiting"
	case LinkFinished:
		return "finished"
	case LinkGaveUp:
		return "gave up"
	}
	return "idle"
}

// LinkStatus is a source's link at one moment.
type LinkStatus struct {
	State      LinkState
	Server     string // URL without secrets
	ServerName string //
	Protocol   string // "v3", empty before the first link
	Links      uint64 // links that streamed
	SentBytes  uint64 // of frames, over all links
	Since      time.Time
	RoundTrip  time.Duration
	CatchUp    time.Duration // until nothing late waits any more, if HasCatchUp
	HasCatchUp bool
	HoldsLate  bool  // kept frames wait until the time is known
	Err        error // why the last link ended, or could not be made

	// Replaced is the fault.LinkReplaced by which a link ended last, at
	// ReplacedAt: the next link streams, and says nothing of the rival.
	Replaced   error
	ReplacedAt time.Time
}

// sourceState is what of a source outlives its actors: made by the rig, used
// by the source and its children, read by anybody.
type sourceState struct {
	cfg      configs.Source
	index    int // in the configuration
	log      *frames.Log
	unkept   atomic.Bool                 // its store could not be opened, for the disk
	missed   chan struct{}               // rings when unkept is set by one who opens a radio
	late     atomic.Pointer[spool.Store] // that was opened behind the start
	attached atomic.Bool                 // the log has its store on disk
	writing  turn                        // to write the log to that
	gate     *frames.Gate                // nil without zones
	hidden   uint64                      // of its frames, that the log knows of
	engine   engineSlot
	runs     atomic.Uint64 // starts of the source
	read     atomic.Uint64 // frames that the radio has handed over; the log counts those that arrived
	capture  atomic.Int32  // CaptureState
	link     atomic.Pointer[LinkStatus]
	failed   atomic.Pointer[error]        // why capture ended early
	id       atomic.Pointer[capture.UUID] // a radio's may only be known once it opens

	// Of a radio only.
	coverage *hop.Coverage
	hopper   atomic.Pointer[hop.Hopper]
	filter   atomic.Pointer[bpf.Program]
	radioErr atomic.Pointer[error]
	options  atomic.Pointer[capture.Definition] // the user's, with what the server pushed
}

func newSourceState(cfg configs.Source, memory int, rig *shared) *sourceState {
	s := &sourceState{cfg: cfg, missed: make(chan struct{}, 1), writing: newTurn(), log: frames.NewLog(frames.Options{
		MemoryBytes: memory, After: rig.cfg.Spool.After, Tracker: rig.tracker, Now: rig.now,
		Zones: rig.cfg.Privacy.Zones, Log: rig.log.With("source", cfg.Name),
	})}
	if len(rig.cfg.Privacy.Zones) > 0 {
		s.gate = frames.NewGate(rig.cfg.Privacy.Zones, rig.tracker, rig.now)
	}
	s.engine.ready, s.engine.work = make(chan struct{}), make(chan struct{}, 1)
	s.id.Store(&cfg.UUID)
	s.options.Store(&cfg.Definition)
	if cfg.Type == capture.TypeLinuxWifi {
		s.coverage = hop.NewCoverage(rig.now)
	}
	s.link.Store(&LinkStatus{})
	if len(rig.dialers) > 0 {
		first := rig.dialers[0].Server
		s.link.Store(&LinkStatus{Server: first.URL(), ServerName: first.Name})
	}
	return s
}

// countHidden tells the log of frames that the gate has hidden since.
func (s *sourceState) countHidden() {
	hidden := s.gate.Hidden()
	s.log.Hide(int(hidden - s.hidden))
	s.hidden = hidden
}

// takeAll empties the log where there is no server to send it to.
func (s *sourceState) takeAll() {
	for c, ok := s.log.Next(); ok; c, ok = s.log.Next() {
		n := c.Len()
		end := c.Seq(0) + frames.Seq(n)
		s.log.Sent(c, n)
		s.log.Ack(end)
	}
}

func (s *sourceState) uuid() capture.UUID { return *s.id.Load() }

func (s *sourceState) setCapture(c CaptureState) { s.capture.Store(int32(c)) }

// ended settles what the status says behind the last actor's end.
func (s *sourceState) ended() {
	s.capture.CompareAndSwap(int32(CaptureRunning), int32(CaptureEnded))
	l := *s.link.Load()
	if l.State != LinkFinished {
		l.State = LinkGaveUp
	}
	s.link.Store(&l)
}

func (s *sourceState) status() SourceStatus {
	return SourceStatus{
		Name: s.cfg.Name, Type: s.cfg.Type, UUID: s.uuid(),
		Capture: CaptureState(s.capture.Load()),
		Err:     s.failure(),
		Frames:  s.log.Stats(),
		Link:    *s.link.Load(),
		Radio:   s.radio(),
	}
}

// failure says why capture failed, nil if it did not.
func (s *sourceState) failure() error {
	if err := s.failed.Load(); err != nil {
		return *err
	}
	return nil
}

func (s *sourceState) radio() *RadioStatus {
	if s.coverage == nil {
		return nil
	}
	r := &RadioStatus{Coverage: s.coverage.Snapshot(), Filter: s.filter.Load()}
	if h := s.hopper.Load(); h != nil {
		r.Hop = h.Status()
	}
	if live := s.engine.live(); live != nil {
		r.Tuned, r.Socket = live.Tuned(), live.Stats()
	} else if err := s.radioErr.Load(); err != nil {
		r.Err = *err
	}
	return r
}
