package gpstest

// A Scenario makes drives of one kind.
type Scenario struct {
	Name   string
	Title  string                    // for tables
	OnFoot bool                      // how it moves: a car, or somebody who walks
	Truth  func(seed uint64) *Truth  // the way
	Models func(seed uint64) []Model // the receivers
}

// Drive returns the scenario's drive number seed.
func (s Scenario) Drive(seed uint64) *Drive {
	return Simulate(s.Truth(seed), s.Models(seed), seed)
}

// Scenarios returns all of them.
func Scenarios() []Scenario { panic("not yet") }

// Find returns the scenario of a name.
func Find(name string) (Scenario, bool) { panic("not yet") }
