package configs

import (
	"net"
	"strings"
	"testing"

	"github.com/sensord/sensord/capture"
)

// machineWith makes a loader that sees these interfaces and no files.
func machineWith(macs map[string]string) *loader {
	l := newLoader("")
	l.fileExists = func(string) bool { return false }
	l.directoryExists = l.fileExists
	l.interfaceExists = func(name string) bool { _, ok := macs[name]; return ok }
	l.interfaceMAC = func(name string) (net.HardwareAddr, bool) {
		mac, err := net.ParseMAC(macs[name])
		return mac, err == nil && len(mac) == 6
	}
	l.interfacePhy = func(name string) string {
		return map[string]string{"wlan5": "phy5", "mon5": "phy5", "wlan6": "phy6"}[name]
	}
	l.root = func() bool { return false }
	return l
}

func TestUUIDOfRadios(t *testing.T) {
	macs := map[string]string{"wlan0": "02:00:00:00:00:01", "wlan1": "02:00:00:00:00:01", "lo": ""}
	for _, tt := range []struct{ name, sources, want string }{
		{"of its MAC address", "wlan0", "5FE308BD-0000-0000-0000-020000000001"},
		{"as the definition says", "wlan0:uuid=5fe308bd-0000-0000-0000-020000000009", "5FE308BD-0000-0000-0000-020000000009"},
		{"not known yet", "wlan7:type=linuxwifi", "00000000-0000-0000-0000-000000000000"},
		{"never", "lo", "00000000-0000-0000-0000-000000000000"},
		{"two not known yet", "wlan7:type=linuxwifi wlan8:type=linuxwifi", "00000000-0000-0000-0000-000000000000 00000000-0000-0000-0000-000000000000"},
		{"one for two", "wlan0 wlan1", `--source: "wlan1" has the UUID of "wlan0", 5FE308BD-0000-0000-0000-020000000001, and a server keeps one source per UUID; keep one, or give one of them another uuid=`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l, err := machineWith(macs).load(nil, nil, Flags{Connect: "k", TCP: true, Sources: strings.Fields(tt.sources), StateDir: "/s"})
			var got []string
			for _, s := range l.Config.Sources {
				if s.Type != capture.TypeLinuxWifi {
					t.Errorf("%s has type %s", s.Name, s.Type)
				}
				got = append(got, s.UUID.String())
			}
			if err != nil {
				got = []string{err.Error()}
			}
			if text := strings.Join(got, " "); text != tt.want || len(l.Warnings) > 0 {
				t.Errorf("\n got %s\nwant %s\nwarnings %v", text, tt.want, l.Warnings)
			}
		})
	}
}

func TestStateDir(t *testing.T) {
	const noDir = "--state-dir: there is none, so after a crash the next start cannot put the radios back as they were; name a directory with --state-dir, SENSORD_STATE_DIR or state_dir"
	for _, tt := range []struct {
		name, flag, environ string
		root                bool
		want, from          string
	}{
		{"flag", "/flag", "SENSORD_STATE_DIR=/variable", true, "/flag", "--state-dir"},
		{"variable", "", "SENSORD_STATE_DIR=/variable STATE_DIRECTORY=/systemd", true, "/variable", "SENSORD_STATE_DIR"},
		{"systemd", "", "STATE_DIRECTORY=/systemd:/other HOME=/root", true, "/systemd", "STATE_DIRECTORY"},
		{"root", "", "HOME=/root XDG_STATE_HOME=/root/state", true, "/var/lib/sensord", "default"},
		{"user", "", "HOME=/home/u XDG_STATE_HOME=/home/u/state", false, "/home/u/state/sensord", "XDG_STATE_HOME"},
		{"user's home", "", "HOME=/home/u XDG_STATE_HOME=", false, "/home/u/.local/state/sensord", "HOME"},
		{"the last of a variable", "", "HOME=/a HOME=/home/u", false, "/home/u/.local/state/sensord", "HOME"},
		{"nowhere", "", "HOME=relative", false, "", noDir},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := machineWith(nil)
			l.root = func() bool { return tt.root }
			loaded, err := l.load(nil, strings.Fields(tt.environ), Flags{Connect: "k", TCP: true, Sources: []string{"wlan0:type=linuxwifi"}, StateDir: tt.flag})
			if err != nil {
				t.Fatal(err)
			}
			from := ""
			for _, s := range loaded.Settings {
				if s.Path == "state_dir" {
					from = s.From.String()
				}
			}
			for _, w := range loaded.Warnings {
				from += w.String()
			}
			if got := loaded.Config.StateDir; got != tt.want || from != tt.from {
				t.Errorf("%q from %s, want %q from %s", got, from, tt.want, tt.from)
			}
		})
	}
}

