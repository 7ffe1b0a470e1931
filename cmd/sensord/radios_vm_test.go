//go:build vm && linux

package main_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	wlan "github.com/sensord/sensord/capture/radiotap"
	"github.com/sensord/sensord/internal/vmtest"
	"github.com/sensord/sensord/uplink/kismet"
	"github.com/sensord/sensord/uplink/kismettest"
)

// What the tests on radios of software share. The command is the one that the
// machine has installed.
func installed() *endToEnd { return &endToEnd{bin: "/bin/sensord"} }

// unhurried is a server that leaves hopping to the sensor.
func unhurried() kismettest.Config { return kismettest.Config{HopRate: -1} }

// captures starts sensord on sources; what it noted for the next start is in
// state, or nowhere that outlives the test.
func captures(t *testing.T, server []string, state string, sources ...string) *process {
	t.Helper()
	if state == "" {
		state = t.TempDir()
	}
	args := append(slices.Clone(server), "--state-dir", state, "--log-format", "text")
	for _, s := range sources {
		args = append(args, "--source", s)
	}
	return installed().start(t, invocation{args: args})
}

// finish ends a sensord in order.
func (p *process) finish(t *testing.T) {
	t.Helper()
	if status := p.end(t); status != 0 {
		t.Errorf("%q ended with status %d", p.Args, status)
	}
}

func uuidOf(r *vmtest.Radio) string {
	return fmt.Sprintf("5FE308BD-0000-0000-0000-%X", []byte(r.MAC))
}

// until waits until something holds for a source, and returns it.
func until(t *testing.T, srv *kismettest.Server, uuid, what string, cond func(kismettest.Source) bool) kismettest.Source {
	t.Helper()
	var last kismettest.Source
	err := srv.Wait(vmtest.Context(t), func(s *kismettest.Server) bool {
		src, ok := s.Source(uuid)
		last = src
		return ok && cond(src)
	})
	if err != nil {
		t.Fatalf("waiting until %s: %v\n%s tells %+v", what, err, uuid, last)
	}
	return last
}

// opened waits until the server has a source in its list.
func opened(t *testing.T, srv *kismettest.Server, uuid string) kismettest.Source {
	t.Helper()
	return until(t, srv, uuid, "it is opened", func(s kismettest.Source) bool { return s.Listed })
}

// commanded waits until the source has answered all that it was asked.
func commanded(t *testing.T, srv *kismettest.Server, uuid string, err error) kismettest.Source {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return until(t, srv, uuid, "it has answered", func(s kismettest.Source) bool { return s.Pending == 0 })
}

// A heard is a beacon that a server got.
type heard struct {
	ssid string
	mhz  int // that the radio says it was heard on
	at   time.Time
}

// beacons are those that arrived from a source and were captured since then.
func beacons(t *testing.T, srv *kismettest.Server, uuid string, since time.Time) []heard {
	t.Helper()
	var list []heard
	for _, f := range srv.Frames(uuid) {
		at := time.Unix(int64(f.Sec), int64(f.Usec)*1000)
		if at.Before(since) {
			continue
		}
		h, err := wlan.Parse(f.Content)
		if err != nil {
			t.Fatalf("a frame without radiotap header: %v", err)
		}
		if _, ssid, ok := vmtest.BeaconOf(f.Content[h.Length:]); ok {
			list = append(list, heard{ssid: ssid, mhz: h.FreqMHz, at: at})
		}
	}
	return list
}

// hears waits until a source has brought so many beacons of each network that
// were captured from now on, and returns all of them.
func hears(t *testing.T, srv *kismettest.Server, uuid string, each int, ssids ...string) []heard {
	t.Helper()
	now := time.Now()
	var list []heard
	until(t, srv, uuid, fmt.Sprintf("%d beacons of each of %q have arrived", each, ssids), func(kismettest.Source) bool {
		list = beacons(t, srv, uuid, now)
		count := map[string]int{}
		for _, h := range list {
			count[h.ssid]++
		}
		return !slices.ContainsFunc(ssids, func(s string) bool { return count[s] < each })
	})
	return list
}

// errorsOf are the messages of severity ERROR that a server got of a source,
// and what its reports complain of.
func errorsOf(src kismettest.Source) []string {
	var texts []string
	for _, m := range src.Messages {
		if m.Severity == kismet.Error {
			texts = append(texts, m.Text)
		}
	}
	if src.LastReport.Text != "" {
		texts = append(texts, src.LastReport.Text)
	}
	return texts
}

// complains waits until a server was told of an error with these words in it.
// All it was told has to be for people.
func complains(t *testing.T, srv *kismettest.Server, uuid string, words ...string) {
	t.Helper()
	src := until(t, srv, uuid, fmt.Sprintf("there is an error with %q", words), func(src kismettest.Source) bool {
		return slices.ContainsFunc(errorsOf(src), func(text string) bool {
			return !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(text, w) })
		})
	})
	for _, text := range errorsOf(src) {
		readable(t, text)
	}
}

// readable checks that a message is for people: one line that begins with what
// it is about, without what only programs need.
func readable(t *testing.T, text string) {
	t.Helper()
	rubbish := regexp.MustCompile(`%!|0x[0-9a-f]|errno|<nil>|&\{|\n|netlink|nl80211|failed to|unexpected|panic`)
	if !strings.Contains(text, ": ") || rubbish.MatchString(text) {
		t.Errorf("not a message for people: %q", text)
	}
}

// tuned is how an interface is tuned, as iw says it.
func tuned(t *testing.T, name string) string {
	t.Helper()
	for line := range strings.Lines(vmtest.IW(t, "dev", name, "info")) {
		if line = strings.TrimSpace(line); strings.HasPrefix(line, "channel ") {
			return line
		}
	}
	return "not tuned"
}

// wireless describes every Wi-Fi interface of the machine, one in a line: name,
// index, address, phy, type, whether it is up; and whether its radio is switched
// off. What goes on in the air (power, channel) is not in it.
func wireless(t *testing.T) string {
	t.Helper()
	links, err := filepath.Glob("/sys/class/net/*/phy80211")
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, link := range links {
		dir := filepath.Dir(link)
		kind := ""
		for line := range strings.Lines(vmtest.IW(t, "dev", filepath.Base(dir), "info")) {
			if text, ok := strings.CutPrefix(strings.TrimSpace(line), "type "); ok {
				kind = text
			}
		}
		fmt.Fprintf(&b, "%s %s %s %s %s up=%v", filepath.Base(dir), sys(t, dir, "ifindex"), sys(t, dir, "address"),
			sys(t, link, "name"), kind, isUp(t, filepath.Base(dir)))
		blocks, _ := filepath.Glob(filepath.Join(link, "rfkill*", "soft"))
		for _, file := range blocks {
			fmt.Fprintf(&b, " blocked=%s", sys(t, file))
		}
		b.WriteString("\n")
	}
	return b.String()
}

func isUp(t *testing.T, name string) bool {
	t.Helper()
	var flags int
	if _, err := fmt.Sscanf(sys(t, "/sys/class/net", name, "flags"), "0x%x", &flags); err != nil {
		t.Fatal(err)
	}
	return flags&unix.IFF_UP != 0
}

func sys(t *testing.T, path ...string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(path...))
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(text))
}

// network starts an access point with frequent beacons on a new radio.
func network(t *testing.T, ssid string, channel int) *vmtest.Radio {
	t.Helper()
	r := vmtest.NewRadio(t, vmtest.RadioOptions{})
	vmtest.StartAP(t, r, vmtest.APOptions{SSID: ssid, Channel: vmtest.Channel(channel), Interval: 30})
	return r
}
