package linuxwifi

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// sysfs reads what only sysfs says. Its content comes from drivers and device
// descriptors, so everything is bounded and checked.
type sysfs struct{ root string }

// maxAttributeBytes is more than any attribute that is read here has.
const maxAttributeBytes = 256

// maxNameRunes bounds a driver's or a bus's name.
const maxNameRunes = 64

// Hardware returns the driver of an interface and where it is plugged in, ""
// for what is unknown. The name is only believed if it has the index: it may
// have been renamed, and another given its name.
func (s sysfs) Hardware(name string, index int) (driver, bus string) {
	if !validName(name) {
		return "", ""
	}
	dir := filepath.Join(s.root, "class/net", name)
	if n, err := s.number(filepath.Join(dir, "ifindex")); err != nil || n != index {
		return "", ""
	}
	driver = linkName(filepath.Join(dir, "device/driver"))
	bus = linkName(filepath.Join(dir, "device"))
	return driver, bus
}

// phyDir returns the folder of a phy, which has the phy's name of today.
func (s sysfs) phyDir(phy int) (string, error) {
	class := filepath.Join(s.root, "class/ieee80211")
	entries, err := os.ReadDir(class)
	if err != nil {
		return "", err
	}
	for _, e := range entries {
		dir := filepath.Join(class, e.Name())
		if n, err := s.number(filepath.Join(dir, "index")); err == nil && n == phy {
			return dir, nil
		}
	}
	return "", os.ErrNotExist
}

// number reads an attribute that is one decimal number, 0 <= n < 2^31.
func (s sysfs) number(path string) (int, error) {
	text, err := readAttribute(path)
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseUint(text, 10, 31)
	return int(n), err
}

// readAttribute returns a short file without the white space around it.
func readAttribute(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxAttributeBytes+1))
	if err != nil {
		return "", err
	}
	if len(b) > maxAttributeBytes {
		return "", errors.New(path + ": attribute is too long")
	}
	return strings.TrimSpace(string(b)), nil
}

// linkName returns the last part of where a link leads, cleaned.
func linkName(path string) string {
	target, err := os.Readlink(path)
	if err != nil {
		return ""
	}
	return clean(filepath.Base(target))
}

// clean makes a foreign name fit for a log line.
func clean(s string) string {
	var b strings.Builder
	n := 0
	for _, r := range s {
		if n == maxNameRunes {
			break
		}
		if r < ' ' || r == 0x7f || r == '�' {
			r = '?'
		}
		b.WriteRune(r)
		n++
	}
	return b.String()
}

// validName reports whether the kernel would take s as an interface's name or
// alternative name, and it can be part of a path.
func validName(s string) bool {
	const maxAltName = 127
	if s == "" || len(s) > maxAltName || s == "." || s == ".." {
		return false
	}
	return !strings.ContainsFunc(s, func(r rune) bool {
		return r <= ' ' || r == '/' || r == ':' || r == 0x7f
	})
}

// bootName identifies this boot of the machine and the network namespace.
func bootName(proc string) string {
	id, err := readAttribute(filepath.Join(proc, "sys/kernel/random/boot_id"))
	if err != nil {
		return ""
	}
	ns, err := os.Readlink(filepath.Join(proc, "self/ns/net"))
	if err != nil {
		return ""
	}
	return clean(id) + " " + clean(ns)
}
