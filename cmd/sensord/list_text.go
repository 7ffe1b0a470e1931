package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/capture/linuxwifi"
	"github.com/sensord/sensord/internal/fault"
)

// text says for people what can be captured from, and what cannot and why.
func (l listing) text(channels bool) string {
	var b strings.Builder
	b.WriteString("pcapfile: pcap and pcapng files, also gzip\n  sensord --source FILE\n")
	switch {
	case l.err != nil:
		writeLines(&b, "linuxwifi: ", l.err.Error(), fault.RemedyOf(l.err))
		return b.String()
	case len(l.devices) == 0:
		b.WriteString("linuxwifi: this machine has no Wi-Fi interface\n")
		return b.String()
	}
	b.WriteString("linuxwifi: radios of this machine\n")
	for _, d := range l.devices {
		writeRadio(&b, d, channels)
	}
	return b.String()
}

func writeRadio(b *strings.Builder, d linuxwifi.Device, channels bool) {
	name := d.Interface
	if name == "" {
		name = d.Phy
	}
	fmt.Fprintf(b, "  %s  %s\n", name, radioText(d))
	for _, band := range byBand(allChannels(d)) {
		if channels {
			band.writeAll(b)
		} else {
			band.writeShort(b)
		}
	}
	for _, err := range d.Problems {
		b.WriteString("    problem: " + err.Error() + "\n")
		if remedy := fault.RemedyOf(err); remedy != "" {
			b.WriteString("      " + remedy + "\n")
		}
	}
	if len(d.Problems) == 0 {
		b.WriteString("    captures: sensord --source " + d.Interface + "\n")
	}
	for _, note := range d.Notes {
		b.WriteString("    note: " + note + "\n")
	}
}

// radioText describes a radio in one line, without its name.
func radioText(d linuxwifi.Device) string {
	words := []string{}
	if d.Interface != "" {
		words = append(words, d.Phy)
	}
	driver := d.Driver
	if driver == "" {
		driver = "driver unknown"
	}
	if d.Bus != "" {
		driver += " at " + d.Bus
	}
	words = append(words, driver)
	if len(d.MAC) > 0 {
		words = append(words, macText(d.MAC))
	}
	if d.Interface == "" {
		return strings.Join(append(words, "no interface"), ", ")
	}
	if d.Mode != "" {
		words = append(words, d.Mode)
	}
	if d.Up {
		words = append(words, "up")
	} else {
		words = append(words, "down")
	}
	return strings.Join(words, ", ")
}

// bandChannels are the channels of one band, in the kernel's order.
type bandChannels struct {
	band     capture.Band
	channels []capture.ListedChannel
}

func byBand(listed []capture.ListedChannel) []bandChannels {
	var bands []bandChannels
	for _, c := range listed {
		band := c.Channel.Band()
		i := slices.IndexFunc(bands, func(b bandChannels) bool { return b.band == band })
		if i < 0 {
			i = len(bands)
			bands = append(bands, bandChannels{band: band})
		}
		bands[i].channels = append(bands[i].channels, c)
	}
	return bands
}

const bandIndent = "    "

// writeShort writes a band in one line: the numbers of its channels, how wide
// they can be, and which are off for what reason.
func (b bandChannels) writeShort(w *strings.Builder) {
	var on []capture.Channel
	var widths []int
	off := map[string][]capture.Channel{}
	var reasons []string
	for _, c := range b.channels {
		switch narrow := c.Channel.WidthMHz() <= 20; {
		case c.Off == "":
			if !slices.Contains(widths, c.Channel.WidthMHz()) {
				widths = append(widths, c.Channel.WidthMHz())
			}
			on = append(on, c.Channel)
		case narrow:
			if !slices.Contains(reasons, c.Off) {
				reasons = append(reasons, c.Off)
			}
			off[c.Off] = append(off[c.Off], c.Channel)
		}
	}
	fmt.Fprintf(w, "%s%-7s  ", bandIndent, b.band)
	if len(on) == 0 {
		w.WriteString("no channel")
	} else {
		slices.Sort(widths)
		w.WriteString(ranges(on) + " (" + widthsText(widths) + ")")
	}
	for i, reason := range reasons {
		if i == 0 {
			w.WriteString("  off: ")
		} else {
			w.WriteString(", ")
		}
		w.WriteString(ranges(off[reason]) + " (" + reason + ")")
	}
	w.WriteString("\n")
}

// ranges writes channels by their numbers, as 1-11 or 36-64, 149-165.
func ranges(channels []capture.Channel) string {
	type run struct{ first, last int }
	var runs []run
	for _, c := range channels {
		n, step := c.Number(), 4
		if c.Band() == capture.Band24GHz {
			step = 1
		}
		if last := len(runs) - 1; last >= 0 && (n == runs[last].last || n == runs[last].last+step) {
			runs[last].last = n
		} else {
			runs = append(runs, run{n, n})
		}
	}
	texts := make([]string, len(runs))
	for i, r := range runs {
		texts[i] = strconv.Itoa(r.first)
		if r.last != r.first {
			texts[i] += "-" + strconv.Itoa(r.last)
		}
	}
	return strings.Join(texts, ", ")
}

func widthsText(widths []int) string {
	texts := make([]string, len(widths))
	for i, w := range widths {
		texts[i] = strconv.Itoa(w)
	}
	last := len(texts) - 1
	if last == 0 {
		return texts[0] + " MHz"
	}
	return strings.Join(texts[:last], ", ") + " and " + texts[last] + " MHz"
}

// writeAll writes a line for each frequency, with the names of all that is
// there, and why the rest is off.
func (b bandChannels) writeAll(w *strings.Builder) {
	fmt.Fprintf(w, "%s%s\n", bandIndent, b.band)
	for rest := b.channels; len(rest) > 0; {
		mhz := rest[0].Channel.FreqMHz
		n := slices.IndexFunc(rest, func(c capture.ListedChannel) bool { return c.Channel.FreqMHz != mhz })
		if n < 0 {
			n = len(rest)
		}
		var on, off []string
		note := rest[0].Note // the wider ones are partly elsewhere
		for _, c := range rest[:n] {
			if c.Off == "" {
				on = append(on, c.Name)
			} else {
				off = append(off, c.Name+" ("+c.Off+")")
			}
		}
		line := fmt.Sprintf("%s  %4d MHz  %s", bandIndent, mhz, strings.Join(on, ", "))
		if len(off) > 0 {
			line = strings.TrimRight(line, " ") + "  off: " + strings.Join(off, ", ")
		}
		if note != "" {
			line += "  " + note
		}
		w.WriteString(line + "\n")
		rest = rest[n:]
	}
}