func TestRadioDefaults(t *testing.T) {
	l, err := machineWith(nil).load(nil, nil, Flags{Connect: "k", TCP: true, Sources: []string{"wlan0:type=linuxwifi"}, StateDir: "/s"})
	if err != nil {
		t.Fatal(err)
	}
	s := l.Config.Sources[0]
	if s.Hop.Mode != HopServer || s.Hop.Rate != DefaultHopRate || !s.Hop.Shuffle || s.Hop.Channels != nil ||
		s.RingBytes != DefaultRingBytes || s.Filter != nil || s.IgnoreServerOptions {
		t.Errorf("%+v", s)
	}
}

// Two sources cannot have one radio by two of its interfaces, nor two radios one
// monitor interface: the second would find it taken, and wait for ever. An option that is true or false cannot be nothing.
func TestRadioOptions(t *testing.T) {
	const advice = "; give each radio a monitor interface of its own with vif=, or leave vif= out"
	macs := map[string]string{"wlan0": "02:00:00:00:00:01", "wlan1": "02:00:00:00:00:02"}
	for _, tt := range []struct{ sources, want string }{
		{"wlan0:vif=mon0 wlan1:vif=mon1", ""},
		{"wlan0:vif=wlan0 wlan1:vif=wlan1", ""},
		{"wlan0:vif= wlan1:vif=", ""},
		{"wlan0:vif=mon0 wlan1:vif=mon0", `--source: "wlan1:vif=mon0" and "wlan0:vif=mon0" both use the interface mon0` + advice},
		{"wlan0:vif=wlan1 wlan1", `--source: "wlan1" and "wlan0:vif=wlan1" both use the interface wlan1` + advice},
		{"wlan0:filter_mgmt=", `--source: "wlan0:filter_mgmt=": option filter_mgmt: "" is neither true nor false; write true or false`},
		{"wlan5:type=linuxwifi wlan6:type=linuxwifi", ""},
		{
			"wlan5:type=linuxwifi mon5:type=linuxwifi",
			`--source: "mon5:type=linuxwifi" captures from the radio of "wlan5:type=linuxwifi", and a radio is tuned to one channel at a time; keep one of the two`,
		},
		{"wlan0 wlan1:vif=wlan0", `--source: "wlan1:vif=wlan0" and "wlan0" both use the interface wlan0` + advice},
	} {
		_, err := machineWith(macs).load(nil, nil, Flags{Connect: "k", TCP: true, Sources: strings.Fields(tt.sources), StateDir: "/s"})
		if errText(err) != tt.want {
			t.Errorf("%s:\n got %s\nwant %s", tt.sources, errText(err), tt.want)
		}
	}
}

func TestInterfaceName(t *testing.T) {
	for name, want := range map[string]bool{
		"wlan0": true, "wlx00c0ca112233": true, "": false, ".": false, "..": false, "a b": false, "a/b": false, strings.Repeat("x", 127): true, strings.Repeat("x", 128): false,
	} {
		if got := interfaceName(name); got != want {
			t.Errorf("interfaceName(%q) = %v", name, got)
		}
	}
}
