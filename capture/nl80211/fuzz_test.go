package nl80211_test

import (
	"context"
	"math"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mdlayher/genetlink"
	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/capture/nl80211"
	"github.com/sensord/sensord/capture/nl80211/nl80211test"
)

// bytesOf is messages as FuzzPhys parts them.
func bytesOf(f *testing.F, messages ...genetlink.Message) []byte {
	f.Helper()
	var all []byte
	for _, m := range messages {
		data, err := m.MarshalBinary()
		if err != nil {
			f.Fatal(err)
		}
		n := netlink.Message{Header: netlink.Header{Length: uint32(16 + len(data)), Type: nl80211test.FamilyID}, Data: data}
		b, err := n.MarshalBinary()
		if err != nil {
			f.Fatal(err)
		}
		all = append(all, b...)
	}
	return all
}

// FuzzPhys: error or phys, never both, and phys that can be.
func FuzzPhys(f *testing.F) {
	f.Add(bytesOf(f, part(f, 0, nil), band(f, 0, 1, func(ae *netlink.AttributeEncoder) {
		ae.Uint16(unix.NL80211_BAND_ATTR_HT_CAPA, 2)
		ae.Uint32(unix.NL80211_BAND_ATTR_VHT_CAPA, 4)
	}), freq(f, 0, 1, 0, 5180, unix.NL80211_FREQUENCY_ATTR_NO_IR)))
	f.Add(bytesOf(f, part(f, 1, nil), part(f, 0, nil), freq(f, 1, 3, 700, 5955)))
	f.Add([]byte{})
	for part := range slices.Chunk(nl80211test.Hwsim()[:48], 12) {
		var whole []byte
		for _, m := range part {
			b, err := m.MarshalBinary()
			if err != nil {
				f.Fatal(err)
			}
			whole = append(whole, b...)
		}
		f.Add(whole)
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		recording, err := nl80211test.Split(in)
		if err != nil {
			return
		}
		var messages []genetlink.Message
		for _, n := range recording {
			var m genetlink.Message
			if m.UnmarshalBinary(n.Data) == nil {
				messages = append(messages, m)
			}
		}
		phys, err := nl80211.DecodePhys(messages)
		if err != nil {
			if phys != nil {
				t.Fatalf("error %v and value %v", err, phys)
			}
			return
		}
		last := -1
		for _, p := range phys {
			if p.Index <= last || p.Index > math.MaxInt32 {
				t.Fatalf("phy %d behind %d", p.Index, last)
			}
			last = p.Index
			bands := map[capture.Band]bool{}
			for _, b := range p.Bands {
				if bands[b.Band] {
					t.Fatalf("phy %d has band %d twice", p.Index, b.Band)
				}
				bands[b.Band] = true
				for _, fr := range b.Frequencies {
					if fr.MHz <= 0 || fr.MHz > 1e6 {
						t.Fatalf("frequency %+v", fr)
					}
				}
			}
		}
	})
}

