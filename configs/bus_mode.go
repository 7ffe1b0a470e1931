package configs

import (
	"cmp"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sensord/sensord/internal/fault"
)

// Defaults and bounds of the bus.
const (
	DefaultFleet    = "fleet"
	defaultBusBytes = 64 << 20
	minBusBytes     = 1 << 20
	defaultBusAge   = 7 * day
	defaultBusRate  = 1.0
	maxBusRate      = 10.0
	minBusRate      = 1.0 / 3600
	defaultBusEvery = 5 * time.Second
)

// busStoreOff keeps what is published in memory only.
const busStoreOff = "off"

const busModeForm = "write off, embedded, leaf (with the url of a hub), or nats://HOST to join a server"

// settleBus settles how this rig hears of others. Bridges follow when it is
// known what else is told to servers.
func (l *loader) settleBus(d *draft, stateDir, rig string) Bus {
	w := &d.bus
	mode, urls := l.busMode(w)
	if mode == BusOff {
		l.settleGiven("bus.mode", string(BusOff), w.mode)
		l.unusedBusFlags(w)
		return Bus{Mode: BusOff}
	}
	from := w.mode.from
	if !from.set() {
		from = firstOf(urls) // which says what it is
	}
	l.settle("bus.mode", string(mode), from)
	c := Bus{Mode: mode, Fleet: l.fleet(w.fleet), Rig: l.rigOnBus(d.rig, rig)}
	if mode == BusEmbedded {
		l.embeddedJoinsNobody(w)
	} else {
		l.busServer(w, urls, &c)
	}
	if mode == BusJoin {
		l.joinedKeepsNothing(w)
	} else {
		l.busListen(w, &c)
		l.busStore(w, stateDir, &c)
	}
	c.Rate = l.busRate(w.rate, "bus.rate", defaultBusRate)
	c.Every = l.duration(w.every, "bus.every", defaultBusEvery, time.Second, 10*time.Minute, "")
	c.Claims = l.claims(w.claims)
	l.settle("bus.rate", FormatRate(c.Rate), w.rate.from)
	l.settle("bus.every", FormatDuration(c.Every), w.every.from)
	l.settle("bus.claims", string(c.Claims), w.claims.from)
	return c
}

// busMode reads what bus there is, and whom to join.
func (l *loader) busMode(w *busDraft) (BusMode, []text) {
	modes := []string{string(BusOff), string(BusEmbedded), string(BusLeaf), string(BusJoin)}
	t := w.mode
	switch {
	case strings.Contains(t.value, "://"):
		if len(w.urls) > 0 && w.urls[0].from.layer == t.from.layer {
			l.wrong(w.urls[0].from, "bus.url", "write mode: leaf or mode: nats, and the url here", "the mode is a url, too")
		}
		return BusJoin, []text{t}
	case slices.Contains(modes, t.value):
	case t.given():
		right := busModeForm
		if near := Nearest(t.value, modes); near != "" {
			right = "did you mean " + near + "?"
		}
		l.wrong(t.from, "bus.mode", right, "%s is no bus", quote(t.value))
		l.busWrong = true
		return BusOff, nil
	case len(w.urls) > 0:
		return BusJoin, w.urls
	case w.from.set() && !l.blamed("bus.mode", "bus.url", "bus.urls") && !l.blamedAt("bus", "mode", "url"):
		l.wrong(w.from, "bus", busModeForm, "the mode is missing")
		return BusOff, nil
	default:
		return BusOff, nil
	}
	mode := BusMode(t.value)
	if (mode == BusEmbedded || mode == BusLeaf) && !BusServer {
		l.wrong(t.from, "bus.mode", fault.BusLite.Remedy(), "this build has no server of its own for %s", quote(t.value))
	}
	return mode, w.urls
}

// fleet settles whose rigs hear each other.
func (l *loader) fleet(t text) string {
	if !t.given() {
		t.value = DefaultFleet
	}
	if !busToken(t.value) {
		l.wrong(t.from, "bus.fleet", "use at most 64 letters, digits, dashes and underscores", "%s cannot be the name of a fleet", quote(t.value))
	}
	l.settle("bus.fleet", t.value, t.from)
	return t.value
}

