package radiotap_test

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/sensord/sensord/capture/radiotap"
)

func FuzzParse(f *testing.F) {
	for _, s := range []string{
		headHwsim, headChains, "00 00 0800 00000000", "00 00 0800 02000080", "00 00 1d00 000000c0 ffffffa7 20000000 001122 01 0500 0102030405 c4 00",
		"00 00 2400 02000010 40 000000 2100 0500 0102030405000000 1c00 0000 0500 0100 c4000000", "01 00 0800 00000000", "00 00 ffff ffffffff",
	} {
		f.Add(append(unhex(f, s), unhex(f, frameBeacon)...))
	}
	f.Fuzz(func(t *testing.T, frame []byte) {
		h, err := radiotap.Parse(frame)
		n, ok := radiotap.Length(frame)
		switch {
		case (err == nil) != ok:
			t.Fatalf("error %v, but length %d, %v", err, n, ok)
		case err != nil && h != (radiotap.Header{}):
			t.Fatalf("error %v and header %+v", err, h)
		case err != nil:
			return
		case h.Length != n || n < radiotap.MinLength || n > len(frame) || n != int(binary.LittleEndian.Uint16(frame[2:])):
			t.Fatalf("length %d of %d", n, len(frame))
		case h.SignalDBm != 0 && !h.HasSignal, h.NoiseDBm != 0 && !h.HasNoise:
			t.Fatalf("a value is set and not there: %+v", h)
		}
		// The frame behind the header and the header's second byte, which is
		// padding, say nothing.
		other := append([]byte(nil), frame[:n]...)
		other[1] = ^other[1]
		if again, err := radiotap.Parse(other); err != nil || again != h {
			t.Fatalf("%+v alone is %+v, %v", h, again, err)
		}
		// Without its checksum a frame is the same but for that.
		other = append([]byte(nil), frame...)
		radiotap.ClearFCS(other)
		h.HasFCS = false
		if without, err := radiotap.Parse(other); err != nil || without != h {
			t.Fatalf("%+v without its checksum is %+v, %v", h, without, err)
		}
		if !bytes.Equal(other[n:], frame[n:]) {
			t.Fatal("the frame behind the header changed")
		}
	})
}

func FuzzParseDot11(f *testing.F) {
	for _, s := range []string{frameBeacon, frameQoSToDS, frameFourAddress, frameACK, "7400 0000 " + a1 + "b400 00000000" + a2, "6406", "0c00"} {
		f.Add(unhex(f, s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		d, ok := radiotap.ParseDot11(b)
		switch {
		case ok != (len(b) >= 2 && b[0]&3 == 0):
			t.Fatalf("read: %v", ok)
		case !ok && d != (radiotap.Dot11{}):
			t.Fatalf("not read, and %+v", d)
		case ok && (d.HeaderLen < 4 || d.HeaderLen > 36):
			t.Fatalf("header of %d bytes", d.HeaderLen)
		}
		if !ok {
			return
		}
		for role, m := range map[radiotap.Roles]radiotap.MAC{
			radiotap.RA: d.RA, radiotap.TA: d.TA, radiotap.SA: d.SA, radiotap.DA: d.DA, radiotap.BSSID: d.BSSID,
		} {
			if d.Has&role == 0 && m != (radiotap.MAC{}) {
				t.Fatalf("role %b is set and not there", role)
			}
		}
		// Nothing behind the header is looked at.
		if d.HeaderLen < len(b) {
			if again, _ := radiotap.ParseDot11(b[:d.HeaderLen]); again != d {
				t.Fatalf("%+v without its body is %+v", d, again)
			}
		}
	})
}

func FuzzParseMAC(f *testing.F) {
	for _, s := range []string{"00:1a:2B:3c:4D:5e", "ff-ff-ff-ff-ff-ff", "", "00:1a:2b-3c:4d:5e", "\x00\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		m, err := radiotap.ParseMAC(s)
		if err != nil {
			if m != (radiotap.MAC{}) {
				t.Fatalf("%v and %s", err, m)
			}
			return
		}
		if again, err := radiotap.ParseMAC(m.String()); err != nil || again != m || len(s) != 17 {
			t.Fatalf("%q is %s is %s, %v", s, m, again, err)
		}
	})
}
