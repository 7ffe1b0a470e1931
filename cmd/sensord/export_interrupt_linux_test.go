package main

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/internal/fault"
	"github.com/sensord/sensord/uplink/frames/spool"
)

// A pipe that nobody writes to keeps nobody who wants to end.
func TestExportOfASilentPipeIsInterrupted(t *testing.T) {
	dir := t.TempDir()
	path, out := filepath.Join(dir, "pipe"), filepath.Join(dir, "y.pcapng")
	if err := unix.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	o, err := openOutput(out, nil, []string{path})
	if err != nil {
		t.Fatal(err)
	}
	x := exporter{names: map[capture.UUID]string{}, toNs: math.MaxInt64}
	x.sink = newSink(formatPcapNG, o, x.name)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	done := make(chan error, 1)
	go func() { done <- x.run(ctx, []frameFeed{fileFeed(path)}, o) }()
	select {
	case err = <-done:
	case <-time.After(time.Minute):
		err = errors.New("it still runs")
	}
	if !errors.Is(err, errExportInterrupted) {
		t.Errorf("ended with %v", err)
	}
	if left := namesIn(t, dir); !slices.Equal(left, []string{"pipe"}) {
		t.Errorf("left %q", left)
	}
	writer, err := os.OpenFile(path, os.O_RDWR, 0) // lets go who waits for it
	if err != nil {
		t.Fatal(err)
	}
	_ = writer.Close()
}

func TestSpoolSaysWhatTerminalsMayShow(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "spool")
	keep(t, dir, roofUUID, "roof\x1b[31m", keptBatch(0, 10))
	rig, err := spool.Open(spool.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := rig.Source(roofUUID, "roof\x1b[31m", capture.TypePcapFile, false); err != nil {
		t.Fatal(err)
	}
	status, out, errs := sensord(t, "spool", "empty", "--yes", "--spool", dir)
	if status != 2 || strings.Contains(out+errs, "\x1b") {
		t.Errorf("locked: exit %d\n%q%q", status, out, errs)
	}
	if err := rig.Close(); err != nil {
		t.Fatal(err)
	}
	status, out, errs = sensord(t, "spool", "empty", "--yes", "--spool", dir)
	if want := "deleted 10 frames of roof [31m\n"; status != 0 || out != want {
		t.Errorf("exit %d\n%q%q", status, out, errs)
	}
}

// The advice is one for who looks, and not for who captures.
func TestSpoolThatCannotBeReadIsExplained(t *testing.T) {
	err := unread(fault.New(fault.DiskFailed, "spool /x", unix.EACCES))
	if err.Error() != "spool /x: permission denied" || !strings.HasSuffix(fault.RemedyOf(err), "read it as the user that sensord runs as, or as root") {
		t.Errorf("%v: %s", err, fault.RemedyOf(err))
	}
	absent := fault.Newf(fault.SpoolAbsent, "spool /x", "no such directory")
	if !errors.Is(unread(absent), absent) || fault.RemedyOf(unread(absent)) != fault.RemedyOf(absent) || unread(nil) != nil {
		t.Error("other errors are changed")
	}
}
