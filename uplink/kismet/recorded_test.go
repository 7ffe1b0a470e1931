package kismet_test

import (
	"bytes"
	"cmp"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/tinylib/msgp/msgp"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/sensord/sensord/uplink/kismet"
)

// Every frame that Kismet's own servers and tools sent means something to us,
// and what we make of it means the same to them.
func TestRecordedSessions(t *testing.T) {
	for name, session := range recordings(t) {
		t.Run(name, func(t *testing.T) {
			for i, r := range session {
				h, m := decode(t, r.frame)
				if u, unknown := m.(kismet.Unknown); unknown {
					t.Errorf("frame %d is %#v", i, u)
				}
				write := kismet.AppendServer
				if r.sensor {
					write = kismet.Append
				}
				again := write(nil, h.Version, h.Seq, m)
				h2, m2 := decode(t, again)
				h.Size, h2.Size = 0, 0
				if diff := gocmp.Diff(h, h2); diff != "" {
					t.Errorf("frame %d: header after encoding (-first +second):\n%s", i, diff)
				}
				if diff := gocmp.Diff(m, m2, equal); diff != "" {
					t.Errorf("frame %d: message after encoding (-first +second):\n%s", i, diff)
				}
				if want, got := normal(t, r.frame, m), normal(t, again, m); !bytes.Equal(want, got) {
					t.Errorf("frame %d: %T in the same order\ngot  %x\nwant %x", i, m, got, want)
				}
			}
		})
	}
}

// normal brings a payload into a form in which Kismet's encoding and ours are
// the same bytes. They differ in the order of keys, and in two fields that mean
// nothing: the enabled flag of a hop block, which is an integer there, and the
// original length in v2, which is absent there when nothing was cut.
func normal(tb testing.TB, frame []byte, m kismet.Message) []byte {
	tb.Helper()
	switch {
	case frame[5] == 0xa9 && len(frame) > 20:
		sorted, rest := normalObject(tb, frame[20:], 0)
		return append(sorted, rest...)
	case frame[5] == 0xcd:
		if d, ok := m.(kismet.Data); ok && d.Packet != nil && int(d.Packet.OrigLen) == len(d.Packet.Content) {
			return withoutOrigLen(tb, frame[48:], 3)
		}
		return frame[48:]
	}
	return nil
}

// withoutOrigLen takes field 6 out of the message in field num of b, the packet
// block, or out of b itself if num is 0.
func withoutOrigLen(tb testing.TB, b []byte, num protowire.Number) []byte {
	tb.Helper()
	var out []byte
	for len(b) > 0 {
		n, typ, size := protowire.ConsumeField(b)
		if size < 0 {
			tb.Fatal(protowire.ParseError(size))
		}
		switch {
		case num == 0 && n == 6:
		case num != 0 && n == num:
			_, _, tag := protowire.ConsumeTag(b)
			in, _ := protowire.ConsumeBytes(b[tag:])
			out = protowire.AppendBytes(protowire.AppendTag(out, n, typ), withoutOrigLen(tb, in, 0))
		default:
			out = append(out, b[:size]...)
		}
		b = b[size:]
	}
	return out
}

// normalObject sorts the keys of all maps and takes key 6 out of hop blocks, which
// are the maps below the root that have a list under key 5.
func normalObject(tb testing.TB, b []byte, depth int) (sorted, rest []byte) {
	tb.Helper()
	after, err := msgp.Skip(b)
	if err != nil {
		tb.Fatal(err)
	}
	if msgp.NextType(b) != msgp.MapType {
		return b[:len(b)-len(after)], after
	}
	n, in, err := msgp.ReadMapHeaderBytes(b)
	if err != nil {
		tb.Fatal(err)
	}
	type entry struct {
		key   uint64
		value []byte
	}
	var entries []entry
	hop := false
	for range n {
		var e entry
		if e.key, in, err = msgp.ReadUint64Bytes(in); err != nil {
			tb.Fatal(err)
		}
		hop = hop || depth > 0 && e.key == 5 && msgp.NextType(in) == msgp.ArrayType
		e.value, in = normalObject(tb, in, depth+1)
		entries = append(entries, e)
	}
	slices.SortFunc(entries, func(a, b entry) int { return cmp.Compare(a.key, b.key) })
	sorted = msgp.AppendMapHeader(nil, n)
	for _, e := range entries {
		if hop && e.key == 6 {
			continue
		}
		sorted = append(msgp.AppendUint64(sorted, e.key), e.value...)
	}
	return sorted, after
}
