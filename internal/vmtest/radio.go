//go:build linux

package vmtest

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// RadioOptions says what a new radio is like. The zero value is a radio as the
// kernel makes it: all bands, one channel at a time, one interface in managed
// mode that is down.
type RadioOptions struct {
	Phy         string           // its name; "" = the kernel's choice
	MAC         net.HardwareAddr // permanent address; nil = the kernel's choice
	Channels    int              // at a time; 0 = one, more = the driver uses channel contexts
	ChanCtx     bool             // channel contexts with one channel, too
	NoInterface bool             // without its first interface
	Country     string           // regulatory domain that its firmware asks for; "" = none
	Strict      bool             // and no other: with Country
}

// A Radio is a phy of mac80211_hwsim.
type Radio struct {
	ID        int              // of mac80211_hwsim
	PhyIndex  int              // of nl80211
	Phy       string           // its name when it was made
	Interface string           // its first interface when it was made; "" = none
	MAC       net.HardwareAddr // permanent address

	deleted bool
}

// NewRadio makes a radio, which is deleted when the test ends.
func NewRadio(t testing.TB, o RadioOptions) *Radio {
	t.Helper()
	r, err := newRadio(o)
	if err != nil {
		t.Fatalf("new radio: %v", err)
	}
	t.Cleanup(func() {
		if err := r.delete(); err != nil {
			t.Errorf("%s: delete: %v", r.Phy, err)
		}
	})
	return r
}

func newRadio(o RadioOptions) (*Radio, error) {
	before, err := phys()
	if err != nil {
		return nil, err
	}
	r := new(Radio)
	err = withControl(func(c *control) (err error) {
		r.ID, err = c.create(o)
		return err
	})
	if err != nil {
		return nil, err
	}
	after, err := phys()
	if err != nil {
		return nil, err
	}
	for name := range after {
		if _, old := before[name]; !old {
			r.Phy = name
		}
	}
	if r.Phy == "" {
		return nil, fmt.Errorf("radio %d: no new phy", r.ID)
	}
	r.PhyIndex = after[r.Phy]
	if r.MAC, err = net.ParseMAC(sysfs("ieee80211", r.Phy, "macaddress")); err != nil {
		return nil, fmt.Errorf("%s: %w", r.Phy, err)
	}
	if names := r.Interfaces(); len(names) > 0 {
		r.Interface = names[0]
	}
	return r, nil
}

// Delete deletes the radio, as if it were unplugged: its interfaces vanish. A
// second time it does nothing.
func (r *Radio) Delete(t testing.TB) {
	t.Helper()
	if err := r.delete(); err != nil {
		t.Fatalf("%s: delete: %v", r.Phy, err)
	}
}

func (r *Radio) delete() error {
	if r.deleted {
		return nil
	}
	r.deleted = true
	return withControl(func(c *control) error { return c.remove(r.ID) })
}

// Interfaces lists the names of the radio's interfaces, sorted. It follows the
// phy when that is renamed.
func (r *Radio) Interfaces() []string {
	links, err := filepath.Glob("/sys/class/net/*/phy80211")
	if err != nil {
		return nil
	}
	var names []string
	for _, link := range links {
		index, err := os.ReadFile(filepath.Join(link, "index"))
		if err == nil && strings.TrimSpace(string(index)) == strconv.Itoa(r.PhyIndex) {
			names = append(names, filepath.Base(filepath.Dir(link)))
		}
	}
	return names
}

// Name is the phy's name at this moment, or "" if it is gone.
func (r *Radio) Name() string {
	now, err := phys()
	if err != nil {
		return ""
	}
	for name, index := range now {
		if index == r.PhyIndex {
			return name
		}
	}
	return ""
}

// Rename renames the phy.
func (r *Radio) Rename(t testing.TB, name string) {
	t.Helper()
	IW(t, "phy", r.Name(), "set", "name", name)
}

// Block switches the radio's soft rfkill on or off.
func (r *Radio) Block(t testing.TB, blocked bool) {
	t.Helper()
	files, err := filepath.Glob("/sys/class/ieee80211/" + r.Name() + "/rfkill*/soft")
	if err != nil || len(files) != 1 {
		t.Fatalf("%s: one rfkill wanted: %v %v", r.Phy, files, err)
	}
	value := "0"
	if blocked {
		value = "1"
	}
	if err := os.WriteFile(files[0], []byte(value), 0); err != nil {
		t.Fatal(err)
	}
}

// Signal sets the strength in dBm with which the radio hears others: the
// transmitter's power comes on top.
func (r *Radio) Signal(t testing.TB, dBm int) {
	t.Helper()
	file := "/sys/kernel/debug/ieee80211/" + r.Name() + "/hwsim/rx_rssi"
	err := os.WriteFile(file, []byte(strconv.Itoa(dBm)), 0)
	if errors.Is(err, unix.EINVAL) { // kernels before 6.2 read no sign
		err = os.WriteFile(file, []byte(strconv.FormatUint(uint64(dBm), 10)), 0)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// phys are the names of all phys, with their indexes.
func phys() (map[string]int, error) {
	entries, err := os.ReadDir("/sys/class/ieee80211")
	if err != nil {
		return nil, err
	}
	found := make(map[string]int, len(entries))
	for _, entry := range entries {
		index, err := strconv.Atoi(sysfs("ieee80211", entry.Name(), "index"))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", entry.Name(), err)
		}
		found[entry.Name()] = index
	}
	return found, nil
}

// sysfs reads a file of /sys/class, or "" if there is none.
func sysfs(path ...string) string {
	text, err := os.ReadFile(filepath.Join("/sys/class", filepath.Join(path...)))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(text))
}
