package main

import (
	"errors"
	"fmt"
	"math"
	"net/url"
	"time"

	"github.com/sensord/sensord/actors"
	"github.com/sensord/sensord/internal/fault"
	"github.com/sensord/sensord/uplink/kismettest"
	"github.com/sensord/sensord/web"
)

// snapshot is a demo at one moment, as it is shown.
type snapshot struct {
	Elapsed, Length time.Duration

	Source      string
	Capture     actors.CaptureState
	Captured    uint64
	CaptureRate float64       // frames per second, over the last second
	Position    string        // empty is unknown; of one who drives that of the newest frame at the server
	Drive       time.Duration // how long that takes on the road, 0 if the sensor stands

	Link      actors.LinkState
	Address   string // of the server
	Protocol  string
	Links     uint64
	RoundTrip time.Duration
	Acked     uint64
	Waiting   uint64 // captured and not confirmed
	InFlight  uint64 // of those, written to the link

	Server      string
	Tally       tally
	ArrivalRate float64
	Usual       float64  // the rate at which frames should arrive
	Flow        []uint64 // frames that arrived, per flowStep

	Events []event
}

// totals is how a demo went.
type totals struct {
	tally
	Took        time.Duration
	Early       bool // it was ended before the end of its capture
	Captured    uint64
	Lost        uint64 // captured, and not arrived
	Unconfirmed uint64 // captured, and not confirmed
	Resent      uint64
	Links       uint64
	Protocol    string
	Reset       bool          // the link was reset
	Recovery    time.Duration // from then to the next frame; 0 if there was none
	Moving      bool          // the sensor drove
}

// event is a change that a person would tell another.
type event struct {
	At   time.Duration
	Text string
	Tone tone
}

// flowStep is the time that one column of the flow stands for.
const flowStep = 500 * time.Millisecond

// story makes snapshots of what the rig and the server say from moment to
// moment, and notices what changed.
type story struct {
	snapshot
	began    time.Time
	resetAt  time.Time // zero before the reset
	atReset  uint64    // frames in flight then
	recovery time.Duration
	linkErr  error
	resumed  int // sessions whose first frame was told
	restarts uint64
	samples  []sample // of about the last second, oldest first
	flowed   uint64   // arrived until the last column of the flow
}

type sample struct {
	at                time.Time
	captured, arrived uint64
}

func newStory(r *replay, p kismettest.Profile) *story {
	s := &story{
		began:    time.Now(),
		snapshot: snapshot{Source: r.name, Length: r.length, Usual: r.rate, Server: serverText(p)},
	}
	if r.drive != nil {
		s.Drive = r.drive.length()
	}
	return s
}

// observe takes in what is now. resumed are the times of each session's first
// frame.
func (s *story) observe(now time.Time, status actors.Status, t tally, resumed []time.Time) {
	source := status.Sources[0]
	s.changes(now, status, source, resumed)

	s.Elapsed = now.Sub(s.began)
	s.Capture, s.Captured = source.Capture, source.Frames.Captured
	s.Acked, s.Waiting, s.InFlight = source.Frames.Acked, source.Frames.Waiting, source.Frames.InFlight
	link := source.Link
	s.Link, s.Protocol, s.Links, s.RoundTrip = link.State, link.Protocol, link.Links, link.RoundTrip
	s.Address = addressText(link.Server)
	switch p := status.Position; {
	case t.Last.Fix > 0:
		s.Position = positionText(place{t.Last.Lat, t.Last.Lon, t.Last.AltM})
	case status.HasPosition:
		s.Position = positionText(place{p.Lat, p.Lon, p.AltMSL})
	}
	s.Tally = t
	s.rates(sample{now, s.Captured, t.Arrived + t.Duplicates})
}

// changes tells what is different from the last time.
func (s *story) changes(now time.Time, status actors.Status, source actors.SourceStatus, resumed []time.Time) {
	if err := source.Link.Err; err != nil && fault.CodeOf(err) != fault.CodeOf(s.linkErr) {
		s.tell(now, toneWarn, "link lost: "+causeText(err))
	}
	s.linkErr = source.Link.Err
	for ; s.resumed < len(resumed); s.resumed++ {
		s.flows(resumed[s.resumed], source.Link.Protocol)
	}
	if source.Capture != s.Capture {
		switch source.Capture {
		case actors.CaptureEnded:
			s.tell(now, tonePlain, "the capture has ended")
		case actors.CaptureFailed:
			s.tell(now, toneBad, "the capture has failed")
		}
	}
	if source.Link.State != s.Link && source.Link.State == actors.LinkFinished {
		s.tell(now, toneGood, "the server has confirmed everything")
	}
	if status.Restarts > s.restarts {
		s.tell(now, toneBad, "an actor failed and starts again")
		s.restarts = status.Restarts
	}
}

