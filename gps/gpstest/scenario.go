package gpstest

import "slices"

// A Scenario makes drives of one kind.
type Scenario struct {
	Name   string
	Title  string                    // for tables
	OnFoot bool                      // how it moves: somebody who walks, or else a car
	Timing bool                      // its receiver is so good that only the time between fixes matters
	Wide   bool                      // its receiver claims more than errors that last are; who believes it is right too often
	Truth  func(seed uint64) *Truth  // the way
	Models func(seed uint64) []Model // the receivers, best first
}

// Drive returns the scenario's drive number seed. Drives of one number in two
// scenarios have nothing in common.
func (s Scenario) Drive(seed uint64) *Drive { return s.Drives(seed, 1)[0] }

// Drives returns n drives along the way of drive number seed, which is the first
// of them: the same car on the same road, and receivers that err anew.
func (s Scenario) Drives(seed uint64, n int) []*Drive {
	rng := stream(seed, "drive of "+s.Name)
	own := rng.Uint64()
	truth := s.Truth(own)
	out := make([]*Drive, n)
	for i := range out {
		out[i] = Simulate(truth, s.Models(own), own)
		own = rng.Uint64()
	}
	return out
}

// Scenarios returns all of them. The others than those about timing have a puck
// on the roof and a phone behind the windscreen, "phones" has two phones, and
// "old" a receiver of twenty years ago.
func Scenarios() []Scenario {
	good := func(uint64) []Model { return []Model{Good("good")} }
	rig := func(seed uint64) []Model { return pieces(seed, Puck("puck"), Phone("phone")) }
	phones := func(seed uint64) []Model { return pieces(seed, Phone("phone"), SecondPhone("second")) }
	old := func(seed uint64) []Model { return pieces(seed, Mouse("mouse")) }
	return []Scenario{
		{Name: "straight", Title: "straight, 108 km/h", Timing: true, Wide: true, Truth: straightWay, Models: good},
		{Name: "turns", Title: "town, turns and red lights", Timing: true, Wide: true, Truth: turnsWay, Models: good},
		{Name: "circles", Title: "roundabouts", Timing: true, Wide: true, Truth: circlesWay, Models: good},
		{Name: "city", Title: "town between high houses", Truth: cityWay, Models: rig},
		{Name: "motorway", Title: "motorway, ramps", Truth: motorwayWay, Models: rig},
		{Name: "tunnel", Title: "motorway with tunnels", Truth: tunnelWay, Models: rig},
		{Name: "garage", Title: "town and garages", Truth: garageWay, Models: rig},
		{Name: "ferry", Title: "ferry, open deck", Truth: ferryWay, Models: rig},
		{Name: "crossing", Title: "ferry, closed deck: 40 min, 30 km", Truth: crossingWay, Models: rig},
		{Name: "jam", Title: "stop and go", Truth: jamWay, Models: rig},
		{Name: "walk", Title: "on foot", OnFoot: true, Truth: walkWay, Models: rig},
		{Name: "phones", Title: "two phones: town, motorway, tunnel", Truth: mixedWay, Models: phones},
		{Name: "old", Title: "town, an old receiver that says nothing but HDOP", Wide: true, Truth: oldWay, Models: old},
		{Name: "dateline", Title: "antimeridian", Truth: datelineWay, Models: rig},
		{Name: "pole", Title: "past the North Pole", Truth: poleWay, Models: rig},
	}
}

// Find returns the scenario of a name.
func Find(name string) (Scenario, bool) {
	all := Scenarios()
	i := slices.IndexFunc(all, func(s Scenario) bool { return s.Name == name })
	if i < 0 {
		return Scenario{}, false
	}
	return all[i], true
}
