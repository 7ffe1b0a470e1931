package configs

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sensord/sensord/capture"
)

// heard settles whose positions on the bus are meant: a rig's own, or a meta
// GPS. It returns what is wrong, and with which of the two.
func (l *loader) heard(rig, metagps text) (h Heard, key string, m mistake) {
	h.MetaGPS = metagps.value
	if rig.given() {
		var ok bool
		if h.Rig, ok = rigToken(rig.value); !ok {
			return h, "rig", mistake{quote(rig.value) + " is no name for a rig", "write the name of another rig of the fleet"}
		}
	}
	switch {
	case !rig.given() && !metagps.given():
		return h, "", mistake{"it is not said whose positions", "add rig: NAME, or metagps: NAME for one that a rig hands on"}
	case metagps.given() && !busToken(h.MetaGPS):
		return h, "metagps", mistake{quote(h.MetaGPS) + " cannot be the name of a meta GPS", metaNameForm}
	case h.Rig != "" && h.Rig == l.ownBus.Rig:
		return h, "rig", mistake{quote(rig.value) + " is this rig itself", "write the name of another rig of the fleet"}
	}
	return h, "", mistake{}
}

// heardReceiver settles whom a receiver of type bus follows.
func (l *loader) heardReceiver(r *receiverDraft, v *Receiver) {
	rig, metagps := r.set["rig"], r.set["metagps"]
	var key string
	var m mistake
	switch v.From, key, m = l.heard(rig, metagps); {
	case !m.made():
	case key == "" && (r.told || l.blamed(r.path) || l.blamedAt(r.path, "rig", "metagps")):
	case key == "":
		l.wrongReceiver(r, r.from, "", m.right, "%s", m.what)
	default:
		l.wrongReceiver(r, r.set[key].from, key, m.right, "%s", m.what)
	}
	if (l.ownBus.Mode == BusOff) && !l.busWrong && !l.blamed("bus") {
		right := "add bus: nats://HOST, or bus: {mode: leaf, url: nats://HOST:7422}"
		if r.from.layer == layerFlag {
			right = "add --bus nats://HOST"
		}
		l.wrongReceiver(r, r.from, "", right, "there is no bus to hear others on")
	}
}

// bridges settles which meta GPS of the first server are kept fresh from the
// bus.
func (l *loader) bridges(d *draft, c *Config) []Bridge {
	if c.Bus.Mode == BusOff {
		return nil
	}
	var list []Bridge
	for i := range d.bus.bridges {
		b := &d.bus.bridges[i]
		bridge := l.bridge(b)
		switch {
		case bridge.Name == "":
		case slices.ContainsFunc(list, func(o Bridge) bool { return o.Name == bridge.Name }):
			l.wrong(b.name.from, b.path+".name", "keep one of the two", "another bridge keeps %s", quote(bridge.Name))
		case l.keepsOwn(c, bridge.Name):
			l.wrong(b.name.from, b.path+".name", "give it another, or remove metagps= from the source", "this rig keeps %s fresh with its own position, for a source with metagps=", quote(bridge.Name))
		}
		list = append(list, bridge)
	}
	if what := restLacks(c); len(list) > 0 && what != "" && !l.blamed("servers") {
		right := "add rest: {url: http://HOST:2501, apikey_file: FILE} to the first server"
		if len(c.Servers) == 0 {
			right = "add servers: [{url: ws://HOST:2501, apikey_file: FILE}]"
		}
		l.wrong(d.bus.bridges[0].from, d.bus.bridges[0].path, right, "a bridge tells the server positions over REST, and %s", what)
	}
	return list
}

// bridge settles one bridge.
func (l *loader) bridge(b *bridgeDraft) Bridge {
	c := Bridge{Name: b.name.value, Create: true}
	switch {
	case !b.name.given():
		if !l.blamed(b.path+".name") && !l.blamedAt(b.path, "name") {
			l.wrong(b.from, b.path, "add name: NAME of the meta GPS on the server", "the name is missing")
		}
	case !busToken(c.Name):
		l.wrong(b.name.from, b.path+".name", metaNameForm, "%s cannot be the name of a meta GPS", quote(c.Name))
	}
	from, key, m := l.heard(b.rig, b.metagps)
	c.From = from
	switch {
	case !m.made():
	case key == "rig":
		l.wrong(b.rig.from, b.path+".rig", m.right, "%s", m.what)
	case key == "metagps":
		l.wrong(b.metagps.from, b.path+".metagps", m.right, "%s", m.what)
	case !l.blamed(b.path) && !l.blamedAt(b.path, "rig", "metagps"):
		l.wrong(b.from, b.path, m.right, "%s", m.what)
	}
	c.Rate = l.busRate(b.rate, b.path+".rate", metaRate)
	c.Expire = l.duration(b.expire, b.path+".expire", DefaultExpire, time.Second, time.Hour, "")
	if t := b.create; t.given() {
		var ok bool
		if c.Create, ok = capture.ParseBool(t.value); !ok {
			l.wrong(t.from, b.path+".create", "write true or false", "%s is neither true nor false", quote(t.value))
		}
	}
	l.settle(b.path+".name", c.Name, b.name.from)
	l.settleGiven(b.path+".rig", c.From.Rig, b.rig)
	l.settleGiven(b.path+".metagps", c.From.MetaGPS, b.metagps)
	l.settle(b.path+".rate", FormatRate(c.Rate), b.rate.from)
	l.settle(b.path+".create", fmt.Sprint(c.Create), b.create.from)
	l.settle(b.path+".expire", FormatDuration(c.Expire), b.expire.from)
	return c
}

// keepsOwn reports whether the rig tells the server its own position under this
// name.
func (l *loader) keepsOwn(c *Config, name string) bool {
	return slices.ContainsFunc(c.GPS.Receivers, func(r Receiver) bool { return r.Live() }) &&
		slices.ContainsFunc(c.Sources, func(s Source) bool {
			own, _ := s.Definition.Get("metagps")
			return own == name
		})
}

// bridged reports whether somebody wrote a bridge that keeps a meta GPS.
func (w *busDraft) bridged(metagps string) bool {
	return w.on() && slices.ContainsFunc(w.bridges, func(b bridgeDraft) bool { return b.name.value == strings.TrimSpace(metagps) })
}
