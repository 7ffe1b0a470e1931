package nl80211_test

import (
	"encoding/binary"
	"errors"
	"testing"

	"github.com/mdlayher/genetlink"
	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"

	"github.com/sensord/sensord/capture/nl80211"
	"github.com/sensord/sensord/capture/nl80211/nl80211test"
)

// TestHostileReplies: what makes no sense is an error, in words.
func TestHostileReplies(t *testing.T) {
	whole := freq(t, 0, 1, 0, 5180, unix.NL80211_FREQUENCY_ATTR_NO_IR)
	cut := func(n int) genetlink.Message {
		m := whole
		m.Data = m.Data[:len(m.Data)-n]
		return m
	}
	raw := func(data ...byte) genetlink.Message {
		return genetlink.Message{Header: genetlink.Header{Command: unix.NL80211_CMD_NEW_WIPHY}, Data: data}
	}
	tests := []struct {
		name string
		in   genetlink.Message
		want string
	}{
		{"no phy", message(t, unix.NL80211_CMD_NEW_WIPHY, nil), "list phys: a reply without a phy"},
		{"huge index", part(t, 1<<31, nil), "list phys: attribute 1 is 2147483648, too large"},
		{"half a header", raw(8, 0), "list phys: invalid attribute; length too short or too large"},
		{"longer than it is", raw(200, 0, 1, 0, 0, 0, 0, 0), "list phys: invalid attribute; length too short or too large"},
		{"shorter than its header", raw(3, 0, 1, 0), "list phys: invalid attribute; length too short or too large"},
		{"index of two bytes", message(t, unix.NL80211_CMD_NEW_WIPHY, func(ae *netlink.AttributeEncoder) {
			ae.Uint16(unix.NL80211_ATTR_WIPHY, 0)
		}), "list phys: netlink: attribute 1 is not a uint32; length: 2"},
		{"cut in a channel", cut(4), "list phys: invalid attribute; length too short or too large"},
		{"cut in the bands", cut(20), "list phys: invalid attribute; length too short or too large"},
		{"no frequency", band(t, 0, 1, func(ae *netlink.AttributeEncoder) {
			list(ae, unix.NL80211_BAND_ATTR_FREQS, func(ae *netlink.AttributeEncoder) { list(ae, 0, nothing) })
		}), "list phys: a channel without a frequency"},
		{"frequency 0", freq(t, 0, 1, 0, 0), "list phys: a channel without a frequency"},
		{"frequency of light", freq(t, 0, 1, 0, 1<<30), "list phys: a channel without a frequency"},
		{"band 256", freq(t, 0, 256, 0, 2412), "list phys: there is no band 256"},
		{"HT of four bytes", band(t, 0, 1, func(ae *netlink.AttributeEncoder) {
			ae.Uint32(unix.NL80211_BAND_ATTR_HT_CAPA, 1)
		}), "list phys: netlink: attribute 4 is not a uint16; length: 4"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, kernel := client(t, replies(tt.in))
			_, err := c.Phys(background())
			check(t, tt.want, err)
			if n := kernel.Dialled(); n != 1 {
				t.Errorf("%d connections, want 1: the answer was complete", n)
			}
		})
	}
}

