package linuxwifi

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// ringBlock makes a block as the kernel does, of frames that hold their number.
func ringBlock(frames int) []byte {
	b := make([]byte, 4096)
	put := binary.NativeEndian.PutUint32
	at := blockHeadBytes
	put(b[blockFrames:], uint32(frames))
	put(b[blockFirst:], uint32(at))
	for i := range frames {
		h := b[at:]
		size := (frameHeadBytes + 4 + 7) &^ 7
		if i < frames-1 {
			put(h[frameNext:], uint32(size))
		}
		put(h[frameSec:], uint32(math.MaxUint32))
		put(h[frameNsec:], uint32(i))
		put(h[frameCaptured:], 4)
		put(h[frameOriginal:], 40)
		binary.NativeEndian.PutUint16(h[frameMAC:], frameHeadBytes)
		binary.NativeEndian.PutUint16(h[frameHardware:], 803)
		put(h[frameHeadBytes:], uint32(i))
		at += size
	}
	put(b[blockLength:], uint32(at))
	return b
}

// walkAll goes through a block and returns the frames' numbers.
func walkAll(b []byte) (numbers []uint32, err error) {
	for w := walkBlock(b); ; w.advance() {
		_ = w.hint()
		f, err := w.frame()
		if errors.Is(err, errBlockEnd) {
			return numbers, nil
		}
		if err != nil {
			return numbers, err
		}
		numbers = append(numbers, binary.NativeEndian.Uint32(f.data))
	}
}

func TestWalkBlock(t *testing.T) {
	w := walkBlock(ringBlock(2))
	got, err := w.frame()
	if err != nil {
		t.Fatal(err)
	}
	want := rawFrame{timeNs: math.MaxUint32 * 1e9, origLen: 40, hardware: 803, data: []byte{0, 0, 0, 0}}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(rawFrame{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestDamagedBlocks(t *testing.T) {
	second := blockHeadBytes + (frameHeadBytes+4+7)&^7
	u32 := func(at int, v uint32) func([]byte) {
		return func(b []byte) { binary.NativeEndian.PutUint32(b[at:], v) }
	}
	for _, test := range []struct {
		name   string
		damage func([]byte)
		want   []uint32
		err    error
	}{
		{"none", func([]byte) {}, []uint32{0, 1, 2}, nil},
		{"empty", u32(blockFrames, 0), nil, nil},
		{"more frames than there are", u32(blockFrames, 9), []uint32{0, 1}, errBlock},
		{"fewer frames than there are", u32(blockFrames, 1), []uint32{0}, nil},
		{"first frame in the header", u32(blockFirst, 8), nil, errBlock},
		{"first frame behind the block", u32(blockFirst, 4096), nil, errBlock},
		{"first frame at the end of all numbers", u32(blockFirst, math.MaxUint32), nil, errBlock},
		{"length too short", u32(blockLength, uint32(second)+70), []uint32{0}, errBlock},
		{"length of nothing", u32(blockLength, 0), nil, errBlock},
		{"length beyond the block", u32(blockLength, math.MaxUint32), []uint32{0, 1, 2}, nil},
		{"next is this", u32(second+frameNext, 1), []uint32{0}, errBlock},
		{"next is before", u32(second+frameNext, math.MaxUint32-90), []uint32{0, 1}, errBlock},
		{"next is behind the block", u32(second+frameNext, 5000), []uint32{0, 1}, errBlock},
		{"next is none too early", u32(second+frameNext, 0), []uint32{0}, errBlock},
		{"longer than the block", u32(second+frameCaptured, 4000), []uint32{0}, errBlock},
		{"longer than all numbers", u32(second+frameCaptured, math.MaxUint32), []uint32{0}, errBlock},
		{"original length below nothing", u32(second+frameOriginal, 1<<31), []uint32{0}, errBlock},
		{"data in the header", func(b []byte) { binary.NativeEndian.PutUint16(b[second+frameMAC:], 20) }, []uint32{0}, errBlock},
		{"data behind the block", func(b []byte) { binary.NativeEndian.PutUint16(b[second+frameMAC:], 65535) }, []uint32{0}, errBlock},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := ringBlock(3)
			test.damage(b)
			got, err := walkAll(b)
			if diff := cmp.Diff(test.want, got); diff != "" || !errors.Is(err, test.err) {
				t.Errorf("%v, want %v (-want +got):\n%s", err, test.err, diff)
			}
		})
	}
}

// A ring goes on with the next block behind one that makes no sense.
func TestRingSurvivesDamage(t *testing.T) {
	r := &ring{stride: 4096}
	for i := range 3 {
		b := ringBlock(3)
		if i == 1 {
			binary.NativeEndian.PutUint32(b[blockFirst:], 0)
		}
		storeStatus(b, 1)
		r.mem = append(r.mem, b...)
	}
	frames := 0
	for {
		if _, ok := r.peek(); !ok {
			break
		}
		frames++
		r.advance()
	}
	if bad := r.damaged(); frames != 6 || bad != 1 || r.damaged() != 0 || r.at != 0 {
		t.Errorf("%d frames, %d damaged, at %d", frames, bad, r.at)
	}
	for i := range 3 {
		if s := loadStatus(r.mem[i*4096:]); s != 0 {
			t.Errorf("block %d was not given back: %d", i, s)
		}
	}
}

func FuzzWalkBlock(f *testing.F) {
	f.Add(ringBlock(0))
	f.Add(ringBlock(3))
	f.Add(ringBlock(40))
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) < blockHeadBytes {
			return // blocks have the size that was asked for
		}
		before := bytes.Clone(b)
		frames := 0
		for w := walkBlock(b); ; w.advance() {
			if h := w.hint(); h < 0 || h > len(b) {
				t.Fatalf("hint of %d bytes", h)
			}
			f, err := w.frame()
			if err != nil {
				if f.data != nil {
					t.Fatal("a frame and an error")
				}
				break
			}
			if f.origLen > math.MaxInt32 || int(f.origLen) < len(f.data) {
				t.Fatalf("%d bytes of %d", len(f.data), f.origLen)
			}
			if frames++; frames*frameHeadBytes > len(b) {
				t.Fatalf("%d frames in %d bytes", frames, len(b))
			}
		}
		if !bytes.Equal(before, b) {
			t.Fatal("the block was written to")
		}
	})
}
