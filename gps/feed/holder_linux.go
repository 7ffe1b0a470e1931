package feed

import (
	"os"
	"path/filepath"
	"strconv"
)

// A holding is a program that has a device open.
type holding struct {
	program string // "gpsd"
	pid     int    // 0: there is none
}

func (h holding) String() string { return h.program + " (process " + strconv.Itoa(h.pid) + ")" }

// holder returns another program that has the device open, if one is seen:
// into other users' programs only root can look.
func holder(proc, device string) holding {
	target, err := filepath.EvalSymlinks(device)
	if err != nil {
		return holding{}
	}
	ours, err := os.Stat(target)
	if err != nil {
		return holding{}
	}
	for _, pid := range processes(proc) {
		if pid != os.Getpid() && holds(filepath.Join(proc, strconv.Itoa(pid), "fd"), target, ours) {
			return holding{name(proc, pid), pid}
		}
	}
	return holding{}
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
