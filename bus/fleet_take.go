package bus

import (
	"math"
	"strings"
	"time"

	"github.com/sensord/sensord/bus/pb"
	"github.com/sensord/sensord/gps"
	"github.com/sensord/sensord/internal/fault"
)

// take makes a report the rig's state.
func (r *rigHeard) take(m *pb.Status, at time.Time) {
	r.reported = at
	if r.heard.Before(at) {
		r.heard = at
	}
	r.left = m.GetLeaving()
	if s := m.GetEveryS(); s >= 1 && s <= time.Hour.Seconds() {
		r.every = time.Duration(s * float64(time.Second))
	}
	r.status = FleetRig{
		Name: r.name, RigID: harmlessText(m.GetHead().GetRigId(), pb.MaxName), Version: harmlessText(m.GetHead().GetVersion(), pb.MaxName),
		Started: fleetTime(m.GetStartedNs()), State: harmlessText(m.GetState(), pb.MaxName), Sentence: harmlessText(m.GetSentence(), pb.MaxText),
		Hidden: m.GetPositionHidden(), Domain: harmlessText(m.GetDomain(), pb.MaxName),
		Sources: sourcesHeard(m.GetSources()), Receivers: receiversHeard(m.GetReceivers()), Alarms: problemsHeard(m),
	}
	if d := m.GetDisk(); d != nil {
		r.status.DiskBytes, r.status.DiskLimit = amount(d.GetBytes()), amount(d.GetLimitBytes())
	}
	r.place = nil
	if p := m.GetPlace(); p != nil && p.Lat != nil && p.Lon != nil {
		r.place, r.placeAt, r.placeAge = placeHeard(p), at, time.Duration(p.GetAgeNs())
	}
}

func amount(n uint64) *int64 {
	x := int64(min(n, math.MaxInt64))
	return &x
}

// placed is what each message with a position has.
type placed interface {
	GetLat() float64
	GetLon() float64
	GetBy() string
}

// placeHeard is a message's position without its age, nil if it is none.
func placeHeard(m placed) *FleetPlace {
	lat, lon := rounded(m.GetLat(), 8), rounded(m.GetLon(), 8)
	if lat == nil || lon == nil {
		return nil
	}
	p := &FleetPlace{Lat: *lat, Lon: *lon, By: harmlessText(m.GetBy(), pb.MaxName)}
	var alt, speed, course, accuracy *float64
	switch m := m.(type) {
	case *pb.Position:
		alt, speed, course, accuracy = m.AltMslM, m.SpeedMps, m.CourseDeg, m.AccuracyM
	case *pb.MetaGPS:
		alt, speed, course, accuracy = m.AltMslM, m.SpeedMps, m.CourseDeg, m.AccuracyM
	case *pb.Place:
		alt, speed, course, accuracy = m.AltMslM, m.SpeedMps, m.CourseDeg, m.AccuracyM
	}
	p.AltMSL, p.Track, p.Accuracy = roundedOf(alt, 3), roundedOf(course, 2), roundedOf(accuracy, 2)
	if speed != nil {
		p.SpeedKMH = rounded(*speed*gps.KMHPerMPS, 2)
	}
	return p
}

func sourcesHeard(list []*pb.Source) []FleetSource {
	out := []FleetSource{}
	for _, s := range list {
		out = append(out, FleetSource{
			Name: harmlessText(s.GetName(), pb.MaxName), Type: harmlessText(s.GetType(), pb.MaxName), UUID: harmlessText(s.GetUuid(), pb.MaxName),
			Capture: harmlessText(s.GetCapture(), pb.MaxName), Recorded: s.GetRecorded(), Channel: harmlessText(s.GetChannel(), pb.MaxName),
			Hopping: s.GetHopping(), Link: harmlessText(s.GetLinkState(), pb.MaxName),
			Server: harmlessText(s.GetServer(), pb.MaxText), Protocol: harmlessText(s.GetProtocol(), pb.MaxName),
			Captured: s.GetCaptured(), Sent: s.GetSent(), Acknowledged: s.GetAcknowledged(), Waiting: s.GetWaiting(), OnDisk: s.GetOnDisk(), Dropped: s.GetDropped(),
			CaptureRate: roundedOf(s.CapturedPerS, 2), SendRate: roundedOf(s.SentPerS, 2), DropRate: roundedOf(s.DroppedPerS, 2),
			RoundTrip: roundedOf(s.RoundTripS, 4), Oldest: roundedOf(s.OldestUnsentS, 2),
		})
		if s.GetHopping() {
			out[len(out)-1].HopRate, out[len(out)-1].Channels = rounded(s.GetHopsPerS(), 2), s.GetChannels()
		}
	}
	return out
}

func receiversHeard(list []*pb.Receiver) []FleetReceiver {
	out := []FleetReceiver{}
	for _, r := range list {
		out = append(out, FleetReceiver{
			Name: harmlessText(r.GetName(), pb.MaxName), Type: harmlessText(r.GetType(), pb.MaxName), State: harmlessText(r.GetState(), pb.MaxName),
			Accuracy: roundedOf(r.AccuracyM, 2), Age: roundedOf(r.AgeS, 2), Satellites: r.Satellites,
		})
	}
	return out
}

// problemsHeard are a report's, and that the rig records nothing where it says
// so without a reason.
func problemsHeard(m *pb.Status) []FleetAlarm {
	out := []FleetAlarm{}
	stopped := m.GetState() == stateStopped
	for _, p := range m.GetProblems() {
		out = append(out, FleetAlarm{
			Code: harmlessText(p.GetCode(), pb.MaxName), Source: harmlessText(p.GetSource(), pb.MaxName),
			Object: harmlessText(p.GetObject(), pb.MaxText), Error: harmlessText(p.GetError(), pb.MaxText),
			Remedy: harmlessText(p.GetRemedy(), pb.MaxText), Harmless: harmlessHere(p), Bad: stopped && !p.GetHarmless(),
		})
	}
	if stopped && (len(out) == 0 || !out[0].Bad) {
		out = append([]FleetAlarm{{Error: harmlessText(noReason(m.GetSentence()), pb.MaxText), Bad: true}}, out...)
	}
	return out
}

// harmlessHere is whether nobody needs to look after a problem. That two rigs
// have one name costs neither a frame, but who looks at the fleet sees but one.
func harmlessHere(p *pb.Problem) bool {
	return p.GetHarmless() && p.GetCode() != string(fault.BusReplaced)
}

// Words of a rig's state, as of web.State.
const (
	stateStopped   = "not recording"
	stateRecording = "recording"
	stateImpaired  = "impaired"
)

func noReason(sentence string) string {
	if _, why, ok := strings.Cut(sentence, ": "); ok && strings.HasPrefix(sentence, "NOT RECORDING") {
		return "not recording: " + why
	}
	return stateStopped
}
