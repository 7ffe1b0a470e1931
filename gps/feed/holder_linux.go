package feed

import (
	"cmp"
	"os"
	"path/filepath"
	"slices"
	"strconv"
)

// holders returns the other programs that have the device open, as far as they
// are seen: into other users' programs only root can look. gpsd is the first: it
// reads, and of the others one cannot know.
func holders(proc, device string) []HeldError {
	target, err := filepath.EvalSymlinks(device)
	if err != nil {
		return nil
	}
	ours, err := os.Stat(target)
	if err != nil {
		return nil
	}
	var found []HeldError
	for _, pid := range processes(proc) {
		if pid != os.Getpid() && holds(filepath.Join(proc, strconv.Itoa(pid), "fd"), target, ours) {
			found = append(found, HeldError{name(proc, pid), pid})
		}
	}
	slices.SortStableFunc(found, func(a, b HeldError) int { return cmp.Compare(rank(a), rank(b)) })
	return found
}

func rank(h HeldError) int {
	if h.Program == "gpsd" {
		return 0
	}
	return 1
}

// holds reports whether one of the descriptors in a folder is the device. In a
// container, another device may have the same name.
func holds(fds, target string, ours os.FileInfo) bool {
	entries, err := os.ReadDir(fds)
	if err != nil {
		return false
	}
	for _, e := range entries {
		fd := filepath.Join(fds, e.Name())
		if open, err := os.Readlink(fd); err != nil || open != target {
			continue
		}
		if theirs, err := os.Stat(fd); err == nil && os.SameFile(ours, theirs) {
			return true
		}
	}
	return false
}

// runs reports whether a program of that name runs, whoever runs it.
func runs(proc, program string) bool {
	for _, pid := range processes(proc) {
		if name(proc, pid) == program {
			return true
		}
	}
	return false
}

func processes(proc string) []int {
	entries, err := os.ReadDir(proc)
	if err != nil {
		return nil
	}
	var pids []int
	for _, e := range entries {
		if pid, err := strconv.Atoi(e.Name()); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids
}

// name is what the kernel calls a process.
func name(proc string, pid int) string {
	text, ok := readLine(filepath.Join(proc, strconv.Itoa(pid), "comm"))
	if !ok {
		return "another program"
	}
	return text
}
