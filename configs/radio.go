package configs

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/capture/bpf"
	"github.com/sensord/sensord/internal/fault"
)

// Bounds of Source.RingBytes, and what it is when nobody says.
const (
	MinRingBytes     = 128 << 10
	MaxRingBytes     = 1 << 30
	DefaultRingBytes = 2 << 20
)

// radio settles what only radios have.
func (l *loader) radio(sd *sourceDraft, s *Source) {
	if name := s.Definition.Interface; !l.interfaceExists(name) && sd.kindWritten(s.Definition) == "" && interfaceName(name) {
		l.warn(sd.from, sd.path, "plug it in; or if it is a file, name it with its directory, as in ./"+name,
			"%s: there is no such file and no such interface, so it is a radio that sensord waits for", sd.label())
	}
	l.radioOptions(sd, s.Definition)
	s.Hop = l.hop(sd, s.Definition)
	s.RingBytes = l.ring(sd.ring, join(sd.path, "ring"))
	for i, rule := range sd.filter {
		if _, err := bpf.ParseRule(rule.value); err != nil {
			l.wrongValue(rule.from, fmt.Sprintf("%s[%d]", join(sd.path, "filter"), i), "see `sensord help sources` for how a rule is written", err)
			continue
		}
		s.Filter = append(s.Filter, rule.value)
	}
	if t := sd.serverOptions; t.given() {
		if t.value != "adopt" && t.value != "ignore" {
			l.wrong(t.from, join(sd.path, "server_options"), "write adopt or ignore", "%s is neither of the two", quote(t.value))
		}
		s.IgnoreServerOptions = t.value == "ignore"
	}
	if _, ok := s.Definition.Get("channel"); s.Hop.Rate == 0 && !ok && !l.blamed(sd.path) {
		l.warn(sd.from, sd.path, "add channel=N to its options", "%s does not hop and has no channel=, so it stays on whatever it is tuned to", sd.label())
	}
}

func (l *loader) ring(t text, path string) int {
	if !t.given() {
		return DefaultRingBytes
	}
	n, err := ParseSize(t.value)
	switch {
	case err != nil:
		l.wrong(t.from, path, "write a size, as in 2MiB", "%v", err)
	case n < MinRingBytes, n > MaxRingBytes, n > math.MaxInt:
		l.wrong(t.from, path, "write a size from "+FormatSize(MinRingBytes)+" to "+FormatSize(MaxRingBytes), "%s is no size for a radio's ring", quote(t.value))
		return DefaultRingBytes
	}
	return int(n)
}

// booleans are the options of a radio that are true or false.
var booleans = [...]string{
	"ignoreprimary", "verbose", "statistics", "fcsfail", "plcpfail", "channel_hop",
	"ht_channels", "vht_channels", "default_ht20", "expand_ht20", "band24ghz", "band5ghz", "band6ghz",
	"filter_mgmt", "truncate_data", "filter_locals",
}

const channelForm = "write a channel as Kismet does: 6, 6HT40+, 36VHT80, 5W6e, or a frequency in MHz"

// radioOptions checks each of Kismet's options for itself, so that every
// mistake is told, each with its own line. As with files, what cannot be read
// is wrong, where Kismet's tool would go on as if it were not there.
func (l *loader) radioOptions(sd *sourceDraft, def capture.Definition) {
	before := len(l.errs)
	for _, o := range def.Options {
		switch {
		case slices.Contains(booleans[:], o.Name):
			if _, ok := capture.ParseBool(o.Value); !ok {
				l.wrongOption(sd, o.Name, "write true or false", fmt.Errorf("%s is neither true nor false", quote(o.Value)))
			}
		case o.Value == "":
		case o.Name == "channel":
			if _, err := capture.ParseChannel(o.Value); err != nil {
				l.wrongOption(sd, o.Name, channelForm, err)
			}
		case o.Name == "channels", o.Name == "add_channels", o.Name == "block_channels":
			for name := range strings.SplitSeq(o.Value, ",") {
				if _, err := capture.ParseChannel(strings.TrimSpace(name)); err != nil {
					l.wrongOption(sd, o.Name, channelForm, err)
				}
			}
		case o.Name == "filter_address", o.Name == "filter_interface":
			_, locals, err := bpf.SpecOf(capture.Definition{Interface: def.Interface, Options: []capture.Option{o}})
			if err != nil {
				l.wrongOption(sd, o.Name, "write MAC addresses as AA:BB:CC:DD:EE:FF, interfaces by their names", err)
			}
			for _, name := range locals.Interfaces {
				if !interfaceName(name) {
					l.wrongOption(sd, o.Name, "write interfaces by their names, as in wlan0+wlan2", fmt.Errorf("%s is no name for an interface", quote(name)))
				}
			}
		case o.Name == "vif" && (len(o.Value) > maxInterfaceName || !interfaceName(o.Value)):
			l.wrongOption(sd, o.Name, "write at most 15 letters and digits, as in wlan1mon", fmt.Errorf("%s is no name for an interface", quote(o.Value)))
		}
	}
	if len(l.errs) > before {
		return
	}
	_, errChannels := capture.ParseChannelOptions(def)
	_, _, errFilter := bpf.SpecOf(def)
	for _, err := range []error{errChannels, errFilter} {
		if err != nil {
			l.wrongSource(sd, err)
		}
	}
}

