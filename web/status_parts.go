package web

// Position is where a rig is.
type Position struct {
	Lat      float64  `json:"lat"` // degrees, WGS 84
	Lon      float64  `json:"lon"`
	AltMSL   *float64 `json:"altMSL,omitempty"`     // metres above mean sea level
	SpeedKMH *float64 `json:"speed_kmh,omitempty"`  // over ground
	Track    *float64 `json:"track,omitempty"`      // of movement, degrees clockwise from true north
	Accuracy *float64 `json:"accuracy_m,omitempty"` // radius that holds in 95 of 100 cases
	By       string   `json:"by"`                   // the receiver, or "fusion"
}

// GPS is what is known of who says where a rig is.
type GPS struct {
	Receivers []Receiver `json:"receivers"` // a fixed place is none
	Clock     Clock      `json:"clock"`
	Copies    []Copy     `json:"copies,omitempty"` // of the position on the server
	Problem   *Problem   `json:"problem,omitempty"`
	Unplaced  *Problem   `json:"unplaced,omitempty"` // why there is no position although a receiver has a fix
}

// Receiver is one receiver, in short; `sensord gps --json` has all of it.
type Receiver struct {
	Name       string   `json:"name"`
	Type       string   `json:"type"`
	What       string   `json:"what"`                 // "gpsd localhost:2947"
	State      string   `json:"state"`                // "connecting", "away", "searching", "fix" or "stale"
	Mode       int      `json:"mode"`                 // of its last fix, as gpsd's: 0 unknown, 1 none, 2 2D, 3 3D
	Accuracy   *float64 `json:"accuracy_m,omitempty"` // of its last fix
	Satellites *int     `json:"satellites,omitempty"` // used for it
	InView     int      `json:"satellites_in_view"`   //
	Age        *float64 `json:"age_s,omitempty"`      // since the last fix with a position
	Rate       *float64 `json:"rate_hz,omitempty"`    // of fixes
	Latency    *float64 `json:"latency_s,omitempty"`  // from a fix's time to its arrival
	Fixes      uint64   `json:"fixes"`                // with a position
	Rejected   uint64   `json:"rejected"`             // that were not believed
	Problem    *Problem `json:"problem,omitempty"`    // why it has no fix
}

// Clock is what a machine's clock is worth.
type Clock struct {
	Source       string   `json:"source"`                          // of UTC: "system", "pulse", "gps", or "" if there is none
	SystemOffset *float64 `json:"system_offset_s,omitempty"`       // system clock minus GPS time
	SystemError  *float64 `json:"system_offset_error_s,omitempty"` //
}

// Copy is a server's copy of the position, for metagps=.
type Copy struct {
	Name    string   `json:"name"`
	Exists  bool     `json:"exists"`
	Updates uint64   `json:"updates"`
	Problem *Problem `json:"problem,omitempty"`
}

// Memory is where frames wait that are not on disk.
type Memory struct {
	Bytes int64 `json:"bytes"`
	Limit int64 `json:"limit_bytes"`
}

// Spool is where frames wait on disk.
type Spool struct {
	Dir     string   `json:"dir"`
	Bytes   int64    `json:"bytes"`                // of all sources in it
	Limit   int64    `json:"limit_bytes"`          //
	Free    *int64   `json:"free_bytes,omitempty"` // on the file system
	After   float64  `json:"after_s"`              // how long frames wait before they go there
	Full    *float64 `json:"full_in_s,omitempty"`  // at the present rate, while it grows
	Problem *Problem `json:"problem,omitempty"`    // why it cannot be written
}

// Record is what is written as pcapng files.
type Record struct {
	Dir     string   `json:"dir"`
	File    string   `json:"file,omitempty"` // the present one
	Files   uint64   `json:"files"`
	Frames  uint64   `json:"frames"`
	Bytes   uint64   `json:"bytes"`
	Waiting uint64   `json:"waiting"`                // frames, for a fix or for the disk
	Dropped uint64   `json:"dropped"`                // frames that had no room to wait
	Deleted uint64   `json:"deleted"`                // files, to stay within the limit
	Rate    *float64 `json:"frames_per_s,omitempty"` // of the last seconds
	Problem *Problem `json:"problem,omitempty"`      // why it cannot be written
}

// Replay is how fast kept frames are sent.
type Replay struct {
	Limit      float64  `json:"limit_frames_per_s"`     // as configured; 0 is none
	LimitBytes int64    `json:"limit_bytes_per_s"`      // as configured; 0 is none
	Now        *float64 `json:"frames_per_s,omitempty"` // the limit in effect
	Problem    *Problem `json:"problem,omitempty"`      // server.drops
}
