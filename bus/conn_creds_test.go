//go:build !lite

package bus_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/sensord/sensord/bus"
	"github.com/sensord/sensord/bus/bustest"
	"github.com/sensord/sensord/internal/fault"
)

// Credentials are read at every attempt: who copies the file later, or another
// one in its place, need not begin again.
func TestCredentialsThatComeLater(t *testing.T) {
	hub := bustest.StartHub(t)
	file := filepath.Join(t.TempDir(), "later.creds")
	o := joinOptions(t, "rover", hub.URL)
	o.CredsFile = file
	r := startRig(t, o)
	w := watching(t, bus.WatchOptions{URLs: o.URLs, CredsFile: file, Rig: "rover"})
	_ = r.says(t, fault.BusAuth)
	sees(t, w, "the want of credentials", func(*bus.FleetView) bool { return fault.CodeOf(w.Err()) == fault.BusAuth })
	creds, err := os.ReadFile(hub.Creds(t, "fleet", "rover"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, creds, 0o600); err != nil {
		t.Fatal(err)
	}
	r.connected(t)
	r.saysNoMore(t, fault.BusAuth)
	sees(t, w, "a connection", func(v *bus.FleetView) bool { return v.Bus.Connected && w.Err() == nil })
}
