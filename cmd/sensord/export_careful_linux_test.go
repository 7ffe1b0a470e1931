package main

import (
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/gps"
	"github.com/sensord/sensord/uplink/export"
	"github.com/sensord/sensord/uplink/frames"
)

// An export into the directory that it reads would take itself in, the next time.
func TestExportDoesNotReadItsOwnOutput(t *testing.T) {
	dir := t.TempDir()
	writeDrive(t, filepath.Join(dir, "rover-20250615T150640Z-0001.pcapng"), 0, 10)
	all := filepath.Join(dir, "all.pcapng")
	if status, _, errs := sensord(t, "export", "-o", all, dir); status != 0 || !strings.Contains(errs, ": 10 frames") {
		t.Fatalf("exit %d\n%s", status, errs)
	}
	before := contentOf(t, all)
	status, _, errs := sensord(t, "export", "-o", all, dir)
	if status != 2 || !strings.Contains(errs, "--output "+all+": it is what is to be read\n  name another file\n") {
		t.Errorf("exit %d\n%s", status, errs)
	}
	if string(before) != string(contentOf(t, all)) {
		t.Error("it is another file now")
	}
	// Nor what an export that was killed has left.
	o, err := openOutput(all, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer o.file.Close()
	feeds, err := exportFeeds([]string{dir}, nil)
	if err != nil || len(feeds) != 2 {
		t.Errorf("%d feeds, %v", len(feeds), err)
	}
}

func TestExportOfNothingReadableReplacesNothing(t *testing.T) {
	dir := t.TempDir()
	out, notes, drive := filepath.Join(dir, "x.pcapng"), filepath.Join(dir, "notes.txt"), filepath.Join(dir, "y.pcapng")
	writeDrive(t, out, 0, 10)
	writeDrive(t, drive, 0, 10)
	writeFile(t, notes, []byte("not a capture"))
	before := contentOf(t, out)
	status, _, errs := sensord(t, "export", "-o", out, notes)
	want := "sensord: warning: file " + notes + ": is no pcap or pcapng file\n  name a spool directory, or a pcap or pcapng file\n" +
		"sensord: nothing can be read, nothing is written\n"
	if diff := cmp.Diff(want, errs); status != 3 || diff != "" {
		t.Errorf("exit %d (-want +got):\n%s", status, diff)
	}
	if left := namesIn(t, dir); string(before) != string(contentOf(t, out)) || !slices.Equal(left, []string{"notes.txt", "x.pcapng", "y.pcapng"}) {
		t.Errorf("left %q", left)
	}
	status, _, errs = sensord(t, "export", "--from", "2026-11-24", "--to", "2026-11-23", "-o", out, drive)
	if status != 2 || !strings.Contains(errs, "--to 2026-11-23: nothing is heard before it and after --from\n  name a time after --from 2026-11-24\n") {
		t.Errorf("exit %d\n%s", status, errs)
	}
}

// Where one sensor was says nothing of another.
func TestExportOfTwoRigsTakesNoPositionFromTheOther(t *testing.T) {
	dir := t.TempDir()
	record := func(name string, from, to int, placed bool) {
		file, err := os.Create(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		w := export.NewPcapNG(file, export.PcapOptions{})
		for i := from; i < to; i++ {
			l := frames.Located{
				Source: roofUUID, TimeNs: spoolStart + int64(i)*1e9, HasPosition: placed,
				Frame: capture.Frame{LinkType: capture.LinkTypeIEEE80211, Data: networkBeacon(byte(i))},
			}
			l.Position = gps.Position{Lat: 53, Lon: 13.4, AltMSL: math.NaN(), SpeedMPS: math.NaN(), Heading: math.NaN(), AccuracyM: 4, Kind: gps.Kind}
			if err := w.Write(&l); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	record("car-20250615T150640Z-0001.pcapng", 0, 10, true)
	record("car-20250615T150650Z-0002.pcapng", 10, 12, false) // goes on
	record("home-20250615T150640Z-0001.pcapng", 0, 5, false)
	record("other.pcapng", 0, 5, false)
	status, _, errs := sensord(t, "export", "--zone", "52.5,13.4,250m", "-o", filepath.Join(t.TempDir(), "x.pcapng"), dir)
	if status != 0 || !strings.Contains(errs, ": 12 frames") || !strings.Contains(errs, "heard in a zone: 10\n") {
		t.Errorf("exit %d\n%s", status, errs)
	}
}

func TestHelpOfSpoolNamesItsOwnCommands(t *testing.T) {
	if _, out, _ := sensord(t, "help", "spool"); !strings.Contains(out, "\n  sensord spool COMMAND [flags]\n") {
		t.Error(out)
	}
	if _, out, _ := sensord(t, "help"); !strings.Contains(out, "\n  sensord COMMAND [flags]\n") {
		t.Error(out)
	}
}

// The loss of power can leave whole frames behind a damage, which only the
// repair of a recording gets at.
func TestExportSaysThatAnOpenRecordingIsDamagedInTheMiddle(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "rover-20250615T150640Z-0001.pcapng.part")
	writeDrive(t, path, 0, 100)
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if _, err := file.WriteAt(make([]byte, 512), 4096); err != nil {
		t.Fatal(err)
	}
	status, _, errs := sensord(t, "export", "-o", filepath.Join(dir, "x.gpx"), path)
	if status != 3 || !strings.Contains(errs, "\n  everything before the damage is exported; record into its directory as the same rig,") {
		t.Errorf("exit %d\n%s", status, errs)
	}
	// One that has just begun misses nothing.
	for _, size := range []int64{0, 20} {
		if err := file.Truncate(size); err != nil {
			t.Fatal(err)
		}
		status, _, errs := sensord(t, "export", "-o", filepath.Join(dir, "y.gpx"), path)
		if status != 0 || !strings.Contains(errs, "it was not closed; read to its last whole frame") {
			t.Errorf("%d bytes: exit %d\n%s", size, status, errs)
		}
	}
}
