package gpstest

import "slices"

// A Scenario makes drives of one kind.
type Scenario struct {
	Name   string
	Title  string                    // for tables
	OnFoot bool                      // how it moves: somebody who walks, or else a car
	Truth  func(seed uint64) *Truth  // the way
	Models func(seed uint64) []Model // the receivers, best first
}

// Drive returns the scenario's drive number seed. Drives of one number in two
// scenarios have nothing in common.
func (s Scenario) Drive(seed uint64) *Drive {
	own := stream(seed, "drive of "+s.Name).Uint64()
	return Simulate(s.Truth(own), s.Models(own), own)
}

// Scenarios returns all of them. In the first three a good receiver shows what
// is left when only the time between fixes matters; the others have a puck on
// the roof and a phone behind the windscreen, "phones" has two phones.
func Scenarios() []Scenario {
	good := func(uint64) []Model { return []Model{Good("good")} }
	rig := func(seed uint64) []Model { return pieces(seed, Puck("puck"), Phone("phone")) }
	phones := func(seed uint64) []Model { return pieces(seed, Phone("phone"), SecondPhone("second")) }
	return []Scenario{
		{"straight", "straight, 108 km/h", false, straightWay, good},
		{"turns", "town, turns and red lights", false, turnsWay, good},
		{"circles", "roundabouts", false, circlesWay, good},
		{"city", "town between high houses", false, cityWay, rig},
		{"motorway", "motorway, ramps", false, motorwayWay, rig},
		{"tunnel", "motorway with tunnels", false, tunnelWay, rig},
		{"garage", "town and garages", false, garageWay, rig},
		{"ferry", "ferry, open deck", false, ferryWay, rig},
		{"crossing", "ferry, closed deck: 40 min, 30 km", false, crossingWay, rig},
		{"jam", "stop and go", false, jamWay, rig},
		{"walk", "on foot", true, walkWay, rig},
		{"phones", "two phones: town, motorway, tunnel", false, mixedWay, phones},
		{"dateline", "antimeridian", false, datelineWay, rig},
		{"pole", "past the North Pole", false, poleWay, rig},
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
