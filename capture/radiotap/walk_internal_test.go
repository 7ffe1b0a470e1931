package radiotap

import (
	"encoding/binary"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// The short way must not differ from the walk in anything.
func TestUsualHeadersReadAsTheWalkReadsThem(t *testing.T) {
	short := 0
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.Uint32().Draw(t, "present")
		if rapid.Bool().Draw(t, "usual") {
			word |= enough
		}
		head := []byte{0, 0, 0, 0}
		head = binary.LittleEndian.AppendUint32(head, word)
		head = append(head, rapid.SliceOfN(rapid.Byte(), 0, 60).Draw(t, "rest")...)
		got, ok := usual(head)
		if !ok {
			return
		}
		short++
		w := walk{h: Header{Length: len(head)}, head: head}
		w.words()
		if diff := cmp.Diff(w.h, got); diff != "" {
			t.Fatalf("%x (-walk +usual):\n%s", head, diff)
		}
	})
	if short == 0 {
		t.Error("no header went the short way")
	}
}
