package main

import (
	"encoding/json"
	"reflect"

	"github.com/sensord/sensord/bus"
)

// A fleetLine is a line of `sensord fleet --json`: the time, and one of the
// others. A field is never renamed or removed.
type fleetLine struct {
	Time    string          `json:"time"` // RFC 3339, UTC, of this machine's clock
	Answer  *fleetAnswer    `json:"answer,omitempty"`
	Rig     *bus.FleetRig   `json:"rig,omitempty"`
	MetaGPS *bus.FleetMeta  `json:"metagps,omitempty"`
	Event   *bus.FleetEvent `json:"event,omitempty"`
}

// fleetAnswer is a bus.FleetView without its lists.
type fleetAnswer struct {
	Fleet    string           `json:"fleet"`
	Bus      bus.FleetBus     `json:"bus"`
	State    bus.FleetState   `json:"state"`
	Sentence string           `json:"sentence"`
	Remedy   string           `json:"remedy,omitempty"`
	Count    bus.FleetCount   `json:"count"`
	Alarms   []bus.FleetAlarm `json:"alarms"`
	Refused  uint64           `json:"refused"`
}

// fleetJSON prints what is new.
type fleetJSON struct {
	out *json.Encoder

	answer fleetAnswer
	rigs   map[string]uint64 // Changed of what was printed
	meta   map[[2]string]uint64
	told   uint64 // the last event
}

func (j *fleetJSON) show(v *bus.FleetView) error {
	if j.rigs == nil {
		j.rigs, j.meta = map[string]uint64{}, map[[2]string]uint64{}
	}
	answer := fleetAnswer{v.Fleet, v.Bus, v.State, v.Sentence, v.Remedy, v.Count, v.Alarms, v.Refused}
	same := answer
	same.Count.Frames = j.answer.Count.Frames // which is never the same
	if !reflect.DeepEqual(same, j.answer) {
		j.answer = answer
		if err := j.out.Encode(fleetLine{Time: v.Time, Answer: &answer}); err != nil {
			return err
		}
	}
	for i := range v.Rigs {
		g := &v.Rigs[i]
		if j.rigs[g.Name] == g.Changed {
			continue
		}
		j.rigs[g.Name] = g.Changed
		if err := j.out.Encode(fleetLine{Time: v.Time, Rig: g}); err != nil {
			return err
		}
	}
	for i := range v.MetaGPS {
		m := &v.MetaGPS[i]
		key := [2]string{m.Name, m.Rig}
		if j.meta[key] == m.Changed {
			continue
		}
		j.meta[key] = m.Changed
		if err := j.out.Encode(fleetLine{Time: v.Time, MetaGPS: m}); err != nil {
			return err
		}
	}
	for i := range v.Events {
		e := &v.Events[i]
		if e.Number <= j.told {
			continue
		}
		j.told = e.Number
		if err := j.out.Encode(fleetLine{Time: v.Time, Event: e}); err != nil {
			return err
		}
	}
	return nil
}

func (j *fleetJSON) resized() error { return nil }
func (j *fleetJSON) finish()        {}
