//go:build linux

package vmtest

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/sensord/sensord/capture"
)

// APOptions says what an access point is like.
type APOptions struct {
	SSID     string          // 1 to 32 bytes of printable ASCII
	Channel  capture.Channel // 20 to 160 MHz; not one with radar, that takes a minute
	Interval int             // between beacons, in units of 1.024 ms; 0 = 100
	Extra    []string        // further lines of hostapd's configuration
}

// An AP is an access point: hostapd on a radio's first interface.
type AP struct {
	SSID   string
	BSSID  string // as in 02:00:00:00:00:00
	daemon *exec.Cmd
	ended  chan struct{} // closed when the daemon's output ends
	said   strings.Builder
}

// StartAP starts an access point on a radio and returns when it sends beacons.
// It ends with the test. In 6 GHz it has a password ("password"), as the
// standard demands, and needs a domain that allows access points there: DE,
// for example, and not US.
func StartAP(t testing.TB, r *Radio, o APOptions) *AP {
	t.Helper()
	file := filepath.Join(t.TempDir(), "hostapd.conf")
	if err := os.WriteFile(file, []byte(apConfig(r.Interface, o)), 0o600); err != nil {
		t.Fatal(err)
	}
	ap := &AP{SSID: o.SSID, BSSID: sysfs("net", r.Interface, "address"), ended: make(chan struct{})}
	ap.daemon = exec.Command("hostapd", file)
	out, err := ap.daemon.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	ap.daemon.Stderr = ap.daemon.Stdout
	if err := ap.daemon.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ap.Stop(t) })
	up := make(chan struct{})
	go ap.listen(out, up)
	select {
	case <-up:
	case <-ap.ended:
		t.Fatalf("%s: hostapd ended: %s", r.Interface, ap.said.String())
	case <-Context(t).Done():
		t.Fatalf("%s: hostapd does not get to send beacons", r.Interface)
	}
	return ap
}

// listen reads what hostapd says.
func (a *AP) listen(out io.Reader, up chan<- struct{}) {
	defer close(a.ended)
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		fmt.Fprintln(&a.said, lines.Text())
		if up != nil && strings.Contains(lines.Text(), "AP-ENABLED") {
			close(up)
			up = nil
		}
	}
}

// Stop ends the access point. A second time it does nothing.
func (a *AP) Stop(t testing.TB) {
	t.Helper()
	if a.daemon.ProcessState != nil {
		return
	}
	if err := a.daemon.Process.Signal(unix.SIGTERM); err != nil {
		t.Errorf("hostapd: %v", err)
	}
	<-a.ended
	if err := a.daemon.Wait(); err != nil && !t.Failed() {
		t.Errorf("hostapd: %v: %s", err, a.said.String())
	}
}

// apConfig writes hostapd's configuration.
func apConfig(name string, o APOptions) string {
	var b strings.Builder
	set := func(key string, value any) { fmt.Fprintf(&b, "%s=%v\n", key, value) }
	interval := o.Interval
	if interval == 0 {
		interval = 100
	}
	set("interface", name)
	set("driver", "nl80211")
	set("ssid", o.SSID)
	set("beacon_int", interval)
	c := o.Channel
	switch {
	case c.FreqMHz < 3000:
		set("hw_mode", "g")
		set("channel", channelNumber(c.FreqMHz))
		highThroughput(set, c)
	case c.FreqMHz < 5950:
		set("hw_mode", "a")
		set("channel", channelNumber(c.FreqMHz))
		highThroughput(set, c)
		if c.Width == capture.Width80 || c.Width == capture.Width160 {
			set("ieee80211ac", 1)
			set("vht_oper_chwidth", wide(c.Width))
			set("vht_oper_centr_freq_seg0_idx", channelNumber(c.CenterMHz))
		}
	default:
		set("hw_mode", "a")
		set("channel", channelNumber(c.FreqMHz))
		sixGHz(set, c)
	}
	for _, line := range o.Extra {
		fmt.Fprintln(&b, line)
	}
	return b.String()
}

// highThroughput writes what an access point of 20 or 40 MHz has outside 6 GHz.
func highThroughput(set func(string, any), c capture.Channel) {
	if c.Width == capture.Width20NoHT {
		return
	}
	set("ieee80211n", 1)
	if c.CenterMHz == 0 {
		return
	}
	// Wider ones are made of pairs of 20 MHz; this is whether it is the lower
	// one of its pair.
	half := map[capture.Width]int{capture.Width40: 20, capture.Width80: 40, capture.Width160: 80}[c.Width]
	above := (c.FreqMHz-(c.CenterMHz-half)-10)/20%2 == 0
	if above {
		set("ht_capab", "[HT40+]")
	} else {
		set("ht_capab", "[HT40-]")
	}
}

func sixGHz(set func(string, any), c capture.Channel) {
	class := map[capture.Width]int{capture.Width40: 132, capture.Width80: 133, capture.Width160: 134}[c.Width]
	if class == 0 {
		class = 131
	} else {
		set("he_oper_centr_freq_seg0_idx", channelNumber(c.CenterMHz))
	}
	set("op_class", class)
	set("he_oper_chwidth", wide(c.Width))
	set("ieee80211ax", 1)
	set("wpa", 2)
	set("wpa_key_mgmt", "SAE")
	set("rsn_pairwise", "CCMP")
	set("ieee80211w", 2)
	set("sae_password", "password")
	set("sae_pwe", 1)
}

// wide is how hostapd counts widths.
func wide(w capture.Width) int {
	switch w {
	case capture.Width80:
		return 1
	case capture.Width160:
		return 2
	default:
		return 0
	}
}

func channelNumber(mhz int) int {
	switch {
	case mhz == 2484:
		return 14
	case mhz < 3000:
		return (mhz - 2407) / 5
	case mhz < 5950:
		return (mhz - 5000) / 5
	default:
		return (mhz - 5950) / 5
	}
}
