//go:build !lite

package bus

import (
	"cmp"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// maxBeside is how many directories beside a rig's own are looked at.
const maxBeside = 64

// leftBehind returns the stores beside a rig's own that hold something and that
// nobody has, the one that was written to last first: those of other names of this
// rig, or of other rigs of this machine that do not run. What is older than age is
// not asked for any more.
func leftBehind(own string, age time.Duration) []string {
	type left struct {
		dir string
		at  time.Time
	}
	var all []left
	parent, err := os.Open(filepath.Dir(own))
	if err != nil {
		return nil
	}
	defer parent.Close()
	entries, _ := parent.ReadDir(maxBeside)
	for _, e := range entries {
		dir := filepath.Join(filepath.Dir(own), e.Name())
		if !e.IsDir() || dir == filepath.Clean(own) || !isToken(e.Name()) {
			continue
		}
		if at := lastKept(dir); time.Since(at) < age && !inUse(dir) {
			all = append(all, left{dir, at})
		}
	}
	slices.SortFunc(all, func(a, b left) int { return cmp.Or(b.at.Compare(a.at), cmp.Compare(a.dir, b.dir)) })
	dirs := make([]string, len(all))
	for i := range all {
		dirs[i] = all[i].dir
	}
	return dirs
}

// lastKept is when something was last written to the stream of the rig that a
// directory is the store of; the zero time if there is nothing in it.
func lastKept(dir string) (last time.Time) {
	blocks, _ := filepath.Glob(filepath.Join(globbed(dir), server.JetStreamStoreDir, "*", "streams", rigStream, "msgs", "*.blk"))
	for _, f := range blocks {
		if fi, err := os.Stat(f); err == nil && fi.Mode().IsRegular() && fi.Size() > 0 && fi.ModTime().After(last) {
			last = fi.ModTime()
		}
	}
	return last
}

// globbed is a path as a part of a pattern that stands for nothing else.
func globbed(path string) string {
	var b []byte
	for _, c := range []byte(path) {
		if c == '*' || c == '?' || c == '[' || c == '\\' {
			b = append(b, '\\')
		}
		b = append(b, c)
	}
	return string(b)
}

// inUse reports whether a server has a store, or may have it.
func inUse(dir string) bool {
	f, err := os.OpenFile(filepath.Join(dir, lockName), os.O_RDWR, 0)
	if err != nil {
		return !os.IsNotExist(err)
	}
	defer f.Close() // and with it, what was just locked
	return lockFile(f) != nil
}
