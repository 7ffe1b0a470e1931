package machine

import (
	"fmt"
	"io"
	"os"
	"path"
	"strings"
)

// The kinds of file an archive holds, as in the mode of stat(2).
const (
	kindDir    = 0o040000
	kindFile   = 0o100000
	kindLink   = 0o120000
	kindDevice = 0o020000
)

// An archive writes a cpio archive in the format "newc", the one that Linux
// unpacks into its first root file system. Everything belongs to root. Folders
// come into being with what is in them. The first error sticks and is Close's.
//
// Source: Documentation/driver-api/early-userspace/buffer-format.rst
type archive struct {
	w     io.Writer
	inode int
	have  map[string]bool // paths written
	err   error
}

func newArchive(w io.Writer) *archive {
	return &archive{w: w, have: make(map[string]bool)}
}

// header writes an entry up to its content.
func (a *archive) header(name string, mode int, size int64, major, minor int) {
	a.inode++
	head := fmt.Sprintf("070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x",
		a.inode, mode, 0, 0, 1, 0, size, 0, 0, major, minor, len(name)+1, 0)
	a.write(head + name + "\x00" + padding(len(head)+len(name)+1))
}

func (a *archive) write(s string) {
	if a.err == nil {
		_, a.err = io.WriteString(a.w, s)
	}
}

// padding is what brings n bytes to a multiple of four.
func padding(n int) string { return "\x00\x00\x00"[:-n&3] }

// enter makes sure that the folders above name exist, and reports whether name
// is new.
func (a *archive) enter(name string) (string, bool) {
	name = strings.TrimPrefix(path.Clean(name), "/")
	if a.have[name] || name == "." || name == "" {
		return name, false
	}
	a.have[name] = true
	a.Dir(path.Dir(name), 0o755)
	return name, true
}

// Dir adds a folder, unless it is there.
func (a *archive) Dir(name string, permissions int) {
	if name, fresh := a.enter(name); fresh {
		a.header(name, kindDir|permissions, 0, 0, 0)
	}
}

// Text adds a file with this content.
func (a *archive) Text(name, content string) {
	if name, fresh := a.enter(name); fresh {
		a.header(name, kindFile|0o644, int64(len(content)), 0, 0)
		a.write(content + padding(len(content)))
	}
}

// Link adds a symbolic link.
func (a *archive) Link(name, target string) {
	if name, fresh := a.enter(name); fresh {
		a.header(name, kindLink|0o777, int64(len(target)), 0, 0)
		a.write(target + padding(len(target)))
	}
}

// Device adds a character device.
func (a *archive) Device(name string, major, minor int) {
	if name, fresh := a.enter(name); fresh {
		a.header(name, kindDevice|0o600, 0, major, minor)
	}
}

// File adds a copy of a file of the host, executable if it is there.
func (a *archive) File(name, from string) {
	name, fresh := a.enter(name)
	if !fresh || a.err != nil {
		return
	}
	a.err = a.copy(name, from)
}

func (a *archive) copy(name, from string) error {
	f, err := os.Open(from)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	size := info.Size()
	a.header(name, kindFile|int(info.Mode().Perm()), size, 0, 0)
	if a.err != nil {
		return a.err
	}
	if _, err := io.CopyN(a.w, f, size); err != nil {
		return fmt.Errorf("%s: %w", from, err)
	}
	a.write(padding(int(size & 3)))
	return a.err
}

// Close ends the archive and returns the first error. It closes nothing else.
func (a *archive) Close() error {
	a.header("TRAILER!!!", 0, 0, 0, 0)
	return a.err
}
