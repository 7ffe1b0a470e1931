//go:build vm

package nl80211_test

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/capture/nl80211"
	"github.com/sensord/sensord/internal/vmtest"
)

// TestVMPhyIsWhatIWSays compares every channel and flag with iw's reading of
// the same kernel.
func TestVMPhyIsWhatIWSays(t *testing.T) {
	c, ctx := dial(t), vmtest.Context(t)
	vmtest.NewRadio(t, vmtest.RadioOptions{}) // another
	radio := vmtest.NewRadio(t, vmtest.RadioOptions{})
	for _, country := range []string{vmtest.Country(t), "00", "JP"} {
		vmtest.SetCountry(t, country)
		p, err := c.Phy(ctx, radio.PhyIndex)
		if err != nil {
			t.Fatal(err)
		}
		got := channels(p)
		diff(t, "channels in "+country, iwChannels(vmtest.IW(t, "phy", radio.Phy, "channels")), got)
		t.Logf("%s: %d channels", country, strings.Count(got, "\n"))
		if all, err := c.Phys(ctx); err != nil {
			t.Error(err)
		} else {
			i := slices.IndexFunc(all, func(p nl80211.Phy) bool { return p.Index == radio.PhyIndex })
			diff(t, "the phy alone and among all", all[i], p)
		}
	}
}

// iwChannels brings iw's list into the form of channels.
func iwChannels(out string) string {
	var b strings.Builder
	head := regexp.MustCompile(`^\* ([0-9.]+) MHz \[-?\d+\] ?(.*)$`)
	open, skip := false, false
	for line := range strings.Lines(out) {
		line = strings.TrimSpace(line)
		if m := head.FindStringSubmatch(line); m != nil {
			mhz, _, _ := strings.Cut(m[1], ".")
			if skip = len(mhz) < 4; skip { // S1G
				continue
			}
			if open {
				b.WriteByte('\n')
			}
			open = true
			b.WriteString(mhz + " " + strings.TrimSpace(m[2]))
			continue
		}
		if skip {
			continue
		}
		if widths, ok := strings.CutPrefix(line, "Channel widths:"); ok {
			b.WriteString(widths)
		}
		if line == "No IR" || line == "Radar detection" {
			b.WriteString(" " + line)
		}
	}
	b.WriteByte('\n')
	return b.String()
}

// channels writes a phy's channels down as iw does, which knows widths from HT and
// VHT only, so none in 6 GHz.
func channels(p nl80211.Phy) string {
	var b strings.Builder
	for _, band := range p.Bands {
		if band.Band == capture.BandS1G {
			continue
		}
		below6 := band.Band != capture.Band6GHz
		for _, f := range band.Frequencies {
			b.WriteString(strconv.Itoa(f.MHz) + " ")
			if f.Disabled {
				b.WriteString("(disabled)\n")
				continue
			}
			for _, w := range []struct {
				is   bool
				word string
			}{
				{f.NoIR, " No IR"},
				{f.Radar, " Radar detection"},
				{!f.No20MHz, " 20MHz"},
				{below6 && band.HT40 && !f.NoHT40Minus, " HT40-"},
				{below6 && band.HT40 && !f.NoHT40Plus, " HT40+"},
				{below6 && band.Width80 && !f.No80MHz, " VHT80"},
				{below6 && band.Width160 && !f.No160MHz, " VHT160"},
			} {
				if w.is {
					b.WriteString(w.word)
				}
			}
			b.WriteByte('\n')
		}
	}
	return b.String()
}

func TestVMPhy(t *testing.T) {
	c, ctx := dial(t), vmtest.Context(t)
	radio := vmtest.NewRadio(t, vmtest.RadioOptions{Phy: "roof"})
	p, err := c.Phy(ctx, radio.PhyIndex)
	if err != nil {
		t.Fatal(err)
	}
	if p.Name != "roof" || p.Index != radio.PhyIndex {
		t.Errorf("phy %d %q, want %d roof", p.Index, p.Name, radio.PhyIndex)
	}
	for _, kind := range []nl80211.InterfaceType{nl80211.TypeMonitor, nl80211.TypeStation, nl80211.TypeAP} {
		if !p.Supports(kind) {
			t.Errorf("no interfaces of type %s", kind)
		}
	}
	if !slices.Contains(p.SoftwareTypes, nl80211.TypeMonitor) {
		t.Errorf("monitors are not in %v", p.SoftwareTypes)
	}
	if !p.SetsChannel() || !slices.Contains(p.Commands, unix.NL80211_CMD_NEW_INTERFACE) || !p.ActiveMonitor {
		t.Errorf("commands %v, active monitor %v", p.Commands, p.ActiveMonitor)
	}
	if len(p.Combinations) == 0 || p.Combinations[0].MaxInterfaces == 0 || p.Combinations[0].Channels == 0 {
		t.Errorf("combinations %+v", p.Combinations)
	}
	t.Logf("%+v", p.Combinations)
	for i, want := range []capture.BandCapability{
		{Band: capture.Band24GHz, HT40: true, Width5: true, Width10: true},
		{Band: capture.Band5GHz, HT40: true, Width80: true, Width160: true, Width5: true, Width10: true},
		{Band: capture.Band6GHz, HT40: true, Width80: true, Width160: true, Width320: true},
	} {
		got := p.Bands[i]
		got.Frequencies = nil
		diff(t, fmt.Sprintf("band %d", want.Band), want, got)
	}
}

