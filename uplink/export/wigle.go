package export

import (
	"bufio"
	"io"
	"math"
	"runtime"
	"time"

	"github.com/sensord/sensord/capture/dot11"
	"github.com/sensord/sensord/gps"
	"github.com/sensord/sensord/uplink/frames"
)

// WigleOptions say what a WiGLE file tells of who made it, and how it is
// thinned. The zero value of each but Version is its default.
type WigleOptions struct {
	Version string        // of sensord
	Rig     string        // the sensor's name; default "sensord": the file is for strangers
	EveryM  float64       // a network has one row for each place: so many metres further is another; default 20
	Every   time.Duration // and one more when it is heard for longer than this at one place; default 10 min
	Open    int           // networks in memory at most, about 300 bytes each; default 50 000
}

// Defaults of WigleOptions.
const (
	DefaultWigleEveryM = 20.0
	DefaultWigleEvery  = 10 * time.Minute
	DefaultWigleOpen   = 50_000
)

// WigleStats counts what went into a WiGLE file.
type WigleStats struct {
	Rows     uint64 // written
	Beacons  uint64 // beacons and probe responses with a position
	Unplaced uint64 // beacons and probe responses without one: they have no row
	Other    uint64 // frames that say nothing of a network, or that are damaged
}

// Wigle writes networks in the CSV format 1.6 of WiGLE, as its public page
// https://api.wigle.net/csvFormat.html describes it: one row for each network
// and place.
//
// Thinning: the row of a network is that of the frame with the strongest signal
// among those that were heard within EveryM metres of the first of them and
// Every of time; of equal signals the one with the better position counts. The
// next frame from further away or later opens the next row. A name that the
// network hides in its beacons, and the roaming consortiums, are taken from any
// frame of the row or of the one before; when it shows another name, that is
// another row. Rows are written when they are complete, so they are not in order
// of time.
//
// A Wigle belongs to one goroutine.
type Wigle struct {
	out   *bufio.Writer
	o     WigleOptions
	open  sightings
	line  []byte
	stats WigleStats
	begun bool
	err   error // of the writer, for good
}

// NewWigle returns a writer to w. Nothing is written before the first row or
// Close.
func NewWigle(w io.Writer, o WigleOptions) *Wigle {
	if o.Rig == "" {
		o.Rig = "sensord"
	}
	if !(o.EveryM > 0) {
		o.EveryM = DefaultWigleEveryM
	}
	if o.Every <= 0 {
		o.Every = DefaultWigleEvery
	}
	if o.Open <= 0 {
		o.Open = DefaultWigleOpen
	}
	return &Wigle{out: bufio.NewWriter(w), o: o, open: newSightings()}
}

// Add takes what a frame says of its network. What is no beacon or probe
// response, or has no position, is counted and makes no row. The frame may be
// reused when Add returns. The error is the writer's.
func (w *Wigle) Add(l *frames.Located) error {
	h, ok := dot11.Read(l.Frame)
	switch {
	case !ok || h.Cut:
		w.stats.Other++
		return w.err
	case !l.HasPosition || !(math.Abs(l.Position.Lat) <= 90) || !(math.Abs(l.Position.Lon) <= 180):
		w.stats.Unplaced++
		return w.err
	}
	w.stats.Beacons++
	w.row(l, &h).hear(l, &h)
	for n := range h.Nontransmitted {
		other := h
		other.Network = n
		w.row(l, &other).hear(l, &other)
	}
	w.closeOld(l.TimeNs)
	return w.err
}

// row returns the row that a frame belongs to.
func (w *Wigle) row(l *frames.Located, h *dot11.Heard) *sighting {
	last := w.open.find(h.BSSID)
	if last != nil && !w.isAnother(last, l, h) {
		w.open.touch(last)
		return last
	}
	if last != nil {
		w.close(last)
	} else if w.open.len() >= w.o.Open {
		w.close(w.open.oldest())
	}
	s := w.open.add(h.BSSID, l)
	if last != nil && !last.renamed(h.SSID) {
		s.ssid, s.rcois = last.ssid, last.rcois // what it hides here it told there
	}
	return s
}

// Close writes the rows that are still open. The writer below is the caller's
// to close.
func (w *Wigle) Close() error {
	w.header()
	for w.open.len() > 0 && w.err == nil {
		w.close(w.open.oldest())
	}
	if err := w.out.Flush(); w.err == nil {
		w.err = err
	}
	return w.err
}

// Stats returns what was counted so far.
func (w *Wigle) Stats() WigleStats { return w.stats }

// isAnother reports whether a frame begins another row than the open one.
func (w *Wigle) isAnother(s *sighting, l *frames.Located, h *dot11.Heard) bool {
	if s.renamed(h.SSID) || w.apart(s.firstNs, l.TimeNs) {
		return true
	}
	return distanceM(s.first, l.Position) > w.o.EveryM
}

func (w *Wigle) apart(a, b int64) bool {
	d := b - a
	return d > int64(w.o.Every) || d < -int64(w.o.Every)
}

// closeOld closes what has not been heard for so long that it will not get
// better. What is heard comes about in order, the oldest is in front.
func (w *Wigle) closeOld(nowNs int64) {
	for s := w.open.oldest(); s != nil && w.apart(s.lastNs, nowNs); s = w.open.oldest() {
		w.close(s)
	}
}

// distanceM is the distance of two positions in metres.
func distanceM(a, b gps.Position) float64 {
	b.AccuracyM = 0
	return gps.Zone{Lat: a.Lat, Lon: a.Lon}.ClearanceM(b)
}

const wigleColumns = "MAC,SSID,AuthMode,FirstSeen,Channel,Frequency,RSSI," +
	"CurrentLatitude,CurrentLongitude,AltitudeMeters,AccuracyMeters,RCOIs,MfgrId,Type\n"

// header writes the two lines at the start. Body 3 of Sol is the earth.
func (w *Wigle) header() {
	if w.begun {
		return
	}
	w.begun = true
	w.line = append(w.line[:0], "WigleWifi-1.6"...)
	for _, field := range [...]string{
		"appRelease=" + w.o.Version, "model=" + runtime.GOOS, "release=" + w.o.Version,
		"device=" + w.o.Rig, "display=none", "board=" + runtime.GOARCH, "brand=sensord",
		"star=Sol", "body=3", "subBody=0",
	} {
		w.line = appendName(append(w.line, ','), []byte(field))
	}
	w.line = append(append(w.line, '\n'), wigleColumns...)
	w.write()
}

// close writes a row and forgets it.
func (w *Wigle) close(s *sighting) {
	w.header()
	w.line = s.appendRow(w.line[:0])
	w.write()
	w.stats.Rows++
	w.open.remove(s)
}

func (w *Wigle) write() {
	if w.err == nil {
		_, w.err = w.out.Write(w.line)
	}
}
