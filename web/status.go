package web

import (
	"errors"

	"github.com/sensord/sensord/internal/fault"
)

// StatusSchema is the version of Status. It grows when a field changes its
// meaning or goes, which is not to happen; new fields do not change it.
const StatusSchema = 1

// Status is a rig at one moment, as `sensord status` and other programs are told
// it: plain values that are written as JSON. Fields are added in later versions,
// and never renamed or removed. What is not known is left out. Times of day are
// RFC 3339 in UTC, spans are in seconds, sizes in bytes.
type Status struct {
	Schema    int        `json:"schema"` // StatusSchema
	Time      string     `json:"time"`   // of this machine's clock
	Rig       string     `json:"rig"`
	Version   string     `json:"version"`
	PID       int        `json:"pid"`
	Started   string     `json:"started"`
	Uptime    float64    `json:"uptime_s"`
	Restarts  uint64     `json:"restarts"`  // of parts of it that failed
	Recording bool       `json:"recording"` // what is heard now is kept
	State     State      `json:"state"`     //
	Sentence  string     `json:"sentence"`  // the answer to "am I recording?", for people
	Problems  []Problem  `json:"problems"`  // what keeps it from recording all of it safely, the worst first
	Sources   []Source   `json:"sources"`   // in the order of the configuration
	Servers   []Endpoint `json:"servers"`   // in the order in which they are tried
	Position  *Position  `json:"position,omitempty"`
	Hidden    bool       `json:"position_hidden,omitempty"` // it is inside a zone of privacy:
	GPS       GPS        `json:"gps"`
	Memory    Memory     `json:"memory"`
	Spool     *Spool     `json:"spool,omitempty"`  // absent if frames are kept in memory only
	Record    *Record    `json:"record,omitempty"` // absent if no files are written
	Replay    *Replay    `json:"replay,omitempty"`
	Bus       *Bus       `json:"bus,omitempty"` // absent if there is none
	Web       string     `json:"web,omitempty"` // address at which positions can be posted
}

// State answers "am I recording?" in a word.
type State string

// States, from the best to the worst.
const (
	StateRecording State = "recording"     // everything that is heard is kept
	StateImpaired  State = "impaired"      // something is recorded, and something is missing or at risk
	StateFinished  State = "finished"      // files are read, and everything is confirmed
	StateSending   State = "sending"       // files are read, and wait to be confirmed
	StateHidden    State = "hidden"        // inside a zone of privacy: frames are not taken, as configured
	StateStarting  State = "starting"      // sources are being opened
	StateStopped   State = "not recording" // nothing is recorded
)

// A Problem is what happened to what, why, and what to do.
type Problem struct {
	Source string `json:"source,omitempty"` // that it is about
	Code   string `json:"code,omitempty"`   // of the guide's table
	Object string `json:"object,omitempty"` // what it happened to
	Error  string `json:"error"`            // why, without the object
	Remedy string `json:"remedy,omitempty"`
	Exit   int    `json:"exit,omitempty"` // the code's exit status

	// Harmless is a problem by which no frame is lost, and nothing is at risk.
	Harmless bool `json:"harmless,omitempty"`
}

// ProblemOf returns an error as a problem, nil for none.
func ProblemOf(err error) *Problem {
	if err == nil {
		return nil
	}
	p := &Problem{Code: string(fault.CodeOf(err)), Error: err.Error(), Remedy: fault.RemedyOf(err), Exit: fault.Exit(err)}
	if e, ok := errors.AsType[*fault.Error](err); ok && e.Error() == p.Error { // nothing is wrapped around it
		p.Object, p.Error = e.Object, e.Err.Error()
	}
	return p
}

// String is the problem in one line, without the remedy.
func (p *Problem) String() string {
	if p.Object == "" {
		return p.Error
	}
	return p.Object + ": " + p.Error
}

// What a source's capture is at.
const (
	captureOpening = "opening"
	captureRunning = "capturing"
	captureEnded   = "ended"
)

// What a link is at.
const (
	linkStreaming = "streaming"
	linkGaveUp    = "gave up"
)

// Source is one datasource.
type Source struct {
	Name     string   `json:"name"`
	Type     string   `json:"type"`           // as Kismet knows it
	UUID     string   `json:"uuid,omitempty"` // absent until it is known
	Capture  string   `json:"capture"`        // "opening", "capturing", "waiting for the radio", "ended" or "failed"
	Finite   bool     `json:"finite"`         // it has an end of its own: a file
	Link     Link     `json:"link"`
	Frames   Frames   `json:"frames"`
	Radio    *Radio   `json:"radio,omitempty"`
	Problem  *Problem `json:"problem,omitempty"` // of the capture
	Spooled  bool     `json:"spooled"`           // what waits for a server goes to the spool: not of files and pipes
	Hiding   bool     `json:"hiding,omitempty"`  // it is inside a zone of privacy
	Recorded bool     `json:"recorded"`          // what it hears now is kept
}

