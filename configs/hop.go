package configs

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/sensord/sensord/capture"
)

// Hop says how a radio changes channels, and whose word counts.
type Hop struct {
	Mode     HopMode  // default HopServer
	Rate     float64  // hops per second; 0 stays on one channel; default DefaultHopRate
	Channels []string // as Kismet spells them; nil is what the definition and the radio say
	Shuffle  bool     // visit the channels in an order that keeps neighbours apart; default true
}

// HopMode says who decides which channel a radio listens on.
type HopMode string

// Hop modes.
const (
	HopServer   HopMode = "server"   // the Kismet server commands; the drop-in's default
	HopLocal    HopMode = "local"    // the radio hops by itself
	HopSplit    HopMode = "split"    // the rig's split radios share one list
	HopAdaptive HopMode = "adaptive" // as local, with more time where new transmitters appear
	HopOff      HopMode = "off"      // stays on the channel of the definition's channel=
)

// How many channels a second a radio visits: what Kismet's server asks for
// when nobody says, and bounds beyond which a number is a mistake. No radio
// switches in less than a few milliseconds.
const (
	DefaultHopRate = 5.0
	maxHopRate     = 200.0
	minHopRate     = 1.0 / 3600
)

var errRateUnit = errors.New("the unit of a rate is sec, min or dwell")

// ParseRate reads a rate as Kismet writes it, 5/sec or 30/min or 1/dwell (a
// hop each second), and returns hops per second. 0/sec is no hop.
func ParseRate(s string) (float64, error) {
	n, err := parseRate(s)
	switch {
	case err != nil:
		return 0, err
	case n > maxHopRate:
		return 0, fmt.Errorf("%s is faster than any radio, %g/sec is the most", quote(s), maxHopRate)
	case n > 0 && n < minHopRate:
		return 0, fmt.Errorf("%s is less than a hop in an hour", quote(s))
	}
	return n, nil
}

// parseRate reads a rate in times per second.
func parseRate(s string) (float64, error) {
	digits, unit, found := strings.Cut(s, "/")
	n, err := parseNumber(strings.TrimSpace(digits))
	switch {
	case err != nil || n < 0:
		return 0, fmt.Errorf("%s is no rate", quote(s))
	case !found:
		return 0, fmt.Errorf("%s has no unit", quote(s))
	}
	switch strings.ToLower(strings.TrimSpace(unit)) {
	case "sec":
	case "min":
		n /= 60
	case "dwell":
		if n == 0 {
			return 0, fmt.Errorf("%s stays for no time at all", quote(s))
		}
		n = 1 / n
	default:
		return 0, fmt.Errorf("%s: %w", quote(s), errRateUnit)
	}
	return n, nil
}

// FormatRate writes hops per second as ParseRate reads them.
func FormatRate(r float64) string {
	number := func(n float64) string { return strconv.FormatFloat(n, 'g', 6, 64) }
	switch {
	case r == 0 || r >= 1:
		return number(r) + "/sec"
	case r*60 >= 1:
		return number(r*60) + "/min"
	}
	return number(1/r) + "/dwell"
}

const rateForm = "write hops per time, as 5/sec or 30/min, or seconds per hop, as 2/dwell"

