package pcapfile_test

import (
	"errors"
	"io"

	"github.com/google/gopacket"
	"pgregory.net/rapid"

	"github.com/sensord/sensord/capture"
)

type packetReader interface {
	ZeroCopyReadPacketData() ([]byte, gopacket.CaptureInfo, error)
}

func theirFrames(t *rapid.T, r packetReader) []frame {
	var all []frame
	for {
		data, ci, err := r.ZeroCopyReadPacketData()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, frame{ci.Timestamp.UnixNano(), uint32(ci.Length), capture.LinkTypeRadiotap, string(data)})
	}
}
