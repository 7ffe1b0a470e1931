package main

import (
	"encoding/json"
	"time"

	"github.com/sensord/sensord/actors"
	"github.com/sensord/sensord/gps"
	"github.com/sensord/sensord/internal/fault"
	"github.com/sensord/sensord/web"
)

// What `sensord gps --json` prints is read by other programs, and described in
// docs/guide.md: a field is never renamed or removed. What is not known is left
// out.

// gpsEpoch is what a receiver says of one instant: a line of a log, and the last
// fix of a live receiver.
type gpsEpoch struct {
	Time   string `json:"time,omitempty"`   // RFC 3339, UTC
	Device string `json:"device,omitempty"` // behind gpsd
	Mode   int    `json:"mode"`             // as gpsd's: 0 unknown, 1 no fix, 2 2D, 3 3D
	gpsPlace
	AccuracyOrigin string    `json:"accuracy_origin,omitempty"` // what accuracy_m was made of
	AltHAE         *float64  `json:"altHAE,omitempty"`          // metres above the ellipsoid
	AltAccuracy    *float64  `json:"alt_accuracy_m,omitempty"`  // 95 %
	Climb          *float64  `json:"climb,omitempty"`           // m/s
	SpeedAccuracy  *float64  `json:"speed_accuracy_kmh,omitempty"`
	HDOP           *float64  `json:"hdop,omitempty"`
	Satellites     *int      `json:"satellites,omitempty"` // used
	Sentences      []string  `json:"sentences"`            // what it was made of
	Fused          *gpsFused `json:"fused,omitempty"`      // with --fused
}

// gpsPlace is what receivers and fusion both say.
type gpsPlace struct {
	Lat      *float64 `json:"lat,omitempty"`        // degrees
	Lon      *float64 `json:"lon,omitempty"`        // degrees
	AltMSL   *float64 `json:"altMSL,omitempty"`     // metres above mean sea level
	SpeedKMH *float64 `json:"speed_kmh,omitempty"`  // over ground
	Track    *float64 `json:"track,omitempty"`      // of movement, degrees clockwise from true north
	Accuracy *float64 `json:"accuracy_m,omitempty"` // 95 % radius
}

// gpsFused is what fusion makes of the epochs so far, at the time of this one.
type gpsFused struct {
	gpsPlace
	Rejected string `json:"rejected,omitempty"` // why it does not believe this one
}

// gpsReport is how all receivers are, each second.
type gpsReport struct {
	Time      string        `json:"time"`               // RFC 3339, UTC, of the system clock
	Position  *gpsPosition  `json:"position,omitempty"` // where the sensor is
	Code      string        `json:"code,omitempty"`     // why that is not known although a receiver has a fix
	Error     string        `json:"error,omitempty"`    // the same in words
	Remedy    string        `json:"remedy,omitempty"`   //
	Clock     gpsClock      `json:"clock"`
	Receivers []gpsReceiver `json:"receivers"`
	Web       string        `json:"web,omitempty"` // where positions can be posted to
}

type gpsPosition struct {
	gpsPlace
	By string `json:"by"` // the receiver, or "fusion"
}

type gpsClock struct {
	Source       string   `json:"source"`                    // of UTC: "system", "pulse", "gps", or "" if there is none
	SystemOffset *float64 `json:"system_offset_s,omitempty"` // system clock minus GPS time
	SystemError  *float64 `json:"system_offset_error_s,omitempty"`
}

type gpsReceiver struct {
	Name       string         `json:"name"`
	Type       string         `json:"type"`
	What       string         `json:"what"`              // "gpsd localhost:2947"
	Detail     string         `json:"detail,omitempty"`  // "38400 baud"
	State      string         `json:"state"`             // "connecting", "away", "searching", "fix" or "stale"
	Code       string         `json:"code,omitempty"`    // why it has no fix
	Error      string         `json:"error,omitempty"`   // the same in words
	Remedy     string         `json:"remedy,omitempty"`  //
	Notice     string         `json:"notice,omitempty"`  // what it said last
	Fix        *gpsEpoch      `json:"fix,omitempty"`     // the last epoch, with a position or without
	Age        *float64       `json:"age_s,omitempty"`   // since the last one with a position
	Fixes      uint64         `json:"fixes"`             // with a position
	Rate       *float64       `json:"rate_hz,omitempty"` //
	Latency    *float64       `json:"latency_s,omitempty"`
	Rejected   uint64         `json:"rejected"`                  // positions that were not believed
	RejectedBy string         `json:"rejected_reason,omitempty"` // why the last one was not
	Skipped    uint64         `json:"skipped"`                   // fixes that came too fast to be used
	Satellites []gpsSatellite `json:"satellites,omitempty"`      // in view
}

type gpsSatellite struct {
	System    string   `json:"system,omitempty"`
	ID        int      `json:"id"`
	Elevation *float64 `json:"elevation,omitempty"` // degrees
	Azimuth   *float64 `json:"azimuth,omitempty"`   // degrees
	SNR       *float64 `json:"snr,omitempty"`       // dBHz
	Used      bool     `json:"used"`
}

// gpsJSON prints an object each second.
type gpsJSON struct{ out *json.Encoder }

