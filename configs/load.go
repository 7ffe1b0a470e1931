package configs

import (
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/sensord/sensord/capture"
)

// maxFileBytes bounds the configuration file and certificate files.
const maxFileBytes = 1 << 20

// Defaults.
const (
	defaultMemoryBytes = 16 << 20
	minMemoryBytes     = 1 << 20
	defaultRig         = "sensord"
)

// Loaded is a Config and what a person may want to know about it.
type Loaded struct {
	Config   Config
	Warnings []Warning // also when there is an error
	Settings []Setting // each value that Config took, and where from
}

// Load reads the file and lays the environment (as os.Environ returns it) and
// then the flags over it. It reads the files that the configuration names for
// secrets and certificates, and looks whether sources are files or interfaces.
// The error, if any, is Errors, with every problem of every place.
func Load(file string, environ []string, flags Flags) (Loaded, error) {
	return newLoader(file).loadFile(environ, flags)
}

// FromFlags is Load without a file: the configuration of Kismet's command line.
func FromFlags(flags Flags, environ []string) (Loaded, error) {
	return newLoader("").load(nil, environ, flags)
}

// Positions is Load, or without a file FromFlags, for who only wants to know where
// the sensor is: servers and sources may be missing, and the Config has none.
func Positions(file string, environ []string, flags Flags) (Loaded, error) {
	l := newLoader(file)
	l.positions = true
	if file == "" {
		return l.load(nil, environ, flags)
	}
	return l.loadFile(environ, flags)
}

// loader makes one Config. The machine is seen through its functions only.
type loader struct {
	collector

	file            string // "" for none
	readFile        func(name string, most int64) ([]byte, fs.FileMode, error)
	fileExists      func(name string) bool
	directoryExists func(name string) bool
	interfaceExists func(name string) bool
	interfaceMAC    func(name string) (net.HardwareAddr, bool) // 6 bytes
	interfacePhy    func(name string) string                   // its radio's, "" if it is none that is there
	root            func() bool
	hostname        func() (string, error)

	metaSources []sourceDraft // those with metagps=
	ownBus      Bus           // for receivers that hear others on it
	busWrong    bool          // and a mistake says why there is none
	positions   bool          // only where the sensor is matters
}

func newLoader(file string) *loader {
	return &loader{
		file:     file,
		readFile: readFile,
		fileExists: func(name string) bool {
			info, err := os.Stat(name)
			return err == nil && !info.IsDir()
		},
		directoryExists: func(name string) bool {
			info, err := os.Stat(name)
			return err == nil && info.IsDir()
		},
		interfaceExists: func(name string) bool {
			if name != filepath.Base(name) {
				return false
			}
			_, err := os.Stat(filepath.Join("/sys/class/net", name))
			return err == nil
		},
		interfaceMAC: func(name string) (net.HardwareAddr, bool) {
			i, err := net.InterfaceByName(name)
			if err != nil || len(i.HardwareAddr) != 6 {
				return nil, false
			}
			return i.HardwareAddr, true
		},
		interfacePhy: func(name string) string {
			phy, err := os.ReadFile(filepath.Join("/sys/class/net", filepath.Base(name), "phy80211", "name"))
			if err != nil {
				return ""
			}
			return strings.TrimSpace(string(phy))
		},
		root:     func() bool { return os.Geteuid() == 0 },
		hostname: os.Hostname,
	}
}

// origin is the file as a whole.
func (l *loader) origin() Origin { return Origin{File: l.file, layer: layerFile} }

func (l *loader) loadFile(environ []string, flags Flags) (Loaded, error) {
	data, _, err := l.readFile(l.file, maxFileBytes)
	if err != nil {
		l.wrong(l.origin(), "", "name the configuration with --config FILE", "%s", cause(err))
		return Loaded{}, l.errs
	}
	return l.load(data, environ, flags)
}

func (l *loader) load(data []byte, environ []string, flags Flags) (Loaded, error) {
	var d draft
	if l.file != "" {
		doc := document{file: l.file, out: &l.collector}
		if top := doc.parse(data); top != nil {
			doc.read(top, &d)
		} else {
			return Loaded{}, l.errs
		}
	}
	l.environment(&d, environ)
	l.flags(&d, flags)
	config := l.config(&d, environ)
	l.sort()
	if len(l.errs) > 0 {
		return Loaded{Warnings: l.warnings}, l.errs
	}
	return Loaded{Config: config, Warnings: l.warnings, Settings: l.settings}, nil
}