// rigOnBus settles the rig's name on the bus, where a dot would part it.
func (l *loader) rigOnBus(t text, rig string) string {
	token, ok := rigToken(rig)
	if !ok && !l.blamed("rig") {
		l.wrong(t.from, "rig", "add a letter or a digit", "%s cannot be the name of a rig on a bus", quote(rig))
	}
	if token != rig {
		l.settle("bus.rig", token, t.from)
	}
	return token
}

// rigToken makes a rig's name what may stand in a subject, and reports whether
// anything of it is left.
func rigToken(name string) (string, bool) {
	token := strings.Trim(strings.Map(func(r rune) rune {
		if metaRune(r) < 0 {
			return '-'
		}
		return r
	}, name), "-")
	return token, busToken(token) && strings.Trim(token, "-_") != ""
}

// busToken reports whether a text may stand in a subject.
func busToken(s string) bool {
	return s != "" && len(s) <= maxMetaName && strings.Map(metaRune, s) == s
}

// busListen settles where clients of this machine reach the bus. There is no
// login, so nobody else may.
func (l *loader) busListen(w *busDraft, c *Bus) {
	const path, right = "bus.listen", "write 127.0.0.1:4222; for other machines there is `sensord hub`, which has credentials and TLS"
	if !w.listen.given() || w.listen.value == busStoreOff {
		return
	}
	listen, m := parsePlace(w.listen.value, portBus, true)
	_, err := strconv.ParseUint(w.listen.value, 10, 64)
	switch {
	case err == nil:
		l.wrong(w.listen.from, path, "write 127.0.0.1:"+w.listen.value, "%s is a port without a host", quote(w.listen.value))
	case m.made():
		l.wrong(w.listen.from, path, m.right, "%s", m.what)
	case !loopback(listen):
		l.wrong(w.listen.from, path, right, "%s can be reached by others, and whoever does could speak for this rig", quote(w.listen.value))
	}
	c.Listen = listen
	l.settle(path, listen, w.listen.from)
}

// busStore settles where is kept what is published, until the hub has it.
func (l *loader) busStore(w *busDraft, stateDir string, c *Bus) {
	c.StoreBytes = l.size(w.storeSize, "bus.store.size", defaultBusBytes, minBusBytes)
	c.StoreAge = l.duration(w.storeAge, "bus.store.age", defaultBusAge, time.Minute, 366*day, "")
	switch t := w.storeDir; {
	case t.value == busStoreOff:
		l.settle("bus.store.dir", busStoreOff, t.from)
	case t.given():
		c.StoreDir = l.directory(t, "bus.store.dir")
		l.settle("bus.store.dir", c.StoreDir, t.from)
	case stateDir != "":
		// One for each rig: those of one user on one machine share the directory.
		c.StoreDir = filepath.Join(stateDir, "bus", c.Rig)
		l.settle("bus.store.dir", c.StoreDir, Origin{})
	default:
		l.warn(cmp.Or(w.store, w.mode.from), "bus.store", "name a directory with state_dir, or write store: off", "there is no state directory, so what is published is kept in memory only")
		l.settle("bus.store.dir", busStoreOff, Origin{})
	}
	l.settle("bus.store.size", FormatSize(c.StoreBytes), w.storeSize.from)
	l.settle("bus.store.age", FormatDuration(c.StoreAge), w.storeAge.from)
}

// busRate reads how many positions there are in a second.
func (l *loader) busRate(t text, path string, otherwise float64) float64 {
	if !t.given() {
		return otherwise
	}
	const right = "write positions per time, as 1/sec or 6/min"
	rate, err := parseRate(t.value)
	switch {
	case err != nil:
		l.wrong(t.from, path, right, "%v", err)
	case rate > maxBusRate || rate < minBusRate:
		l.wrong(t.from, path, right, "%s is not between 1 in an hour and %g/sec", quote(t.value), maxBusRate)
	}
	return rate
}

func (l *loader) claims(t text) ClaimMode {
	if !t.given() {
		return ClaimWarn
	}
	mode := ClaimMode(t.value)
	switch mode {
	case ClaimWarn, ClaimRefuse, ClaimOff:
	default:
		l.wrong(t.from, "bus.claims", "write warn, refuse (the rig that came later keeps its frames until the other is gone) or off", "%s is none of the three", quote(t.value))
	}
	return mode
}
