package configs

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sensord/sensord/capture"
)

// How often a server's copy of the position may be told anew.
const (
	maxMetaRate = 10.0
	minMetaRate = 1.0 / 3600
	metaRate    = 1.0
)

// maxMetaName is the longest name of a meta GPS.
const maxMetaName = 64

const metaNameForm = "use at most 64 letters, digits, dashes and underscores"

// metaRune keeps what may stand in the name of a meta GPS: the name becomes
// part of a path that servers do not decode.
func metaRune(r rune) rune {
	if r == '.' || rigRune(r) != r {
		return -1
	}
	return r
}

// metaSource looks at a source that the server locates by itself.
func (l *loader) metaSource(d *draft, sd *sourceDraft, def capture.Definition) {
	name, _ := def.Get("metagps")
	if name != "" {
		l.metaSources = append(l.metaSources, *sd)
	}
	switch {
	case name == "":
	case strings.Map(metaRune, name) != name || len(name) > maxMetaName:
		l.wrongOption(sd, "metagps", metaNameForm, fmt.Errorf("%s cannot be the name of a meta GPS", quote(name)))
	case d.bus.bridged(name):
		l.warn(sd.from, sd.path, "remove metagps= and the bridge, and add a receiver of type bus, unless another rig needs the server's copy", "%s: with metagps= the server locates frames by the last position that it was told, however old; the positions that sensord sends with each frame are better, and are not sent for this source", sd.label())
	case len(d.gps.receivers) > 0:
		l.warn(sd.from, sd.path, "remove metagps=", "%s: with metagps= the server locates frames by the last position that it was told, however old; the positions that sensord sends with each frame are better, and are not sent for this source", sd.label())
	default:
		l.warn(sd.from, sd.path, "remove metagps= and add a receiver, or see that something tells the server", "%s: with metagps= the server locates frames by the last position that it was told, however old, and sensord has no receiver to tell it one", sd.label())
	}
}

// metaGPS settles how copies of the position are kept on the server.
func (l *loader) metaGPS(d *gpsDraft) MetaGPS {
	const path = "gps.metagps"
	m := MetaGPS{Create: true}
	rate := metaRate
	if t := d.rate; t.given() {
		const right = "write updates per time, as 1/sec or 6/min"
		var err error
		switch rate, err = parseRate(t.value); {
		case err != nil:
			l.wrong(t.from, path+".rate", right, "%v", err)
		case rate > maxMetaRate || rate < minMetaRate:
			l.wrong(t.from, path+".rate", right, "%s is not between 1 in an hour and %g/sec", quote(t.value), maxMetaRate)
		}
	}
	m.Interval = time.Duration(float64(time.Second) / max(rate, minMetaRate))
	if t := d.create; t.given() {
		var ok bool
		if m.Create, ok = capture.ParseBool(t.value); !ok {
			l.wrong(t.from, path+".create", "write true or false", "%s is neither true nor false", quote(t.value))
		}
	}
	used := len(l.metaSources) > 0
	if d.metagps.set() && !used && !l.positions {
		l.warn(d.metagps, path, "remove it", "no source has metagps= in its options, so nothing comes of it")
	}
	if used {
		l.settle(path+".rate", FormatRate(rate), d.rate.from)
		l.settle(path+".create", fmt.Sprint(m.Create), d.create.from)
	}
	return m
}

// metaNeedsREST refuses a server's copy of the position that nobody could keep
// fresh: where the server's REST is, or how to log in there, is not known. Only
// the first server has one; on the others frames carry their positions.
func (l *loader) metaNeedsREST(c *Config) {
	what := restLacks(c)
	if what == "" || len(c.Servers) == 0 || l.blamed("servers[0]") || !slices.ContainsFunc(c.GPS.Receivers, func(r Receiver) bool { return r.Live() }) {
		return
	}
	for _, sd := range l.metaSources {
		right := "remove metagps=, or add rest: {url: http://HOST:2501, apikey_file: FILE} to the server"
		if sd.from.layer == layerFlag {
			right = "remove metagps=, or set SENSORD_REST_URL=http://HOST:2501 and SENSORD_REST_APIKEY"
		}
		l.wrong(sd.from, sd.path, right, "%s: with metagps= the server is told positions over REST, and %s", sd.label(), what)
	}
}

// restLacks says what is missing to tell the first server something over REST,
// or nothing.
func restLacks(c *Config) string {
	if len(c.Servers) == 0 {
		return "there is no server"
	}
	s := c.Servers[0]
	if s.REST.URL != "" && (s.REST.User != "" || s.REST.APIKey != "") || s.Transport == "" {
		return ""
	}
	what := "the address of that does not follow from the server's"
	if s.REST.URL != "" {
		what = "there is no login for that"
	}
	if len(c.Servers) > 1 {
		what = "for " + s.Name + " " + what
	}
	return what
}
