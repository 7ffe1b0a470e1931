package main_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcapgo"
)

// A frame is one of a capture.
type frame struct {
	time    time.Time // in whole microseconds
	origLen int
	data    []byte
}

// makeFrames returns n frames of 30 to 2 000 bytes, no two alike. Every tenth
// was longer on air.
func makeFrames(n int) []frame {
	random := rand.New(rand.NewPCG(1, 2))
	now := time.Date(2024, 2, 29, 23, 59, 58, 999_990_000, time.UTC)
	frames := make([]frame, n)
	for i := range frames {
		data := make([]byte, 30+random.IntN(1971))
		for j := range data {
			data[j] = byte(random.Uint32())
		}
		copy(data, []byte{0, 0, 8, 0, 0, 0, 0, 0}) // radiotap without fields
		now = now.Add(time.Duration(random.IntN(3000)) * time.Microsecond)
		frames[i] = frame{time: now, origLen: len(data), data: data}
		if i%10 == 0 {
			frames[i].origLen += i
		}
	}
	return frames
}

func (f frame) info() gopacket.CaptureInfo {
	return gopacket.CaptureInfo{Timestamp: f.time, CaptureLength: len(f.data), Length: f.origLen}
}

const radiotap = layers.LinkTypeIEEE80211Radio

// An encoder writes frames as a capture file.
type encoder func(w io.Writer, frames []frame) error

func writePcap(t *testing.T, path string, frames []frame) {
	t.Helper()
	writeCapture(t, path, frames, encodePcap)
}

func writeCapture(t *testing.T, path string, frames []frame, encode encoder) {
	t.Helper()
	var b bytes.Buffer
	if err := encode(&b, frames); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

func encodePcap(w io.Writer, frames []frame) error {
	pw := pcapgo.NewWriter(w)
	if err := pw.WriteFileHeader(1<<16, radiotap); err != nil {
		return err
	}
	for _, f := range frames {
		if err := pw.WritePacket(f.info(), f.data); err != nil {
			return err
		}
	}
	return nil
}

func encodePcapng(w io.Writer, frames []frame) error {
	pw, err := pcapgo.NewNgWriter(w, radiotap)
	if err != nil {
		return err
	}
	for _, f := range frames {
		if err := pw.WritePacket(f.info(), f.data); err != nil {
			return err
		}
	}
	return pw.Flush()
}

// zipped is an encoder whose result is gzipped.
func zipped(encode encoder) encoder {
	return func(w io.Writer, frames []frame) error {
		zw := gzip.NewWriter(w)
		if err := encode(zw, frames); err != nil {
			return err
		}
		return zw.Close()
	}
}
