package linuxwifi

import (
	"testing"

	"pgregory.net/rapid"
)

const procNetDev = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo: 1376836   11334    0    0    0     0          0         0  1376836   11334    0    0    0     0       0          0
wlan1mon:18446744073709551615       7    0    0    0     0          0         0        0       0    0    0    0     0       0          0
`

func TestParseInterfaceCounts(t *testing.T) {
	for _, test := range []struct {
		name, table string
		want        interfaceCounts
		ok          bool
	}{
		{"lo", procNetDev, interfaceCounts{frames: 11334, bytes: 1376836}, true},
		{"wlan1mon", procNetDev, interfaceCounts{frames: 7, bytes: 1<<64 - 1}, true},
		{"wlan1", procNetDev, interfaceCounts{}, false},
		{"wlan1", "", interfaceCounts{}, false},
		{"wlan1", "wlan1: 7\n", interfaceCounts{}, false},
		{"wlan1", "wlan1: 7 x\n", interfaceCounts{}, false},
	} {
		if got, ok := parseInterfaceCounts([]byte(test.table), test.name); ok != test.ok || ok && got != test.want {
			t.Errorf("%s in %q: %+v, %v", test.name, test.table, got, ok)
		}
	}
}

func FuzzParseInterfaceCounts(f *testing.F) {
	f.Add([]byte(procNetDev), "lo")
	f.Add([]byte("a:1 2"), "a")
	f.Add([]byte("a:1 20000000000000000000"), "a")
	f.Fuzz(func(t *testing.T, table []byte, name string) {
		if got, ok := parseInterfaceCounts(table, name); !ok && got != (interfaceCounts{}) {
			t.Fatalf("%+v without success", got)
		}
	})
}

// However the readings are interleaved with frames, whatever the driver does to
// its counters: what the filter dropped never falls, is never more than was
// dropped, and is exact when all frames were read and none was lost.
func TestAccountNeverFallsAndEndsExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := account{filtering: true}
		var rx interfaceCounts // as the interface counts
		a.add(rx, true, 0, 0, 0)
		var read counts
		var queue []uint64 // lengths of frames in the ring
		var wantFrames, wantBytes, dropped uint64
		var packets, drops uint32
		reset := false

		look := func() {
			before := a
			a.add(rx, true, packets, drops, 0)
			packets, drops = 0, 0
			a.balance(read)
			if a.filtered < before.filtered || a.filteredBytes < before.filteredBytes || a.dropped < before.dropped {
				t.Fatalf("%+v fell to %+v", before, a)
			}
			if a.filtered > wantFrames || dropped == 0 && a.filteredBytes > wantBytes {
				t.Fatalf("%+v: only %d frames and %d bytes were dropped", a, wantFrames, wantBytes)
			}
		}
		step := func(what string, size uint64) {
			switch what {
			case "kept", "lost", "filtered":
				rx.frames++
				rx.bytes += size
			}
			switch what {
			case "kept":
				packets++
				queue = append(queue, size)
			case "lost":
				packets++
				drops++
				dropped++
			case "filtered":
				wantFrames++
				wantBytes += size
			case "read":
				if len(queue) > 0 {
					read.frames++
					read.bytes += queue[0]
					read.longest = max(read.longest, uint32(queue[0]))
					queue = queue[1:]
				}
			case "look":
				look()
			case "reset":
				look()
				rx, reset = interfaceCounts{}, true
				look()
			}
		}
		steps := rapid.SliceOfN(rapid.SampledFrom([]string{"kept", "kept", "filtered", "read", "read", "look", "lost", "reset"}), 10, 300)
		sizes := rapid.Uint64Range(14, longFrame)
		for _, what := range steps.Draw(t, "steps") {
			step(what, sizes.Draw(t, "size"))
		}
		for len(queue) > 0 {
			step("read", 0)
		}
		look()
		if !reset && a.filtered != wantFrames || a.dropped != dropped {
			t.Fatalf("%+v: %d frames were filtered, %d lost", a, wantFrames, dropped)
		}
		if !reset && dropped == 0 && a.filteredBytes != wantBytes {
			t.Fatalf("%+v: %d bytes were filtered", a, wantBytes)
		}
	})
}
