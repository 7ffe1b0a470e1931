package main

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"net"
	"path/filepath"
	"slices"
	"time"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/configs"
	"github.com/sensord/sensord/internal/fault"
	"github.com/sensord/sensord/uplink/frames/spool"
)

// spool tells of the directory where frames wait, and of what waits there.
func (c *diskCheck) spool(ctx context.Context, cfg configs.Config) {
	type result struct {
		infos []spool.Info
		err   error
	}
	dir := cfg.Spool.Dir
	r, err := patiently(ctx, func() result { infos, err := c.spools(dir); return result{infos, err} })
	u := diskUse{
		step: "spool", dir: dir, setting: "spool: {dir: DIR} (--spool)", limit: cfg.Spool.SizeBytes,
		bound: "spool: {size: …}", every: cfg.Spool.SyncEvery, lasting: true, big: true,
	}
	if cfg.Spool.Sync == configs.SyncNever {
		u.every = 0
	}
	for _, i := range r.infos {
		u.held += i.Bytes
	}
	if err != nil || !c.disk(ctx, u) {
		return
	}
	if err := r.err; err != nil && fault.CodeOf(err) != fault.SpoolAbsent { // it will be made
		c.step("spool", 0, "", err)
		return
	}
	c.kept(r.infos, cfg)
}

// kept tells of each source that has frames on disk, or whose spool another
// process has.
func (c *diskCheck) kept(infos []spool.Info, cfg configs.Config) {
	var strange, unreadable []spool.Info // of no source of this configuration
	for _, i := range infos {
		name := cmp.Or(i.Name, i.UUID.String())
		if !slices.ContainsFunc(cfg.Sources, func(s configs.Source) bool { return ownedBy(i, s) }) {
			if i.Frames > 0 {
				strange = append(strange, i)
			}
			if i.Err != nil {
				unreadable = append(unreadable, i)
			}
			continue
		}
		c.about = "source " + name
		switch {
		case i.Err != nil:
			c.step("spool", 0, "", unread(i.Err))
		case i.Locked:
			c.locked(c.about, cfg.Spool.Dir)
		case i.Frames > 0:
			c.step("spool", 0, fmt.Sprintf("%s: keeps %s for a server, heard from %s to %s", name, plural(whole(i.Frames), "frame", "frames"), momentOf(i.First), momentOf(i.Last)), nil)
		}
		if i.Damaged {
			text := c.about + ": not all that was kept of it can be read"
			if i.Lost > 0 {
				text += "; lost: " + plural(whole(i.Lost), "frame", "frames")
			}
			c.warn("spool", 0, fault.SpoolDamaged, text, "")
		}
	}
	c.about = "this machine"
	for _, i := range unreadable {
		c.warn("spool", 0, fault.CodeOf(i.Err), fmt.Sprintf("of a source that this configuration does not have: %v", i.Err), fault.RemedyOf(unread(i.Err)))
	}
	if len(strange) == 0 {
		return
	}
	var frames uint64
	for _, i := range strange {
		frames += i.Frames
	}
	c.warn("spool", 0, "", fmt.Sprintf("%s of %s wait there that this configuration does not have: nobody sends them",
		plural(whole(frames), "frame", "frames"), plural(len(strange), "source", "sources")),
		"`sensord spool` shows, exports and empties them")
}

// ownedBy reports whether a spool is that of a source. A radio that is not there
// has no UUID yet, and is known by its name.
func ownedBy(i spool.Info, s configs.Source) bool {
	if s.UUID == (capture.UUID{}) {
		return i.Name == s.Name
	}
	return i.UUID == s.UUID
}

// locked tells of a spool that another process has, which is as it should be if
// that is a sensord with the same configuration.
func (c *diskCheck) locked(object, dir string) {
	err := fault.Newf(fault.SpoolLocked, object, "another process has its spool in %s", dir)
	switch pids, all := c.others(); {
	case len(pids) == 0 && all:
		c.step("spool", 0, "", err)
	case len(pids) == 1:
		c.warn("spool", 0, fault.SpoolLocked, fmt.Sprintf("%v; perhaps it is the sensord that runs here (process %d)", err, pids[0]),
			"if so, nothing is wrong, and `sensord status` shows how it is; else "+fault.RemedyOf(err))
	default:
		c.warn("spool", 0, fault.SpoolLocked, err.Error(), "if it is a sensord of this configuration, nothing is wrong, and `sensord status` shows how it is; else "+fault.RemedyOf(err))
	}
}

// socket tells whether `sensord status` will find this rig. That it does not
// keeps no frame from anywhere.
func (c *diskCheck) socket(path string) {
	if path == "" {
		return
	}
	c.about = "status socket " + path
	if conn, err := net.DialTimeout("unix", path, time.Second); err == nil {
		_ = conn.Close()
		c.warn("status", 0, "", "status socket "+path+": a sensord answers there", "if it is one of this configuration, nothing is wrong, and `sensord status` shows how it is; else name another with status: {socket: PATH}")
		return
	}
	dir := filepath.Dir(path)
	if near, err := writable(dir); err != nil {
		c.warn("status", 0, "", fmt.Sprintf("%s: cannot be made in %s: %v", c.about, near, innermost(err)), "check as the user that sensord runs as; or name another with status: {socket: PATH}, or switch it off with status: {socket: off}")
		return
	}
	c.step("status", 0, "`sensord status` finds it in "+dir, nil)
}

// whole is a count that fits an int on small machines, too.
func whole(n uint64) int { return int(min(n, math.MaxInt)) }

func momentOf(t time.Time) string { return t.UTC().Format(time.RFC3339) }