// FuzzReply gives the content of one message to every other decoder.
func FuzzReply(f *testing.F) {
	f.Add(uint8(unix.NL80211_CMD_NEW_INTERFACE), monitor(f, 5, 0, "mon0").Data)
	f.Add(uint8(unix.NL80211_CMD_NEW_INTERFACE), message(f, 0, func(ae *netlink.AttributeEncoder) {
		ae.Uint32(unix.NL80211_ATTR_WIPHY, 0)
		ae.Uint32(unix.NL80211_ATTR_WIPHY_FREQ, 5180)
		ae.Uint32(unix.NL80211_ATTR_CHANNEL_WIDTH, unix.NL80211_CHAN_WIDTH_80)
		ae.Uint32(unix.NL80211_ATTR_CENTER_FREQ1, 5210)
	}).Data)
	f.Add(uint8(unix.NL80211_CMD_GET_REG), message(f, 0, func(ae *netlink.AttributeEncoder) {
		ae.String(unix.NL80211_ATTR_REG_ALPHA2, "US")
	}).Data)
	f.Add(uint8(unix.NL80211_CMD_NEW_SURVEY_RESULTS), message(f, 0, func(ae *netlink.AttributeEncoder) {
		list(ae, unix.NL80211_ATTR_SURVEY_INFO, func(ae *netlink.AttributeEncoder) {
			ae.Uint32(unix.NL80211_SURVEY_INFO_FREQUENCY, 2412)
			ae.Uint64(unix.NL80211_SURVEY_INFO_TIME, math.MaxUint64)
		})
	}).Data)
	f.Fuzz(func(t *testing.T, command uint8, data []byte) {
		m := genetlink.Message{Header: genetlink.Header{Command: command}, Data: data}
		i, err := nl80211.DecodeInterface(m)
		switch {
		case err != nil && (i.Index != 0 || i.Name != "" || i.MAC != nil):
			t.Fatalf("error %v and value %+v", err, i)
		case err == nil && (i.PhyIndex < 0 || i.Index < 0):
			t.Fatalf("%+v", i)
		}
		if c := i.Channel; c.FreqMHz < 0 || c.FreqMHz > 1e6 || c.CenterMHz < -10 || c.CenterMHz > 1e6+10 {
			t.Fatalf("%+v", c)
		}
		if r, err := nl80211.DecodeRegulatory(data); err == nil && r.Alpha2 == "" {
			t.Fatal("a regulatory domain without a name")
		}
		if s, err := nl80211.DecodeSurvey(m); err == nil && (s.Listened < 0 || s.Busy < 0 || s.Received < 0) {
			t.Fatalf("%+v", s)
		}
		if e, ok := nl80211.DecodeEvent(m); ok && (e.Kind == 0 || e.PhyIndex < -1 || e.IfIndex < 0) {
			t.Fatalf("%+v", e)
		}
	})
}

// FuzzFraming answers with any messages, in the sequence of the request: every
// request ends. What comes behind the end of an answer may spoil the next
// request, but is never taken for its answer, and the one after that works.
func FuzzFraming(f *testing.F) {
	f.Add(bytesOf(f, monitor(f, 5, 0, "mon0")))
	f.Add([]byte{20, 0, 0, 0, 2, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255})
	f.Add([]byte{20, 0, 0, 0, 3, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255})
	f.Add(append([]byte{40, 0, 0, 0, 2, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255, 0, 0, 0, 128}, make([]byte, 16)...))
	f.Fuzz(func(t *testing.T, in []byte) {
		datagrams, err := nl80211test.Split(in)
		if err != nil {
			return
		}
		var hostile atomic.Bool // also read by requests that were given up
		c, kernel := clientOf(t, nl80211test.Options{
			Answer: replies(monitor(t, 5, 0, "mon0")),
			Edit: func(req netlink.Message, out [][]netlink.Message) [][]netlink.Message {
				if !hostile.Load() {
					return out
				}
				out = nil
				for _, m := range datagrams {
					m.Header.Sequence, m.Header.PID = req.Header.Sequence, req.Header.PID
					out = append(out, []netlink.Message{m})
				}
				return out
			},
		})
		for _, ask := range []func(context.Context) error{
			func(ctx context.Context) error { _, err := c.Interface(ctx, 5); return err },
			func(ctx context.Context) error {
				list, err := c.Interfaces(ctx)
				if !hostile.Load() && err == nil && len(list) != 1 {
					t.Fatalf("%d interfaces, want 1", len(list))
				}
				return err
			},
		} {
			hostile.Store(true)
			ctx, cancel := context.WithTimeout(background(), time.Millisecond)
			_ = ask(ctx)
			cancel()
			hostile.Store(false)
			if ask(background()) == nil {
				continue
			}
			if err := ask(background()); err != nil {
				t.Fatalf("the second request after a hostile answer: %v", err)
			}
		}
		if n := kernel.Open(); n != 1 {
			t.Fatalf("%d connections open, want 1", n)
		}
	})
}
