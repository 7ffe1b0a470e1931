package uplink

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// machine is a network that tests change.
type machine struct {
	now   network
	reads int
	rings chan struct{}
	slept atomic.Int64 // nanoseconds
	told  []string
}

func newMachine() *machine {
	return &machine{
		rings: make(chan struct{}, 1),
		now: network{
			addrs:    map[ifaceAddr]bool{{"wlan0", "192.0.2.7"}: true},
			defaults: map[defaultRoute]bool{{iface: "wlan0", gateway: "192.0.2.1", metric: 600}: true},
			carrier:  map[string]bool{"wlan0": true},
		},
	}
}

func (m *machine) watch(t *testing.T) {
	w := networkWatch{
		rings: m.rings,
		read:  func() (network, error) { m.reads++; return m.now, nil },
		slept: func() time.Duration { return time.Duration(m.slept.Load()) },
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := w.run(ctx, func(reason string) { m.told = append(m.told, reason) }); err != nil {
			t.Error(err)
		}
	}()
	t.Cleanup(func() { cancel(); <-done })
	synctest.Wait()
}

// change gives the machine another network, with n messages of the kernel.
func (m *machine) change(is network, n int) {
	m.now = is
	for range n {
		m.rings <- struct{}{}
		synctest.Wait()
	}
}

func pass(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

func (m *machine) want(t *testing.T, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, m.told); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
	m.told = nil
}

func TestNetworkChangeIsToldOnceItHasSettled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine()
		home := m.now
		m.watch(t)
		m.change(network{}, 5)
		pass(100 * time.Millisecond)
		m.want(t)
		m.change(network{
			addrs:    map[ifaceAddr]bool{{"wwan0", "198.51.100.9"}: true, {"wwan0", "2001:db8::9"}: true},
			defaults: map[defaultRoute]bool{{iface: "wwan0"}: true, {iface: "wwan0", ipv6: true}: true},
			carrier:  map[string]bool{"wwan0": true},
		}, 3)
		pass(time.Second)
		m.want(t, "default route over wlan0 is gone, default route over wwan0 is new, wlan0 has lost the address 192.0.2.7, "+
			"wwan0 has the address 198.51.100.9, wwan0 has the address 2001:db8::9")
		m.change(home, 1)
		pass(time.Second)
		if len(m.told) != 1 {
			t.Errorf("back home: %q", m.told)
		}
	})
}

func TestNetworkThatOnlyRepeatsItselfTellsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine()
		m.watch(t)
		for range 600 { // a message ten times a second for a minute
			m.change(m.now, 1)
			pass(100 * time.Millisecond)
		}
		m.want(t)
		if m.reads < 30 || m.reads > 60 {
			t.Errorf("looked %d times in a minute", m.reads)
		}
	})
}

func TestCarrierThatComesAndGoesIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine()
		m.watch(t)
		off := m.now
		off.carrier = map[string]bool{"wlan0": false}
		on := m.now
		m.change(off, 1)
		pass(time.Second)
		m.change(on, 1)
		pass(time.Second)
		m.want(t, "wlan0 has no carrier", "wlan0 is connected")
	})
}

func TestEndOfASleepIsToldWithinASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine()
		m.watch(t)
		pass(10 * time.Second)
		m.slept.Add(int64(90 * time.Minute))
		pass(time.Second)
		m.want(t, "the machine slept for 1h30m0s")
		pass(time.Hour)
		m.want(t)
	})
}

func TestNetworkThatFlapsIsNotToldEachTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine()
		m.watch(t)
		off := m.now
		off.carrier = map[string]bool{"wlan0": false}
		on := m.now
		for range 100 {
			m.change(off, 1)
			pass(1500 * time.Millisecond)
			m.change(on, 1)
			pass(1500 * time.Millisecond)
		}
		pass(time.Minute) // whatever is on its way
		if n := len(m.told); n < 5 || n > 40 {
			t.Errorf("told %d times in 5 minutes", n)
		}
		m.told = nil
		pass(time.Minute)
		m.change(off, 1)
		pass(time.Second)
		m.want(t, "wlan0 has no carrier")
	})
}
