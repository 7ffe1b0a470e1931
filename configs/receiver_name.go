package configs

import (
	"net"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/sensord/sensord/gps"
)

// nameReceivers checks the names that were written, and makes the others. It
// returns the receivers that are right.
func (l *loader) nameReceivers(list []settledReceiver) []settledReceiver {
	taken := map[string]*settledReceiver{}
	for i := range list {
		r := &list[i]
		name := r.draft.name
		switch other := taken[name.value]; {
		case r.Type == ReceiverMeta && !name.given():
			if !r.draft.told && !l.blamedAt(r.draft.path, "name") && !l.blamed(r.draft.path+".name") {
				l.wrongReceiver(r.draft, r.draft.from, "name", "add a name, as in phone", "the name is missing, and positions are posted to /gps/meta/NAME/update.cmd")
			}
		case !name.given():
			continue
		case r.Type == ReceiverMeta && (strings.Map(metaRune, name.value) != name.value || len(name.value) > maxMetaName):
			l.wrongReceiver(r.draft, name.from, "name", metaNameForm, "%s cannot stand in the URL that positions are posted to", quote(name.value))
		case !receiverName(name.value):
			l.wrongReceiver(r.draft, name.from, "name", "use at most 64 bytes of text", "%s is no name", quote(name.value))
		case name.value == gps.FusedName:
			l.wrongReceiver(r.draft, name.from, "name", "choose another", "%s is the name of what is made of several receivers", quote(name.value))
		case other != nil:
			l.wrongReceiver(r.draft, name.from, "name", "give it another", "%s is the name of %s, too", quote(name.value), other.label())
		}
		taken[name.value] = r
	}
	list = slices.DeleteFunc(list, func(r settledReceiver) bool { return r.wrong })
	for i := range list {
		r := &list[i]
		if r.Name != "" {
			continue
		}
		made := r.made()
		r.Name = made
		for n := 2; taken[r.Name] != nil; n++ {
			r.Name = made + "-" + strconv.Itoa(n)
		}
		taken[r.Name] = r
		if r.Type == ReceiverFixed {
			r.Fixed.Receiver = r.Name
		}
	}
	return list
}

// made is a receiver's name made of its type and where it is.
func (s *settledReceiver) made() string {
	host, port, _ := net.SplitHostPort(s.Address)
	name := string(s.Type)
	switch {
	case s.Type == ReceiverFixed:
		return gps.FixedKind
	case s.Type == ReceiverGPSD:
		if host != "localhost" || port != strconv.Itoa(PortGPSD) {
			name += "-" + host
		}
		if port != strconv.Itoa(PortGPSD) {
			name += "-" + port
		}
		if s.Device != "" {
			name += "-" + filepath.Base(s.Device)
		}
	case s.Feed == FeedSerial:
		name += "-" + filepath.Base(s.Device)
	case s.Feed == FeedTCP:
		name += "-" + host
		if port != strconv.Itoa(PortNMEA) {
			name += "-" + port
		}
	case s.Feed == FeedListen:
		name += "-tcp-" + port
	case s.Feed == FeedUDP:
		name += "-udp-" + port
	case s.Type == ReceiverBus:
		for _, of := range []string{s.From.Rig, s.From.MetaGPS} {
			if of != "" {
				name += "-" + of
			}
		}
	case s.Type == ReceiverReplay:
		name += "-" + filepath.Base(s.File)
	}
	name = strings.Map(rigRune, name)
	return name[:min(len(name), maxReceiverName-4)]
}

const maxReceiverName = 64

func receiverName(s string) bool {
	return strings.TrimSpace(s) != "" && len(s) <= maxReceiverName && !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f })
}
