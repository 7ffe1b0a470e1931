package configs

import (
	"math"
	"path/filepath"
	"time"

	yaml "go.yaml.in/yaml/v3"
)

// Defaults and bounds of the spool.
const (
	defaultSpoolBytes = 2 << 30
	minSpoolBytes     = 8 << 20
	defaultAfter      = 2 * time.Second
	defaultSync       = time.Second
)

// spoolOff keeps frames in memory only.
const spoolOff = "off"

// spoolDraft is what was written of the spool.
type spoolDraft struct {
	from                                          Origin // of the block
	dir, size, age, memory, after, syncMode, drop text
}

func (d *document) spool(n *yaml.Node, path string, into *spoolDraft) {
	into.from = d.origin(n)
	d.mapping(n, path, []field{
		{"dir", d.scalar(&into.dir)},
		{"size", d.scalar(&into.size)},
		{"age", d.scalar(&into.age)},
		{"memory", d.scalar(&into.memory)},
		{"after", d.scalar(&into.after)},
		{"sync", d.scalar(&into.syncMode)},
		{"drop", d.scalar(&into.drop)},
	})
}

// spool settles where frames wait that no server has confirmed. On disk they do
// where a directory was named, or the configuration speaks of a spool, or
// systemd gives the service a directory to keep.
func (l *loader) spool(d *draft, environ []string, stateDir string) Spool {
	w := &d.spool
	c := Spool{
		MemoryBytes: l.memory(w.memory), SizeBytes: defaultSpoolBytes, After: defaultAfter,
		Sync: SyncEvery, SyncEvery: defaultSync, Drop: DropOldest,
	}
	var from Origin
	if c.Dir, from = l.spoolDir(d, environ, stateDir); c.Dir != "" {
		l.settle("spool.dir", c.Dir, from)
	} else {
		l.unusedSpool(w)
	}
	c.SizeBytes = l.size(w.size, "spool.size", c.SizeBytes, minSpoolBytes)
	c.MaxAge = l.duration(w.age, "spool.age", 0, time.Minute, 10*366*day, "never")
	c.After = l.duration(w.after, "spool.after", c.After, 0, 10*time.Minute, "")
	l.spoolSync(w.syncMode, &c)
	if t := w.drop; t.given() {
		if c.Drop = SpoolDrop(t.value); c.Drop != DropOldest && c.Drop != DropNewest {
			l.wrong(t.from, "spool.drop", "write oldest or newest", "%s is no rule for what goes when there is no room", quote(t.value))
		}
	}
	if c.Dir == "" {
		return c
	}
	l.settle("spool.size", FormatSize(c.SizeBytes), w.size.from)
	l.settleGiven("spool.age", FormatDuration(c.MaxAge), w.age)
	l.settleGiven("spool.after", FormatDuration(c.After), w.after)
	l.settle("spool.sync", cmpSync(c), w.syncMode.from)
	l.settleGiven("spool.drop", string(c.Drop), w.drop)
	return c
}

// cmpSync writes a spool's sync as it is written in a configuration.
func cmpSync(c Spool) string {
	if c.Sync == SyncEvery {
		return FormatDuration(c.SyncEvery)
	}
	return string(c.Sync)
}

func (l *loader) spoolDir(d *draft, environ []string, stateDir string) (string, Origin) {
	t := d.spool.dir
	service, _ := variable(environ, "STATE_DIRECTORY")
	switch {
	case t.value == spoolOff:
		return "", t.from
	case t.given():
		return l.directory(t, "spool.dir"), t.from
	case !d.spool.from.set() && service == "":
		return "", Origin{}
	case stateDir == "":
		l.wrong(d.spool.from, "spool", "write spool: {dir: DIR}, or name a directory with state_dir", "there is no state directory to keep it in")
		return "", d.spool.from
	}
	return filepath.Join(stateDir, "spool"), Origin{}
}

// directory returns a directory's name so that it holds wherever --daemonize
// goes. It need not be there yet.
func (l *loader) directory(t text, path string) string {
	dir, err := filepath.Abs(t.value)
	if err != nil {
		dir = t.value
	}
	if l.fileExists(dir) {
		l.wrong(t.from, path, "name a directory", "%s is a file", quote(t.value))
	}
	return dir
}

func (l *loader) memory(t text) int64 {
	const path = "spool.memory"
	n := l.size(t, path, defaultMemoryBytes, minMemoryBytes)
	if n > math.MaxInt/2 {
		l.wrong(t.from, path, "write a size from 1MiB up, as in 16MiB", "%s is more than this machine can address", quote(t.value))
	}
	l.settle(path, FormatSize(n), t.from)
	return n
}

func (l *loader) spoolSync(t text, c *Spool) {
	const path = "spool.sync"
	switch {
	case !t.given():
	case t.value == string(SyncAlways), t.value == string(SyncNever):
		c.Sync = SpoolSync(t.value)
	default:
		every, m := parseDuration(t.value, 10*time.Millisecond, time.Hour)
		if m.made() {
			l.wrong(t.from, path, m.right+", or always or never", "%s", m.what)
			return
		}
		c.SyncEvery = every
	}
}

// unusedSpool notes what is said of a spool on disk where there is none.
func (l *loader) unusedSpool(w *spoolDraft) {
	if l.blamed("spool") {
		return
	}
	for _, s := range []struct {
		name  string
		value text
	}{{"size", w.size}, {"age", w.age}, {"after", w.after}, {"sync", w.syncMode}} {
		const what = "there is no spool on disk: frames wait in memory only"
		switch s.value.from.layer {
		case layerFlag:
			l.wrong(s.value.from, "", "add --spool DIR, or remove it", what)
		case layerFile, layerEnvironment:
			l.warn(s.value.from, "spool."+s.name, "name a directory with spool: {dir: DIR} or SENSORD_SPOOL_DIR, or remove it", what)
		}
	}
	if w.drop.value == string(DropNewest) {
		l.warn(w.drop.from, "spool.drop", "name a directory with spool: {dir: DIR}, or remove it", "it is a rule for frames on disk, and they wait in memory only, where the oldest go first")
	}
}
