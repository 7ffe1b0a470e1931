package configs

import (
	"errors"
	"net"
	"slices"
	"strings"

	"github.com/sensord/sensord/capture"
)

// A gpsWord is a type of receiver as Kismet's gps= writes it, or one of ours in
// the same way.
type gpsWord struct {
	word    string
	kind    ReceiverType
	options []string // besides those of every word
	needs   []string // of the options
	form    string   // how it is written
}

func gpsWords() []gpsWord {
	return []gpsWord{
		{"gpsd", ReceiverGPSD, []string{"host", "port", "device"}, nil, "gpsd:host=localhost,port=2947"},
		{"serial", ReceiverNMEA, []string{"device", "baud", "checksum"}, []string{"device"}, "serial:device=/dev/ttyACM0,baud=auto"},
		{"tcp", ReceiverNMEA, []string{"host", "port", "checksum"}, []string{"host"}, "tcp:host=HOST,port=10110"},
		{"listen", ReceiverNMEA, []string{"host", "port", "checksum"}, nil, "listen:port=10110"},
		{"udp", ReceiverNMEA, []string{"host", "port", "checksum"}, nil, "udp:port=10110"},
		{"meta", ReceiverMeta, []string{"expire", "dataonly"}, []string{"name"}, "meta:name=phone"},
		{"web", ReceiverWeb, []string{"expire"}, nil, "web:name=phone"},
		{"virtual", ReceiverFixed, []string{"lat", "lon", "alt"}, []string{"lat", "lon"}, "virtual:lat=52.5200,lon=13.4050,alt=34"},
		{"bus", ReceiverBus, []string{"rig", "metagps", "expire"}, nil, "bus:rig=rover-1"},
		{"replay", ReceiverReplay, []string{"file", "start_date", "realtime", "checksum"}, []string{"file"}, "replay:file=drive.nmea"},
	}
}

// flagReceiver reads one --gps. What is wrong in its grammar is noted here, and
// what is wrong with the values later, as of a file's receivers.
func (l *loader) flagReceiver(spec string) receiverDraft {
	before := len(l.errs)
	shown, login := withoutLogin(spec)
	r := receiverDraft{spec: shown, from: fromFlag("--gps"), set: map[string]text{}, told: true}
	spec = strings.TrimPrefix(shown, "gps=") // as it stands in Kismet's configuration
	w, ok := l.gpsWord(&r, spec)
	if !ok {
		return r
	}
	r.kind = text{string(w.kind), r.from}
	if login {
		l.wrongReceiver(&r, r.from, "", "write "+w.form, "a login does not belong here: nobody asks for one")
		return r
	}
	def, err := capture.ParseDefinition(spec)
	if err != nil {
		if cause := errors.Unwrap(err); cause != nil {
			err = cause
		}
		l.wrongReceiver(&r, r.from, "", "write "+w.form, "%v", err)
		return r
	}
	given := map[string]string{}
	for _, o := range def.Options {
		if _, twice := given[o.Name]; twice {
			l.wrongReceiver(&r, r.from, "", "keep one", "%s stands there twice", o.Name)
		}
		given[o.Name] = o.Value
		l.gpsOption(&r, &w, o)
	}
	for _, name := range w.needs {
		if _, ok := given[name]; !ok {
			l.wrongReceiver(&r, r.from, "", "write "+w.form, "%s= is missing", name)
		}
	}
	if !l.gpsHost(&r, &w, given["host"]) {
		given["host"] = "localhost"
	}
	w.place(&r, given)
	r.told = len(l.errs) > before
	return r
}

// gpsWord finds the word that the text begins with.
func (l *loader) gpsWord(r *receiverDraft, spec string) (gpsWord, bool) {
	word, _, _ := strings.Cut(spec, ":")
	var names []string
	forms := map[string]string{}
	for _, w := range gpsWords() {
		if strings.EqualFold(w.word, word) {
			return w, true
		}
		names = append(names, w.word)
		forms[w.word] = w.form
	}
	right := "write " + strings.Join(names[:len(names)-1], ", ") + " or " + names[len(names)-1] + ", as in " + forms["gpsd"] + "; see `sensord help receivers`"
	switch near := Nearest(word, names); {
	case word == "nmea":
		right = "write " + forms["serial"] + ", " + forms["tcp"] + ", " + forms["listen"] + " or " + forms["udp"]
	case word == "fixed":
		right = "write " + forms["virtual"]
	case strings.HasPrefix(word, "/dev/"):
		right = "write serial:device=" + word
	case near != "":
		right = "did you mean " + near + "? It is written " + forms[near]
	}
	l.wrongReceiver(r, r.from, "", right, "%s is no type of receiver", quote(word))
	return gpsWord{}, false
}

// gpsOption takes one option, under the name that a configuration has for it.
func (l *loader) gpsOption(r *receiverDraft, w *gpsWord, o capture.Option) {
	known := append([]string{"name", "latency", "reconnect"}, w.options...)
	t := text{o.Value, r.from}
	switch {
	case !slices.Contains(known, o.Name):
		right := "the options of " + w.word + " are " + strings.Join(known, ", ")
		if near := Nearest(o.Name, known); near != "" {
			right = "did you mean " + near + "=? It is written " + w.form
		}
		l.wrongReceiver(r, r.from, "", right, "unknown option %s", quote(o.Name))
	case o.Value == "":
		l.wrongReceiver(r, r.from, "", "give it one, or leave it out", "%s= has no value", o.Name)
	case o.Name == "name":
		r.name = t
	case o.Name == "reconnect", o.Name == "dataonly":
		on, ok := capture.ParseBool(o.Value)
		switch {
		case !ok:
			l.wrongReceiver(r, r.from, "", "write true or false", "%s=%s is neither true nor false", o.Name, o.Value)
		case o.Name == "reconnect" && !on:
			l.warn(r.from, "", "leave it out", "%s: sensord always connects to a receiver again", quote(r.spec))
		}
	case o.Name == "host", o.Name == "port": // together, see gpsHost and place
	default:
		r.set[o.Name] = t
	}
}

// place makes an address of host and port.
func (w *gpsWord) place(r *receiverDraft, given map[string]string) {
	host, port := strings.Trim(given["host"], "[]"), given["port"]
	address := host
	switch {
	case port != "":
		address = net.JoinHostPort(host, port)
	case strings.Contains(host, ":"):
		address = "[" + host + "]"
	}
	switch {
	case w.word == "listen":
		r.set["listen"] = text{"tcp://" + address, r.from}
	case w.word == "udp":
		r.set["listen"] = text{"udp://" + address, r.from}
	case w.word == "gpsd" && host == "" && port != "":
		r.set["address"] = text{"localhost" + address, r.from}
	case host != "":
		r.set["address"] = text{address, r.from}
	}
}
