package capture

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/sensord/sensord/internal/fault"
)

// ChannelOptions says which of a radio's channels a source lists and hops
// over. The zero value lists plain 20 MHz channels; DefaultChannelOptions are
// Kismet's.
type ChannelOptions struct {
	HT          bool     // list HT40 and, where asked for, HT20 (ht_channels)
	VHT         bool     // list what is wider (vht_channels)
	DefaultHT20 bool     // list 6HT20 in place of 6 (default_ht20); needs HT
	ExpandHT20  bool     // list 6HT20 after 6 (expand_ht20); needs HT, DefaultHT20 goes first
	Bands       []Band   // list these only; nil is all (band24ghz, band5ghz, band6ghz)
	Only        []string // hop over these in place of the list (channels)
	Add         []string // hop over these too (add_channels)
	Block       []string // do not hop over these (block_channels)
}

// DefaultChannelOptions returns what holds for a definition without options.
func DefaultChannelOptions() ChannelOptions { return ChannelOptions{HT: true, VHT: true} }

// ParseChannelOptions reads the channel options of a definition. Names of
// channels are not looked at; HopList does that.
//
// The options are good even if there is an error, which names the ones that
// are neither true nor false: they are left at their defaults, as Kismet does.
// Its code is fault.ConfigSource.
func ParseChannelOptions(d Definition) (ChannelOptions, error) {
	o := DefaultChannelOptions()
	var wrong []string
	flag := func(name string, to *bool) {
		value, ok := d.Get(name)
		if !ok {
			return
		}
		if b, ok := ParseBool(value); ok {
			*to = b
			return
		}
		wrong = append(wrong, fmt.Sprintf("%s=%s", name, shorten(value)))
	}
	flag("ht_channels", &o.HT)
	flag("vht_channels", &o.VHT)
	flag("default_ht20", &o.DefaultHT20)
	flag("expand_ht20", &o.ExpandHT20)
	var in24GHz, in5GHz, in6GHz bool
	flag("band24ghz", &in24GHz)
	flag("band5ghz", &in5GHz)
	flag("band6ghz", &in6GHz)
	if in24GHz != in5GHz || in5GHz != in6GHz { // all or none of them is no restriction
		for band, in := range map[Band]bool{Band24GHz: in24GHz, Band5GHz: in5GHz, Band6GHz: in6GHz} {
			if in {
				o.Bands = append(o.Bands, band)
			}
		}
		slices.Sort(o.Bands)
	}
	o.Only, o.Add, o.Block = d.list("channels"), d.list("add_channels"), d.list("block_channels")
	if wrong != nil {
		return o, &fault.Error{
			Code: fault.ConfigSource, Object: "source " + shorten(d.Interface),
			Err:    fmt.Errorf("%s: neither true nor false, ignored", strings.Join(wrong, ", ")),
			Advice: "write true or false",
		}
	}
	return o, nil
}

// list returns the entries of an option that is a list with commas.
func (d Definition) list(name string) []string {
	value, _ := d.Get(name)
	var entries []string
	for e := range strings.SplitSeq(value, ",") {
		if e = strings.TrimSpace(e); e != "" {
			entries = append(entries, e)
		}
	}
	return entries
}

// HopList returns the channels that a source hops over by its definition, each
// once: those of listed that are not off, or o.Only in their place, without
// o.Block, and then o.Add, which goes over o.Block as it does in Kismet.
//
// Names are compared by what they mean, so that 2437 blocks 6. A name that is
// none, and one that listed has as off, is left out and has its error, which
// names option and channel: codes fault.ConfigSource and fault.RadioChannel.
// What listed does not have (6W5) is taken, for the kernel to decide. Without
// any channel left the list is nil.
func HopList(listed []ListedChannel, o ChannelOptions) ([]Channel, []error) {
	h := hopList{off: make(map[Channel]string), disabled: make(map[int]bool), blocked: make(map[Channel]bool), in: make(map[Channel]bool)}
	for _, l := range listed {
		h.off[l.Channel] = l.Off
		if l.Off == disabled {
			h.disabled[l.Channel.FreqMHz] = true // its wider forms are not listed
		}
	}
	for _, c := range h.parse("block_channels", o.Block) {
		h.blocked[c] = true
	}
	if len(o.Only) > 0 {
		for _, c := range h.usable("channels", o.Only) {
			h.add(c)
		}
	} else {
		for _, l := range listed {
			if l.Off == "" {
				h.add(l.Channel)
			}
		}
	}
	clear(h.blocked)
	for _, c := range h.usable("add_channels", o.Add) {
		h.add(c)
	}
	return h.list, h.errs
}

type hopList struct {
	off      map[Channel]string // of what is listed
	disabled map[int]bool       // by control frequency
	blocked  map[Channel]bool
	in       map[Channel]bool
	list     []Channel
	errs     []error
}

func (h *hopList) add(c Channel) {
	if h.blocked[c] || h.in[c] {
		return
	}
	h.in[c] = true
	h.list = append(h.list, c)
}

func (h *hopList) parse(option string, names []string) []Channel {
	var cs []Channel
	for _, name := range names {
		c, err := ParseChannel(name)
		if err != nil {
			h.errs = append(h.errs, &fault.Error{
				Code: fault.ConfigSource, Object: "option " + option, Err: err,
				Advice: "correct this entry; the others are used without it",
			})
			continue
		}
		cs = append(cs, c)
	}
	return cs
}

// usable is parse without the channels that are off.
func (h *hopList) usable(option string, names []string) []Channel {
	return slices.DeleteFunc(h.parse(option, names), func(c Channel) bool {
		off := h.off[c]
		if h.disabled[c.FreqMHz] {
			off = disabled
		}
		if off == "" {
			return false
		}
		h.errs = append(h.errs, fault.New(fault.RadioChannel, "option "+option+": channel "+c.String(), errors.New(off)))
		return true
	})
}
