package configs

import (
	"cmp"
	"net"
	"path/filepath"
	"slices"
	"time"

	"github.com/sensord/sensord/capture"
)

// A settledReceiver is a receiver and how it was written.
type settledReceiver struct {
	Receiver
	draft *receiverDraft
	wrong bool // and a mistake was noted: only its name is looked at
}

// label names a receiver in messages about another one.
func (s *settledReceiver) label() string {
	switch {
	case s.draft.spec != "":
		return quote(s.draft.spec)
	case s.draft.path != "":
		return s.draft.path
	}
	return s.draft.from.String() // --fixed-gps
}

// gps settles what says where the sensor is.
func (l *loader) gps(d *draft, sources []Source) GPS {
	g := GPS{Mode: GPSFusion, Motion: MotionCar, Predict: DefaultPredict, LimitM: DefaultLimitM}
	l.gpsMode(&d.gps, &g)
	var list []settledReceiver
	for i := range d.gps.receivers {
		if v, ok := l.receiver(&d.gps.receivers[i]); v.Type != "" {
			list = append(list, settledReceiver{v, &d.gps.receivers[i], !ok})
		}
	}
	list = l.nameReceivers(l.withoutRivals(list))
	l.lastResort(g.Mode, list)
	l.idleReceivers(list, sources)
	for i := range list {
		g.Receivers = append(g.Receivers, list[i].Receiver)
		if p := list[i].Fixed; list[i].Type == ReceiverFixed {
			g.Fixed = &p
		}
	}
	l.settleGPS(&d.gps, &g, list)
	g.MetaGPS = l.metaGPS(&d.gps)
	return g
}

// gpsMode settles how positions are made of fixes.
func (l *loader) gpsMode(d *gpsDraft, g *GPS) {
	if d.mode.given() {
		switch g.Mode = GPSMode(d.mode.value); g.Mode {
		case GPSFusion, GPSPriority:
		default:
			l.wrong(d.mode.from, "gps.mode", "write fusion (all receivers together) or priority (the first that has a fix)", "%s is no mode", quote(d.mode.value))
		}
	}
	if d.motion.given() {
		switch g.Motion = Motion(d.motion.value); g.Motion {
		case MotionCar, MotionFoot:
		default:
			l.wrong(d.motion.from, "gps.motion", "write car (for everything on wheels or water) or foot", "%s is no motion", quote(d.motion.value))
		}
	}
	if d.predict.given() {
		var m mistake
		if g.Predict, m = parseDuration(d.predict.value, leastPredict, 10*time.Second); m.made() {
			l.wrong(d.predict.from, "gps.predict", m.right, "%s", m.what)
		}
	}
	if d.limit.given() {
		const least, most = 1, 100_000
		const right = "write metres, as in 100m: positions that are less certain are not used"
		var err error
		switch g.LimitM, err = parseLength(d.limit.value); {
		case err != nil:
			l.wrong(d.limit.from, "gps.limit", right, "%v", err)
		case g.LimitM < least || g.LimitM > most:
			l.wrong(d.limit.from, "gps.limit", right, "%s is not between %dm and %dkm", quote(d.limit.value), least, most/1000)
		}
	}
}

// withoutRivals notes receivers that would take something from each other, and
// leaves them out.
func (l *loader) withoutRivals(list []settledReceiver) []settledReceiver {
	var kept []settledReceiver
	for _, r := range list {
		what, right := "", "keep one"
		i := slices.IndexFunc(kept, func(other settledReceiver) bool {
			if other.wrong || r.wrong {
				return false
			}
			what, right = rivals(&other, &r)
			return what != ""
		})
		if i >= 0 {
			l.wrongReceiver(r.draft, r.draft.from, "", cmp.Or(right, "keep one"), "%s (%s)", what, kept[i].label())
			continue
		}
		kept = append(kept, r)
	}
	return kept
}

