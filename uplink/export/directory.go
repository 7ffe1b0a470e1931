package export

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Endings of the names of recordings.
const (
	fileEnding = ".pcapng"

	// PartEnding is behind the name of a file while it is written.
	PartEnding = ".part"
)

// directory is where a rig's recordings are: RIG-20261123T054210Z-0001.pcapng,
// with the time of the first frame, and numbers that only grow.
type directory struct {
	path    string
	rig     string
	pattern *regexp.Regexp
	next    int             // number of the next file
	closed  []recordingFile // oldest first
	make    func(path string) (diskFile, error)
}

type recordingFile struct {
	path   string
	number int
	size   int64
}

func newDirectory(path, rig string, create func(path string) (diskFile, error)) *directory {
	rig = fileName(rig)
	return &directory{
		path: path, rig: rig,
		pattern: regexp.MustCompile(`^` + regexp.QuoteMeta(rig) + `-\d{8}T\d{6}Z-(\d{4,9})` + regexp.QuoteMeta(fileEnding) + `$`),
		make:    create,
	}
}

// fileName makes a rig's name one that any file system takes.
func fileName(rig string) string {
	clean := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_' || r == '.' {
			return r
		}
		return '_'
	}, rig)
	clean = strings.TrimLeft(clean, ".-") // no hidden files, nor flags
	if clean == "" {
		return "sensord"
	}
	return clean[:min(len(clean), 100)]
}

// number returns a recording's, and whether the name is one of the rig's.
func (d *directory) number(name string) (int, bool) {
	m := d.pattern.FindStringSubmatch(name)
	if m == nil {
		return 0, false
	}
	n, err := strconv.Atoi(m[1])
	return n, err == nil
}

// list reads which recordings there are, and the rig's that were not closed.
func (d *directory) list() (parts []string, err error) {
	entries, err := os.ReadDir(d.path)
	if err != nil {
		return nil, err
	}
	d.closed = d.closed[:0]
	for _, e := range entries {
		name, open := strings.CutSuffix(e.Name(), PartEnding)
		n, ok := d.number(name)
		if !ok || !e.Type().IsRegular() {
			continue
		}
		d.next = max(d.next, n+1)
		path := filepath.Join(d.path, e.Name())
		if open {
			parts = append(parts, path)
			continue
		}
		info, err := e.Info()
		if err != nil {
			continue // just deleted
		}
		d.closed = append(d.closed, recordingFile{path, n, info.Size()})
	}
	slices.SortFunc(d.closed, func(a, b recordingFile) int { return a.number - b.number })
	return parts, nil
}

// create makes the next file, locked, and the directory if need be.
func (d *directory) create(timeNs int64) (diskFile, string, error) {
	if err := os.MkdirAll(d.path, 0o750); err != nil {
		return nil, "", err
	}
	if d.next == 0 {
		if _, err := d.list(); err != nil {
			return nil, "", err
		}
		d.next = max(d.next, 1)
	}
	at := time.Unix(0, timeNs).UTC().Format("20060102T150405Z")
	for range 1000 { // other processes may use the same name
		path := filepath.Join(d.path, fmt.Sprintf("%s-%s-%04d%s%s", d.rig, at, d.next, fileEnding, PartEnding))
		d.next++
		f, err := d.make(path)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		return f, path, err
	}
	return nil, "", fs.ErrExist
}

func createFile(path string) (diskFile, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o640)
	if err != nil {
		return nil, err
	}
	// Who repairs what crashes leave has to see that somebody writes it. Where
	// there are no locks, nobody repairs.
	_, _ = lockFile(f)
	return f, nil
}

// finish gives a file that was closed its name.
func (d *directory) finish(part string, size int64) error {
	path := strings.TrimSuffix(part, PartEnding)
	if err := os.Rename(part, path); err != nil {
		return err
	}
	n, _ := d.number(filepath.Base(path))
	d.closed = append(d.closed, recordingFile{path, n, size})
	return d.sync()
}

// sync makes names safe against the loss of power.
func (d *directory) sync() error {
	f, err := os.Open(d.path)
	if err != nil {
		return err
	}
	defer f.Close()
	err = f.Sync()
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, errors.ErrUnsupported) {
		return nil // some file systems cannot, and need not
	}
	return err
}

// shrink deletes the oldest closed recordings until they have no more bytes than
// that. It returns how many went.
func (d *directory) shrink(limit int64) (n int, err error) {
	var sum int64
	for _, f := range d.closed {
		sum += f.size
	}
	for len(d.closed) > 0 && sum > limit {
		oldest := d.closed[0]
		if err := os.Remove(oldest.path); err == nil {
			n++
		} else if !errors.Is(err, fs.ErrNotExist) {
			return n, err
		}
		sum -= oldest.size
		d.closed = d.closed[1:]
	}
	return n, nil
}

// A leftover is what became of a file that was not closed.
type leftover struct {
	path    string
	lost    int64 // bytes that were no whole blocks
	removed bool  // it had no frames
	err     error
}

// adopt makes the rig's files whole that nobody has open, and gives them their
// names.
func (d *directory) adopt(own string) (all []leftover) {
	parts, err := d.list()
	if err != nil {
		return nil // nothing there yet; if it is worse, creating a file will say it
	}
	for _, part := range parts {
		if part == own {
			continue
		}
		if l, ours := d.adoptFile(part); ours {
			all = append(all, l)
		}
	}
	return all
}

func (d *directory) adoptFile(part string) (l leftover, ours bool) {
	l.path = part
	f, err := os.OpenFile(part, os.O_RDWR, 0)
	if err != nil {
		l.err = err
		return l, true
	}
	defer f.Close()
	if free, err := lockFile(f); !free || err != nil {
		return l, false
	}
	rep, err := repair(f)
	switch {
	case err != nil:
		l.err = err
		return l, true
	case rep.frames == 0:
		l.removed, l.err = true, os.Remove(part)
		return l, true
	}
	l.lost = rep.lost
	if l.err = f.Sync(); l.err == nil {
		l.path, l.err = strings.TrimSuffix(part, PartEnding), d.finish(part, rep.size)
	}
	return l, true
}
