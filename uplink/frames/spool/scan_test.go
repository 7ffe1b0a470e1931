package spool_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/sensord/sensord/gps"
	"github.com/sensord/sensord/uplink/frames/spool"
)

func size(t testing.TB, name string) int64 {
	t.Helper()
	info, err := os.Stat(name)
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}

// written is a segment and its points as they are on disk.
func written(t testing.TB) (seg, pts []byte) {
	t.Helper()
	dir := t.TempDir()
	rig := open(t, spool.Options{Dir: dir})
	s := source(t, rig, roof)
	s.State(spool.State{BootNs: 1, Clock: gps.ClockState{OffsetNs: 2, Source: gps.ClockGPS}, HasFixed: true, Fixed: gps.NewFixed(1, 2, 3, "fixed")})
	if err := write(s, 0, 30, 40); err != nil {
		t.Fatal(err)
	}
	s.Points([]gps.Point{{TimeNs: 1, Lat: 52, Lon: 4, Receiver: "puck"}, {TimeNs: 2, Lat: 52, Lon: 4, Receiver: "puck"}})
	if err := s.Commit(); err != nil {
		t.Fatal(err)
	}
	if err := rig.Close(); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]*[]byte{"00000001.seg": &seg, "00000001.pts": &pts} {
		var err error
		if *text, err = os.ReadFile(filepath.Join(dir, roof.String(), name)); err != nil {
			t.Fatal(err)
		}
	}
	return seg, pts
}

// Whatever is on disk: what is read fits into it, all bytes are a record's or
// skipped, and a flipped byte costs one record at most.
func FuzzSegment(f *testing.F) {
	seg, pts := written(f)
	f.Add(seg, uint32(0), byte(0))
	f.Add(pts, uint32(0), byte(0))
	f.Add(seg, uint32(100), byte(1))
	f.Add(seg[:len(seg)-7], uint32(3), byte(255))
	f.Add(append(append([]byte("rubbish"), seg...), pts...), uint32(70), byte(8))
	f.Add(bytes.Repeat([]byte("SDR1"), 100), uint32(0), byte(0))
	f.Fuzz(func(t *testing.T, text []byte, at uint32, flip byte) {
		if len(text) > 1<<20 {
			return
		}
		whole, skipped, err := spool.Scan(bytes.NewReader(text), int64(len(text)))
		if err != nil || skipped < 0 || skipped > int64(len(text)) || whole*20 > len(text) {
			t.Fatalf("%d frames, %d of %d bytes skipped, %v", whole, skipped, len(text), err)
		}
		if len(text) == 0 || flip == 0 {
			return
		}
		text = bytes.Clone(text)
		text[int(at)%len(text)] ^= flip
		left, _, err := spool.Scan(bytes.NewReader(text), int64(len(text)))
		if err != nil || left < whole-64 {
			t.Fatalf("%d frames of %d are left, %v", left, whole, err)
		}
	})
}

// A source's directory may hold anything: it is opened, or refused, and what is
// read is in order.
func FuzzRecover(f *testing.F) {
	seg, pts := written(f)
	f.Add(seg, pts, []byte{}, []byte(`{"version":1}`))
	f.Add(seg[:200], pts[:100], make([]byte, 1024), []byte("{"))
	f.Add(append(bytes.Clone(seg), seg...), seg, []byte("SRC1"), []byte{})
	f.Fuzz(func(t *testing.T, seg, pts, cursor, meta []byte) {
		dir := t.TempDir()
		if err := os.MkdirAll(path(dir), 0o700); err != nil {
			t.Fatal(err)
		}
		for name, text := range map[string][]byte{"00000001.seg": seg, "00000001.pts": pts, "cursor": cursor, "meta": meta} {
			if err := os.WriteFile(path(dir, name), text, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		rig := open(t, spool.Options{Dir: dir, Sync: spool.Never})
		defer func() { _ = rig.Close() }()
		s, err := rig.Source(roof, "roof", "linuxwifi", true)
		if err != nil {
			return
		}
		from, last := uint64(0), uint64(0)
		for n := 0; ; n++ {
			first, _, ok := s.Take(from)
			if !ok {
				break
			}
			if first < last || n > len(seg) {
				t.Fatalf("frame %d behind %d, in turn %d", first, last, n)
			}
			e, ok, err := s.Next(first)
			if err != nil {
				t.Fatal(err)
			}
			if !ok {
				continue
			}
			if b := e.Batch; b.Live {
				e.Place.At(b.Frame(0).TimeNs - b.ClockOffsetNs)
				e.Place.Correction(b.Frame(0).TimeNs-b.ClockOffsetNs, b.ClockOffsetNs)
			}
			from = e.First + uint64(e.Batch.Len())
			last = first
			e.Batch.Release()
		}
		b := batch(0, 1, 8)
		defer b.Release()
		if next := s.Recovered().Next; s.Write(next, b, 0) != nil || s.Commit() != nil {
			t.Fatalf("cannot write behind %d", next)
		}
	})
}

// A payload with the right checksum may hold anything, too.
func FuzzPayload(f *testing.F) {
	seg, pts := written(f)
	f.Add(uint16(10), seg[80+18+80:])
	f.Add(uint16(10), pts[80+18+80:])
	f.Add(uint16(65535), []byte{})
	f.Fuzz(func(t *testing.T, count uint16, p []byte) {
		frames, points, _ := spool.Payload(count, p)
		if frames*20 > len(p) || points*53 > len(p) || frames > int(count) || points > int(count) {
			t.Fatalf("%d frames, %d points of %d in %d bytes", frames, points, count, len(p))
		}
	})
}
