package spool_test

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/uplink/frames/spool"
)

const boot = "4ad6a2f2-0000-4000-8000-000000000001"

func open(t testing.TB, o spool.Options) *spool.Rig {
	t.Helper()
	if o.BootID == "" {
		o.BootID = boot
	}
	r, err := spool.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func source(t testing.TB, r *spool.Rig, uuid capture.UUID) *spool.Store {
	t.Helper()
	s, err := r.Source(uuid, "roof", "linuxwifi", true)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// batch has n frames that carry the numbers from first on.
func batch(first uint64, n, size int) *capture.Batch {
	b := capture.NewBatch()
	b.Live, b.ClockOffsetNs = true, 1_790_000_000e9
	data := make([]byte, max(8, size))
	for i := range n {
		binary.BigEndian.PutUint64(data, first+uint64(i))
		b.Append(b.ClockOffsetNs+int64(first)+int64(i), capture.LinkTypeRadiotap, 0, data)
	}
	return b
}

// write appends frames [from, to), ten to a record, and makes them part of the
// store.
func write(s *spool.Store, from, to uint64, size int) error {
	for ; from < to; from += 10 {
		b := batch(from, int(min(10, to-from)), size)
		err := s.Write(from, b, 0)
		b.Release()
		if err != nil {
			return err
		}
	}
	return s.Commit()
}

func mustWrite(t testing.TB, s *spool.Store, from, to uint64, size int) {
	t.Helper()
	if err := write(s, from, to, size); err != nil {
		t.Fatal(err)
	}
	owned(s, 0, to)
}

func owned(s *spool.Store, acked, to uint64) {
	s.Move(spool.Cursors{Acked: acked, Sent: acked, Owned: to})
}

// read returns the runs of frames that can be read from number from on.
func read(t testing.TB, s *spool.Store, from uint64) string {
	t.Helper()
	var runs []string
	var begin, end uint64
	flush := func() {
		if end > begin {
			runs = append(runs, fmt.Sprintf("%d-%d", begin, end-1))
		}
	}
	for {
		first, _, ok := s.Take(from)
		if !ok {
			break
		}
		e, ok, err := s.Next(first)
		if err != nil {
			t.Fatal(err)
		}
		if !ok {
			continue
		}
		for i := range e.Batch.Len() {
			if n := binary.BigEndian.Uint64(e.Batch.Frame(i).Data); n != e.First+uint64(i) {
				t.Fatalf("number %d carries frame %d", e.First+uint64(i), n)
			}
		}
		if e.First != end {
			flush()
			begin = e.First
		}
		end = e.First + uint64(e.Batch.Len())
		from = end
		e.Batch.Release()
	}
	flush()
	s.Rest()
	return strings.Join(runs, " ")
}

func path(dir string, names ...string) string {
	return filepath.Join(append([]string{dir, roof.String()}, names...)...)
}

// damage flips a byte of a file, at a part of its length.
func damage(t testing.TB, name string, part float64) {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	text[int(part*float64(len(text)-1))] ^= 0x40
	if err := os.WriteFile(name, text, 0o640); err != nil {
		t.Fatal(err)
	}
}
