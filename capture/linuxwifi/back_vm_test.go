//go:build vm && linux

package linuxwifi_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/sensord/sensord/capture/linuxwifi"
	"github.com/sensord/sensord/internal/vmtest"
)

// condition is how a radio's interfaces are, from iw and sysfs.
func condition(t *testing.T, r *vmtest.Radio) string {
	t.Helper()
	var b strings.Builder
	for _, name := range r.Interfaces() {
		info := vmtest.IW(t, "dev", name, "info")
		kind := info[strings.Index(info, "type "):]
		kind, _, _ = strings.Cut(kind, "\n")
		fmt.Fprintf(&b, "%s %s up=%v\n", name, kind, isUp(t, name))
	}
	soft, err := filepath.Glob("/sys/class/ieee80211/" + r.Name() + "/rfkill*/soft")
	if err != nil || len(soft) != 1 {
		t.Fatalf("switches %q, %v", soft, err)
	}
	text, err := os.ReadFile(soft[0])
	if err != nil {
		t.Fatal(err)
	}
	return b.String() + "soft " + string(text)
}

func isUp(t *testing.T, name string) bool {
	t.Helper()
	text, err := os.ReadFile("/sys/class/net/" + name + "/flags")
	if err != nil {
		t.Fatal(err)
	}
	var flags int
	if _, err := fmt.Sscanf(string(text), "0x%x", &flags); err != nil {
		t.Fatal(err)
	}
	return flags&unix.IFF_UP != 0
}

func TestVMSoftBlockIsLiftedAndPutBack(t *testing.T) {
	radio := vmtest.NewRadio(t, vmtest.RadioOptions{})
	radio.Block(t, true)
	before := condition(t, radio)
	r := openRadio(t, linuxwifi.Options{Interface: radio.Interface, StateDir: t.TempDir()})
	if err := r.Tune(vmtest.Context(t), vmtest.Channel(6)); err != nil {
		t.Error(err)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff(before, condition(t, radio)); diff != "" {
		t.Errorf("radio is not as it was (-before +after):\n%s", diff)
	}
}

func TestVMModeIsSwitchedAndPutBack(t *testing.T) {
	radio := vmtest.NewRadio(t, vmtest.RadioOptions{})
	vmtest.SetUp(t, radio.Interface, true)
	before := condition(t, radio)
	o := linuxwifi.Options{
		Definition: definition(t, radio.Interface+":vif="+radio.Interface+",fcsfail=true,channel=36"), StateDir: t.TempDir(),
	}
	r := openRadio(t, o)
	if d := r.Details(); d.CaptureInterface != radio.Interface || len(d.Notes) != 0 {
		t.Errorf("details %+v", d)
	}
	// Somebody takes it back.
	vmtest.SetUp(t, radio.Interface, false)
	vmtest.IW(t, "dev", radio.Interface, "set", "type", "managed")
	awaitDownOrMode(t, r)
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	r = openRadio(t, o)
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff(before, condition(t, radio)); diff != "" {
		t.Errorf("radio is not as it was (-before +after):\n%s", diff)
	}
}

func TestVMForeignMonitorsAreLeftAlone(t *testing.T) {
	radio := vmtest.NewRadio(t, vmtest.RadioOptions{})
	theirs := vmtest.NewMonitor(t, radio, vmtest.Channel(6))
	before := condition(t, radio)
	own := openRadio(t, linuxwifi.Options{Interface: radio.Interface})
	if got := own.Details().CaptureInterface; got != radio.Interface+"mon" {
		t.Errorf("captures from %s", got)
	}
	if err := own.Close(); err != nil {
		t.Error(err)
	}
	for _, text := range []string{theirs.Interface, radio.Interface + ":vif=" + theirs.Interface + ",plcpfail=true"} {
		r := openRadio(t, linuxwifi.Options{Definition: definition(t, text)})
		if got := r.Details().CaptureInterface; got != theirs.Interface {
			t.Errorf("%s captures from %s", text, got)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}
	if diff := cmp.Diff(before, condition(t, radio)); diff != "" {
		t.Errorf("radio is not as it was (-before +after):\n%s", diff)
	}
}
