package gpsd

import (
	"math"
	"slices"

	"github.com/sensord/sensord/gps"
)

// noise is what a GST says: standard deviations in metres.
type noise struct {
	timeNs, receivedNs int64
	radius             float64 // 95 %, m
	alt                float64 // 95 %, m
}

func newNoise(r *report, receivedNs int64) noise {
	major, minor := positive(r.Major), positive(r.Minor)
	if math.IsNaN(major) || math.IsNaN(minor) {
		// Without the ellipse: as if its axes were north and east.
		major, minor = positive(r.Lat), positive(r.Lon)
	}
	return noise{
		timeNs: int64(r.Time), receivedNs: receivedNs,
		radius: gps.Radius95(major, minor), alt: ninetyFive * positive(r.Alt),
	}
}

// dilution is what a SKY says of all satellites together.
type dilution struct {
	timeNs, receivedNs int64
	hdop               float64
	used               int
}

// hdopOf returns the HDOP that is true of f, or NaN.
func (s *dilution) hdopOf(f *gps.Fix) float64 {
	if !fresh(f, s.timeNs, s.receivedNs, skyFreshNs) {
		return math.NaN()
	}
	return s.hdop
}

// judge gives a fix what GST and SKY said of it, where its TPV said nothing:
// the better origin wins.
func (dev *device) judge(f *gps.Fix) {
	sky := &dev.sky
	if fresh(f, sky.timeNs, sky.receivedNs, skyFreshNs) {
		f.HDOP, f.Satellites = sky.hdop, sky.used
		if f.HasPosition() && f.AccuracyOrigin == gps.OriginUnknown && sky.hdop > 0 {
			f.AccuracyM, f.AccuracyOrigin = gps.HDOPRadius(sky.hdop), gps.OriginHDOP
		}
		f.Sentences = with(f.Sentences, "SKY")
	}
	gst := &dev.gst
	if !f.HasPosition() || !fresh(f, gst.timeNs, gst.receivedNs, gstFreshNs) {
		return
	}
	worse := f.AccuracyOrigin == gps.OriginUnknown || f.AccuracyOrigin == gps.OriginHDOP
	if worse && !math.IsNaN(gst.radius) {
		f.AccuracyM, f.AccuracyOrigin = gst.radius, gps.OriginGST
		f.Sentences = with(f.Sentences, "GST")
	}
	if f.Mode == gps.Mode3D && math.IsNaN(f.AltAccuracyM) && !math.IsNaN(gst.alt) {
		f.AltAccuracyM = gst.alt
		f.Sentences = with(f.Sentences, "GST")
	}
}

// fresh reports whether what was said at a time is true of f: by the receiver's
// clock if both know it, else by when it came.
func fresh(f *gps.Fix, timeNs, receivedNs, limitNs int64) bool {
	if timeNs == 0 && receivedNs == 0 {
		return false
	}
	d := f.ReceivedNs - receivedNs
	if timeNs != 0 && f.TimeNs != 0 {
		d = f.TimeNs - timeNs
	}
	return d > -limitNs && d < limitNs
}

func with(classes []string, class string) []string {
	if slices.Contains(classes, class) {
		return classes
	}
	return append(classes, class)
}

// skyOf takes a SKY. It reports false when it lists no satellites, as gpsd's do
// that only carry dilutions.
func (dev *device) skyOf(r *report, receivedNs int64) (gps.Sky, bool) {
	used := 0
	sky := gps.Sky{Device: dev.path, Satellites: make([]gps.Satellite, 0, len(r.Satellites))}
	for i := range r.Satellites {
		s := newSatellite(&r.Satellites[i])
		if s.Used {
			used++
		}
		sky.Satellites = append(sky.Satellites, s)
	}
	dev.sky = dilution{
		timeNs: int64(r.Time), receivedNs: receivedNs,
		hdop: r.HDOP.in(0, maxDilution), used: used,
	}
	if r.Satellites == nil {
		dev.sky.used = r.Used.integer(-1)
	}
	return sky, r.Satellites != nil
}

// maxDilution is where receivers begin to mean "none": 99.99 in NMEA.
const maxDilution = 99

func newSatellite(s *satellite) gps.Satellite {
	id := s.PRN.integer(0)
	return gps.Satellite{
		System: system(s.GNSSID, id), ID: id,
		Elevation: s.El.in(-90, 90), Azimuth: s.Az.in(0, 360), SNR: s.SS.in(0, maxDilution), Used: bool(s.Used),
	}
}

// system names a satellite's system by gnssid, which are u-blox's numbers, or
// from the ranges of PRN that gpsd puts them in where it is absent: before 3.18,
// and for some receivers after (gpsd_json(5), "PRN, GNSS ID, SV ID").
func system(gnssid number, prn int) string {
	names := [...]string{"GPS", "SBAS", "Galileo", "BeiDou", "", "QZSS", "GLONASS", "NavIC"}
	if i := gnssid.integer(-1); i >= 0 && i < len(names) {
		return names[i]
	}
	for _, r := range [...]struct {
		low, high int
		name      string
	}{
		{1, 32, "GPS"},
		{33, 64, "SBAS"},
		{65, 96, "GLONASS"},
		{120, 158, "SBAS"},
		{193, 202, "QZSS"},
		{301, 336, "Galileo"},
		{401, 463, "BeiDou"},
	} {
		if prn >= r.low && prn <= r.high {
			return r.name
		}
	}
	return ""
}
