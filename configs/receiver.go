package configs

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/gps"
)

// Ports that receivers are reached on where nobody says another.
const (
	PortGPSD = 2947
	PortNMEA = 10110
)

// receiverKeys are the settings of receivers besides type and name.
var receiverKeys = [...]string{
	"address", "device", "baud", "listen", "checksum", "lat", "lon", "alt", "expire", "file", "start_date", "realtime", "rig", "metagps", "latency",
}

// A receiverKind is a type of receiver, and which of receiverKeys it has.
type receiverKind struct {
	name ReceiverType
	is   string // for people, with the article
	has  []string
}

func receiverKinds() []receiverKind {
	return []receiverKind{
		{ReceiverGPSD, "a gpsd receiver", []string{"address", "device", "latency"}},
		{ReceiverNMEA, "an nmea receiver", []string{"device", "baud", "address", "listen", "checksum", "latency"}},
		{ReceiverMeta, "a meta receiver", []string{"expire", "latency"}},
		{ReceiverWeb, "a web receiver", []string{"expire", "latency"}},
		{ReceiverBus, "a bus receiver", []string{"rig", "metagps", "expire", "latency"}},
		{ReceiverFixed, "a fixed position", []string{"lat", "lon", "alt"}},
		{ReceiverReplay, "a replay", []string{"file", "start_date", "realtime", "checksum", "latency"}},
	}
}

// wrongReceiver notes what is wrong with a receiver, and which one that is
// where its origin does not say it.
func (l *loader) wrongReceiver(r *receiverDraft, from Origin, key, right, format string, args ...any) {
	if r.spec != "" {
		format, args = "%s: "+format, append([]any{quote(r.spec)}, args...)
	}
	path := r.path
	if key != "" {
		path = join(path, key)
	}
	l.wrong(from, path, right, format, args...)
}

// receiver settles one receiver, except for its name.
func (l *loader) receiver(r *receiverDraft) (Receiver, bool) {
	before := len(l.errs)
	kind, ok := l.receiverKind(r)
	if !ok {
		return Receiver{}, false
	}
	for _, key := range receiverKeys {
		if t := r.set[key]; t.given() && !slices.Contains(kind.has, key) {
			l.wrongReceiver(r, t.from, key, "remove it", "%s has no %s", kind.is, strings.ReplaceAll(key, "_", " "))
		}
	}
	v := Receiver{Type: kind.name, Name: r.name.value}
	switch v.Type {
	case ReceiverGPSD:
		v.Device = r.set["device"].value
		v.Address = l.receiverAddress(r, "address", "localhost", PortGPSD)
	case ReceiverNMEA:
		l.nmea(r, &v)
	case ReceiverFixed:
		v.Fixed = l.fixed(r)
	case ReceiverMeta, ReceiverWeb:
		v.Expire = l.receiverTime(r, "expire", DefaultExpire, time.Second, time.Hour)
	case ReceiverBus:
		l.heardReceiver(r, &v)
		v.Expire = l.receiverTime(r, "expire", DefaultExpire, time.Second, time.Hour)
	case ReceiverReplay:
		l.replay(r, &v)
	}
	if t := r.set["latency"]; t.given() && v.Type == ReceiverReplay && !v.Realtime && !l.blamed(r.path) {
		l.wrongReceiver(r, t.from, "latency", "remove it", "a log that is not played in real time has none")
	}
	v.Latency = l.receiverTime(r, "latency", 0, time.Millisecond, 10*time.Second)
	return v, len(l.errs) == before && !r.told
}

func (l *loader) receiverKind(r *receiverDraft) (receiverKind, bool) {
	var names []string
	for _, k := range receiverKinds() {
		if string(k.name) == r.kind.value {
			return k, true
		}
		names = append(names, string(k.name))
	}
	right := "write " + strings.Join(names[:len(names)-1], ", ") + " or " + names[len(names)-1]
	switch near := Nearest(r.kind.value, names); {
	case r.told || l.blamed(r.path+".type") || l.blamedAt(r.path, "type"):
		return receiverKind{}, false
	case !r.kind.given():
		l.wrong(r.from, join(r.path, "type"), right, "the type is missing")
		return receiverKind{}, false
	case r.kind.value == "serial" || r.kind.value == "tcp" || r.kind.value == "udp":
		right = "write type: nmea, with device, address or listen"
	case r.kind.value == "virtual":
		right = "write type: fixed"
	case near != "":
		right = "did you mean " + near + "?"
	}
	l.wrong(r.kind.from, join(r.path, "type"), right, "%s is no type of receiver", quote(r.kind.value))
	return receiverKind{}, false
}

// receiverAddress reads whom to connect to.
func (l *loader) receiverAddress(r *receiverDraft, key, host string, port int) string {
	t := r.set[key]
	if !t.given() {
		t.value = host
	}
	address, m := parsePlace(t.value, port, false)
	if m.made() {
		l.wrongReceiver(r, t.from, key, m.right, "%s", m.what)
	}
	return address
}