func (g *gpsJSON) every() time.Duration { return time.Second }

func (g *gpsJSON) show(s actors.Status, now time.Time) error {
	return g.out.Encode(gpsReportOf(&s, now))
}

func (g *gpsJSON) finish() {}

func gpsReportOf(s *actors.Status, now time.Time) gpsReport {
	r := gpsReport{
		Time: timeText(now.UnixNano()), Web: s.GPS.Web, Receivers: []gpsReceiver{},
		Clock: gpsClock{Source: string(s.GPS.Clock.Source)},
	}
	if c := s.GPS.Clock; c.HasSystemOffset {
		r.Clock.SystemOffset = inSeconds(time.Duration(c.SystemOffsetNs))
		r.Clock.SystemError = inSeconds(time.Duration(c.SystemErrorNs))
	}
	if s.HasPosition {
		r.Position = &gpsPosition{placeOf(s.Position), s.Position.Receiver}
	}
	if err := s.GPS.Unplaced; err != nil {
		r.Code, r.Error, r.Remedy = string(fault.CodeOf(err)), err.Error(), fault.RemedyOf(err)
	}
	for i := range s.GPS.Receivers {
		r.Receivers = append(r.Receivers, gpsReceiverOf(&s.GPS.Receivers[i], &s.GPS))
	}
	return r
}

func gpsReceiverOf(s *actors.ReceiverStatus, g *actors.GPSStatus) gpsReceiver {
	r := gpsReceiver{
		Name: s.Name, Type: string(s.Type), What: s.Object, Detail: s.Detail, State: s.State.String(), Notice: s.Notice,
		Fixes: s.Fixes, Skipped: s.Skipped,
	}
	if s.Err != nil {
		r.Code, r.Error, r.Remedy = string(fault.CodeOf(s.Err)), s.Err.Error(), fault.RemedyOf(s.Err)
	}
	if s.Fix.Mode != gps.ModeUnknown {
		fix := epochOf(&s.Fix)
		r.Fix = &fix
	}
	if s.Fixes > 0 {
		r.Age = inSeconds(s.Age)
	}
	if s.Interval > 0 {
		r.Rate = web.Rounded(1/s.Interval.Seconds(), 2)
	}
	if s.LatencyKnown {
		r.Latency = inSeconds(s.Latency)
	}
	if f, _ := g.Fused(s.Name); f.Rejected > 0 {
		r.Rejected, r.RejectedBy = f.Rejected, f.Why
	}
	for _, sat := range s.Satellites {
		r.Satellites = append(r.Satellites, gpsSatellite{
			System: sat.System, ID: sat.ID, Used: sat.Used,
			Elevation: known(sat.Elevation), Azimuth: known(sat.Azimuth), SNR: known(sat.SNR),
		})
	}
	return r
}

func epochOf(f *gps.Fix) gpsEpoch {
	e := gpsEpoch{
		Time: timeText(f.TimeNs), Device: f.Device, Mode: int(f.Mode), HDOP: known(f.HDOP),
		Sentences: append([]string{}, f.Sentences...),
	}
	if n := f.Satellites; n >= 0 {
		e.Satellites = &n
	}
	if !f.HasPosition() {
		return e
	}
	e.gpsPlace = gpsPlace{
		Lat: known(f.Lat), Lon: known(f.Lon), AltMSL: known(f.AltMSL), SpeedKMH: known(f.SpeedMPS * gps.KMHPerMPS),
		Track: course(f.CourseDeg), Accuracy: known(f.AccuracyM),
	}
	e.AccuracyOrigin = string(f.AccuracyOrigin)
	e.AltHAE, e.AltAccuracy, e.Climb = known(f.AltHAE), known(f.AltAccuracyM), known(f.ClimbMPS)
	e.SpeedAccuracy = known(f.SpeedAccuracyMPS * gps.KMHPerMPS)
	return e
}

func (f *fusedEpoch) json() *gpsFused {
	out := &gpsFused{Rejected: f.rejected}
	if f.known {
		out.gpsPlace = placeOf(f.Position)
	}
	return out
}

func placeOf(p gps.Position) gpsPlace {
	return gpsPlace{
		Lat: known(p.Lat), Lon: known(p.Lon), AltMSL: known(p.AltMSL), SpeedKMH: known(p.SpeedMPS * gps.KMHPerMPS),
		Track: course(p.Heading), Accuracy: known(p.AccuracyM),
	}
}

// known returns a number to eight decimals, a millimetre in degrees; nil if it
// is not known.
func known(x float64) *float64 { return web.Rounded(x, 8) }

func inSeconds(d time.Duration) *float64 { return web.Rounded(d.Seconds(), 6) }

// course is known for an angle that is below 360 also when it is rounded.
func course(degrees float64) *float64 {
	x := known(degrees)
	if x != nil && *x >= 360 {
		*x -= 360
	}
	return x
}

// timeText is a time as gpsd writes it, "" if it is not known.
func timeText(ns int64) string {
	if ns == 0 {
		return ""
	}
	return time.Unix(0, ns).UTC().Format("2006-01-02T15:04:05.000Z")
}