// noRadio refuses on a file what only radios have.
func (l *loader) noRadio(sd *sourceDraft) {
	hop := sd.hop
	refuse := func(key string, ts ...text) {
		for _, t := range ts {
			if t.given() {
				l.wrong(t.from, join(sd.path, key), "remove it", "only a radio has it, and %s is a file", sd.label())
				return
			}
		}
	}
	refuse("hop", append([]text{hop.mode, hop.rate, hop.shuffle}, hop.channels...)...)
	refuse("ring", sd.ring)
	refuse("filter", sd.filter...)
	refuse("server_options", sd.serverOptions)
}

// radioUUID is made of the radio's MAC address, or zero while it is not there.
func (l *loader) radioUUID(def capture.Definition) capture.UUID {
	if mac, ok := l.interfaceMAC(def.Interface); ok {
		return capture.WifiUUID(mac)
	}
	return capture.UUID{}
}

// settleRadio notes what was made of a radio's settings.
func (l *loader) settleRadio(path string, s *Source, sd *sourceDraft) {
	settle := func(key, value string, t text) { l.settle(path+"."+key, value, t.from) }
	settle("hop.mode", string(s.Hop.Mode), sd.hop.mode)
	if s.Hop.Mode != HopOff {
		settle("hop.rate", FormatRate(s.Hop.Rate), sd.hop.rate)
	}
	if len(s.Hop.Channels) > 0 {
		settle("hop.channels", strings.Join(s.Hop.Channels, ","), sd.hop.channels[0])
	}
	if sd.hop.shuffle.given() {
		settle("hop.shuffle", fmt.Sprint(s.Hop.Shuffle), sd.hop.shuffle)
	}
	settle("ring", FormatSize(int64(s.RingBytes)), sd.ring)
	for i, rule := range s.Filter {
		settle("filter", rule, sd.filter[i])
	}
	if sd.serverOptions.given() {
		settle("server_options", sd.serverOptions.value, sd.serverOptions)
	}
}

// How long an interface's name and its other names may be, in bytes.
const (
	maxInterfaceName = 15
	maxOtherName     = 127
)

// interfaceName reports whether Linux would take it as a name, or other name,
// of an interface.
func interfaceName(s string) bool {
	return s != "" && s != "." && s != ".." && len(s) <= maxOtherName && !strings.ContainsFunc(s, func(r rune) bool {
		return r <= ' ' || r == '/' || r == ':' || r == 0x7f
	})
}

// wrongOption notes what is wrong with one of Kismet's options.
func (l *loader) wrongOption(sd *sourceDraft, name, right string, err error) {
	what, right := explain(err, right)
	what = strings.TrimPrefix(what, "option "+name+": ")
	for _, o := range sd.options {
		if o.name == name {
			l.wrong(o.value.from, join(join(sd.path, "options"), name), right, "%s", what)
			return
		}
	}
	l.wrong(sd.from, sd.path, right, "%s: option %s: %s", sd.label(), name, what)
}

// wrongValue notes what a package that knows the value says of it.
func (l *loader) wrongValue(from Origin, path, right string, err error) {
	what, right := explain(err, right)
	l.wrong(from, path, right, "%s", what)
}

// explain takes an error apart: what is wrong, without the object that stands
// in front, and what would be right, if the error itself does not say.
func explain(err error, right string) (what, better string) {
	if f, ok := errors.AsType[*fault.Error](err); ok {
		if f.Advice != "" {
			right = f.Advice
		}
		return f.Err.Error(), right
	}
	return err.Error(), right
}