// rivals says why a rig cannot have both receivers, or nothing.
func rivals(a, b *settledReceiver) (what, right string) {
	sameFile := func(x, y string) bool { return filepath.Clean(x) == filepath.Clean(y) }
	switch {
	case a.Type == ReceiverFixed && b.Type == ReceiverFixed:
		return "the sensor cannot be fixed in two places", ""
	case a.Type == ReceiverWeb && b.Type == ReceiverWeb:
		return "there is one /gps/web/ to post to, and it is another receiver's", "keep one, or write type: meta, which have a name each"
	case a.Type == ReceiverReplay && b.Type == ReceiverReplay && !a.Realtime && !b.Realtime:
		return "there is another log that says where frames were captured", ""
	case a.Type == ReceiverBus && b.Type == ReceiverBus && a.From == b.From:
		return "another receiver follows the same on the bus", ""
	case a.Type == ReceiverGPSD && b.Type == ReceiverGPSD && a.Address == b.Address && (a.Device == b.Device || a.Device == "" || b.Device == ""):
		return "another receiver asks this gpsd for the same", "keep one, or name a device for each"
	case a.Feed == FeedSerial && b.Feed == FeedSerial && sameFile(a.Device, b.Device):
		return "another receiver reads from this device", ""
	case a.Feed == FeedTCP && b.Feed == FeedTCP && a.Address == b.Address:
		return "another receiver has the same address", ""
	case a.Feed == b.Feed && (a.Feed == FeedListen || a.Feed == FeedUDP) && sameListener(a.Address, b.Address):
		return "another receiver listens on this port", "keep one, or write another port"
	}
	for _, pair := range [][2]*settledReceiver{{a, b}, {b, a}} {
		daemon, line := pair[0], pair[1]
		if daemon.Type == ReceiverGPSD && line.Feed == FeedSerial && daemon.Device != "" && loopback(daemon.Address) && sameFile(daemon.Device, line.Device) {
			return "gpsd has this device, and only one program can", ""
		}
	}
	return "", ""
}

// sameListener reports whether two addresses to listen on exclude each other.
func sameListener(a, b string) bool {
	hostA, portA, _ := net.SplitHostPort(a)
	hostB, portB, _ := net.SplitHostPort(b)
	every := func(host string) bool { return host == "" || host == "0.0.0.0" || host == "::" }
	return portA == portB && (hostA == hostB || every(hostA) || every(hostB))
}

// lastResort refuses a fixed position where it would spoil what others say.
func (l *loader) lastResort(mode GPSMode, list []settledReceiver) {
	for i, r := range list {
		if r.Type != ReceiverFixed || len(list) == 1 {
			continue
		}
		switch {
		case mode == GPSFusion:
			right := "remove it, or write gps: {mode: priority}, with it as the last one, for when the others have no fix"
			if r.draft.from.layer == layerFlag {
				right = "leave it out; a configuration can have it for when the others have no fix, with gps: {mode: priority}"
			}
			l.wrongReceiver(r.draft, r.draft.from, "", right, "a fixed position cannot be fused with what says where the sensor is: it would pull that to where it is not")
		case i < len(list)-1:
			l.wrongReceiver(r.draft, r.draft.from, "", "write it last", "a fixed position is always there, so what comes behind it would never count")
		}
	}
}

// idleReceivers warns of receivers that would not locate a single frame.
func (l *loader) idleReceivers(list []settledReceiver, sources []Source) {
	if len(sources) == 0 {
		return // none that could be read
	}
	file := func(s Source) bool { return s.Type == capture.TypePcapFile }
	for _, r := range list {
		switch {
		case r.Live() && !slices.ContainsFunc(sources, func(s Source) bool { return !file(s) }):
			l.warn(r.draft.from, r.draft.path, "for files name the log of their drive: "+replayForm(r.draft), "every source is a file, and where the sensor is today does not say where its frames were captured")
			return
		case r.Type == ReceiverReplay && !r.Realtime && !slices.ContainsFunc(sources, file):
			l.warn(r.draft.from, r.draft.path, "add a file that was captured then, or realtime: true to play the log as if it happened now", "the log says where frames of its time were captured, and every source captures now")
		}
	}
}

func replayForm(r *receiverDraft) string {
	if r.from.layer == layerFlag {
		return "--gps replay:file=drive.nmea"
	}
	return "{type: replay, file: drive.nmea}"
}