// TestHostileFraming: after what breaks the order of messages, the next request
// works, on another connection.
func TestHostileFraming(t *testing.T) {
	type edit = func(req netlink.Message, out [][]netlink.Message) [][]netlink.Message
	tests := []struct {
		name string
		edit edit
		want string
	}{
		{"another sequence", func(_ netlink.Message, out [][]netlink.Message) [][]netlink.Message {
			out[0][0].Header.Sequence--
			return out
		}, "look at interface 5: netlink validate: mismatched sequence in netlink reply"},
		{"another process", func(_ netlink.Message, out [][]netlink.Message) [][]netlink.Message {
			out[0][0].Header.PID++
			return out
		}, "look at interface 5: netlink validate: mismatched PID in netlink reply"},
		{"a refusal of something else", func(_ netlink.Message, out [][]netlink.Message) [][]netlink.Message {
			ack := out[len(out)-1][0]
			ack.Header.Sequence -= 7
			binary.NativeEndian.PutUint32(ack.Data, ^uint32(unix.EPERM)+1)
			return [][]netlink.Message{{ack}}
		}, "look at interface 5: operation not permitted"},
		{"no end", func(_ netlink.Message, out [][]netlink.Message) [][]netlink.Message {
			var endless [][]netlink.Message
			for range 100 {
				endless = append(endless, out[0])
			}
			return endless
		}, "look at interface 5: too many replies to one request"},
		{"an error without a number", func(_ netlink.Message, out [][]netlink.Message) [][]netlink.Message {
			ack := out[len(out)-1][0]
			ack.Data = nil
			return [][]netlink.Message{{ack}}
		}, "look at interface 5: netlink receive: not enough data for netlink error code"},
		{"no generic header", func(_ netlink.Message, out [][]netlink.Message) [][]netlink.Message {
			out[0][0].Data = nil
			return out
		}, "look at interface 5: generic netlink message is invalid or too short"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			hostile := true
			c, kernel := clientOf(t, nl80211test.Options{
				Answer: replies(monitor(t, 5, 0, "mon0")),
				Edit: func(req netlink.Message, out [][]netlink.Message) [][]netlink.Message {
					if hostile {
						return tt.edit(req, out)
					}
					return out
				},
			})
			_, err := c.Interface(background(), 5)
			check(t, tt.want, err)
			hostile = false
			if _, err := c.Interface(background(), 5); err != nil {
				t.Errorf("the next request: %v", err)
			}
			if made, open := kernel.Dialled(), kernel.Open(); made != 2 || open != 1 {
				t.Errorf("%d connections made, %d open, want 2 and 1", made, open)
			}
		})
	}
}

// TestHostileLength: the length of the request that a refusal repeats is
// negative on machines of 32 bits, where netlink v1.11.2 panics.
func TestHostileLength(t *testing.T) {
	c, _ := clientOf(t, nl80211test.Options{
		Answer: replies(),
		Edit: func(_ netlink.Message, out [][]netlink.Message) [][]netlink.Message {
			refusal := out[0][0]
			refusal.Header.Flags = netlink.AcknowledgeTLVs
			binary.NativeEndian.PutUint32(refusal.Data, ^uint32(unix.EPERM)+1)
			binary.NativeEndian.PutUint32(refusal.Data[4:], 0x80000000)
			return out
		},
	})
	if err := c.DelInterface(background(), 5); err == nil {
		t.Error("no error")
	}
}

// TestForeignMessages: what is neither ours nor an acknowledgement is no answer.
func TestForeignMessages(t *testing.T) {
	c, _ := clientOf(t, nl80211test.Options{
		Answer: replies(monitor(t, 5, 0, "mon0")),
		Edit: func(_ netlink.Message, out [][]netlink.Message) [][]netlink.Message {
			foreign := out[0][0]
			foreign.Header.Type = netlink.Noop
			return append([][]netlink.Message{{foreign}}, out...)
		},
	})
	if _, err := c.Interface(background(), 5); err != nil {
		t.Error(err)
	}
}

func TestBrokenConnection(t *testing.T) {
	broken := true
	c, kernel := client(t, func(genetlink.Message, netlink.Message) ([]genetlink.Message, error) {
		if broken {
			return nil, errors.New("no more memory")
		}
		return nil, nil
	})
	err := c.SetPhyName(background(), 0, "roof")
	check(t, "rename phy 0 to roof: netlink receive: no more memory", err)
	if _, refused := errors.AsType[*nl80211.Error](err); refused {
		t.Error("what the kernel did not say is shown as its refusal")
	}
	broken = false
	if err := c.SetPhyName(background(), 0, "roof"); err != nil {
		t.Error(err)
	}
	if n := kernel.Dialled(); n != 2 {
		t.Errorf("%d connections, want 2", n)
	}
}