// hop settles how a radio hops. Where nobody says how fast, the definition's
// channel_hoprate= does.
func (l *loader) hop(sd *sourceDraft, def capture.Definition) Hop {
	d, path := sd.hop, join(sd.path, "hop")
	h := Hop{Mode: HopServer, Rate: l.definedRate(sd, def), Shuffle: true}
	if d.mode.given() {
		switch h.Mode = HopMode(d.mode.value); h.Mode {
		case HopServer, HopLocal, HopSplit, HopAdaptive, HopOff:
		default:
			l.wrong(d.mode.from, path, "write server, local, split, adaptive or off", "%s is no way to hop", quote(d.mode.value))
			return h
		}
	}
	if h.Mode == HopOff {
		h.Rate = 0
	}
	if h.Mode == HopServer || h.Mode == HopOff {
		l.uselessHop(&d, path, h.Mode)
		return h
	}
	l.standsStill(sd, def, h.Mode)
	if d.rate.given() {
		rate, err := ParseRate(d.rate.value)
		switch {
		case err != nil:
			l.wrong(d.rate.from, join(path, "rate"), rateForm, "%v", err)
		case rate == 0:
			l.wrong(d.rate.from, join(path, "rate"), "write mode: off, and options: {channel: …}", "no hop at all is no rate to hop at")
		}
		h.Rate = rate
	}
	if d.shuffle.given() {
		var ok bool
		if h.Shuffle, ok = capture.ParseBool(d.shuffle.value); !ok {
			l.wrong(d.shuffle.from, join(path, "shuffle"), "write true or false", "%s is neither true nor false", quote(d.shuffle.value))
		}
	}
	h.Channels = l.hopChannels(d.channels, join(path, "channels"))
	return h
}

// standsStill refuses a definition that says not to hop where the
// configuration says to.
func (l *loader) standsStill(sd *sourceDraft, def capture.Definition, mode HopMode) {
	err := fmt.Errorf("this says not to hop, and hop: %s says to", mode)
	if !def.Bool("channel_hop", true) {
		l.wrongOption(sd, "channel_hop", "keep one of the two, or write hop: off", err)
	}
	value, _ := def.Get("channel_hoprate")
	if rate, wrong := ParseRate(value); wrong == nil && rate == 0 && !sd.hop.rate.given() {
		l.wrongOption(sd, "channel_hoprate", "keep one of the two, or write hop: off", err)
	}
}

// uselessHop refuses what nothing would come of: a setting that is silently
// ignored is worse than one that is missing.
func (l *loader) uselessHop(d *hopDraft, path string, mode HopMode) {
	what := "the server commands this radio, so nothing would come of it"
	right := "add mode: local (or split, or adaptive), or remove it"
	if mode == HopOff {
		what, right = "a radio that does not hop has none", "remove it, or write another mode"
	}
	for _, t := range []struct {
		name string
		text text
	}{{"rate", d.rate}, {"shuffle", d.shuffle}} {
		if t.text.given() {
			l.wrong(t.text.from, join(path, t.name), right, "%s", what)
		}
	}
	if len(d.channels) > 0 {
		if mode == HopServer {
			right += `; what the server hops over is options: {channels: "1,6,11"}`
		}
		l.wrong(d.channels[0].from, join(path, "channels"), right, "%s", what)
	}
}

// hopChannels reads the list, whose entries may themselves be lists as Kismet
// writes them, and refuses what is no channel and what stands there twice.
func (l *loader) hopChannels(list []text, path string) []string {
	var names []string
	seen := map[capture.Channel]string{}
	for _, t := range list {
		for name := range strings.SplitSeq(t.value, ",") {
			name = strings.TrimSpace(name)
			c, err := capture.ParseChannel(name)
			switch {
			case err != nil:
				l.wrongValue(t.from, path, channelForm, err)
			case seen[c] != "":
				l.wrong(t.from, path, "keep one of the two", "channel %s stands here twice, first as %s", quote(name), quote(seen[c]))
			default:
				seen[c] = name
				names = append(names, name)
			}
		}
	}
	return names
}

// definedRate is what channel_hop= and channel_hoprate= of the definition say,
// which count until the server speaks.
func (l *loader) definedRate(sd *sourceDraft, def capture.Definition) float64 {
	rate := DefaultHopRate
	if value, ok := def.Get("channel_hoprate"); ok && value != "" {
		var err error
		if rate, err = ParseRate(value); err != nil {
			l.wrongOption(sd, "channel_hoprate", rateForm, err)
		}
	}
	if !def.Bool("channel_hop", true) && (!sd.hop.mode.given() || sd.hop.mode.value == string(HopServer)) {
		return 0
	}
	return rate
}
