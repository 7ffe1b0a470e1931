package linuxwifi

import (
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"
)

// tree makes files below a folder: a value that begins with "->" is a link.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, content := range files {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		var err error
		if target, ok := strings.CutPrefix(content, "->"); ok {
			err = os.Symlink(target, path)
		} else {
			err = os.WriteFile(path, []byte(content), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func TestHardwareOfAnInterface(t *testing.T) {
	s := sysfs{root: tree(t, map[string]string{
		"class/net/wlan0/ifindex":       "3\n",
		"class/net/wlan0/device":        "->../../../devices/usb1/1-1.4:1.0",
		"devices/usb1/1-1.4:1.0/driver": "->../../../bus/usb/drivers/mt76x2u",
		"class/net/odd/ifindex":         "4",
		"class/net/odd/device":          "->../../../devices/a\nb\x1b[2J" + strings.Repeat("x", 200),
		"class/net/huge/ifindex":        strings.Repeat("5", 9000),
		"class/net/negative/ifindex":    "-5",
		"class/net/wide/ifindex":        "4294967301",
	})}
	tests := []struct {
		name        string
		index       int
		driver, bus string
	}{
		{"wlan0", 3, "mt76x2u", "1-1.4:1.0"},
		{"wlan0", 4, "", ""},
		{"none", 3, "", ""},
		{"../net/wlan0", 3, "", ""},
		{"huge", 5, "", ""},
		{"negative", -5, "", ""},
		{"wide", 5, "", ""},
		{"odd", 4, "", "a?b?[2J" + strings.Repeat("x", maxNameRunes-7)},
	}
	for _, test := range tests {
		driver, bus := s.Hardware(test.name, test.index)
		if driver != test.driver || bus != test.bus {
			t.Errorf("%s: %q %q, want %q %q", test.name, driver, bus, test.driver, test.bus)
		}
	}
}

func TestNames(t *testing.T) {
	for name, want := range map[string]bool{
		"wlan0": true, "wlx0011": true, "the-one-on-the-roof": true, "ünder": true,
		"": false, ".": false, "..": false, "a/b": false, "a:b": false, "a b": false, "a\nb": false, "a\x7f": false,
		strings.Repeat("x", 128): false,
	} {
		if got := validName(name); got != want {
			t.Errorf("%q: %v, want %v", name, got, want)
		}
	}
}

func TestSwitches(t *testing.T) {
	root := tree(t, map[string]string{
		"sys/class/ieee80211/phy0/index":         "0",
		"sys/class/ieee80211/phy0/rfkill3/soft":  "1\n",
		"sys/class/ieee80211/phy0/rfkill3/hard":  "0\n",
		"sys/class/ieee80211/roof/index":         "1",
		"sys/class/ieee80211/roof/rfkill12/soft": "0",
		"sys/class/ieee80211/roof/rfkill12/hard": "1",
		"sys/class/ieee80211/phy2/index":         "2",
		"sys/class/ieee80211/phy3/index":         "3",
		"sys/class/ieee80211/phy3/rfkill4/soft":  "banana",
		"sys/class/ieee80211/phy3/rfkill4/hard":  "0",
		"sys/class/ieee80211/phy4/index":         "4",
		"sys/class/ieee80211/phy4/rfkillx/soft":  "1",
		"device":                                 "",
	})
	k := rfkillSwitch{sysfs: sysfs{root: filepath.Join(root, "sys")}, device: filepath.Join(root, "device")}
	for phy, want := range map[int]block{0: {Soft: true}, 1: {Hard: true}, 2: {}, 4: {}} {
		if got, err := k.Blocked(phy); got != want || err != nil {
			t.Errorf("phy %d: %+v %v, want %+v", phy, got, err, want)
		}
	}
	for _, phy := range []int{3, 9} {
		if got, err := k.Blocked(phy); err == nil {
			t.Errorf("phy %d: %+v", phy, got)
		}
	}
	if err := k.SetSoft(1, true); err != nil {
		t.Error(err)
	}
	event, err := os.ReadFile(k.device)
	if err != nil || len(event) != 8 || event[5] != rfkillChange || event[6] != 1 || event[0]+event[3] != 12 {
		t.Errorf("event %s, %v", hex.EncodeToString(event), err)
	}
	if !k.Writable(0) {
		t.Error("not writable")
	}
	for _, phy := range []int{2, 9} {
		if err := k.SetSoft(phy, true); err == nil {
			t.Errorf("phy %d, which has no switch, was switched", phy)
		}
	}
	k.device = filepath.Join(root, "none")
	if err := k.SetSoft(0, false); err != nil {
		t.Error(err)
	}
	if got, err := k.Blocked(0); got.Soft || err != nil {
		t.Errorf("still blocked: %+v %v", got, err)
	}
	if !k.Writable(0) || k.Writable(2) || k.Writable(9) {
		t.Error("writable is wrong without the device")
	}
}

func TestBootName(t *testing.T) {
	root := tree(t, map[string]string{
		"sys/kernel/random/boot_id": "4ad6a2f2-0000-4000-8000-000000000001\n",
		"self/ns/net":               "->net:[4026531840]",
	})
	if got := bootName(root); got != "4ad6a2f2-0000-4000-8000-000000000001 net:[4026531840]" {
		t.Errorf("boot %q", got)
	}
	if got := bootName(t.TempDir()); got != "" {
		t.Errorf("boot %q", got)
	}
}

func FuzzClean(f *testing.F) {
	f.Add("mt76x2u")
	f.Add("a\nb\x1b[2J\xff")
	f.Fuzz(func(t *testing.T, s string) {
		got := clean(s)
		if !utf8.ValidString(got) || utf8.RuneCountInString(got) > maxNameRunes || strings.ContainsAny(got, "\n\r\x1b\x00\x7f") {
			t.Errorf("%q becomes %q", s, got)
		}
	})
}
