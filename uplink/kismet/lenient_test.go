package kismet_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sensord/sensord/uplink/kismet"
)

// Servers differ: what they command is read in every form that makes sense.
func TestDecodeIsLenientTowardsServers(t *testing.T) {
	hop := func(rate float64, shuffle bool, offset uint32, channels ...string) kismet.Configure {
		return kismet.Configure{Hop: &kismet.Hop{Rate: rate, Shuffle: shuffle, Offset: offset, Channels: channels}}
	}
	for _, c := range []struct {
		name  string
		frame []byte
		want  kismet.Message
	}{
		{"rate as float64", frame3(t, configReq, 1, "81 02 81 01 cb4014000000000000"), hop(5, false, 0)},
		{"rate as unsigned integer", frame3(t, configReq, 1, "81 02 81 01 cc05"), hop(5, false, 0)},
		{"rate as fixint", frame3(t, configReq, 1, "81 02 81 01 05"), hop(5, false, 0)},
		{"rate that is none", frame3(t, configReq, 1, "81 02 81 01 ca7fc00000"), hop(0, false, 0)},
		{"negative rate", frame3(t, configReq, 1, "81 02 81 01 ff"), hop(0, false, 0)},
		{"shuffle as integer", frame3(t, configReq, 1, "81 02 82 02 01 04 d10002"), hop(0, true, 2)},
		{"shuffle as integer 0", frame3(t, configReq, 1, "81 02 81 02 00"), hop(0, false, 0)},
		{"enabled as integer", frame3(t, configReq, 1, "81 02 82 02 c3 06 01"), hop(0, true, 0)},
		{"enabled as bool", frame3(t, configReq, 1, "81 02 82 02 c3 06 c3"), hop(0, true, 0)},
		{"offset in 64 bits", frame3(t, configReq, 1, "81 02 81 04 cf0000000000010000"), hop(0, false, 65536)},
		{"unknown keys and kinds of keys", frame3(t, configReq, 1, "84 2a c0 a131 c0 ff c0 02 82 2b 90 05 91 a136"), hop(0, false, 0, "6")},
		{"empty channel list", frame3(t, configReq, 1, "81 02 81 05 90"), hop(0, false, 0)},
		{"one channel", frame3(t, configReq, 1, "81 01 a136"), kismet.Configure{Channel: "6"}},
		{"channel and hopping", frame3(t, configReq, 1, "82 01 a136 02 80"), kismet.Configure{Channel: "6"}},
		{"neither", frame3(t, configReq, 1, "80"), kismet.Unknown{Type: 17}},
		{"no channel", frame3(t, configReq, 1, "81 01 a0"), kismet.Unknown{Type: 17}},
		{"no definition", frame3(t, openReq, 1, "80"), kismet.OpenSource{}},
		{"v2, no definition", frame2(t, "KDSOPENSOURCE", ""), kismet.OpenSource{}},
		{"v2, lower case", frame2(t, "ping", ""), kismet.Ping{}},
		{"v2, rubbish behind the NUL", frame2(t, "KDSConfigure\x00PING\xbb", "12020a00"), hop(0, false, 0, "")},
		{"v2, only a rate", frame2(t, "KDSCONFIGURE", "1209 110000000000001440"), hop(5, false, 0)},
		{"v2, rate that is none", frame2(t, "KDSCONFIGURE", "1209 11000000000000f87f"), hop(0, false, 0)},
		{"v2, one channel", frame2(t, "KDSCONFIGURE", "0a030a0136"), kismet.Configure{Channel: "6"}},
		{"v2, only a spectrum", frame2(t, "KDSCONFIGURE", "1a00"), kismet.Unknown{Command: "KDSCONFIGURE"}},
		{"v0, lower case", frame0(t, "0a0470696e67 1005 1a00"), kismet.Ping{}},
		{"v0, pong", frame0(t, "0a04504f4e47 1005 1a020807"), kismet.Pong{Seq: 7}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, got := decode(t, c.frame)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// A server may send one byte more than a sensor may.
func TestDecodeTakesLongFramesOfServers(t *testing.T) {
	long := frame3(t, openReq, 1, "81 01 da3fe7"+strings.Repeat("61", 16359))
	if h, m := decode(t, long); h.Size != 16384 || len(m.(kismet.OpenSource).Definition) != 16359 {
		t.Errorf("got header %+v", h)
	}
}
