//go:build vm && linux

package main_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/sensord/sensord/internal/vmtest"
)

const (
	netAdmin = "CAP_NET_ADMIN"
	netRaw   = "CAP_NET_RAW"
)

// asUser runs a command as a user without rights, but for these capabilities.
func asUser(capabilities ...string) func(*exec.Cmd) {
	numbers := map[string]uintptr{netAdmin: unix.CAP_NET_ADMIN, netRaw: unix.CAP_NET_RAW}
	return func(cmd *exec.Cmd) {
		const sensord = 1000
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: sensord, Gid: sensord}}
		for _, c := range capabilities {
			cmd.SysProcAttr.AmbientCaps = append(cmd.SysProcAttr.AmbientCaps, numbers[c])
		}
	}
}

// open is a directory that a user without rights may write to.
func open(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, d := range []string{filepath.Dir(dir), dir} {
		if err := os.Chmod(d, 0o777); err != nil { //nolint:gosec // it is for another user
			t.Fatal(err)
		}
	}
	return dir
}

// TestVMUser captures without being root: that takes two capabilities, and
// without them sensord says which.
func TestVMUser(t *testing.T) {
	network(t, "six", 6)
	radio := vmtest.NewRadio(t, vmtest.RadioOptions{})
	before := wireless(t)
	definition := radio.Interface + ":channel=6,channel_hop=false"

	t.Run("both", func(t *testing.T) {
		srv, dir := serve(t, unhurried()), open(t)
		p := installed().start(t, invocation{
			args: append(websocket(srv), "--state-dir", filepath.Join(dir, "state"), "--log-format", "text", "--source", definition),
			dir:  dir, setup: asUser(netAdmin, netRaw),
		})
		opened(t, srv, uuidOf(radio))
		hears(t, srv, uuidOf(radio), 5, "six")
		p.finish(t)
		same(t, before)

		// Only root may switch a radio on that was switched off.
		blocked := vmtest.NewRadio(t, vmtest.RadioOptions{})
		blocked.Block(t, true)
		p = installed().start(t, invocation{args: []string{"list", "--json"}, dir: dir, setup: asUser(netAdmin, netRaw)})
		p.exit(t)
		for _, r := range radiosOf(t, p.out.String()) {
			switch {
			case r.Interface != blocked.Interface && r.Captures:
			case r.Interface == blocked.Interface && !r.Captures && len(r.Problems) == 1 && r.Problems[0].Code == "radio.blocked" &&
				strings.Contains(r.Problems[0].Remedy, "rfkill unblock"):
			default:
				t.Errorf("list says of %s: %+v", r.Interface, r.Problems)
			}
		}
		p = installed().start(t, invocation{
			args: append(websocket(srv), "--state-dir", filepath.Join(dir, "state"), "--log-format", "text", "--source", blocked.Interface),
			dir:  dir, setup: asUser(netAdmin, netRaw),
		})
		p.await(t, "switched off in software")
		blocked.Block(t, false) // and somebody who may does
		opened(t, srv, uuidOf(blocked))
		p.finish(t)
	})
	for _, has := range [][]string{{netRaw}, {netAdmin}, {}} {
		t.Run("only "+strings.Join(has, ""), func(t *testing.T) {
			srv, dir := serve(t, unhurried()), open(t)
			run := func(args ...string) *process {
				return installed().start(t, invocation{args: args, dir: dir, setup: asUser(has...)})
			}
			names := func(text string) {
				t.Helper()
				for _, c := range []string{netAdmin, netRaw} {
					if missing := !slices.Contains(has, c); strings.Contains(text, c) != missing {
						t.Errorf("%s is missing: %v, which cannot be read in\n%s", c, missing, text)
					}
				}
			}
			state := []string{"--state-dir", filepath.Join(dir, "state")}
			p := run(slices.Concat(websocket(srv), state, []string{"--log-format", "text", "--source", definition})...)
			p.await(t, "missing")
			p.end(t)
			names(p.errs.String())

			p = run(slices.Concat([]string{"check"}, websocket(srv), state, []string{"--source", definition})...)
			if status := p.exit(t); status != 7 {
				t.Errorf("check ends with status %d, want 7", status)
			}
			t.Logf("check says\n%s", p.out.String())
			line, _, _ := strings.Cut(p.out.String()[strings.Index(p.out.String(), "FAIL"):], "\n")
			names(line)

			p = run("list", "--json")
			p.exit(t)
			r := radiosOf(t, p.out.String())
			if len(r) != 2 || r[1].Captures || len(r[1].Problems) != 1 || r[1].Problems[0].Code != "radio.permission" {
				t.Fatalf("list says %+v", r)
			}
			names(r[1].Problems[0].What)
			same(t, before)
		})
	}
}

