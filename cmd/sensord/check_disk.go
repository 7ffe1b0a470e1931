package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/configs"
	"github.com/sensord/sensord/internal/fault"
	"github.com/sensord/sensord/uplink/frames/spool"
)

const (
	// leastRoom is what a disk has to have free to begin with: two segments of
	// a spool.
	leastRoom = 16 << 20
	// slowSync is what a worn or cheap card takes, and a good one never.
	slowSync = time.Second
)

// diskCheck looks at the directories that a rig writes to.
type diskCheck struct {
	*checklist
	probe  func(dir string) (diskFacts, error)
	spools func(dir string) ([]spool.Info, error)
	others func() (pids []int, all bool) // see otherSensords

	found []diskFound // with a limit, to see whether they fit together
}

func newDiskCheck(c *checklist) *diskCheck {
	return &diskCheck{
		checklist: c, probe: probeDisk, spools: spool.List,
		others: func() ([]int, bool) { return otherSensords("/proc") },
	}
}

// diskUse is a directory that is written to.
type diskUse struct {
	step    string
	dir     string
	setting string        // for remedies: how to name another
	limit   int64         // bytes that it may hold; 0 is no bound
	bound   string        // the setting of that
	held    int64         // bytes that it holds already
	every   time.Duration // how often it is made safe; 0 is not
	lasting bool          // of use only if it survives the power
	big     bool          // it takes more than some small files
}

// diskFound is how much more a directory may take, and where.
type diskFound struct {
	step   string
	more   int64
	free   int64
	device int64
}

// disks tells of each directory, and then whether they have room together.
func (c *diskCheck) disks(ctx context.Context, cfg configs.Config) {
	c.about = "this machine"
	radio := func(s configs.Source) bool { return s.Type == capture.TypeLinuxWifi }
	if cfg.StateDir != "" && slices.ContainsFunc(cfg.Sources, radio) {
		c.disk(ctx, diskUse{step: "state", dir: cfg.StateDir, setting: "state_dir: DIR (--state-dir, SENSORD_STATE_DIR)", lasting: true})
	}
	if cfg.Spool.Dir != "" {
		c.spool(ctx, cfg)
	}
	if r := cfg.Record; r.Dir != "" {
		c.disk(ctx, diskUse{
			step: "record", dir: r.Dir, setting: "record: {dir: DIR} (--record)", limit: r.TotalBytes, held: recordedBytes(r.Dir, cfg.Rig),
			bound: "record: {total: …}", every: r.SyncEvery, lasting: true, big: true,
		})
	}
	if cfg.Bus.StoreDir != "" {
		c.disk(ctx, diskUse{
			step: "bus store", dir: cfg.Bus.StoreDir, setting: "bus: {store: {dir: DIR}}", limit: cfg.Bus.StoreBytes, held: bytesBelow(cfg.Bus.StoreDir),
			bound: "bus: {store: {size: …}}", lasting: true,
		})
	}
	c.together()
	c.socket(cfg.Status.Socket)
}

// disk tells of one directory. It returns false if frames cannot be written
// there as things are.
func (c *diskCheck) disk(ctx context.Context, u diskUse) bool {
	began := time.Now()
	type result struct {
		facts diskFacts
		err   error
	}
	r, err := patiently(ctx, func() result { f, err := c.probe(u.dir); return result{f, err} })
	took := time.Since(began)
	if err = cmp.Or(err, r.err); err != nil {
		c.step(u.step, took, "", diskFault(u, err))
		return false
	}
	f := r.facts
	if u.big && f.free < leastRoom {
		c.step(u.step, took, "", &fault.Error{
			Code: fault.DiskFull, Object: u.step + " " + u.dir, Err: fmt.Errorf("only %s free", sizeText(f.free)), Advice: u.makeRoom(),
		})
		return false
	}
	c.step(u.step, took, withCommas(f.where(u.dir), sizeText(f.free)+" free of "+sizeText(f.size), f.pace(), u.bounds()), nil)
	if more := u.limit - u.held; u.limit > 0 {
		if more > f.free {
			c.warn(u.step, 0, fault.DiskFull, fmt.Sprintf("%s: the disk is full before the limit of %s is reached", u.dir, sizeText(u.limit)),
				u.makeRoom())
		}
		c.found = append(c.found, diskFound{step: u.step, more: more, free: f.free, device: f.device})
	}
	if u.lasting && f.memory {
		c.warn(u.step, 0, "", u.dir+" is in memory (tmpfs): what is there is gone with the power", "name a directory on a disk with "+u.setting)
	}
	if slow := max(slowSync, u.every); u.every > 0 && f.sync > slow {
		c.warn(u.step, 0, "", fmt.Sprintf("%s: the disk took %s to make 64 KiB safe", u.dir, roughly(f.sync)),
			"use a faster disk, or give it more time: "+u.step+": {sync: 10s}; frames wait in memory meanwhile")
	}
	return true
}

