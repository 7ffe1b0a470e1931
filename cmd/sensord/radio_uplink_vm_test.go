//go:build vm && linux

package main_test

import (
	"testing"

	"github.com/sensord/sensord/internal/vmtest"
)

// TestVMWifiUplink leaves this machine's own frames out by itself for as long as
// its way out goes over Wi-Fi, unless it is told not to.
func TestVMWifiUplink(t *testing.T) {
	ap := network(t, "six", 6)
	vmtest.SetDefaultRoute(t, ap.Interface, true)
	const said = "so this machine's own frames are left out"
	t.Run("by itself", func(t *testing.T) {
		l := newLocals(t, 3, "")
		l.p.await(t, said)
		l.allLeftOut(t)
		vmtest.SetDefaultRoute(t, ap.Interface, false)
		l.follow(t, l.own[0], true)
		vmtest.SetDefaultRoute(t, ap.Interface, true)
		l.follow(t, l.own[0], false)
		l.p.finish(t)
	})
	t.Run("not wanted", func(t *testing.T) {
		l := newLocals(t, 1, "filter_locals=false")
		l.follow(t, l.own[0], true)
		l.p.finish(t)
	})
}
