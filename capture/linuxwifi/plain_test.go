package linuxwifi

import (
	"encoding/binary"
	"errors"
	"math"
	"testing"

	"golang.org/x/sys/unix"
)

// controlMessage makes one control message.
func controlMessage(level, kind uint32, body []byte) []byte {
	size := extraHeadSize + len(body)
	b := make([]byte, (size+wordBytes-1)/wordBytes*wordBytes)
	putWord(b, uint64(size))
	binary.NativeEndian.PutUint32(b[wordBytes:], level)
	binary.NativeEndian.PutUint32(b[wordBytes+4:], kind)
	copy(b[extraHeadSize:], body)
	return b
}

func putWord(b []byte, v uint64) {
	if wordBytes == 4 {
		binary.NativeEndian.PutUint32(b, uint32(v))
		return
	}
	binary.NativeEndian.PutUint64(b, v)
}

func stamp(sec, nsec uint64) []byte {
	b := make([]byte, 2*wordBytes)
	putWord(b, sec)
	putWord(b[wordBytes:], nsec)
	return controlMessage(unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, b)
}

func auxdata(original uint32) []byte {
	b := make([]byte, 20) // struct tpacket_auxdata
	binary.NativeEndian.PutUint32(b[4:], original)
	return controlMessage(unix.SOL_PACKET, unix.PACKET_AUXDATA, b)
}

func TestParseExtra(t *testing.T) {
	long := stamp(1, 2)
	putWord(long, 100)
	none := stamp(1, 2)
	putWord(none, 0)
	for _, test := range []struct {
		name     string
		in       []byte
		timeNs   int64
		original uint32
		err      error
	}{
		{"both", append(stamp(3, 4), auxdata(500)...), 3_000_000_004, 500, nil},
		{"other order", append(auxdata(500), stamp(3, 4)...), 3_000_000_004, 500, nil},
		{"time alone", stamp(3, 4), 3_000_000_004, 0, nil},
		{"unknown ones", append(controlMessage(1, 1, []byte{1}), stamp(3, 4)...), 3_000_000_004, 0, nil},
		{"2100", stamp(4_102_444_800, 0), 4_102_444_800_000_000_000, 0, nil},
		{"length below nothing", append(stamp(3, 4), auxdata(math.MaxUint32)...), 3_000_000_004, math.MaxInt32, nil},
		{"nothing", nil, 0, 0, errExtra},
		{"no time", auxdata(500), 0, 0, errExtra},
		{"more nanoseconds than there are", stamp(3, 1e9), 0, 0, errExtra},
		{"message too long", long, 0, 0, errExtra},
		{"message of nothing", none, 0, 0, errExtra},
	} {
		t.Run(test.name, func(t *testing.T) {
			timeNs, original, err := parseExtra(test.in)
			if timeNs != test.timeNs || original != test.original || !errors.Is(err, test.err) {
				t.Errorf("%d, %d, %v; want %d, %d, %v", timeNs, original, err, test.timeNs, test.original, test.err)
			}
		})
	}
}

func FuzzParseExtra(f *testing.F) {
	f.Add(append(stamp(3, 4), auxdata(500)...))
	f.Add(auxdata(1))
	f.Add(controlMessage(1, 2, []byte{3}))
	f.Fuzz(func(t *testing.T, b []byte) {
		timeNs, original, err := parseExtra(b)
		if err != nil && (timeNs != 0 || original != 0) {
			t.Fatal("a value and an error")
		}
		if timeNs < 0 || original > math.MaxInt32 {
			t.Fatalf("%d, %d", timeNs, original)
		}
	})
}
