package bus

import "cmp"

// State is how a rig is joined to its fleet.
type State struct {
	Mode      Mode
	Connected bool      // to the rig's own server, or to the one it joined
	Server    string    // URL without secrets, or "embedded"
	SinceNs   int64     // of Connected as it is, CLOCK_BOOTTIME; 0 before the first
	Leaf      LeafState // of mode Leaf
	Domain    string    // of the rig's own JetStream; "" is none

	// Err is a *fault.Error, the worst of what is wrong now and stands neither
	// in Leaf, Store nor Claims; nil is nothing.
	Err error

	Published uint64 // messages that went out
	Kept      uint64 // of those, acknowledged by the rig's own store
	Failed    uint64 // that did not go out, or were not kept where they should be
	Heard     uint64 // messages of others
	Refused   uint64 // of those that came: too large, too many, or without sense

	Store    StoreState
	Claims   []ClaimState // other rigs with a source of ours, as far as is known
	Watching bool         // what others claim is known: not while the hub is away
}

// StoreState is how the rig's own store is.
type StoreState struct {
	Bytes int64 // kept
	Limit int64 // 0 is no store
	Err   error // *fault.Error, bus.store; nil is nothing
}

// State returns how the bus is.
func (b *Bus) State() State {
	c := b.connection.Load()
	s := State{
		Mode: b.o.Mode, Connected: c.connected, Server: c.server, SinceNs: c.sinceNs,
		Leaf: *b.leaf.Load(), Domain: b.domain, Err: b.trouble.worst(),
		Published: b.published.Load(), Kept: b.kept.Load(), Failed: b.failed.Load(),
		Heard: b.heard.Load(), Refused: b.refused.Load(),
		Claims: b.claims.states(b.o.Rig, b.o.RigID), Watching: b.claims.isWatching(),
	}
	if b.o.Mode != Join {
		s.Store = StoreState{Bytes: b.store.Load().Bytes, Limit: b.o.StoreBytes, Err: cmp.Or(b.trouble.err(keyDisk), b.trouble.err(keyStore))}
	}
	return s
}

func (c *claimBook) isWatching() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.watching
}
