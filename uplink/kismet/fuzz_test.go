package kismet_test

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sensord/sensord/uplink/kismet"
)

// seeds returns all frames of the vectors and the recordings.
func seeds(tb testing.TB) [][]byte {
	tb.Helper()
	frames, _ := mixed(tb)
	for _, session := range recordings(tb) {
		for _, r := range session {
			frames = append(frames, r.frame)
		}
	}
	return frames
}

// A frame is an error or a message, never both; what a sensor says, means the
// same after we have said it again; what a server says, too.
func FuzzDecode(f *testing.F) {
	for _, s := range seeds(f) {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, frame []byte) {
		before := bytes.Clone(frame)
		h, m, err := kismet.Decode(frame)
		if !bytes.Equal(before, frame) {
			t.Fatal("Decode changed the frame")
		}
		if (err == nil) == (m == nil) {
			t.Fatalf("%#v and %v", m, err)
		}
		if err != nil {
			return
		}
		if h.Size != len(frame) {
			t.Fatalf("header %+v of %d bytes", h, len(frame))
		}
		write := kismet.Append
		switch c := m.(type) {
		case kismet.Unknown:
			return
		case kismet.OpenSource:
			write = kismet.AppendServer
		case kismet.Configure:
			write = kismet.AppendServer
			if c.Hop != nil {
				// Servers do not send a skip, and offsets of v3 have 16 bits.
				c.Hop.Skip = 0
				c.Hop.Offset &= 0xffff
			}
		}
		again := write(nil, h.Version, h.Seq, m)
		if len(again) > kismet.MaxFrame {
			t.Fatalf("%T became %d bytes", m, len(again))
		}
		h2, m2, err := kismet.Decode(again)
		if err != nil {
			t.Fatalf("%#v became %x: %v", m, again, err)
		}
		if h2.Version != h.Version || h2.Type != h.Type || h2.Command != h.Command {
			t.Fatalf("header %+v became %+v", h, h2)
		}
		if len(frame) > kismet.MaxFrame-1000 {
			return // optional fields that we write may have cost some content
		}
		if diff := cmp.Diff(m, m2, equal); diff != "" {
			t.Fatalf("(-first +second):\n%s", diff)
		}
	})
}

// However a stream is chopped, the same frames and the same error come out.
func FuzzSplitter(f *testing.F) {
	_, stream := mixed(f)
	f.Add(stream, []byte{1, 20, 0, 255})
	for _, s := range seeds(f) {
		f.Add(append(bytes.Clone(s), s...), []byte{12})
	}
	f.Add([]byte("HTTP/1.1 400 Bad Request\r\n"), []byte{3})
	f.Fuzz(func(t *testing.T, stream, sizes []byte) {
		var whole kismet.Splitter
		whole.Write(stream)
		want, wantErr := drain(&whole)

		var s kismet.Splitter
		var got [][]byte
		var err error
		rest := stream
		for i := 0; err == nil && len(rest) > 0; i++ {
			n := 1
			if len(sizes) > 0 {
				n = int(sizes[i%len(sizes)])
			}
			if i >= len(sizes) {
				n++ // sizes may all be 0
			}
			n = min(n, len(rest))
			s.Write(rest[:n])
			rest = rest[n:]
			var frames [][]byte
			frames, err = drain(&s)
			got = append(got, frames...)
		}
		if !equalFrames(got, want) {
			t.Fatalf("%d frames in pieces, %d as a whole", len(got), len(want))
		}
		if (err == nil) != (wantErr == nil) || err != nil && err.Error() != wantErr.Error() {
			t.Fatalf("%v in pieces, %v as a whole", err, wantErr)
		}
		if !bytes.HasPrefix(stream, bytes.Join(got, nil)) {
			t.Fatal("the frames are not the stream")
		}
	})
}

func FuzzAnnouncement(f *testing.F) {
	f.Add(readHex(f, "ann-1-announcement"))
	f.Fuzz(func(t *testing.T, p []byte) {
		a, err := kismet.DecodeAnnouncement(p)
		if err != nil {
			if a != (kismet.Announcement{}) {
				t.Fatalf("%+v and %v", a, err)
			}
			return
		}
		again, err := kismet.DecodeAnnouncement(kismet.AppendAnnouncement(nil, a))
		if err != nil || again != a {
			t.Fatalf("%+v became %+v, %v", a, again, err)
		}
	})
}
