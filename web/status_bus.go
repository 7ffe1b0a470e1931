package web

import "strings"

// Bus is what a rig has to do with its fleet's bus.
type Bus struct {
	Mode      string    `json:"mode"` // "embedded", "leaf" or "nats"
	Fleet     string    `json:"fleet"`
	Rig       string    `json:"rig"`              // as the bus knows it
	Connected bool      `json:"connected"`        // to a server: its own, or one that it joined
	Server    string    `json:"server,omitempty"` // URL, without secrets, or "embedded"
	Since     string    `json:"since,omitempty"`  // of Connected
	Hub       *Hub      `json:"hub,omitempty"`    // of a leaf
	Published uint64    `json:"published"`        // messages
	Kept      uint64    `json:"kept"`             // of those, in the rig's own store
	Failed    uint64    `json:"failed"`           // of those, neither kept nor sent
	Heard     uint64    `json:"heard"`            // messages of others
	Refused   uint64    `json:"refused"`          // of those, too many, too large, or without sense
	Store     *BusStore `json:"store,omitempty"`  //
	Rivals    []Rival   `json:"rivals,omitempty"` // other rigs with one of our sources
	Problem   *Problem  `json:"problem,omitempty"`
}

// Hub is where a leaf is joined to.
type Hub struct {
	Connected bool     `json:"connected"`
	Address   string   `json:"address,omitempty"` // URL, without secrets
	Since     string   `json:"since,omitempty"`   // of Connected
	Problem   *Problem `json:"problem,omitempty"`
}

// BusStore is where what a rig publishes is kept.
type BusStore struct {
	Bytes   int64    `json:"bytes"`
	Limit   int64    `json:"limit_bytes"`
	Problem *Problem `json:"problem,omitempty"`
}

// Rival is another rig that has a source with a UUID of this one's.
type Rival struct {
	UUID    string   `json:"uuid"`
	Source  string   `json:"source"` // its name here
	Rig     string   `json:"rig"`    // the other one
	First   bool     `json:"first"`  // it had it first
	Problem *Problem `json:"problem"`
}

// busProblems are those of the bus. No frame is lost by any of them, but for one
// source that two rigs have: the server takes one in place of the other.
func (s *Status) busProblems(found *problemList) {
	b := s.Bus
	if b == nil {
		return
	}
	for i := range b.Rivals {
		found.add(nil, b.Rivals[i].Problem, false)
	}
	found.add(nil, b.Problem, true)
	if b.Hub != nil {
		found.add(nil, b.Hub.Problem, true)
	}
	if b.Store != nil {
		found.add(nil, b.Store.Problem, true)
	}
}

// Text says in one line how a rig is joined to its fleet.
func (b *Bus) Text() string {
	var parts []string
	switch {
	case b.Connected && b.Hub != nil && b.Hub.Connected:
		parts = append(parts, "joined to "+b.Hub.Address)
	case b.Connected && b.Hub != nil:
		parts = append(parts, "the hub is away, what is published waits here")
	case b.Connected:
		parts = append(parts, "joined to "+b.Server)
	default:
		parts = append(parts, "not joined")
	}
	parts = append(parts, "fleet "+b.Fleet+", rig "+b.Rig, Grouped(b.Published)+" published")
	if b.Failed > 0 {
		parts = append(parts, Grouped(b.Failed)+" of them lost")
	}
	parts = append(parts, Grouped(b.Heard)+" heard")
	if b.Refused > 0 {
		parts = append(parts, Grouped(b.Refused)+" refused")
	}
	return strings.Join(parts, ", ")
}
