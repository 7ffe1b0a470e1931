package bus

import (
	"cmp"
	"time"

	"github.com/sensord/sensord/bus/pb"
)

// A Fleet makes one picture of what rigs say. It does no I/O, has no clock of
// its own, and remembers a bounded amount whatever comes. It is not safe for use
// by several goroutines.
//
// Rigs are told apart by the name in the subject, which is what the server let
// the sender say; nothing else in a message is trusted to be anyone's.
type Fleet struct {
	name  string
	every time.Duration // between reports, of rigs that do not say it

	rigs    map[string]*rigHeard
	bytes   int // of their last reports
	meta    map[metaKey]*metaHeard
	events  []FleetEvent // the oldest first; the last fleetMaxEvents are shown
	told    uint64       // events so far
	refused uint64
	changes uint64 // so far, of rigs and meta GPS

	joined     time.Time // since when we can hear; zero while we cannot
	remembered bool      // the bus has told whom it knows
	server     string
	err        error // why we cannot hear

	overflow time.Time // when messages were lost here; zero if never
}

// rigHeard is what a rig has said so far.
type rigHeard struct {
	name     string
	reported time.Time // its last status; zero if there was none
	heard    time.Time // the last message of any kind
	live     bool      // heard is ours to say, and not the bus's memory
	left     bool      // it said that it ends
	every    time.Duration

	self     rigRun // who speaks as this rig
	before   rigRun // who did before that
	swapped  time.Time
	sequence [kindCount]uint64
	turns    int       // that two have taken, lately
	turned   time.Time // the last of them

	bytes    int      // of its last status
	status   FleetRig // the same, , without what changes by itself
	place    *FleetPlace
	placeAt  time.Time     // when place came
	placeAge time.Duration // how old it was then
	clock    clockHeard

	changed uint64
	shown   string // presence and alarms, as they were when changed grew last
}

type (
	metaKey   struct{ name, rig string }
	metaHeard struct {
		place   FleetPlace
		at      time.Time
		age     time.Duration
		changed uint64
	}
)

// NewFleet returns a fleet of which nothing is known. Every is how often rigs
// say how they are where they do not say it; 0 is FleetEvery.
func NewFleet(name string, every time.Duration) *Fleet {
	return &Fleet{name: name, every: cmp.Or(every, FleetEvery), rigs: map[string]*rigHeard{}, meta: map[metaKey]*metaHeard{}}
}

// Joined says that from now on everything can be heard, through this server.
func (f *Fleet) Joined(at time.Time, server string) {
	f.joined, f.server, f.err = at, harmlessText(server, pb.MaxText), nil
}

// Lost says that nothing can be heard, and why.
func (f *Fleet) Lost(err error) {
	f.joined, f.remembered, f.err = time.Time{}, false, err
}

// Remembered says that Remember was called for every rig that the bus knows.
func (f *Fleet) Remembered() { f.remembered = true }

// Remember takes a rig's last report as the bus has kept it for so long. It
// says nothing against what was heard.
func (f *Fleet) Remember(name string, data []byte, ago time.Duration, at time.Time) {
	m, err := pb.DecodeStatus(data)
	if err != nil || CheckToken("rig", name) != nil {
		f.refused++
		return
	}
	if known := f.rigs[name]; known != nil && (known.live || !known.reported.Before(at.Add(-ago))) {
		return
	}
	if r := f.rig(name); r != nil && f.room(r, len(data)) {
		r.take(m, at.Add(-max(ago, 0)))
		f.change(&r.changed)
		return
	}
	f.refused++
}

// room reports whether there is room for a rig's report, and takes it.
func (f *Fleet) room(r *rigHeard, size int) bool {
	if f.bytes-r.bytes+size > fleetMaxBytes {
		return false
	}
	f.bytes += size - r.bytes
	r.bytes = size
	return true
}

// Overflowed says that messages were lost here, because more came than were
// taken.
func (f *Fleet) Overflowed(at time.Time) {
	f.refused++
	f.overflow = at
}

// Hear takes a message that came at a time by this machine's clock.
func (f *Fleet) Hear(a Address, data []byte, at time.Time) {
	if a.Fleet != f.name || !isToken(a.Rig) || a.Kind == KindMetaGPS && !isToken(a.Name) || !f.hear(a, data, at) {
		f.refused++
	}
}

