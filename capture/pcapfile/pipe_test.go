//go:build unix

package pcapfile_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/sensord/sensord/capture/pcapfile"
)

// openPipe returns a Reader of a named pipe and its writing end, into which
// head has been written.
func openPipe(t *testing.T, head []byte) (*pcapfile.Reader, *os.File) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "pipe")
	if err := unix.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	type end struct {
		file *os.File
		err  error
	}
	writer := make(chan end)
	go func() { // either side waits for the other
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err == nil {
			_, err = f.Write(head)
		}
		writer <- end{f, err}
	}()
	r, err := pcapfile.Open(path, pcapfile.Options{})
	w := <-writer
	if err := errors.Join(err, w.err); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close(); _ = w.file.Close() })
	return r, w.file
}

// Frames come when they are written, not when a batch is full, also where a
// frame is written in pieces; the end comes when the writer closes.
func TestPipeGivesWhatIsThere(t *testing.T) {
	for name, write := range map[string]func(testing.TB, []frame) []byte{"pcap": pcapOf, "pcapng": pcapngOf} {
		t.Run(name, func(t *testing.T) {
			want := someFrames(5)
			content := write(t, want)
			upTo := func(n int) int { return len(write(t, want[:n])) }
			r, w := openPipe(t, content[:upTo(0)])
			var got []frame
			written := upTo(0)
			for _, next := range []int{upTo(2) + 20, upTo(3) + 7, len(content)} { // 2 frames and a bit, 3 and a bit, 5
				if _, err := w.Write(content[written:next]); err != nil {
					t.Fatal(err)
				}
				written = next
				b, err := r.ReadBatch(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				got = appendFrames(got, b)
				b.Release()
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			rest, err := readAll(t, r)
			if err != nil {
				t.Error(err)
			}
			if diff := cmp.Diff(want, append(got, rest...)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if len(rest) > 0 {
				t.Errorf("%d frames were kept back", len(rest))
			}
		})
	}
}

func TestPipeReadEndsWithItsContext(t *testing.T) {
	var zipped bytes.Buffer
	zw := gzip.NewWriter(&zipped)
	if _, err := zw.Write(pcapOf(t, nil)); err != nil {
		t.Fatal(err)
	}
	if err := zw.Flush(); err != nil { // the header is out, the end is not
		t.Fatal(err)
	}
	for name, head := range map[string][]byte{"pcap": pcapOf(t, nil), "zipped": zipped.Bytes()} {
		t.Run(name, func(t *testing.T) {
			r, _ := openPipe(t, head)
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan error)
			go func() {
				_, err := r.ReadBatch(ctx)
				done <- err
			}()
			cancel()
			if err := <-done; !errors.Is(err, context.Canceled) {
				t.Errorf("%v, want canceled", err)
			}
		})
	}
}

func TestZippedPipe(t *testing.T) {
	want := someFrames(200)
	r, w := openPipe(t, gzipped(t, pcapOf(t, want)))
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	got, err := readAll(t, r)
	if err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