// flows tells that the first frame of a session came.
func (s *story) flows(at time.Time, protocol string) {
	switch {
	case s.resumed == 0:
		s.tell(at, tonePlain, "frames flow")
	case s.recovery == 0 && !s.resetAt.IsZero() && at.After(s.resetAt):
		s.recovery = at.Sub(s.resetAt)
		s.tell(at, toneGood, "frames flow again "+secondsText(s.recovery)+" later, those "+web.Grouped(s.atReset)+" first")
	default:
		s.tell(at, toneGood, "frames flow again")
	}
}

// broke tells that the server resets the link now.
func (s *story) broke(now time.Time, inFlight uint64) {
	s.resetAt, s.atReset = now, inFlight
	s.tell(now, toneBad, "link reset (RST), "+web.Grouped(inFlight)+" frames were on their way")
}

func (s *story) tell(at time.Time, tone tone, text string) {
	s.Events = append(s.Events, event{at.Sub(s.began), text, tone})
}

// rates counts frames per second over the last second, and fills the flow.
func (s *story) rates(now sample) {
	s.samples = append(s.samples, now)
	for len(s.samples) > 2 && now.at.Sub(s.samples[1].at) >= time.Second {
		s.samples = s.samples[1:]
	}
	oldest := s.samples[0]
	if over := now.at.Sub(oldest.at).Seconds(); over > 0 {
		s.CaptureRate = float64(now.captured-oldest.captured) / over
		s.ArrivalRate = float64(now.arrived-oldest.arrived) / over
	}
	s.fill(int(s.Elapsed/flowStep), now.arrived)
}

// fill makes the flow so many columns long, up to what has arrived by now.
func (s *story) fill(columns int, arrived uint64) {
	for len(s.Flow) < columns {
		n := (arrived - s.flowed) / uint64(columns-len(s.Flow))
		s.Flow = append(s.Flow, n)
		s.flowed += n
	}
}

// finish puts what has arrived behind the last column of the flow into it, or,
// if that took long enough to be one, into a column of its own.
func (s *story) finish(arrived uint64) {
	if len(s.Flow) == 0 || s.Elapsed%flowStep > flowStep/2 {
		s.fill(len(s.Flow)+1, arrived)
		return
	}
	s.Flow[len(s.Flow)-1] += arrived - s.flowed
	s.flowed = arrived
}

func serverText(p kismettest.Profile) string {
	switch p {
	case kismettest.T23:
		return "as Kismet 2023-07-R2 (t23)"
	case kismettest.T25PB:
		return "as Kismet 2025-09-R1 with protobuf (t25pb)"
	case kismettest.Split:
		return "as a Kismet of July 2025 (split)"
	}
	return "as Kismet 2025-09-R1 (t25)"
}

// addressText is a server's URL without its path.
func addressText(server string) string {
	u, err := url.Parse(server)
	if err != nil {
		return server
	}
	return u.Scheme + "://" + u.Host
}

func positionText(p place) string {
	text := fmt.Sprintf("%.5f, %.5f", p.lat, p.lon)
	if !math.IsNaN(p.altM) {
		text += fmt.Sprintf(", %g m", math.Round(p.altM*10)/10)
	}
	return text
}

// causeText is an error without the name of what it happened to.
func causeText(err error) string {
	if f, ok := errors.AsType[*fault.Error](err); ok {
		err = f.Err
	}
	return err.Error()
}

// secondsText is a time as one says it.
func secondsText(d time.Duration) string {
	if d < time.Second {
		return fmt.Sprintf("%d ms", d.Milliseconds())
	}
	return fmt.Sprintf("%.1f s", d.Seconds())
}

// clockText is a time as a clock shows it.
func clockText(d time.Duration) string {
	s := int(d / time.Second)
	return fmt.Sprintf("%d:%02d", s/60, s%60)
}
