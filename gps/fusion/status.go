package fusion

// State says what a receiver does for the track.
type State string

// States of a receiver.
const (
	StateSearching State = "searching" // it says that it has no fix
	StateUsed      State = "used"      // its fixes make the track
	StateStandby   State = "standby"   // its fixes are good, and another one has priority
	StateRejected  State = "rejected"  // its last position was not believed
	StateStale     State = "stale"     // nothing came lately
)

// Status is a view of a Filter at one time.
type Status struct {
	Active    string // the receiver that makes the track, gps.FusedName if several do, "" if none
	Receivers []Receiver
}

// A Receiver is what the Filter knows of one receiver. Numbers that are not
// known are NaN.
type Receiver struct {
	Name  string
	State State
	Why   string // the last reason for a rejection

	Accepted uint64 // positions that were believed
	Rejected uint64 // positions that were not

	LastNs    int64   // when its newest fix was true, on the clock of the track
	OffsetM   float64 // horizontal distance of its positions from the track, as it is estimated
	AccuracyM float64 // 95 % radius as the receiver claims it
	Scale     float64 // by what that is multiplied, because others contradicted it
}

// Status returns what the Filter knows at nowNs, on the clock of the track.
func (f *Filter) Status(nowNs int64) Status { return Status{} }
