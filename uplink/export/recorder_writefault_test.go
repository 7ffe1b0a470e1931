package export_test

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/uplink/export"
)

// createAnyway makes files also while nothing can be written to them.
func (d *faults) createAnyway(path string) (export.DiskFile, error) {
	f, err := export.CreateFile(path)
	return faultyFile{f, d}, err
}

// sections returns how many sections a pcapng file has.
func sections(t *testing.T, path string) (n int) {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for b := content; len(b) >= 12; b = b[binary.LittleEndian.Uint32(b[4:]):] {
		if binary.LittleEndian.Uint32(b) == 0x0a0d0d0a {
			n++
		}
	}
	return n
}

// A disk that makes files and writes nothing, for a long time.
func TestRecorderLeavesNothingOfFilesThatCannotBeWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir, disk, broken := t.TempDir(), &faults{partial: true}, syscall.EIO
		disk.err.Store(&broken)
		r := export.NewFaultyRecorder(export.RecorderOptions{Dir: dir, Rig: "rover", Now: wall, Log: quiet()}, disk.createAnyway)
		end := begin(t, r)
		add(r, roofSource, batch(0, 64))
		<-time.After(time.Hour)
		if got := files(t, dir); len(got) > 1 {
			t.Errorf("after an hour there are %d files", len(got))
		}
		if s := r.Stats(); s.Files > 1 || s.Frames != 0 || s.Err == nil {
			t.Errorf("after an hour: %+v", s)
		}
		disk.err.Store(nil)
		<-time.After(3 * time.Second)
		if err := end(); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(upTo(64), numbers(recorded(t, dir))); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		for _, name := range files(t, dir) {
			if n := sections(t, filepath.Join(dir, name)); n != 1 {
				t.Errorf("%s has %d sections", name, n)
			}
		}
	})
}

// What is written again behind another header may describe an interface itself.
func TestRecorderKeepsInterfacesApartBehindAFault(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir, disk, broken := t.TempDir(), &faults{partial: true}, syscall.EIO
		r := export.NewFaultyRecorder(export.RecorderOptions{Dir: dir, Rig: "rover", Now: wall, Log: quiet()}, disk.createAnyway)
		end := begin(t, r)
		rear := export.RecordSource{UUID: capture.UUID{0x5f, 0xe3, 0x08, 0xbd, 15: 3}, Name: "rear"}
		add(r, roofSource, batch(0, 8))
		<-time.After(1500 * time.Millisecond)
		disk.err.Store(&broken)
		add(r, sideSource, batch(8, 8))
		<-time.After(3 * time.Second)
		disk.err.Store(nil)
		<-time.After(3 * time.Second)
		add(r, rear, batch(16, 8))
		if err := end(); err != nil {
			t.Fatal(err)
		}
		all := recorded(t, dir)
		if diff := cmp.Diff(upTo(24), numbers(all)); diff != "" {
			t.Fatalf("(-want +got):\n%s", diff)
		}
		for i := range all {
			if want := []capture.UUID{roof, side, rear.UUID}[i/8]; all[i].Source != want {
				t.Errorf("frame %d is of %v, want %v", i, all[i].Source, want)
			}
		}
		for _, name := range files(t, dir) {
			content, err := os.ReadFile(filepath.Join(dir, name))
			if n := bytes.Count(content, []byte("datasource "+side.String())); err != nil || n > 1 {
				t.Errorf("%s describes a source %d times", name, n)
			}
		}
	})
}
