package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/uplink/export"
	"github.com/sensord/sensord/uplink/frames"
	"github.com/sensord/sensord/uplink/frames/spool"
)

// Two sources of a spool, as their UUIDs are made of their names.
var (
	roofUUID = capture.FileUUID("roof")
	sideUUID = capture.FileUUID("side")
)

// spoolStart is 2025-06-15T15:06:40Z.
const spoolStart = int64(1_750_000_000e9)

// keptBatch is n beacons, a second apart from that second on, with numbers in
// their sequence field.
func keptBatch(second, n int) *capture.Batch {
	b := capture.NewBatch()
	for i := range n {
		data := make([]byte, 36)
		data[0], data[22] = 0x80, byte(second+i)
		if !b.Append(spoolStart+int64(second+i)*1e9, capture.LinkTypeIEEE80211, 0, data) {
			panic("batch full")
		}
	}
	return b
}

// keep leaves frames in a spool, as a sensord does that ends without a server.
func keep(t *testing.T, dir string, uuid capture.UUID, name string, batches ...*capture.Batch) {
	t.Helper()
	rig, err := spool.Open(spool.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	store, err := rig.Source(uuid, name, capture.TypePcapFile, false)
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	log := frames.NewLog(frames.Options{MemoryBytes: 1 << 20, Now: func() int64 { return int64(time.Since(began)) }})
	log.Attach(store)
	for _, b := range batches {
		log.Append(b)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := log.Spill(ctx); err != nil {
		t.Fatal(err)
	}
	if lost := log.Discard(); lost > 0 {
		t.Fatalf("%d frames lost", lost)
	}
	if err := rig.Close(); err != nil {
		t.Fatal(err)
	}
}

// twoSources is a spool in which roof's and side's frames alternate by ten
// seconds.
func twoSources(t *testing.T) (dir string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "spool")
	keep(t, dir, roofUUID, "roof", keptBatch(0, 10), keptBatch(20, 10))
	keep(t, dir, sideUUID, "side", keptBatch(10, 10), keptBatch(30, 10))
	return dir
}

// exported returns what carries the frames of a pcapng: names of sources, and
// numbers.
func exported(t *testing.T, content string) (all []string) {
	t.Helper()
	names := map[capture.UUID]string{roofUUID: "roof", sideUUID: "side"}
	err := export.ReadPcapNG(strings.NewReader(content), func(l *frames.Located) error {
		all = append(all, fmt.Sprintf("%s %d", names[l.Source], l.Frame.Data[22]))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func carried(name string, from, to int) (all []string) {
	for i := from; i < to; i++ {
		all = append(all, fmt.Sprintf("%s %d", name, i))
	}
	return all
}

func TestSpoolIsListedAndShown(t *testing.T) {
	dir := twoSources(t)
	for _, args := range [][]string{{"spool", "--spool", dir}, {"spool", "list", "--spool", dir}} {
		status, out, errs := sensord(t, args...)
		lines := strings.Split(strings.TrimSpace(out), "\n")
		if status != 0 || errs != "" || len(lines) != 3 || strings.Join(strings.Fields(lines[0]), " ") != "SOURCE FRAMES ON DISK FROM TO STATE" {
			t.Fatalf("%q: exit %d\n%s%s", args, status, out, errs)
		}
		for _, want := range []string{
			"2025-06-15T15:06:40Z  2025-06-15T15:07:09Z  waits for the next start", "2025-06-15T15:06:50Z  2025-06-15T15:07:19Z  waits",
		} {
			if !strings.Contains(out, want) {
				t.Errorf("no %q in\n%s", want, out)
			}
		}
	}
	for _, source := range []string{"roof", roofUUID.String(), strings.ToLower(roofUUID.String())} {
		status, out, errs := sensord(t, "spool", "show", source, "--spool", dir)
		if status != 0 || errs != "" || !strings.HasPrefix(out, "roof\n") || strings.Contains(out, "side") || !strings.Contains(out, "20, which no server has confirmed") {
			t.Errorf("show %s: exit %d\n%s%s", source, status, out, errs)
		}
	}
	_, out, _ := sensord(t, "spool", "--json", "--spool", dir)
	var kept keptSpool
	if err := json.Unmarshal([]byte(out), &kept); err != nil {
		t.Fatal(err)
	}
	if kept.Frames != 40 || kept.Dir != dir || len(kept.Sources) != 2 || kept.Bytes == 0 || kept.Sources[0].First == nil {
		t.Errorf("%+v", kept)
	}
}

func TestSpoolExportMergesSourcesByTimeAndTakesNothing(t *testing.T) {
	dir := twoSources(t)
	all := append(carried("roof", 0, 10), carried("side", 10, 20)...)
	all = append(append(all, carried("roof", 20, 30)...), carried("side", 30, 40)...)
	roofs := append(carried("roof", 0, 10), carried("roof", 20, 30)...)
	for _, c := range []struct {
		args []string
		want []string
	}{
		{[]string{"spool", "export", "--spool", dir}, all},
		{[]string{"export", dir}, all},
		{[]string{"spool", "export", "roof", "--spool", dir}, roofs},
		{[]string{"export", filepath.Join(dir, roofUUID.String())}, roofs},
		{[]string{"export", "--from", "2025-06-15T15:06:45", "--to", "2025-06-15T17:06:52+02:00", dir}, all[5:12]},
	} {
		status, out, errs := sensord(t, c.args...)
		if diff := cmp.Diff(c.want, exported(t, out)); status != 0 || diff != "" || !strings.Contains(errs, fmt.Sprintf("sensord: %d frames of", len(c.want))) {
			t.Errorf("%q: exit %d (-want +got):\n%s\n%s", c.args, status, diff, errs)
		}
	}
}

func TestSpoolEmptyWantsAYes(t *testing.T) {
	dir := twoSources(t)
	status, out, errs := sensord(t, "spool", "empty", "roof", "--spool", dir)
	if status != 2 || out != "" || !strings.Contains(errs, "add --yes") {
		t.Errorf("without --yes: exit %d\n%s%s", status, out, errs)
	}
	status, out, errs = sensord(t, "spool", "empty", "roof", "--yes", "--spool", dir)
	if status != 0 || out != "deleted 20 frames of roof\n" || errs != "" {
		t.Errorf("roof: exit %d\n%s%s", status, out, errs)
	}
	_, out, _ = sensord(t, "export", dir)
	if diff := cmp.Diff(append(carried("side", 10, 20), carried("side", 30, 40)...), exported(t, out)); diff != "" {
		t.Errorf("what is left (-want +got):\n%s", diff)
	}
	for _, c := range [][2]string{{"roof", "nothing is kept of it"}, {"", "deleted 20 frames of side"}, {"", "nothing waits in"}} {
		args := append([]string{"spool", "empty", "--yes", "--spool", dir}, strings.Fields(c[0])...)
		if _, out, errs := sensord(t, args...); !strings.Contains(out+errs, c[1]) {
			t.Errorf("%q:\n%s%s", args, out, errs)
		}
	}
}

func TestSpoolEmptyAsksOnATerminal(t *testing.T) {
	for answer, want := range map[string]int{"y\n": 0, "yes\n": 0, "n\n": 1, "\n": 1} {
		dir := twoSources(t)
		slave := typed(t, answer)
		var out bytes.Buffer
		status := run([]string{"sensord", "spool", "empty", "--spool", dir}, slave, &out, slave)
		if status != want || (want == 0) != strings.Contains(out.String(), "deleted 20 frames of roof") {
			t.Errorf("%q: exit %d\n%s", answer, status, out.String())
		}
	}
}

// typed returns a terminal at which somebody has typed a text.
func typed(t *testing.T, text string) *os.File {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(int(master.Fd()), unix.TIOCGPTN)
	if err := errors.Join(err, unix.IoctlSetPointerInt(int(master.Fd()), unix.TIOCSPTLCK, 0)); err != nil {
		t.Fatal(err)
	}
	slave, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = errors.Join(slave.Close(), master.Close()) })
	if _, err := master.WriteString(text); err != nil {
		t.Fatal(err)
	}
	return slave
}

func TestSpoolThatIsInUseIsNotEmptied(t *testing.T) {
	dir := twoSources(t)
	rig, err := spool.Open(spool.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rig.Close() }()
	if _, err := rig.Source(roofUUID, "roof", capture.TypePcapFile, false); err != nil {
		t.Fatal(err)
	}
	if _, out, _ := sensord(t, "spool", "--spool", dir); !strings.Contains(out, "a running sensord has it") {
		t.Errorf("list:\n%s", out)
	}
	status, out, errs := sensord(t, "spool", "empty", "--yes", "--spool", dir)
	if status != 2 || out != "" || !strings.Contains(errs, "source roof: a running sensord has what is kept of it") {
		t.Errorf("exit %d\n%s%s", status, out, errs)
	}
	if _, out, _ := sensord(t, "export", dir); len(exported(t, out)) != 40 {
		t.Error("it is not read beside the other")
	}
}

func TestSpoolIsFoundInItsUsualPlaces(t *testing.T) {
	dir := twoSources(t)
	t.Setenv("STATE_DIRECTORY", filepath.Dir(dir))
	if status, out, errs := sensord(t, "spool"); status != 0 || !strings.Contains(out, "roof") {
		t.Errorf("systemd's: exit %d\n%s%s", status, out, errs)
	}
	t.Setenv("STATE_DIRECTORY", t.TempDir())
	status, _, errs := sensord(t, "spool", "list", "--spool", filepath.Join(t.TempDir(), "none"))
	if status != 2 || !strings.Contains(errs, "--spool DIR") {
		t.Errorf("none: exit %d\n%s", status, errs)
	}
}