// bounds says how much of its limit is used.
func (u diskUse) bounds() string {
	switch {
	case u.limit > 0:
		return "holds " + sizeText(u.held) + " of at most " + sizeText(u.limit)
	case u.big:
		return "holds " + sizeText(u.held) + ", without a limit"
	}
	return ""
}

func (u diskUse) makeRoom() string {
	const goesOn = "; sensord captures on and writes again by itself"
	if u.bound == "" {
		return "make room there" + goesOn
	}
	return "make room there, or set " + u.bound + " to less" + goesOn
}

// together warns of limits that fit each, and not with each other.
func (c *diskCheck) together() {
	byDisk := map[int64][]diskFound{}
	for _, f := range c.found {
		if f.more <= f.free {
			byDisk[f.device] = append(byDisk[f.device], f)
		}
	}
	for _, fs := range byDisk {
		var names []string
		var sum int64
		for _, f := range fs {
			names, sum = append(names, f.step), sum+f.more
		}
		if len(fs) > 1 && sum > fs[0].free {
			c.warn("disk", 0, fault.DiskFull, fmt.Sprintf("%s share a disk, on which they may take %s more, and %s are free", strings.Join(names, " and "), sizeText(sum), sizeText(fs[0].free)),
				"make room there, or give them smaller limits")
		}
	}
}

// diskFault says of a directory why it cannot be written to.
func diskFault(u diskUse, err error) error {
	if errors.Is(err, context.Canceled) {
		return err
	}
	e := &fault.Error{Code: fault.DiskFailed, Object: u.step + " " + u.dir, Err: innermost(err)}
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		e.Code, e.Advice = fault.DiskFull, u.makeRoom()
	case errors.Is(err, syscall.EROFS):
		e.Advice = "mount it to be written; the kernel makes a disk that fails read-only, too: see dmesg"
	case errors.Is(err, fs.ErrPermission):
		e.Advice = "check as the user that sensord runs as; or name a directory of that user with " + u.setting
	case errors.Is(err, syscall.ENOTDIR):
		e.Advice = "name a directory with " + u.setting
	}
	return e
}

// recordedBytes is what the recordings of a rig take in a directory.
func recordedBytes(dir, rig string) int64 {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return 0
	}
	var sum int64
	for _, e := range entries {
		name := strings.TrimSuffix(e.Name(), ".part")
		if !strings.HasPrefix(name, rig+"-") || filepath.Ext(name) != ".pcapng" {
			continue
		}
		if info, err := e.Info(); err == nil && info.Mode().IsRegular() {
			sum += info.Size()
		}
	}
	return sum
}

// bytesBelow is how much the files below a directory hold.
func bytesBelow(dir string) (sum int64) {
	_ = filepath.WalkDir(dir, func(_ string, e fs.DirEntry, err error) error {
		if err == nil && e.Type().IsRegular() {
			if info, err := e.Info(); err == nil {
				sum += info.Size()
			}
		}
		return nil
	})
	return sum
}

// sizeText writes a size as people read it, to three digits.
func sizeText(n int64) string {
	const units = "KMGTPE"
	if n < 1<<10 {
		return fmt.Sprintf("%d B", n)
	}
	v, unit := float64(n), -1
	for v >= 1000 && unit < len(units)-1 {
		v, unit = v/1024, unit+1
	}
	if v < 10 {
		return fmt.Sprintf("%.1f %ciB", v, units[unit])
	}
	return fmt.Sprintf("%.0f %ciB", v, units[unit])
}
