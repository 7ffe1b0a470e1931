package bus

import "time"

// Limits of what a Fleet remembers, beside those that a message has: what is
// beyond them is counted in Refused, and changes nothing.
const (
	fleetMaxRigs   = 4096
	fleetMaxBytes  = 64 << 20 // of the rigs' last reports
	fleetMaxMeta   = 1024
	fleetMaxEvents = 512
)

// FleetEvery is how often rigs say how they are unless they say otherwise, and
// fleetMissed how many of these reports may be missing before that is said.
const (
	FleetEvery  = 5 * time.Second
	fleetMissed = 3
)

// fleetGone is after how long a silent rig counts as taken home.
const fleetGone = 24 * time.Hour

// fleetUntimely is how far a rig's clock may be off before that is said.
const fleetUntimely = 10 * time.Second

// Presence says whether a rig is heard.
type Presence string

// Presences of a rig.
const (
	PresenceHeard    Presence = "heard"
	PresenceExpected Presence = "expected" // the bus remembers it, and it has not been heard since we listen
	PresenceSilent   Presence = "silent"   // three of its reports are missing
	PresenceLeft     Presence = "left"     // it ended in order
	PresenceGone     Presence = "gone"     // silent for a day
)

// FleetState answers "is everybody all right?" in a word.
type FleetState string

// Fleet states, from the best to the worst.
const (
	FleetRight        FleetState = "all right"
	FleetImpaired     FleetState = "impaired"      // all record, and something is missing or at risk
	FleetStarting     FleetState = "starting"      // not everybody has had the time to be heard
	FleetWrong        FleetState = "not all right" // a rig is silent or does not record
	FleetNobody       FleetState = "nobody"        // no rig is heard
	FleetDisconnected FleetState = "not connected" // nothing can be heard
)

// FleetView is a fleet at one moment: plain values, whose texts hold nothing
// that could command a terminal. Its JSON is what `sensord fleet --json` prints:
// a field is never renamed or removed, and what is not known is left out.
type FleetView struct {
	Time     string       `json:"time"`             // RFC 3339, UTC, of this machine's clock
	Fleet    string       `json:"fleet"`            //
	Bus      FleetBus     `json:"bus"`              // how the listener is connected
	State    FleetState   `json:"state"`            //
	Sentence string       `json:"sentence"`         // the answer to "is everybody all right?", for people
	Remedy   string       `json:"remedy,omitempty"` // of the worst
	Count    FleetCount   `json:"count"`            //
	Alarms   []FleetAlarm `json:"alarms"`           // of no one rig
	Rigs     []FleetRig   `json:"rigs"`             // those with alarms first, the worst of these before the others, then by name
	MetaGPS  []FleetMeta  `json:"metagps"`          // by name, then rig
	Events   []FleetEvent `json:"events"`           // the last ones, oldest first
	Refused  uint64       `json:"refused"`          // messages that made no sense, or were too many
}

// FleetBus is the connection of who listens.
type FleetBus struct {
	Connected bool   `json:"connected"`
	Server    string `json:"server,omitempty"` // URL without secrets
	Code      string `json:"code,omitempty"`   // why it is not connected
	Error     string `json:"error,omitempty"`
	Remedy    string `json:"remedy,omitempty"`
}

// FleetCount sums up the rigs.
type FleetCount struct {
	Rigs      int      `json:"rigs"`      // that have not left and are not gone
	Heard     int      `json:"heard"`     //
	Recording int      `json:"recording"` // those of them that record
	Silent    int      `json:"silent"`    //
	Left      int      `json:"left"`      // that ended in order
	Gone      int      `json:"gone"`      //
	Alarmed   int      `json:"alarmed"`   // with an alarm that is not harmless
	Sources   int      `json:"sources"`   // of the rigs that are heard
	Frames    *float64 `json:"captured_per_s,omitempty"`
}

// FleetAlarm is what is wrong with a rig, or with the fleet.
type FleetAlarm struct {
	Code     string `json:"code,omitempty"`   // of the guide's table
	Source   string `json:"source,omitempty"` // that it is about
	Object   string `json:"object,omitempty"` // what it happened to
	Error    string `json:"error"`            // why
	Remedy   string `json:"remedy,omitempty"`
	Harmless bool   `json:"harmless,omitempty"` // no frame is lost, and nothing is at risk
	Bad      bool   `json:"bad,omitempty"`      // the rig is silent, or records nothing
}