// nmea settles where sentences come from: one of device, address and listen.
func (l *loader) nmea(r *receiverDraft, v *Receiver) {
	const right = "keep one of the two, or write two receivers"
	device, address, listen := r.set["device"], r.set["address"], r.set["listen"]
	from := "device"
	switch {
	case device.given() && address.given():
		l.wrongReceiver(r, address.from, "address", right, "device stands here too, and sentences come either over a serial line or from an address")
	case device.given() && listen.given():
		l.wrongReceiver(r, listen.from, "listen", right, "device stands here too, and sentences come either over a serial line or over the network")
	case address.given() && listen.given():
		l.wrongReceiver(r, listen.from, "listen", right, "address stands here too, and sensord either connects or is connected to")
	case device.given():
		v.Feed, v.Device = FeedSerial, device.value
	case address.given():
		from, v.Feed = "address", FeedTCP
		r.set["address"] = l.overTCP(r, address)
		v.Address = l.receiverAddress(r, "address", "", PortNMEA)
	case listen.given():
		from = "listen"
		v.Feed, v.Address = l.listen(r, listen)
	case r.told || l.blamed(r.path) || l.blamedAt(r.path, "device", "address", "listen"):
	default:
		l.wrong(r.from, r.path, "add device: /dev/ttyACM0, address: HOST:PORT, or listen: udp://:10110", "it is not said where its sentences come from")
	}
	if t := r.set["baud"]; from == "device" {
		v.Baud = l.baud(r)
	} else if t.given() {
		l.wrongReceiver(r, t.from, "baud", "remove it", "only a serial line has a baud rate")
	}
	v.NoChecksum = l.checksum(r)
}

// overTCP takes the scheme from an address that has one.
func (l *loader) overTCP(r *receiverDraft, t text) text {
	scheme, rest, found := strings.Cut(t.value, "://")
	switch {
	case !found:
	case strings.EqualFold(scheme, "tcp"):
		t.value = rest
	case strings.EqualFold(scheme, "udp"):
		l.wrongReceiver(r, t.from, "address", "write listen: udp://:10110, and let them send to this machine", "nobody can be connected to over UDP")
		t.value = "localhost"
	}
	return t
}

// listen reads what to listen on, as in udp://:10110.
func (l *loader) listen(r *receiverDraft, t text) (Feed, string) {
	scheme, rest, found := strings.Cut(t.value, "://")
	feed := FeedListen
	switch {
	case !found:
		l.wrongReceiver(r, t.from, "listen", "write tcp://:10110 or udp://:10110", "%s does not say whether over TCP or UDP", quote(t.value))
		return feed, ""
	case strings.EqualFold(scheme, "udp"):
		feed = FeedUDP
	case !strings.EqualFold(scheme, "tcp"):
		l.wrongReceiver(r, t.from, "listen", "write tcp://:10110 or udp://:10110", "unknown scheme %s", quote(scheme))
		return feed, ""
	}
	// A group may be named with the interface to join it on, as in
	// 239.192.0.1%eth0:10110, which no host of IPv4 could be.
	group, after, zoned := strings.Cut(rest, "%")
	zone, port, _ := strings.Cut(after, ":")
	if a, err := netip.ParseAddr(group); zoned && err == nil && a.Is4() && a.IsMulticast() && interfaceName(zone) && feed == FeedUDP {
		rest = group
		if port != "" {
			rest += ":" + port
		}
	} else {
		zone = ""
	}
	address, m := parsePlace(rest, PortNMEA, true)
	if m.made() {
		l.wrongReceiver(r, t.from, "listen", m.right, "%s", m.what)
	}
	if zone != "" {
		address = strings.Replace(address, group, group+"%"+zone, 1)
	}
	return feed, address
}

// baud reads a serial line's rate; 0 is found out.
func (l *loader) baud(r *receiverDraft) int {
	const least, most = 300, 4_000_000
	t := r.set["baud"]
	if !t.given() || t.value == "auto" {
		return 0
	}
	n, err := strconv.Atoi(t.value)
	if err != nil || n < least || n > most {
		l.wrongReceiver(r, t.from, "baud", "write auto, or the receiver's rate, as in 9600", "%s is no baud rate", quote(t.value))
	}
	return n
}

func (l *loader) checksum(r *receiverDraft) (none bool) {
	t := r.set["checksum"]
	switch {
	case !t.given() || t.value == "required":
	case t.value == "optional":
		return true
	default:
		l.wrongReceiver(r, t.from, "checksum", "write required, or optional for a feed that strips it", "%s is neither of the two", quote(t.value))
	}
	return false
}

func (l *loader) replay(r *receiverDraft, v *Receiver) {
	file, date := r.set["file"], r.set["start_date"]
	v.File = file.value
	if !file.given() && !r.told && !l.blamed(r.path+".file") && !l.blamedAt(r.path, "file") {
		l.wrongReceiver(r, r.from, "file", "name a log of NMEA sentences or of gpsd's JSON", "the file is missing")
	}
	if date.given() {
		var err error
		if v.StartDate, err = gps.ParseDate(date.value); err != nil {
			l.wrongReceiver(r, date.from, "start_date", "write the day on which the log begins, as 2026-05-17", "%s is %v", quote(date.value), err)
		}
	}
	if t := r.set["realtime"]; t.given() {
		var ok bool
		if v.Realtime, ok = capture.ParseBool(t.value); !ok {
			l.wrongReceiver(r, t.from, "realtime", "write true or false", "%s is neither true nor false", quote(t.value))
		}
	}
	v.NoChecksum = l.checksum(r)
}

// receiverTime reads a duration within bounds.
func (l *loader) receiverTime(r *receiverDraft, key string, usual, least, most time.Duration) time.Duration {
	t := r.set[key]
	if !t.given() {
		return usual
	}
	d, m := parseDuration(t.value, least, most)
	if m.made() {
		l.wrongReceiver(r, t.from, key, m.right, "%s", m.what)
	}
	return d
}