// config checks the draft and fills in the defaults.
func (l *loader) config(d *draft, environ []string) Config {
	c := Config{Rig: l.rig(d.rig)}
	if !l.positions {
		c.Servers = l.servers(d)
		c.Sources = l.sources(d)
	}
	c.StateDir = l.stateDir(d, environ, c.Sources)
	c.Bus = l.settleBus(d, c.StateDir, c.Rig)
	l.ownBus = c.Bus
	c.GPS = l.gps(d, c.Sources)
	if !l.positions {
		l.metaNeedsREST(&c)
		c.Bus.Bridge = l.bridges(d, &c)
	}
	c.Web = l.web(d, c.StateDir)
	c.Spool = l.spool(d, environ, c.StateDir)
	c.Privacy = l.privacy(d.zones)
	l.zonesHideAll(&c, d.zones)
	if !l.positions {
		c.Replay = l.manners(&d.replay)
		c.Record = l.recording(d)
		c.Status = l.statusSocket(d.status, environ, c.Rig)
	}
	c.Log = l.log(d.logLevel, d.logFormat)
	c.Once, c.NoRetry = d.once.set(), d.noRetry.set()
	c.OnceTimeout = l.onceTimeout(d)
	if c.Once && !slices.ContainsFunc(c.Sources, func(s Source) bool { return s.Type != capture.TypeLinuxWifi }) && len(c.Sources) > 0 {
		l.wrong(d.once, "", "remove it, or add a capture file as a source", "a radio has no end, so there is nothing to wait for")
	}
	return c
}

func (l *loader) rig(t text) string {
	const most = 64
	name := t.value
	if !t.given() {
		host, err := l.hostname()
		if name = strings.Map(rigRune, host); err != nil || name == "" || len(name) > most {
			name = defaultRig
		}
	}
	if strings.Map(rigRune, name) != name || len(name) > most {
		l.wrong(t.from, "rig", "use at most 64 letters, digits, dots, dashes and underscores", "%s is no name for a rig", quote(name))
	}
	l.settle("rig", name, t.from)
	return name
}

func rigRune(r rune) rune {
	switch {
	case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', strings.ContainsRune(".-_", r):
		return r
	}
	return '-'
}

func (l *loader) log(level, format text) Log {
	c := Log{Level: slog.LevelInfo, Format: LogAuto}
	if level.given() {
		switch level.value {
		case "debug", "info", "warn", "error":
			_ = c.Level.UnmarshalText([]byte(level.value)) // knows these four
		default:
			l.wrong(level.from, "log.level", "write debug, info, warn or error", "%s is no level", quote(level.value))
		}
	}
	if format.given() {
		switch c.Format = LogFormat(format.value); c.Format {
		case LogAuto, LogText, LogJSON:
		default:
			l.wrong(format.from, "log.format", "write auto, text or json", "%s is no format", quote(format.value))
		}
	}
	l.settle("log.level", strings.ToLower(c.Level.String()), level.from)
	l.settle("log.format", string(c.Format), format.from)
	return c
}

func (l *loader) onceTimeout(d *draft) time.Duration {
	const flag = "--once-timeout"
	switch {
	case d.onceTimeout < 0:
		l.wrong(fromFlag(flag), "", "write a duration such as 90s or 10m", "%s is negative", d.onceTimeout)
	case d.onceTimeout > 0 && !d.once.set():
		l.wrong(fromFlag(flag), "", "add --once, or remove it", "it bounds --once, which is not given")
	}
	return d.onceTimeout
}

// blamed reports whether a problem was noted at one of the settings or below
// it. What is missing because its line is wrong is not reported again.
func (l *loader) blamed(paths ...string) bool {
	for _, p := range l.errs {
		for _, path := range paths {
			if rest, ok := strings.CutPrefix(p.Path, path); ok && (rest == "" || path == "" || rest[0] == '.' || rest[0] == '[') {
				return true
			}
		}
	}
	return false
}

// blamedAt reports whether a problem was noted at the setting itself that says
// why one of its keys is missing: it is no mapping, or the key was mistyped.
func (l *loader) blamedAt(path string, keys ...string) bool {
	for _, p := range l.errs {
		if p.Path == path && p.layer == layerFile && (!p.key.is || slices.Contains(keys, p.key.near)) {
			return true
		}
	}
	return false
}

// readFile reads a file of at most most bytes.
func readFile(name string, most int64) ([]byte, fs.FileMode, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, 0, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, 0, err
	}
	data, err := io.ReadAll(io.LimitReader(f, most+1))
	switch {
	case err != nil:
		return nil, 0, err
	case int64(len(data)) > most:
		return nil, 0, fmt.Errorf("it is larger than %s", FormatSize(most))
	}
	return data, info.Mode(), nil
}
