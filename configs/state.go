package configs

import (
	"path/filepath"
	"slices"

	"github.com/sensord/sensord/capture"
)

const systemState = "/var/lib/sensord"

// stateDir settles where a rig notes what it has to undo after a crash, and
// keeps the web side's token and what it says on the bus: what was written, else
// systemd's directory for the service, else the machine's for root and the
// user's for others.
func (l *loader) stateDir(d *draft, environ []string, sources []Source) string {
	t := d.stateDir
	dir, from := t.value, t.from
	service, fromService := variable(environ, "STATE_DIRECTORY")
	state, fromState := variable(environ, "XDG_STATE_HOME")
	home, fromHome := variable(environ, "HOME")
	switch {
	case t.given():
		if abs, err := filepath.Abs(dir); err == nil {
			dir = abs // --daemonize goes elsewhere
		}
		if l.fileExists(dir) {
			l.wrong(from, "state_dir", "name a directory", "%s is a file", quote(t.value))
		}
	case service != "":
		dir, from = service, fromService
	case l.root():
		dir = systemState
	case state != "":
		dir, from = filepath.Join(state, "sensord"), fromState
	case home != "":
		dir, from = filepath.Join(home, ".local/state/sensord"), fromHome
	}
	radios := slices.ContainsFunc(sources, func(s Source) bool { return s.Type == capture.TypeLinuxWifi })
	if dir == "" && radios {
		l.warn(fromFlag("--state-dir"), "", "name a directory with --state-dir, SENSORD_STATE_DIR or state_dir", "there is none, so after a crash the next start cannot put the radios back as they were")
	}
	if t.given() || dir != "" && (radios || d.makesToken() || d.bus.on()) {
		l.settle("state_dir", dir, from)
	}
	return dir
}
