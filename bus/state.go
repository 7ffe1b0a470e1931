package bus

// State is how a rig is joined to its fleet.
type State struct {
	Mode      Mode
	Connected bool      // to the rig's own server, or to the one it joined
	Server    string    // URL without secrets, or "embedded"
	SinceNs   int64     // of Connected as it is, CLOCK_BOOTTIME; 0 before the first
	Leaf      LeafState // of mode Leaf
	Err       error     // a *fault.Error: what is wrong now, the worst; nil is nothing
	Domain    string    // of the rig's own JetStream; "" is none

	Published uint64 // messages that went out
	Kept      uint64 // of those, acknowledged by the rig's own store
	Failed    uint64 // that did not go out, or were not kept where they should be
	Heard     uint64 // messages of others
	Refused   uint64 // of those that came: too large, too many, or without sense

	Store  StoreState
	Claims []ClaimState // other rigs with a source of ours
}

// StoreState is how the rig's own store is.
type StoreState struct {
	Bytes int64 // kept
	Limit int64 // 0 is no store
	Err   error // bus.store
}

// ClaimState is another rig's claim on a source of ours.
type ClaimState struct {
	UUID    string
	Source  string // its name there
	Ours    string // its name here
	Rig     string
	RigID   string
	SinceNs int64 // UTC, by that rig
	First   bool  // we were first
}
