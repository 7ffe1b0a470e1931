package configs

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// systemRuntime is where root's processes have their sockets.
const systemRuntime = "/run/sensord"

// maxSocketPath is the longest name that a unix socket can have everywhere.
const maxSocketPath = 103

// statusOff is how no socket is written.
const statusOff = "off"

// StatusDirs returns the directories in which sensords of this machine have
// their status sockets unless their users chose another place, the likeliest
// first. Environ is as os.Environ returns it.
func StatusDirs(environ []string) []string {
	var dirs []string
	if given, _ := variable(environ, "RUNTIME_DIRECTORY"); given != "" {
		dirs = append(dirs, given)
	}
	dirs = append(dirs, systemRuntime)
	if user, _ := variable(environ, "XDG_RUNTIME_DIR"); user != "" {
		dirs = append(dirs, filepath.Join(user, "sensord"))
	}
	return dirs
}

// statusSocket settles where `sensord status` asks: as written, else in
// systemd's directory for the service, else the machine's for root and the
// user's for others. A place that nobody wrote is not among the settings: it is
// another in each process.
func (l *loader) statusSocket(t text, environ []string, rig string) Status {
	const path = "status.socket"
	switch {
	case t.value == statusOff:
		l.settle(path, statusOff, t.from)
		return Status{}
	case t.given():
		socket, err := filepath.Abs(t.value)
		switch {
		case err != nil || len(socket) > maxSocketPath:
			l.wrong(t.from, path, "choose a shorter one", "%s is too long for the name of a socket", quote(t.value))
		case l.directoryExists(socket) || strings.HasSuffix(t.value, "/"):
			l.wrong(t.from, path, "name the socket, as in "+filepath.Join(t.value, "rig.sock"), "%s is a directory", quote(t.value))
		}
		l.settle(path, socket, t.from)
		return Status{Socket: socket}
	}
	var dir string
	given, _ := variable(environ, "RUNTIME_DIRECTORY")
	user, _ := variable(environ, "XDG_RUNTIME_DIR")
	switch {
	case given != "":
		dir = given
	case l.root():
		dir = systemRuntime
	case user != "":
		dir = filepath.Join(user, "sensord")
	default:
		return Status{}
	}
	pid := strconv.Itoa(os.Getpid())
	for _, name := range []string{rig + "-" + pid + ".sock", pid + ".sock"} {
		if socket := filepath.Join(dir, name); len(socket) <= maxSocketPath {
			return Status{Socket: socket}
		}
	}
	return Status{}
}

// variable returns an environment variable that names a directory: of systemd's,
// which may name several, the first. It is "" if that is no whole path.
func variable(environ []string, name string) (dir string, from Origin) {
	for _, entry := range slices.Backward(environ) {
		if value, ok := strings.CutPrefix(entry, name+"="); ok {
			if strings.HasSuffix(name, "_DIRECTORY") {
				value, _, _ = strings.Cut(value, ":")
			}
			if filepath.IsAbs(value) {
				return value, fromVariable(name)
			}
			return "", Origin{}
		}
	}
	return "", Origin{}
}
