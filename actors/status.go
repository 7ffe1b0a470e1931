package actors

import (
	"sync/atomic"
	"time"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/configs"
	"github.com/sensord/sensord/gps"
	"github.com/sensord/sensord/uplink/frames"
)

// Status is a rig at one moment.
type Status struct {
	Started     time.Time
	Restarts    uint64 // of actors that failed
	Sources     []SourceStatus
	Position    gps.Position // if HasPosition
	HasPosition bool
}

// SourceStatus is one datasource at one moment.
type SourceStatus struct {
	Name, Type string
	UUID       capture.UUID
	Capture    CaptureState
	Frames     frames.Stats
	Link       LinkStatus
}

// CaptureState says how far the capture of a source is.
type CaptureState int32

// Capture states.
const (
	CaptureOpening CaptureState = iota // not yet open
	CaptureRunning                     // frames come, or may
	CaptureEnded                       // the file is read, or the rig stops
	CaptureFailed                      // could not be opened, or broke
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
	State     LinkState
	Server    string // URL without secrets
	Protocol  string // "v3", empty before the first link
	Links     uint64 // links that streamed
	Since     time.Time
	RoundTrip time.Duration
	Err       error // why the last link ended, or could not be made
}

// sourceState is what of a source outlives its actors: made by the rig, used
// by the source and its children, read by anybody.
type sourceState struct {
	cfg     configs.Source
	log     *frames.Log
	engine  engineSlot
	runs    atomic.Uint64 // starts of the source
	read    atomic.Uint64 // frames that the radio has handed over; the log counts those that arrived
	capture atomic.Int32  // CaptureState
	link    atomic.Pointer[LinkStatus]
}

func newSourceState(cfg configs.Source, memory int, server string) *sourceState {
	s := &sourceState{cfg: cfg, log: frames.NewLog(memory)}
	s.link.Store(&LinkStatus{Server: server})
	return s
}

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
		Name: s.cfg.Name, Type: s.cfg.Type, UUID: s.cfg.UUID,
		Capture: CaptureState(s.capture.Load()),
		Frames:  s.log.Stats(),
		Link:    *s.link.Load(),
	}
}
