package radiotap_test

import (
	"testing"

	"github.com/sensord/sensord/capture/radiotap"
)

func BenchmarkParse(b *testing.B) {
	for _, bb := range []struct{ name, hex string }{
		{"hwsim", headHwsim}, {"twoChains", headChains},
	} {
		b.Run(bb.name, func(b *testing.B) {
			frame := unhex(b, bb.hex)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := radiotap.Parse(frame); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkParseDot11(b *testing.B) {
	for _, bb := range []struct{ name, hex string }{
		{"beacon", frameBeacon}, {"qosData", frameQoSToDS}, {"fourAddress", frameFourAddress}, {"ack", frameACK},
	} {
		b.Run(bb.name, func(b *testing.B) {
			frame := unhex(b, bb.hex)
			b.ReportAllocs()
			for b.Loop() {
				if _, ok := radiotap.ParseDot11(frame); !ok {
					b.Fatal("not read")
				}
			}
		})
	}
}