// TestVMTune tunes every channel in every width, in the one way that the kernel
// has for radios of one channel and the other for those of several. What the
// flags allow is taken, and what is set is what is read back, by us and by iw.
func TestVMTune(t *testing.T) {
	for _, o := range []vmtest.RadioOptions{{}, {Channels: 2}} {
		t.Run(fmt.Sprintf("%d channels", o.Channels), func(t *testing.T) {
			radio := vmtest.NewRadio(t, o)
			c, ctx := dial(t), vmtest.Context(t)
			i := addMonitor(t, c, radio, "mon0")
			vmtest.SetUp(t, "mon0", true)
			p, err := c.Phy(ctx, radio.PhyIndex)
			if err != nil {
				t.Fatal(err)
			}
			tuned := map[capture.Width]int{}
			for _, b := range p.Bands {
				for _, ch := range wanted(b) {
					if err := c.SetChannel(ctx, i.Index, ch); err != nil {
						t.Errorf("%+v: %v", ch, err)
						continue
					}
					tuned[ch.Width]++
					got, err := c.Interface(ctx, i.Index)
					if err != nil {
						t.Fatal(err)
					}
					if got.Channel != ch {
						t.Errorf("tuned to %+v, is on %+v", ch, got.Channel)
					}
				}
			}
			t.Logf("tuned, by width: %v", tuned)
			for _, w := range []capture.Width{
				capture.Width20NoHT, capture.Width20, capture.Width40, capture.Width80,
				capture.Width160, capture.Width320, capture.Width5, capture.Width10,
			} {
				if tuned[w] == 0 {
					t.Errorf("no channel of width %d", w)
				}
			}
			for _, ch := range []capture.Channel{
				{FreqMHz: 2437, Width: capture.Width40, CenterMHz: 2427},
				{FreqMHz: 5180, Width: capture.Width160, CenterMHz: 5250},
				{FreqMHz: 5955, Width: capture.Width80, CenterMHz: 5985},
			} {
				if err := c.SetChannel(ctx, i.Index, ch); err != nil {
					t.Fatal(err)
				}
				out := vmtest.IW(t, "dev", "mon0", "info")
				for _, want := range []string{fmt.Sprintf("(%d MHz)", ch.FreqMHz), fmt.Sprintf("center1: %d MHz", ch.CenterMHz)} {
					if !strings.Contains(out, want) {
						t.Errorf("%+v: no %q in %s", ch, want, out)
					}
				}
			}
		})
	}
}

// wanted lists the channels that a band's flags allow. Blocks wider than 40 MHz
// begin 10 MHz below a channel, side by side from the first.
func wanted(b capture.BandCapability) []capture.Channel {
	open := map[int]capture.Frequency{}
	for _, f := range b.Frequencies {
		if !f.Disabled && f.OffsetKHz == 0 && f.MHz > 2000 {
			open[f.MHz] = f
		}
	}
	var list []capture.Channel
	for mhz, f := range open {
		list = append(list, capture.Channel{FreqMHz: mhz})
		if !f.No20MHz {
			list = append(list, capture.Channel{FreqMHz: mhz, Width: capture.Width20})
		}
		if b.Width5 {
			list = append(list, capture.Channel{FreqMHz: mhz, Width: capture.Width5})
		}
		if b.Width10 && !f.No10MHz {
			list = append(list, capture.Channel{FreqMHz: mhz, Width: capture.Width10})
		}
		for _, w := range []struct {
			has    bool
			width  capture.Width
			mhz    int
			denied func(capture.Frequency) bool
		}{
			{b.HT40, capture.Width40, 40, func(capture.Frequency) bool { return false }},
			{b.Width80, capture.Width80, 80, func(f capture.Frequency) bool { return f.No80MHz }},
			{b.Width160, capture.Width160, 160, func(f capture.Frequency) bool { return f.No160MHz }},
			{b.Width320, capture.Width320, 320, func(f capture.Frequency) bool { return f.No320MHz }},
		} {
			if !w.has {
				continue
			}
			for _, centre := range centres(b.Band, mhz, w.mhz) {
				if w.width == capture.Width40 && (centre > mhz && f.NoHT40Plus || centre < mhz && f.NoHT40Minus) && b.Band != capture.Band6GHz {
					continue
				}
				if allOpen(open, centre, w.mhz, b.Band, w.denied) {
					list = append(list, capture.Channel{FreqMHz: mhz, Width: w.width, CenterMHz: centre})
				}
			}
		}
	}
	slices.SortFunc(list, func(a, b capture.Channel) int {
		return cmp.Or(cmp.Compare(a.FreqMHz, b.FreqMHz), cmp.Compare(a.Width, b.Width), cmp.Compare(a.CenterMHz, b.CenterMHz))
	})
	return list
}

// centres returns where the middle of a wide channel may be.
func centres(band capture.Band, mhz, width int) []int {
	if band == capture.Band24GHz {
		if width == 40 {
			return []int{mhz - 10, mhz + 10}
		}
		return nil
	}
	var list []int
	for _, first := range []int{5180, 5500, 5745, 5955} {
		block := (mhz - first) / width
		if mhz < first || (mhz-first)%20 != 0 || first == 5180 && mhz > 5320 || first == 5500 && mhz > 5720 || first == 5745 && mhz > 5900 {
			continue
		}
		list = append(list, first-10+block*width+width/2)
	}
	return list
}

// allOpen reports whether every channel of a wide one may be used for it.
func allOpen(open map[int]capture.Frequency, centre, width int, band capture.Band, denied func(capture.Frequency) bool) bool {
	if band == capture.Band24GHz {
		return open[centre-10].MHz != 0 && open[centre+10].MHz != 0
	}
	for mhz := centre - width/2 + 10; mhz < centre+width/2; mhz += 20 {
		if f, ok := open[mhz]; !ok || denied(f) {
			return false
		}
	}
	return true
}