// FleetRig is what is known of a rig.
type FleetRig struct {
	Name        string          `json:"name"`
	RigID       string          `json:"rig_id,omitempty"`
	Version     string          `json:"version,omitempty"`
	Presence    Presence        `json:"presence"`
	Heard       *float64        `json:"heard_s,omitempty"`          // since something came from it
	Reported    *float64        `json:"reported_s,omitempty"`       // since it said how it is
	Started     string          `json:"started,omitempty"`          // RFC 3339, UTC
	State       string          `json:"state,omitempty"`            // as of `sensord status`, when it reported last
	Sentence    string          `json:"sentence,omitempty"`         //
	Position    *FleetPlace     `json:"position,omitempty"`         //
	Hidden      bool            `json:"position_hidden,omitempty"`  // it is inside a zone of privacy
	ClockOffset *float64        `json:"clock_offset_s,omitempty"`   // its clock minus ours, delay included
	Domain      string          `json:"domain,omitempty"`           // JetStream's, of its server
	DiskBytes   *int64          `json:"disk_bytes,omitempty"`       // of frames that wait on disk
	DiskLimit   *int64          `json:"disk_limit_bytes,omitempty"` //
	Sources     []FleetSource   `json:"sources"`                    //
	Receivers   []FleetReceiver `json:"receivers"`                  //
	Alarms      []FleetAlarm    `json:"alarms"`                     // the worst first
	Changed     uint64          `json:"-"`                          // grows with each change of this rig that is worth telling
}

// FleetPlace is a position.
type FleetPlace struct {
	Lat      float64  `json:"lat"`                  // degrees
	Lon      float64  `json:"lon"`                  // degrees
	AltMSL   *float64 `json:"altMSL,omitempty"`     // metres above mean sea level
	SpeedKMH *float64 `json:"speed_kmh,omitempty"`  // over ground
	Track    *float64 `json:"track,omitempty"`      // of movement, degrees clockwise from true north
	Accuracy *float64 `json:"accuracy_m,omitempty"` // 95 % radius
	By       string   `json:"by,omitempty"`         // the receiver, or "fusion"
	Age      float64  `json:"age_s"`                // since it was there
}

// FleetSource is one of a rig's sources.
type FleetSource struct {
	Name         string   `json:"name"`
	Type         string   `json:"type,omitempty"`
	UUID         string   `json:"uuid,omitempty"`
	Capture      string   `json:"capture,omitempty"`
	Recorded     bool     `json:"recorded"` // what it hears now is kept
	Channel      string   `json:"channel,omitempty"`
	Hopping      bool     `json:"hopping,omitempty"`
	HopRate      *float64 `json:"hops_per_s,omitempty"`
	Channels     uint32   `json:"channels,omitempty"` // that are visited
	Link         string   `json:"link_state,omitempty"`
	Server       string   `json:"server,omitempty"`
	Protocol     string   `json:"protocol,omitempty"`
	Captured     uint64   `json:"captured"`
	Sent         uint64   `json:"sent"`
	Acknowledged uint64   `json:"acknowledged"`
	Waiting      uint64   `json:"waiting"`
	OnDisk       uint64   `json:"on_disk"`
	Dropped      uint64   `json:"dropped"`
	CaptureRate  *float64 `json:"captured_per_s,omitempty"`
	SendRate     *float64 `json:"sent_per_s,omitempty"`
	DropRate     *float64 `json:"dropped_per_s,omitempty"`
	RoundTrip    *float64 `json:"round_trip_s,omitempty"`
	Oldest       *float64 `json:"oldest_unsent_s,omitempty"`
}

// FleetReceiver is one of a rig's receivers.
type FleetReceiver struct {
	Name       string   `json:"name"`
	Type       string   `json:"type,omitempty"`
	State      string   `json:"state,omitempty"`
	Accuracy   *float64 `json:"accuracy_m,omitempty"`
	Age        *float64 `json:"age_s,omitempty"`
	Satellites *uint32  `json:"satellites,omitempty"`
}

// FleetMeta is the last position that was said for a name.
type FleetMeta struct {
	Name     string     `json:"name"`
	Rig      string     `json:"rig"` // who says so
	Position FleetPlace `json:"position"`
	Changed  uint64     `json:"-"`
}

// FleetEvent is something that happened.
type FleetEvent struct {
	Number   uint64            `json:"number"` // of this listener's, from 1
	Time     string            `json:"time"`   // RFC 3339, UTC, of the rig's clock, or of ours where it has none
	Rig      string            `json:"rig"`
	Severity string            `json:"severity"` // debug, info, warn or error
	Code     string            `json:"code,omitempty"`
	Source   string            `json:"source,omitempty"`
	Object   string            `json:"object,omitempty"`
	Text     string            `json:"text"`
	Remedy   string            `json:"remedy,omitempty"`
	Details  map[string]string `json:"details,omitempty"`
}