// hear reports whether the message made sense.
func (f *Fleet) hear(a Address, data []byte, at time.Time) bool {
	switch a.Kind {
	case KindStatus:
		m, err := pb.DecodeStatus(data)
		if err != nil {
			return false
		}
		fits := true
		return f.from(a.Rig, m.GetHead(), countStatus, at, func(r *rigHeard) {
			if fits = f.room(r, len(data)); fits {
				r.take(m, at)
			}
		}) && fits
	case KindPosition:
		m, err := pb.DecodePosition(data)
		if err != nil {
			return false
		}
		return f.from(a.Rig, m.GetHead(), countPosition, at, func(r *rigHeard) {
			r.place, r.placeAt, r.placeAge, r.status.Hidden = placeHeard(m), at, time.Duration(m.GetAgeNs()), false
		})
	case KindEvent:
		m, err := pb.DecodeEvent(data)
		if err != nil {
			return false
		}
		return f.from(a.Rig, m.GetHead(), countEvent, at, func(r *rigHeard) { f.event(r, m, at) })
	case KindMetaGPS:
		m, err := pb.DecodeMetaGPS(data)
		return err == nil && f.metaGPS(metaKey{a.Name, a.Rig}, m, at)
	}
	return false
}

// from takes a message of a rig, unless it came before. It reports whether there
// was room for the rig.
func (f *Fleet) from(name string, h *pb.Head, kind int, at time.Time, take func(*rigHeard)) bool {
	r := f.rig(name)
	if r == nil {
		return false
	}
	if !r.speaks(h, kind, at) {
		return true
	}
	r.live = true
	if at.After(r.heard) {
		r.heard = at
	}
	if kind != countEvent { // events are told later, when they had to wait
		r.clock.heard(h.GetSentNs(), at)
	}
	take(r)
	f.change(&r.changed)
	return true
}

// rig returns a rig by its name, nil if there is no room for one more.
func (f *Fleet) rig(name string) *rigHeard {
	if r := f.rigs[name]; r != nil {
		return r
	}
	if len(f.rigs) >= fleetMaxRigs {
		return nil
	}
	r := &rigHeard{name: name, every: f.every}
	r.status.Name = name
	f.rigs[name] = r
	return r
}

func (f *Fleet) change(of *uint64) {
	f.changes++
	*of = f.changes
}

func (f *Fleet) event(r *rigHeard, m *pb.Event, at time.Time) {
	f.told++
	when := m.GetTimeNs()
	if when <= 0 {
		when = at.UnixNano() - max(m.GetAgeNs(), 0)
	}
	e := FleetEvent{
		Number: f.told, Time: fleetTime(when), Rig: r.name, Severity: severityWord(m.GetSeverity()),
		Code: harmlessText(m.GetCode(), pb.MaxName), Source: harmlessText(m.GetSource(), pb.MaxName),
		Object: harmlessText(m.GetObject(), pb.MaxText), Text: harmlessText(m.GetText(), pb.MaxText),
		Remedy: harmlessText(m.GetRemedy(), pb.MaxText),
	}
	for k, v := range m.GetDetails() {
		if e.Details == nil {
			e.Details = map[string]string{}
		}
		e.Details[harmlessText(k, pb.MaxName)] = harmlessText(v, pb.MaxText)
	}
	if len(f.events) >= 2*fleetMaxEvents {
		f.events = append(f.events[:0], f.events[fleetMaxEvents:]...)
	}
	f.events = append(f.events, e)
}

func severityWord(s pb.Event_Severity) string {
	switch s {
	case pb.Event_DEBUG:
		return "debug"
	case pb.Event_WARN:
		return "warn"
	case pb.Event_ERROR:
		return "error"
	}
	return "info"
}

// metaGPS takes a position that was said for a name. It reports whether there
// was room.
func (f *Fleet) metaGPS(key metaKey, m *pb.MetaGPS, at time.Time) bool {
	if placeHeard(m) == nil {
		return false
	}
	h := f.meta[key]
	if h == nil {
		if len(f.meta) >= fleetMaxMeta {
			return false
		}
		h = &metaHeard{}
		f.meta[key] = h
	}
	h.place, h.at, h.age = *placeHeard(m), at, time.Duration(m.GetAgeNs())
	f.change(&h.changed)
	return true
}