// Link is a source's way to its server.
type Link struct {
	State     string   `json:"state"` // "idle", "connecting", "announced", "streaming", "waiting", "finished", "gave up", or "none" without a server
	Server    string   `json:"server,omitempty"`
	Protocol  string   `json:"protocol,omitempty"` // "v3"
	Since     string   `json:"since,omitempty"`    // of the state
	Links     uint64   `json:"links"`              // that streamed, this one included
	RoundTrip *float64 `json:"round_trip_s,omitempty"`
	Sent      *uint64  `json:"sent_bytes,omitempty"` // written to links
	Rate      *float64 `json:"bytes_per_s,omitempty"`
	CatchUp   *float64 `json:"caught_up_in_s,omitempty"` // until nothing kept waits any more
	Held      string   `json:"held,omitempty"`           // why kept frames wait although the link streams
	Problem   *Problem `json:"problem,omitempty"`        // why the last link ended, or could not be made
	Replaced  *Problem `json:"replaced,omitempty"`       // another sensor took its place within the last minute, whatever the state is
}

// Frames are a source's counters, since the start of the program. Captured and
// recovered together are acknowledged, dropped, waiting and kept.
type Frames struct {
	Captured  uint64            `json:"captured"`
	Recovered uint64            `json:"recovered"` // found on disk at the start
	Sent      uint64            `json:"sent"`      // written to a link at least once, and not dropped since
	Acked     uint64            `json:"acknowledged"`
	Resent    uint64            `json:"sent_again"`
	Waiting   uint64            `json:"waiting"`   // neither acknowledged nor dropped
	InFlight  uint64            `json:"in_flight"` // of those, written to the present link
	OnDisk    uint64            `json:"on_disk"`   // of those, kept on disk
	Kept      uint64            `json:"kept"`      // once the program ends: on disk for the next start
	DiskBytes int64             `json:"disk_bytes"`
	MemBytes  int64             `json:"memory_bytes"`
	Oldest    *float64          `json:"oldest_unsent_s,omitempty"` // age of the oldest frame that is not sent
	Dropped   uint64            `json:"dropped"`
	DroppedBy map[string]uint64 `json:"dropped_by"` // reason to frames
	Problem   *Problem          `json:"problem,omitempty"`

	// Of the last seconds, absent in the first one.
	CaptureRate *float64 `json:"captured_per_s,omitempty"`
	SendRate    *float64 `json:"sent_per_s,omitempty"`
	AckRate     *float64 `json:"acknowledged_per_s,omitempty"`
	DropRate    *float64 `json:"dropped_per_s,omitempty"` // but for what a zone hid
	MissRate    *float64 `json:"missed_per_s,omitempty"`  // of those, what had just been heard: no old ones that made room
	HideRate    *float64 `json:"hidden_per_s,omitempty"`
	// Of the last minute, or of less after the start.
	DroppedLately map[string]uint64 `json:"dropped_lately,omitempty"` // reason to frames
	GiveUpRate    *float64          `json:"given_up_per_s,omitempty"` // the oldest, by the spool's size or age: whole files at a time
	Silent        *float64          `json:"silent_s,omitempty"`       // since the last frame came, of what captures
}

// ReasonPrivacy is the reason of frames that a zone hid: none that were lost.
const ReasonPrivacy = "privacy"

// Radio is what a radio does.
type Radio struct {
	Channel  string    `json:"channel,omitempty"` // tuned, as Kismet spells it
	FreqMHz  int       `json:"freq_mhz,omitempty"`
	Mode     string    `json:"hop_mode"` // who decides: "server", "local", "split", "adaptive" or "off"
	Hopping  bool      `json:"hopping"`
	Locked   bool      `json:"locked"`             // on one channel, by command
	Channels []string  `json:"channels,omitempty"` // that are visited
	Rate     float64   `json:"hops_per_s"`         // as kept
	Cycle    float64   `json:"cycle_s"`            // in which each channel is visited
	Refused  []Refused `json:"refused,omitempty"`  // channels that are left out
	Problem  *Problem  `json:"problem,omitempty"`  // why tuning fails

	Transmitters  int    `json:"transmitters"` // heard in the last 10 minutes
	Received      uint64 `json:"received"`     // frames, since it was opened
	KernelDropped uint64 `json:"kernel_dropped"`
	Filtered      uint64 `json:"filtered"` // left out by the filter
}

// Refused is a channel that the kernel does not take.
type Refused struct {
	Channel string `json:"channel"`
	Error   string `json:"error"`
}

// Endpoint is a server of the configuration.
type Endpoint struct {
	Name    string `json:"name"`
	Address string `json:"address"` // URL, without secrets
	Links   int    `json:"links"`   // of sources that stream to it now
}
