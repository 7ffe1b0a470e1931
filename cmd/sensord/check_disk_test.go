package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/configs"
	"github.com/sensord/sensord/internal/fault"
	"github.com/sensord/sensord/uplink/frames/spool"
)

const gib = 1 << 30

// disksOf are the disks of a machine, by directory.
func disksOf(dir string) (diskFacts, error) {
	good := diskFacts{made: true, free: 8 * gib, size: 29 * gib, device: 1, sync: 3 * time.Millisecond}
	switch dir {
	case "/full":
		good.free = 3 << 20
	case "/tight":
		good.free = gib
	case "/slow":
		good.sync, good.device = 2300*time.Millisecond, 2
	case "/ram":
		good.memory, good.device = true, 3
	case "/new":
		good.made, good.sync = false, 0
	case "/quota":
		return diskFacts{}, &fs.PathError{Op: "write", Path: dir, Err: syscall.EDQUOT}
	case "/readonly":
		return diskFacts{}, syscall.EROFS
	case "/file":
		return diskFacts{}, syscall.ENOTDIR
	case "/others":
		return diskFacts{}, syscall.EACCES
	case "/broken":
		return diskFacts{}, &fs.PathError{Op: "sync", Path: dir, Err: syscall.EIO}
	}
	return good, nil
}

func testDiskCheck(out *bytes.Buffer, infos []spool.Info, err error, pids []int, all bool) *diskCheck {
	return &diskCheck{
		checklist: &checklist{out: out}, probe: disksOf,
		spools: func(string) ([]spool.Info, error) { return infos, err },
		others: func() ([]int, bool) { return pids, all },
	}
}

// TestCheckOfDisks checks the directories of every file of testdata/check-disk.
func TestCheckOfDisks(t *testing.T) {
	eachGolden(t, "testdata/check-disk/*.view", func(t *testing.T, file, input string) {
		config := filepath.Join(t.TempDir(), "rig.yaml")
		writeFile(t, config, []byte("rig: rover-1\nservers: [{url: 'tcp://k'}]\nsources: [{interface: walk.pcap, type: pcapfile}]\nstatus: {socket: off}\n"+input))
		loaded, err := configs.Load(config, nil, configs.Flags{})
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		c := testDiskCheck(&out, nil, nil, nil, true)
		c.disks(t.Context(), loaded.Config)
		lines := took.ReplaceAllStringFunc(out.String(), func(s string) string { return strings.Repeat(" ", len([]rune(s))) })
		golden(t, file, fmt.Sprintf("exit %d\n%s", c.status, lines))
	})
}

// What waits on disk is told, with whom it belongs to.
func TestCheckOfASpool(t *testing.T) {
	mine, other := capture.FileUUID("walk.pcap"), capture.FileUUID("other.pcap")
	cfg := configs.Config{
		Sources: []configs.Source{{Name: "walk", UUID: mine}, {Name: "roof"}},
		Spool:   configs.Spool{Dir: "/spool", SizeBytes: gib, SyncEvery: time.Second},
	}
	at := time.Date(2026, 11, 23, 5, 42, 10, 0, time.UTC)
	kept := spool.Info{UUID: mine, Name: "walk", Frames: 1200, Bytes: 3 << 20, First: at, Last: at.Add(time.Hour)}
	changed := func(change func(*spool.Info)) []spool.Info {
		i := kept
		change(&i)
		return []spool.Info{i}
	}
	later := fault.Newf(fault.SpoolVersion, "spool /spool/x", "written by version 9")
	const facts = "ok    spool                   /spool can be written to, 8.0 GiB free of 29 GiB, a sync takes 3ms, holds "
	const limit = " of at most 1.0 GiB\n"
	const under = "\n                              "
	for _, tt := range []struct {
		name   string
		infos  []spool.Info
		err    error
		pids   []int
		all    bool
		status int
		want   string
	}{
		{"empty", nil, nil, nil, true, 0, facts + "0 B" + limit},
		{"absent", nil, fault.Newf(fault.SpoolAbsent, "spool /spool", "no such directory"), nil, true, 0, facts + "0 B" + limit},
		{"waits", []spool.Info{kept}, nil, nil, true, 0, facts + "3.0 MiB" + limit +
			"ok    spool                   walk: keeps 1200 frames for a server, heard from 2026-11-23T05:42:10Z to 2026-11-23T06:42:10Z\n"},
		{"a radio that is not there", changed(func(i *spool.Info) { i.UUID, i.Name, i.Frames = other, "roof", 1 }), nil, nil, true, 0, facts + "3.0 MiB" + limit +
			"ok    spool                   roof: keeps 1 frame for a server, heard from 2026-11-23T05:42:10Z to 2026-11-23T06:42:10Z\n"},
		{"another process", changed(func(i *spool.Info) { i.Locked = true }), nil, nil, true, fault.ExitUsage, facts + "3.0 MiB" + limit +
			"FAIL  spool                   source walk: another process has its spool in /spool" + under + fault.SpoolLocked.Remedy() + "\n"},
		{"a sensord", changed(func(i *spool.Info) { i.Locked = true }), nil, []int{7}, true, 0, facts + "3.0 MiB" + limit +
			"warn  spool                   source walk: another process has its spool in /spool; perhaps it is the sensord that runs here (process 7)" +
			under + "if so, nothing is wrong, and `sensord status` shows how it is; else " + fault.SpoolLocked.Remedy() + "\n"},
		{"perhaps a sensord", changed(func(i *spool.Info) { i.Locked = true }), nil, nil, false, 0, facts + "3.0 MiB" + limit +
			"warn  spool                   source walk: another process has its spool in /spool" +
			under + "if it is a sensord of this configuration, nothing is wrong, and `sensord status` shows how it is; else " + fault.SpoolLocked.Remedy() + "\n"},
		{"damaged", changed(func(i *spool.Info) { i.Frames, i.Damaged, i.Lost = 0, true, 12 }), nil, nil, true, 0, facts + "3.0 MiB" + limit +
			"warn  spool                   source walk: not all that was kept of it can be read; lost: 12 frames" + under + fault.SpoolDamaged.Remedy() + "\n"},
		{"of nobody", changed(func(i *spool.Info) { i.UUID = other }), nil, nil, true, 0, facts + "3.0 MiB" + limit +
			"warn  spool                   1200 frames of 1 source wait there that this configuration does not have: nobody sends them" +
			under + "`sensord spool` shows, exports and empties them\n"},
		{"later version", changed(func(i *spool.Info) { i.Err = later }), nil, nil, true, fault.ExitUsage, facts + "3.0 MiB" + limit +
			"FAIL  spool                   spool /spool/x: written by version 9" + under + fault.SpoolVersion.Remedy() + "\n"},
		{"later version, of nobody", changed(func(i *spool.Info) { i.UUID, i.Frames, i.Err = other, 0, later }), nil, nil, true, 0, facts + "3.0 MiB" + limit +
			"warn  spool                   of a source that this configuration does not have: spool /spool/x: written by version 9" + under + fault.SpoolVersion.Remedy() + "\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var out bytes.Buffer
			c := testDiskCheck(&out, tt.infos, tt.err, tt.pids, tt.all)
			c.about = "this machine"
			c.spool(t.Context(), cfg)
			got := took.ReplaceAllStringFunc(out.String(), func(s string) string { return strings.Repeat(" ", len([]rune(s))) })
			if diff := cmp.Diff(tt.want, got); diff != "" || c.status != tt.status {
				t.Errorf("exit %d (-want +got)\n%s", c.status, diff)
			}
		})
	}
}

