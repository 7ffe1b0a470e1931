package main

import (
	"context"
	"encoding/csv"
	"encoding/xml"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/gps"
	"github.com/sensord/sensord/uplink/export"
	"github.com/sensord/sensord/uplink/frames"
)

// writeDrive writes a pcapng of a beacon each second, on a way of 11 m a second to
// the north from 52.5, 13.4. Every tenth has no position.
func writeDrive(t *testing.T, path string, from, to int) {
	t.Helper()
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w := export.NewPcapNG(file, export.PcapOptions{Name: func(capture.UUID) string { return "roof" }})
	for i := from; i < to; i++ {
		ns := spoolStart + int64(i)*1e9
		err := w.Write(&frames.Located{
			Source: roofUUID, TimeNs: ns, HasPosition: i%10 != 9,
			Frame: capture.Frame{TimeNs: ns, LinkType: capture.LinkTypeIEEE80211, Data: networkBeacon(byte(i))},
			Position: gps.Position{
				Lat: 52.5 + float64(i)*1e-4, Lon: 13.4, AltMSL: 34, SpeedMPS: math.NaN(), Heading: math.NaN(), AccuracyM: 4, Kind: gps.Kind,
			},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(w.Close(), file.Close()); err != nil {
		t.Fatal(err)
	}
}

// networkBeacon is a beacon of the network "net", with a number.
func networkBeacon(number byte) []byte {
	b := []byte{0x80, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 1, number, 0}
	b = append(b, make([]byte, 8)...)
	return append(b, 100, 0, 1, 0, 0, 3, 'n', 'e', 't', 3, 1, 6)
}

func TestExportReadsADirectoryOfRecordings(t *testing.T) {
	dir := t.TempDir()
	writeDrive(t, filepath.Join(dir, "rover-20250615T150640Z-0001.pcapng"), 0, 10)
	writeDrive(t, filepath.Join(dir, "rover-20250615T150650Z-0002.pcapng"), 10, 20)
	cut := filepath.Join(dir, "rover-20250615T150700Z-0003.pcapng.part")
	writeDrive(t, cut, 20, 30)
	writeFile(t, filepath.Join(dir, "notes.txt"), []byte("x"))
	if err := os.Truncate(cut, sizeOf(t, cut)-10); err != nil {
		t.Fatal(err)
	}
	status, out, errs := sensord(t, "export", dir)
	want := "sensord: warning: file " + cut + ": it was not closed; read to its last whole frame\n" +
		"sensord: 29 frames of 1 source, 27 with a position, heard from 2025-06-15T15:06:40Z to 2025-06-15T15:07:08Z\n"
	if diff := cmp.Diff(want, errs); status != 0 || diff != "" {
		t.Errorf("exit %d (-want +got):\n%s", status, diff)
	}
	if diff := cmp.Diff(carried("roof", 0, 29), exported(t, out)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestExportGoesOnBehindADamagedFile(t *testing.T) {
	dir := t.TempDir()
	first, second := filepath.Join(dir, "a.pcapng"), filepath.Join(dir, "b.pcapng")
	writeDrive(t, first, 0, 10)
	writeDrive(t, second, 10, 20)
	if err := os.Truncate(first, sizeOf(t, first)-10); err != nil {
		t.Fatal(err)
	}
	status, out, errs := sensord(t, "export", first, second)
	if diff := cmp.Diff(append(carried("roof", 0, 9), carried("roof", 10, 20)...), exported(t, out)); status != 3 || diff != "" {
		t.Errorf("exit %d (-want +got):\n%s", status, diff)
	}
	if !strings.Contains(errs, "the file ends in the middle of it\n  everything before the damage is exported\n") {
		t.Error(errs)
	}
}

func TestExportLeavesOutZones(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.pcapng")
	writeDrive(t, path, 0, 100)
	// The zone reaches to the 27th second: 250 m, and 4 m for the accuracy, and 60 m/s for those without a position.
	status, out, errs := sensord(t, "export", "--zone", "52.5002,13.4,250m", path)
	if status != 0 || !strings.Contains(errs, "left out because they were, or may have been, heard in a zone:") {
		t.Errorf("exit %d\n%s", status, errs)
	}
	got := exported(t, out)
	for _, hidden := range append(carried("roof", 0, 25), "roof 29") {
		if slices.Contains(got, hidden) {
			t.Errorf("%s is exported", hidden)
		}
	}
	for _, shown := range append(carried("roof", 40, 100), "roof 27", "roof 28", "roof 30") {
		if !slices.Contains(got, shown) {
			t.Errorf("%s is not exported", shown)
		}
	}
	config := filepath.Join(t.TempDir(), "rig.yaml")
	writeFile(t, config, []byte("servers: [{url: 'ws://k'}]\nsources: [{interface: wlan9}]\ngps: {receivers: [{type: gpsd}]}\n"+
		"privacy: {zones: [{name: home, lat: 52.5002, lon: 13.4, radius: 250m}]}\n"))
	_, same, errs := sensord(t, "export", "--config", config, path)
	if diff := cmp.Diff(got, exported(t, same)); diff != "" {
		t.Errorf("by the configuration (-want +got):\n%s\n%s", diff, errs)
	}
}

func TestExportFormats(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "x.pcapng")
	writeDrive(t, path, 0, 100)

	gpx := filepath.Join(dir, "x.gpx")
	status, out, errs := sensord(t, "export", "--output", gpx, path)
	if status != 0 || out != "" || !strings.Contains(errs, ": 90 points\n") {
		t.Errorf("gpx: exit %d\n%s%s", status, out, errs)
	}
	var track struct {
		Points []struct {
			Lat float64 `xml:"lat,attr"`
		} `xml:"trk>trkseg>trkpt"`
	}
	if err := xml.Unmarshal(contentOf(t, gpx), &track); err != nil || len(track.Points) != 90 || track.Points[1].Lat != 52.5001 {
		t.Errorf("gpx: %d points, %v", len(track.Points), err)
	}

	status, out, errs = sensord(t, "export", "--format", "wigle", path)
	reader := csv.NewReader(strings.NewReader(out))
	reader.FieldsPerRecord = -1
	rows, err := reader.ReadAll()
	if status != 0 || err != nil || len(rows) < 3 || rows[0][0] != "WigleWifi-1.6" || rows[2][1] != "net" || !strings.Contains(errs, "rows of networks") {
		t.Errorf("wigle: exit %d, %v\n%s%s", status, err, out, errs)
	}

	again := filepath.Join(dir, "again.pcapng")
	if status, _, errs := sensord(t, "export", "-o", again, path); status != 0 {
		t.Errorf("pcapng: exit %d\n%s", status, errs)
	}
	info, err := exec.CommandContext(t.Context(), "capinfos", "-c", "-E", again).CombinedOutput()
	if err != nil || !strings.Contains(string(info), "Number of packets:   100") {
		t.Errorf("%v: %s", err, info)
	}
	if left := namesIn(t, dir); !slices.Equal(left, []string{"again.pcapng", "x.gpx", "x.pcapng"}) {
		t.Errorf("left %q", left)
	}
}

func TestExportThatFailsLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "x.pcapng")
	writeDrive(t, path, 0, 100)
	before := contentOf(t, path)
	for _, c := range []struct {
		name   string
		args   []string
		status int
		want   string
	}{
		{"itself", []string{"-o", path, path}, 2, "--output " + path + ": it is what is to be read\n  name another file\n"},
		{"no directory", []string{"-o", "/nowhere/x.gpx", path}, 1, "--output /nowhere/x.gpx: no such file or directory\n"},
		{"full", []string{"-o", "/dev/full", path}, 1, "--output /dev/full: no space left on device\n"},
		{"no input", []string{"/nowhere/x"}, 2, "/nowhere/x: no such file or directory\n  name a spool directory, or a pcap or pcapng file\n"},
		{"empty directory", []string{t.TempDir()}, 2, "it holds neither kept frames nor recordings\n"},
		{"nothing", nil, 2, "nothing is named to export\n"},
		{"format", []string{"--format", "kml", path}, 2, "--format kml: there is no such format\n  write --format pcapng, wigle or gpx\n"},
		{"time", []string{"--from", "monday", path}, 2, "--from monday: it is no time\n"},
		{"zone", []string{"--zone", "1,2", path}, 2, "zone"},
	} {
		status, out, errs := sensord(t, append([]string{"export"}, c.args...)...)
		if status != c.status || out != "" || !strings.Contains(errs, c.want) {
			t.Errorf("%s: exit %d\n%s%s", c.name, status, out, errs)
		}
	}
	if left := namesIn(t, dir); len(left) != 1 || string(before) != string(contentOf(t, path)) {
		t.Errorf("left %q", left)
	}
}

// What a person has interrupted is not there.
func TestExportThatIsInterruptedLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	path, out := filepath.Join(dir, "x.pcapng"), filepath.Join(dir, "y.pcapng")
	writeDrive(t, path, 0, 10)
	ctx, cancel := context.WithCancel(t.Context())
	o, err := openOutput(out, nil, []string{path})
	if err != nil {
		t.Fatal(err)
	}
	x := exporter{names: map[capture.UUID]string{}, toNs: math.MaxInt64}
	x.sink = newSink(formatPcapNG, o, x.name)
	cancel()
	if err := x.run(ctx, []frameFeed{fileFeed(path)}, o); !errors.Is(err, errExportInterrupted) {
		t.Errorf("ended with %v", err)
	}
	if left := namesIn(t, dir); !slices.Equal(left, []string{"x.pcapng"}) {
		t.Errorf("left %q", left)
	}
}

func TestExportTimes(t *testing.T) {
	for text, want := range map[string]string{
		"2026-11-23": "2026-11-23T00:00:00Z", "2026-11-23T05:42": "2026-11-23T05:42:00Z", "2026-11-23 05:42:10": "2026-11-23T05:42:10Z",
		"2026-11-23T06:42:10+01:00": "2026-11-23T05:42:10Z", "1969-12-31": "", "2262-01-01": "", "42": "",
	} {
		ns, err := exportTime("--from", text, 0)
		if got := time.Unix(0, ns).UTC().Format(time.RFC3339); (err == nil) != (want != "") || err == nil && got != want {
			t.Errorf("%s: %s, %v", text, got, err)
		}
	}
}

func sizeOf(t *testing.T, path string) int64 {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}

func contentOf(t *testing.T, path string) []byte {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func namesIn(t *testing.T, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, fmt.Sprint(e.Name()))
	}
	return names
}
