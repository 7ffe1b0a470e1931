package linuxwifi

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"

	"golang.org/x/sys/unix"

	"github.com/sensord/sensord/capture/nl80211"
	"github.com/sensord/sensord/internal/fault"
)

// TestWhyARadioDoesNotOpen also is the list of what a person reads then.
func TestWhyARadioDoesNotOpen(t *testing.T) {
	tests := []struct {
		name  string
		radio string
		set   func(*fake)
		code  fault.Code
		want  string
	}{
		{"no such interface", "wlan7", nil, fault.RadioMissing, "radio wlan7: there is no such interface"},
		{"Ethernet", "eth0", nil, fault.RadioMissing, "radio eth0: this is no Wi-Fi interface"},
		{"hwsim's tap", "hwsim0", nil, fault.RadioMissing, "radio hwsim0: this is no Wi-Fi interface"},
		{"a path", "../wlan0", nil, fault.ConfigSource, "radio ../wlan0: this is no interface name"},
		{
			"one capability", "wlan0", func(f *fake) { f.lacks = []string{"CAP_NET_RAW"} },
			fault.RadioPermission, "radio wlan0: the capability CAP_NET_RAW is missing",
		},
		{
			"both capabilities", "wlan0", func(f *fake) { f.lacks = []string{"CAP_NET_ADMIN", "CAP_NET_RAW"} },
			fault.RadioPermission, "radio wlan0: the capabilities CAP_NET_ADMIN and CAP_NET_RAW are missing",
		},
		{
			"no monitor mode", "wlan0", func(f *fake) { f.phys[0].types = f.phys[0].types[:1] },
			fault.RadioUnsupported, "radio wlan0: its driver (mac80211_hwsim) has no monitor mode",
		},
		{
			"hard block", "wlan0", func(f *fake) { f.phys[0].hard = true },
			fault.RadioBlocked, "radio wlan0: it is switched off in hardware (rfkill)",
		},
		{
			"soft block that stays", "wlan1", func(f *fake) { f.phys[1].soft, f.phys[1].locked = true, true },
			fault.RadioBlocked, "radio wlan1: it is switched off in software (rfkill), and unblocking it is refused: operation not permitted",
		},
		{"vif= of another radio", "wlan0:vif=theirs", func(f *fake) {
			f.ifaces[9] = &fakeIface{name: "theirs", phy: 1, kind: nl80211.TypeMonitor}
		}, fault.ConfigSource, "radio wlan0: vif=theirs is there already, and is no monitor interface of this radio"},
		{
			"vif= of no radio", "wlan0:vif=eth0", nil,
			fault.ConfigSource, "radio wlan0: vif=eth0 is there already, and is no monitor interface of this radio",
		},
		{
			"vif= too long", "wlan0:vif=abcdefghijklmnop", nil,
			fault.ConfigSource, "radio wlan0: vif=abcdefghijklmnop is no interface name",
		},
		{"channel= that is none", "wlan0:channel=banana", nil, fault.ConfigSource, ""},
		{"driver refuses", "wlan0", func(f *fake) {
			f.phys[0].vif = &nl80211.Error{Op: "add monitor", Errno: unix.EINVAL, Message: "Too many interfaces"}
		}, fault.RadioDriver, "radio wlan0: prepare a monitor interface: too many interfaces"},
		{
			"every name taken", "wlan0", func(f *fake) { f.phys[0].vif = refuse("add monitor", unix.ENFILE) },
			fault.RadioDriver, "radio wlan0: every name for a monitor interface is taken",
		},
		{
			"vif= taken meanwhile", "wlan0:vif=mon0", func(f *fake) { f.phys[0].vif = refuse("add monitor", unix.EEXIST) },
			fault.ConfigSource, "radio wlan0: vif=mon0 is there already, and is no monitor interface of this radio",
		},
		{
			"no permission after all", "wlan0", func(f *fake) { f.phys[0].vif = refuse("add monitor", unix.EPERM) },
			fault.RadioPermission, "radio wlan0: prepare a monitor interface: operation not permitted",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFake()
				if test.set != nil {
					test.set(f)
				}
				before := f.String()
				_, err := tryOpen(t, f, Options{}, test.radio)
				if got := fault.CodeOf(err); got != test.code || test.want != "" && err.Error() != test.want {
					t.Errorf("%s %v\nwant %s %s", got, err, test.code, test.want)
				}
				if fault.RemedyOf(err) == "" {
					t.Errorf("no remedy for %v", err)
				}
				wantSame(t, before, f)
				wantNoFiles(t, f)
			})
		})
	}
}

func TestNotesOfAnOpenRadio(t *testing.T) {
	tests := []struct {
		name  string
		radio string
		set   func(*fake)
		want  string
	}{
		{"nothing to note", "wlan0:channel=6", nil, ""},
		{
			"NetworkManager refuses", "wlan0", func(f *fake) { f.nm = "refuses" },
			"NetworkManager may disturb it (it refuses: not authorized): type: nmcli device set wlan0 managed no",
		},
		{"channel refused", "wlan0:channel=13", nil, "channel=13: radio wlan0: tune to 13: disabled"},
		{"parent stays up", "wlan0:ignoreprimary=true", nil, "it cannot be tuned while its interface wlan0 is up"},
		{
			"no second interface", "wlan0", func(f *fake) { f.phys[0].vif = refuse("add monitor", unix.EOPNOTSUPP) },
			"its driver (mac80211_hwsim) cannot have a second interface: wlan0 is switched to monitor mode",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFake()
				if test.set != nil {
					test.set(f)
				}
				var log bytes.Buffer
				r := openOn(t, f, Options{Log: slog.New(slog.NewTextHandler(&log, nil))}, test.radio)
				notes := strings.Join(r.Details().Notes, "\n")
				if !strings.HasPrefix(notes, test.want) || test.want == "" && notes != "" {
					t.Errorf("notes %q, want %q", notes, test.want)
				}
				if test.want != "" && !strings.Contains(log.String(), "level=WARN") {
					t.Errorf("not logged: %s", log.String())
				}
			})
		})
	}
}
