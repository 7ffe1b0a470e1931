package radiotap_test

import (
	"encoding/binary"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"pgregory.net/rapid"

	"github.com/sensord/sensord/capture/radiotap"
)

// gopacket's old decoder agrees about whole headers of one presence word, up
// to the field that it knows last, and about management and data frames. It
// panics on damaged ones, so it is given none.
func TestGopacketReadsTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		// FHSS is left out, which it does not align, and XChannel, which it does
		// not know.
		present := rapid.Uint32Range(0, 1<<18-1).Draw(t, "present") &^ (1 << 4)
		frame := []byte{0, 0, 80, 0}
		frame = binary.LittleEndian.AppendUint32(frame, present)
		frame = append(frame, rapid.SliceOfN(rapid.Byte(), 72, 72).Draw(t, "fields")...)
		frame = append(frame, make([]byte, 40)...)
		var theirs layers.RadioTap
		if err := theirs.DecodeFromBytes(frame, gopacket.NilDecodeFeedback); err != nil {
			t.Fatal(err)
		}
		ours, err := radiotap.Parse(frame)
		if err != nil {
			t.Fatal(err)
		}
		want := radiotap.Header{
			Length:    80,
			FreqMHz:   int(theirs.ChannelFrequency),
			SignalDBm: int(theirs.DBMAntennaSignal), HasSignal: theirs.Present.DBMAntennaSignal(),
			NoiseDBm: int(theirs.DBMAntennaNoise), HasNoise: theirs.Present.DBMAntennaNoise(),
			HasFCS: theirs.Flags.FCS(), BadFCS: theirs.Flags.BadFCS(), Padded: theirs.Flags.Datapad(),
		}
		if ours != want {
			t.Fatalf("%x: we read %+v, gopacket %+v", frame, ours, want)
		}
	})
}

func TestGopacketReadsTheSameAddresses(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := rapid.SliceOfN(rapid.Byte(), 64, 64).Draw(t, "frame")
		b[0] &^= 3
		b[0] &^= 4 // management or data
		var theirs layers.Dot11
		if err := theirs.DecodeFromBytes(b, gopacket.NilDecodeFeedback); err != nil {
			return // reserved subtypes are not known to it
		}
		d, ok := radiotap.ParseDot11(b)
		if !ok {
			t.Fatalf("%x is not read", b)
		}
		ra, ta, third := radiotap.MAC(theirs.Address1), radiotap.MAC(theirs.Address2), radiotap.MAC(theirs.Address3)
		if d.RA != ra || d.TA != ta {
			t.Fatalf("%x: %+v, gopacket %s %s", b, d, ra, ta)
		}
		want := struct{ sa, da radiotap.MAC }{ta, ra}
		if d.Type == radiotap.TypeData {
			switch {
			case theirs.Flags.ToDS() && theirs.Flags.FromDS():
				want.da, want.sa = third, radiotap.MAC(theirs.Address4)
			case theirs.Flags.ToDS():
				want.da = third
			case theirs.Flags.FromDS():
				want.sa = third
			}
		}
		if d.SA != want.sa || d.DA != want.da {
			t.Fatalf("%x: SA %s, DA %s, gopacket %s, %s", b, d.SA, d.DA, want.sa, want.da)
		}
	})
}
