//go:build race

package capture_test

import (
	"bytes"
	"testing"

	"github.com/sensord/sensord/capture"
)

func TestRaceBuildPoisonsReleasedFrames(t *testing.T) {
	b := capture.NewBatch()
	b.Append(0, 0, 0, []byte("frame"))
	kept := b.Frame(0).Data
	b.Release()
	if want := bytes.Repeat([]byte{0xDB}, 5); !bytes.Equal(kept, want) {
		t.Errorf("a frame kept beyond its batch reads %x, want %x", kept, want)
	}
}