// A real disk: nothing is left on it, and nothing is made.
func TestProbeOfADisk(t *testing.T) {
	dir := t.TempDir()
	f, err := probeDisk(dir)
	if err != nil || !f.made || f.sync <= 0 || f.free <= 0 || f.size < f.free {
		t.Errorf("%+v, %v", f, err)
	}
	deep := filepath.Join(dir, "a", "b")
	g, err := probeDisk(deep)
	if err != nil || g.made || g.sync != 0 || g.device != f.device {
		t.Errorf("%+v, %v", g, err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 0 {
		t.Errorf("%v, %v are left", entries, err)
	}
	writeFile(t, filepath.Join(dir, "file"), nil)
	if _, err := probeDisk(filepath.Join(dir, "file", "below")); !errors.Is(err, syscall.ENOTDIR) {
		t.Error(err)
	}
	err = asNobody(t, func() error { _, err := probeDisk("/etc/sensord-test/spool"); return err })
	if !errors.Is(err, fs.ErrPermission) {
		t.Error(err)
	}
}

func TestCheckOfDisksEndsWhenNobodyWaits(t *testing.T) {
	var out bytes.Buffer
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	c := testDiskCheck(&out, nil, nil, nil, true)
	c.disks(ctx, configs.Config{Spool: configs.Spool{Dir: "/spool"}, Record: configs.Record{Dir: "/rec"}})
	if out.Len() > 0 || c.status != 0 {
		t.Errorf("exit %d\n%s", c.status, out.String())
	}
}

func TestCheckOfTheStatusSocket(t *testing.T) {
	dir := t.TempDir()
	taken := filepath.Join(dir, "taken.sock")
	l, err := net.Listen("unix", taken)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	writeFile(t, filepath.Join(dir, "file"), nil)
	for _, tt := range []struct{ path, want string }{
		{"", ""},
		{filepath.Join(dir, "run", "rig.sock"), "ok    status                  `sensord status` finds it in " + dir + "/run\n"},
		{taken, "warn  status                  status socket " + taken + ": a sensord answers there\n"},
		{filepath.Join(dir, "file", "rig.sock"), "warn  status                  status socket " + dir + "/file/rig.sock: cannot be made in " + dir + "/file: not a directory\n"},
	} {
		var out bytes.Buffer
		c := testDiskCheck(&out, nil, nil, nil, true)
		c.socket(tt.path)
		if !strings.HasPrefix(out.String(), tt.want) || (out.Len() > 0) != (tt.want != "") || c.status != 0 {
			t.Errorf("exit %d, got\n%swant\n%s", c.status, out.String(), tt.want)
		}
	}
}

func TestRecordedBytes(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"rover-1-20261123T054210Z-0001.pcapng", "rover-1-20261123T064210Z-0002.pcapng.part", "rover-2-20261123T054210Z-0001.pcapng", "notes.txt"} {
		writeFile(t, filepath.Join(dir, name), make([]byte, 100))
	}
	if got := recordedBytes(dir, "rover-1"); got != 200 {
		t.Errorf("%d bytes", got)
	}
	if got := recordedBytes(filepath.Join(dir, "none"), "rover-1"); got != 0 {
		t.Errorf("%d bytes of nothing", got)
	}
}

func TestSizeText(t *testing.T) {
	for n, want := range map[int64]string{0: "0 B", 1023: "1023 B", 1 << 10: "1.0 KiB", 999 << 10: "999 KiB", 1000 << 10: "1.0 MiB", 12 << 30: "12 GiB", 1<<63 - 1: "8.0 EiB"} {
		if got := sizeText(n); got != want {
			t.Errorf("%d: %s, want %s", n, got, want)
		}
	}
}
