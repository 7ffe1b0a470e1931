package kismet_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/sensord/sensord/uplink/kismet"
)

// drain returns copies of all frames that s has whole.
func drain(s *kismet.Splitter) (frames [][]byte, err error) {
	for {
		f, err := s.Next()
		if f == nil || err != nil {
			return frames, err
		}
		frames = append(frames, bytes.Clone(f))
	}
}

// mixed is a stream of frames of all generations.
func mixed(tb testing.TB) (frames [][]byte, stream []byte) {
	tb.Helper()
	for _, v := range vectors() {
		frames = append(frames, readHex(tb, v.name))
	}
	return frames, bytes.Join(frames, nil)
}

func TestSplitterCutsAnyStream(t *testing.T) {
	want, stream := mixed(t)
	for size := range len(stream) {
		var s kismet.Splitter
		var got [][]byte
		for rest := stream; len(rest) > 0; {
			n := min(size+1, len(rest))
			s.Write(rest[:n])
			s.Write(nil)
			frames, err := drain(&s)
			if err != nil {
				t.Fatalf("writes of %d bytes: %v", size+1, err)
			}
			got = append(got, frames...)
			rest = rest[n:]
		}
		if !equalFrames(got, want) {
			t.Fatalf("writes of %d bytes: %d frames, want %d", size+1, len(got), len(want))
		}
	}
}

func equalFrames(a, b [][]byte) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !bytes.Equal(a[i], b[i]) {
			return false
		}
	}
	return true
}

// Servers of July 2025 send header and payload as two messages, the second
// possibly empty.
func TestSplitterJoinsHeaderAndPayload(t *testing.T) {
	var s kismet.Splitter
	open, ping := readHex(t, "v3-4-openreq"), readHex(t, "v3-1-ping")
	for _, f := range [][]byte{open, ping, open} {
		s.Write(f[:20])
		if len(f) > 20 {
			if got, err := s.Next(); got != nil || err != nil {
				t.Fatalf("with the header only: %x, %v", got, err)
			}
		}
		s.Write(f[20:])
		if got, err := s.Next(); !bytes.Equal(got, f) || err != nil {
			t.Fatalf("got %x, %v; want %x", got, err, f)
		}
	}
}

func TestSplitterRefusesWhatIsNoKismet(t *testing.T) {
	long := append(bytes.Clone(readHex(t, "v3-1-ping")[:8]), 0, 0, 0xff, 0xed)
	longest := append(bytes.Clone(long[:8]), 0, 0, 0xff, 0xec)
	ping := readHex(t, "v3-1-ping")
	for _, c := range []struct {
		name   string
		stream []byte
		frames int
		want   error
	}{
		{"a web server", []byte("HTTP/1.1 400 Bad Request\r\n\r\n"), 0, kismet.ErrNotKismet},
		{"one wrong byte is enough", []byte("H"), 0, kismet.ErrNotKismet},
		{"rubbish behind a frame", append(bytes.Clone(ping), 0xde, 0xca, 0xfb, 0xae), 1, kismet.ErrNotKismet},
		{"more than 64 KiB", long, 0, kismet.ErrTooLong},
		{"64 KiB to come", longest, 0, nil},
		{"4 GiB", append(bytes.Clone(long[:8]), 0xff, 0xff, 0xff, 0xff), 0, kismet.ErrTooLong},
		{"4 GiB of v0", []byte{0xde, 0xca, 0xfb, 0xad, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff}, 0, kismet.ErrTooLong},
		{"half a signature", ping[:2], 0, nil},
		{"nothing", nil, 0, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			var s kismet.Splitter
			s.Write(c.stream)
			frames, err := drain(&s)
			if len(frames) != c.frames || !errors.Is(err, c.want) {
				t.Fatalf("%d frames, %v; want %d, %v", len(frames), err, c.frames, c.want)
			}
			s.Write(ping)
			if _, again := s.Next(); c.want != nil && !errors.Is(again, c.want) {
				t.Errorf("after the error a frame is %v, want %v again", again, c.want)
			}
		})
	}
}

// The buffer is used again, whatever the writes and the frames are.
func TestSplitterAllocatesNothingInTheLongRun(t *testing.T) {
	_, stream := mixed(t)
	var s kismet.Splitter
	run := func() {
		for rest := stream; len(rest) > 0; {
			n := min(101, len(rest))
			s.Write(rest[:n])
			for f, err := s.Next(); f != nil; f, err = s.Next() {
				if err != nil {
					t.Fatal(err)
				}
			}
			rest = rest[n:]
		}
	}
	if n := testing.AllocsPerRun(50, run); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
