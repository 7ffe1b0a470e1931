package main

import (
	"encoding/json"
	"io"
	"math"
	"time"

	"github.com/sensord/sensord/web"
)

// jsonLines prints an object per second, and one with the totals at the end.
type jsonLines struct {
	out    io.Writer
	second time.Duration // of the last line
	told   int           // events
}

// demoStatus is a running demo as a program reads it.
type demoStatus struct {
	Done         bool        `json:"done"` // false
	ElapsedS     float64     `json:"elapsed_s"`
	Source       string      `json:"source"`
	Capture      string      `json:"capture"`
	Captured     uint64      `json:"captured"`
	CaptureRate  float64     `json:"captured_per_s"`
	Position     string      `json:"position"`
	Server       string      `json:"server"`
	Link         string      `json:"link"`
	Protocol     string      `json:"protocol"`
	Links        uint64      `json:"links"`
	RoundTripS   float64     `json:"round_trip_s"`
	Acknowledged uint64      `json:"acknowledged"`
	Waiting      uint64      `json:"waiting"`
	InFlight     uint64      `json:"in_flight"`
	Arrived      uint64      `json:"arrived"`
	ArrivalRate  float64     `json:"arrived_per_s"`
	Duplicates   uint64      `json:"duplicates"`
	Missing      uint64      `json:"missing"`
	Events       []demoEvent `json:"events,omitempty"`
	demoDrive
}

// demoDrive is how a sensor drives: the newest position at the server, and how
// far positions are from the truth. It is left out where it stands.
type demoDrive struct {
	gpsPlace
	OffMean  *float64 `json:"off_mean_m,omitempty"`
	OffWorst *float64 `json:"off_worst_m,omitempty"`
}

type demoEvent struct {
	AtS  float64 `json:"at_s"`
	Text string  `json:"text"`
}

// demoTotals is how a demo went, as a program reads it.
type demoTotals struct {
	Done        bool        `json:"done"` // true
	ElapsedS    float64     `json:"elapsed_s"`
	Early       bool        `json:"ended_early"`
	Captured    uint64      `json:"captured"`
	Arrived     uint64      `json:"arrived"`
	Lost        uint64      `json:"lost"`
	Unconfirmed uint64      `json:"unconfirmed"`
	Resent      uint64      `json:"resent"`
	Duplicates  uint64      `json:"duplicates"`
	Foreign     uint64      `json:"foreign"`
	Disordered  uint64      `json:"disordered"`
	Misplaced   uint64      `json:"misplaced"`
	Protocol    string      `json:"protocol"`
	Links       uint64      `json:"links"`
	Reset       bool        `json:"reset"`
	RecoveryS   float64     `json:"recovery_s"`
	Events      []demoEvent `json:"events,omitempty"`
	demoPlaces
}

// demoPlaces is how good positions were that a sensor sent which drove. It is
// left out where it stood.
type demoPlaces struct {
	Placed    uint64   `json:"placed,omitempty"` // frames with a position, those that came twice included
	OffMean   *float64 `json:"off_mean_m,omitempty"`
	OffWorst  *float64 `json:"off_worst_m,omitempty"`
	ClaimMean *float64 `json:"accuracy_mean_m,omitempty"`
	Within    *float64 `json:"within_accuracy,omitempty"` // share of them that are as near to the truth as they claim to be
}

func (j *jsonLines) update(s snapshot) {
	second := s.Elapsed.Truncate(time.Second)
	if second <= j.second {
		return
	}
	j.second = second
	j.print(demoStatus{
		ElapsedS: seconds(s.Elapsed), Source: s.Source, Capture: s.Capture.String(),
		Captured: s.Captured, CaptureRate: math.Round(s.CaptureRate), Position: s.Position,
		Server: s.Address, Link: s.Link.String(), Protocol: s.Protocol, Links: s.Links, RoundTripS: s.RoundTrip.Seconds(),
		Acknowledged: s.Acked, Waiting: s.Waiting, InFlight: s.InFlight,
		Arrived: s.Tally.Arrived, ArrivalRate: math.Round(s.ArrivalRate), Duplicates: s.Tally.Duplicates, Missing: s.Tally.missing(),
		Events: j.news(s.Events), demoDrive: s.driveJSON(),
	})
}

func (s *snapshot) driveJSON() demoDrive {
	g := s.Tally.Last
	if g.Fix == 0 {
		return demoDrive{}
	}
	return demoDrive{
		gpsPlace: gpsPlace{
			Lat: known(g.Lat), Lon: known(g.Lon), AltMSL: web.Rounded(g.AltM, 2), SpeedKMH: web.Rounded(g.SpeedKMH, 2),
			Track: web.Rounded(g.Heading, 2), Accuracy: web.Rounded(g.Precision, 2),
		},
		OffMean: web.Rounded(s.Tally.mean(s.Tally.OffSumM), 2), OffWorst: web.Rounded(s.Tally.OffWorstM, 2),
	}
}

func (t *totals) placesJSON() demoPlaces {
	if t.Placed == 0 {
		return demoPlaces{}
	}
	return demoPlaces{
		Placed: t.Placed, OffMean: web.Rounded(t.mean(t.OffSumM), 2), OffWorst: web.Rounded(t.OffWorstM, 2),
		ClaimMean: web.Rounded(t.mean(t.ClaimSumM), 2), Within: web.Rounded(t.mean(float64(t.Within)), 4),
	}
}

func (j *jsonLines) finish(s snapshot, t totals) {
	j.print(demoTotals{
		Done: true, ElapsedS: seconds(t.Took), Early: t.Early, Captured: t.Captured, Arrived: t.Arrived, Lost: t.Lost,
		Unconfirmed: t.Unconfirmed, Resent: t.Resent, Duplicates: t.Duplicates,
		Foreign: t.Foreign, Disordered: t.Disordered, Misplaced: t.Misplaced,
		Protocol: t.Protocol, Links: t.Links, Reset: t.Reset, RecoveryS: seconds(t.Recovery),
		Events: j.news(s.Events), demoPlaces: t.placesJSON(),
	})
}

// news returns the events since the last object.
func (j *jsonLines) news(events []event) []demoEvent {
	var news []demoEvent
	for _, e := range events[j.told:] {
		news = append(news, demoEvent{AtS: seconds(e.At), Text: e.Text})
	}
	j.told = len(events)
	return news
}

func (j *jsonLines) print(object any) {
	_ = json.NewEncoder(j.out).Encode(object) // who does not read is not told
}

// seconds is a time in seconds, to the millisecond.
func seconds(d time.Duration) float64 { return float64(d.Milliseconds()) / 1000 }