// TestVMListAndCheck are what a user sees of good radios and of others.
func TestVMListAndCheck(t *testing.T) {
	good, blocked := vmtest.NewRadio(t, vmtest.RadioOptions{}), vmtest.NewRadio(t, vmtest.RadioOptions{})
	busy, bare := vmtest.NewRadio(t, vmtest.RadioOptions{}), vmtest.NewRadio(t, vmtest.RadioOptions{NoInterface: true})
	blocked.Block(t, true)
	vmtest.IW(t, "phy", busy.Phy, "interface", "add", "extra", "type", "managed")
	vmtest.SetUp(t, "extra", true)
	before := wireless(t)

	p := installed().run(t, "list")
	text := p.out.String()
	t.Logf("list says\n%s", text)
	has(t, text, "captures: sensord --source "+good.Interface+"\n", "captures: sensord --source "+blocked.Interface+"\n",
		"switched off in software", "its interface extra is up", "this phy has no interface", "iw phy "+bare.Phy+" interface add")
	if strings.Contains(text, "\n  hwsim0 ") || strings.Contains(text, "\n  lo ") {
		t.Error("interfaces that are no radios are listed")
	}
	has(t, installed().run(t, "list", "--channels").out.String(),
		"2462 MHz  11, 11HT40-\n", "2484 MHz  off: 14 (disabled by the regulatory domain)\n", "5180 MHz  36, 36HT40+, 36VHT80, 36VHT160\n",
		"5320 MHz  64, 64HT40-, 64VHT80, 64VHT160  radar\n", "5955 MHz  1W6e, 5955HT40+, 5955VHT80-5985, 5955VHT160-6025, 5955EHT320-6105  no transmission\n")

	radios := radiosOf(t, installed().run(t, "list", "--json").out.String())
	captures := map[string]bool{good.Interface: true, blocked.Interface: true, busy.Interface: false, "extra": true, "": false}
	for _, r := range radios {
		if can, known := captures[r.Interface]; !known || can != r.Captures || r.Driver != "mac80211_hwsim" && r.Interface != "" {
			t.Errorf("list --json has %+v", r)
		}
		delete(captures, r.Interface)
	}
	if len(captures) > 0 {
		t.Errorf("list --json lacks %v", captures)
	}

	srv := serve(t, unhurried())
	for _, c := range []struct {
		source string
		status int
		says   string
	}{
		{good.Interface, 0, "ok    rfkill"},
		{blocked.Interface, 0, "switches it on"},
		{busy.Interface, 7, "its interface extra is up"},
		{good.Interface + ":channel=14", 7, "disabled"},
		{"hwsim0:type=linuxwifi", 7, "this is no Wi-Fi interface"},
		{"wlan99:type=linuxwifi", 7, "there is no such interface"},
	} {
		p := installed().start(t, invocation{args: append(append([]string{"check"}, websocket(srv)...), "--source", c.source)})
		status := p.exit(t)
		t.Logf("check --source %s says\n%s", c.source, p.out.String())
		if status != c.status || !strings.Contains(p.out.String(), c.says) {
			t.Errorf("check --source %s ends with status %d, want %d and %q", c.source, status, c.status, c.says)
		}
	}
	same(t, before)
}
