package gpstest

import (
	"encoding/json"
	"math"
	"time"

	"github.com/sensord/sensord/gps"
)

// report is one of gpsd's objects, with its keys as gpsd_json(5) names them.
type report struct {
	Class      string      `json:"class"`
	Release    string      `json:"release,omitempty"`
	Rev        string      `json:"rev,omitempty"`
	ProtoMajor int         `json:"proto_major,omitempty"`
	ProtoMinor int         `json:"proto_minor,omitempty"`
	Devices    []report    `json:"devices,omitempty"`
	Enable     bool        `json:"enable,omitempty"`
	JSON       bool        `json:"json,omitempty"`
	Path       string      `json:"path,omitempty"`
	Driver     string      `json:"driver,omitempty"`
	Activated  string      `json:"activated,omitempty"`
	Device     string      `json:"device,omitempty"`
	Time       string      `json:"time,omitempty"`
	Mode       int         `json:"mode,omitempty"`
	Lat        *float64    `json:"lat,omitempty"` // of a GST: the sigma, m
	Lon        *float64    `json:"lon,omitempty"`
	Alt        *float64    `json:"alt,omitempty"`
	AltHAE     *float64    `json:"altHAE,omitempty"`
	AltMSL     *float64    `json:"altMSL,omitempty"`
	GeoidSep   *float64    `json:"geoidSep,omitempty"`
	EPX        *float64    `json:"epx,omitempty"`
	EPY        *float64    `json:"epy,omitempty"`
	EPV        *float64    `json:"epv,omitempty"`
	Track      *float64    `json:"track,omitempty"`
	Speed      *float64    `json:"speed,omitempty"`
	Climb      *float64    `json:"climb,omitempty"`
	Major      *float64    `json:"major,omitempty"`
	Minor      *float64    `json:"minor,omitempty"`
	HDOP       *float64    `json:"hdop,omitempty"`
	Satellites []satellite `json:"satellites,omitempty"`
}

type satellite struct {
	PRN  int     `json:"PRN"`
	El   float64 `json:"el"`
	Az   float64 `json:"az"`
	SS   float64 `json:"ss"`
	Used bool    `json:"used"`
}

// Device is the path of a receiver behind the gpsd that GPSD plays.
func Device(receiver string) string { return "/dev/" + receiver }

// GPSD returns what gpsd would send of the named receivers, or all, to a client
// that watches: one chunk for each line, the first three at the drive's begin.
func (d *Drive) GPSD(receivers ...string) []Chunk {
	if len(receivers) == 0 {
		for _, m := range d.Models {
			receivers = append(receivers, m.Name)
		}
	}
	devices := make([]report, 0, len(receivers))
	for _, r := range receivers {
		devices = append(devices, report{Class: "DEVICE", Path: Device(r), Driver: "NMEA0183", Activated: stamp(d.Start.UnixNano())})
	}
	var out []Chunk
	put := func(atNs int64, r report) {
		b, err := json.Marshal(r)
		if err != nil {
			panic(err) // numbers are finite, and there is nothing else in it
		}
		out = append(out, Chunk{atNs, append(b, '\r', '\n')})
	}
	put(d.BootNs, report{Class: "VERSION", Release: "3.22", Rev: "3.22", ProtoMajor: 3, ProtoMinor: 14})
	put(d.BootNs, report{Class: "DEVICES", Devices: devices})
	put(d.BootNs, report{Class: "WATCH", Enable: true, JSON: true})
	for _, a := range d.Only(receivers...).Arrivals {
		if a.Fix.HasPosition() {
			put(a.AtNs, gst(a.Fix))
		}
		put(a.AtNs, tpv(a.Fix))
		if time.Unix(0, a.Fix.TimeNs).Unix()%5 == 0 {
			put(a.AtNs, skyOf(a.Fix))
		}
	}
	return out
}

func stamp(utcNs int64) string {
	return time.Unix(0, utcNs).UTC().Format("2006-01-02T15:04:05.000Z")
}

func tpv(f gps.Fix) report {
	r := report{Class: "TPV", Device: Device(f.Receiver), Mode: int(f.Mode), Time: stamp(f.TimeNs)}
	if !f.HasPosition() {
		return r
	}
	perAxis := f.AccuracyM / math.Sqrt2 // gpsd splits a 95 % radius over two axes
	r.Lat, r.Lon, r.AltHAE, r.AltMSL = number(f.Lat, 9), number(f.Lon, 9), number(f.AltHAE, 3), number(f.AltMSL, 3)
	r.GeoidSep = number(f.AltHAE-f.AltMSL, 3)
	r.Track, r.Speed, r.Climb = number(f.CourseDeg, 3), number(f.SpeedMPS, 3), number(f.ClimbMPS, 3)
	r.EPX, r.EPY, r.EPV = number(perAxis, 3), number(perAxis, 3), number(f.AltAccuracyM, 3)
	return r
}

func gst(f gps.Fix) report {
	sigma := number(f.AccuracyM/radius95, 3)
	return report{
		Class: "GST", Device: Device(f.Receiver), Time: stamp(f.TimeNs),
		Major: sigma, Minor: sigma, Lat: sigma, Lon: sigma, Alt: number(f.AltAccuracyM/1.96, 3),
	}
}

func skyOf(f gps.Fix) report {
	r := report{Class: "SKY", Device: Device(f.Receiver), Time: stamp(f.TimeNs), HDOP: number(f.HDOP, 2)}
	for _, s := range satellites(f) {
		r.Satellites = append(r.Satellites, satellite{s.ID, s.Elevation, s.Azimuth, s.SNR, s.Used})
	}
	return r
}

// number is x with so many digits behind the point, nil if it is NaN.
func number(x float64, digits int) *float64 {
	if math.IsNaN(x) {
		return nil
	}
	k := math.Pow10(digits)
	x = math.Round(x*k) / k
	return &x
}
