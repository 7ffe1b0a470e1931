package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/capture/pcapfile"
	"github.com/sensord/sensord/configs"
	"github.com/sensord/sensord/internal/fault"
	"github.com/sensord/sensord/uplink/frames/spool"
)

// A real spool: while a process has it, after that, and damaged.
func TestCheckOfARealSpool(t *testing.T) {
	machine(t, 40)
	dir, err := filepath.Abs("spool")
	if err != nil {
		t.Fatal(err)
	}
	cfg := configs.Config{
		Sources: []configs.Source{{Name: "roof", UUID: capture.FileUUID("walk.pcap")}},
		Spool:   configs.Spool{Dir: dir, SizeBytes: 64 << 20},
	}
	check := func(want ...string) {
		t.Helper()
		var out bytes.Buffer
		c := newDiskCheck(&checklist{out: &out})
		c.others = func() ([]int, bool) { return []int{7}, true }
		c.spool(t.Context(), cfg)
		for _, part := range want {
			if !strings.Contains(out.String(), part) {
				t.Errorf("no %q in\n%s", part, out.String())
			}
		}
		if c.status != fault.ExitOK {
			t.Errorf("exit %d", c.status)
		}
	}
	check("spool will be made, ")
	rig := keepFrames(t, cfg)
	check("spool can be written to, ", "warn  spool", "source roof: another process has its spool in "+dir+"; perhaps it is the sensord that runs here (process 7)\n")
	if err := rig.Close(); err != nil {
		t.Fatal(err)
	}
	check("ok    spool", "roof: keeps 40 frames for a server, heard from ")
	segments, err := filepath.Glob(filepath.Join(dir, "*", "*.seg"))
	if err != nil || len(segments) == 0 {
		t.Fatalf("%v, %v", segments, err)
	}
	text, err := os.ReadFile(segments[0])
	if err != nil {
		t.Fatal(err)
	}
	for i := range 16 {
		text[len(text)/2+i] ^= 0xff
	}
	writeFile(t, segments[0], text)
	check("warn  spool", "source roof: not all that was kept of it can be read\n", fault.SpoolDamaged.Remedy())
}

// keepFrames writes the frames of walk.pcap to the spool of the first source.
func keepFrames(t *testing.T, cfg configs.Config) *spool.Rig {
	t.Helper()
	rig, err := spool.Open(spool.Options{Dir: cfg.Spool.Dir, SizeBytes: cfg.Spool.SizeBytes})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = rig.Close() })
	store, err := rig.Source(cfg.Sources[0].UUID, cfg.Sources[0].Name, capture.TypeLinuxWifi, true)
	if err != nil {
		t.Fatal(err)
	}
	r, err := pcapfile.Open("walk.pcap", pcapfile.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	b, err := r.ReadBatch(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer b.Release()
	if err := store.Write(0, b, 0); err != nil {
		t.Fatal(err)
	}
	if err := store.Commit(); err != nil {
		t.Fatal(err)
	}
	return rig
}
