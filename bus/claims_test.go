//go:build !lite

package bus_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/sensord/sensord/bus"
	"github.com/sensord/sensord/bus/bustest"
	"github.com/sensord/sensord/internal/fault"
)

const testUUID = "5FE308BD-0000-0000-0000-020000000000"

// hubConf is a server that knows nobody and keeps what it is told to.
const hubConf = "jetstream: {domain: hub}\nleafnodes: {port: -1}\n"

func joinOptions(tb testing.TB, name, url string) bus.Options {
	tb.Helper()
	o := rigOptions(tb, name)
	o.Mode, o.URLs, o.StoreDir = bus.Join, []string{url}, ""
	return o
}

func leafOptions(tb testing.TB, name, url string) bus.Options {
	tb.Helper()
	o := rigOptions(tb, name)
	o.Mode, o.URLs = bus.Leaf, []string{url}
	return o
}

func claim(source string) []bus.ClaimRequest {
	return []bus.ClaimRequest{{UUID: testUUID, Source: source}}
}

// checkRivals waits until two rigs name each other, checks how, and returns how
// long it took since begun, on CLOCK_BOOTTIME.
func checkRivals(t *testing.T, first, second *rig) {
	t.Helper()
	begun := boottime()
	for _, one := range []*rig{first, second} {
		e := one.says(t, fault.BusClaimed)
		if e.Object != "uuid "+testUUID || e.Remedy() == "" {
			t.Errorf("object %q, remedy %q", e.Object, e.Remedy())
		}
	}
	t.Logf("named on both after %v", time.Duration(boottime()-begun))
	f, known := first.Rival(testUUID)
	if !known || f.Rig != "second" || f.Source != "wlan-second" || f.Ours != "wlan-first" || !f.First {
		t.Errorf("the first sees %+v, %v", f, known)
	}
	s, known := second.Rival(testUUID)
	if !known || s.Rig != "first" || s.First {
		t.Errorf("the second sees %+v, %v", s, known)
	}
	if _, err := second.told(fault.BusClaimed); !strings.Contains(fmt.Sprint(err), "rig first") {
		t.Errorf("the second says %v", err)
	}
	if len(first.State().Claims) != 1 || len(second.State().Claims) != 1 {
		t.Errorf("states %+v, %+v", first.State().Claims, second.State().Claims)
	}
}

func TestASecondClaimIsNamedOnBothRigs(t *testing.T) {
	hub := bustest.NATSServer(t, hubConf)
	for _, c := range []struct {
		name          string
		first, second func() bus.Options
	}{
		{
			"clients of one server",
			func() bus.Options { return joinOptions(t, "first", hub.URL) },
			func() bus.Options { return joinOptions(t, "second", hub.URL) },
		},
		{
			"leaves of one hub",
			func() bus.Options { return leafOptions(t, "first", hub.LeafURL) },
			func() bus.Options { return leafOptions(t, "second", hub.LeafURL) },
		},
		{
			"a leaf and a client",
			func() bus.Options { return leafOptions(t, "first", hub.LeafURL) },
			func() bus.Options { return joinOptions(t, "second", hub.URL) },
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			first := startRig(t, c.first())
			first.Claim(claim("wlan-first"))
			bustest.Wait(t, "the first claim", func() bool { return first.State().Watching })
			second := startRig(t, c.second())
			bustest.Wait(t, "the second rig", func() bool {
				s := second.State()
				return s.Connected && (s.Mode != bus.Leaf || s.Leaf.Connected)
			})
			second.Claim(claim("wlan-second"))
			checkRivals(t, first, second)

			// A second claim ends in order, and the first hears that at once.
			second.stop()
			first.saysNoMore(t, fault.BusClaimed)
			if _, still := first.Rival(testUUID); still {
				t.Error("there is a rival still")
			}
			first.stop()
		})
	}
}

func TestClaimsOutliveTheirServer(t *testing.T) {
	t.Parallel() // it mostly waits
	hub := bustest.NATSServer(t, hubConf)
	first, second := startRig(t, leafOptions(t, "first", hub.LeafURL)), startRig(t, joinOptions(t, "second", hub.URL))
	first.Claim(claim("wlan-first"))
	bustest.Wait(t, "the first claim", func() bool { return first.State().Watching })
	second.Claim(claim("wlan-second"))
	checkRivals(t, first, second)

	hub.Kill(t)
	bustest.Wait(t, "the hub's end", func() bool { return !first.State().Watching && !second.State().Watching })
	for _, one := range []*rig{first, second} {
		// Nobody knows that the other is gone.
		if _, known := one.Rival(testUUID); !known {
			t.Error("the rival is forgotten")
		}
	}
	hub.Restart(t)
	bustest.Wait(t, "claims again", func() bool { return first.State().Watching && second.State().Watching })
	checkRivals(t, first, second)
	for _, one := range []*rig{first, second} {
		if n, _ := one.told(fault.BusClaimed); n != 1 {
			t.Errorf("it was told %d times", n)
		}
	}
	second.stop()
	first.saysNoMore(t, fault.BusClaimed)
	first.stop()
}

// Rigs that were set up from one disk image have one id, and the UUIDs of their
// files and of what they were told.
func TestCopiesOfOneDiskClaimFromEachOther(t *testing.T) {
	hub := bustest.NATSServer(t, hubConf)
	a, b := joinOptions(t, "first", hub.URL), joinOptions(t, "second", hub.URL)
	b.RigID = a.RigID
	first := startRig(t, a)
	first.Claim(claim("wlan-first"))
	bustest.Wait(t, "the first claim", func() bool { return first.State().Watching })
	second := startRig(t, b)
	second.Claim(claim("wlan-second"))
	checkRivals(t, first, second)
	second.stop()
	first.saysNoMore(t, fault.BusClaimed)

	// One of the same name, too, is named before it says how it is.
	third := startRig(t, a)
	third.Claim(claim("wlan-first"))
	for _, one := range []*rig{first, third} {
		if e := one.says(t, fault.BusReplaced); e.Object != "rig first" || !strings.Contains(e.Error(), "its disk was copied") {
			t.Errorf("%v", e)
		}
	}
}

// A rig that is killed takes nothing back; its claims end by themselves.
func TestAClaimEndsWithItsRig(t *testing.T) {
	t.Parallel() // it mostly waits
	hub := bustest.NATSServer(t, hubConf)
	line := bustest.NewProxy(t, strings.TrimPrefix(hub.URL, "nats://"))
	first := startRig(t, joinOptions(t, "first", hub.URL))
	first.Claim(claim("wlan-first"))
	bustest.Wait(t, "the first claim", func() bool { return first.State().Watching })
	second := startRig(t, joinOptions(t, "second", "nats://"+line.Addr()))
	second.Claim(claim("wlan-second"))
	checkRivals(t, first, second)
	line.Cut()
	first.saysNoMore(t, fault.BusClaimed)
	if claims := first.State().Claims; len(claims) != 0 {
		t.Errorf("claims %+v", claims)
	}
	line.Heal()
	checkRivals(t, first, second)

	// A source that we have no more is no concern of ours.
	first.Claim(nil)
	first.saysNoMore(t, fault.BusClaimed)
	second.saysNoMore(t, fault.BusClaimed)
}

func TestWhoClaimsNothingIsToldNothing(t *testing.T) {
	hub := bustest.NATSServer(t, hubConf)
	o := joinOptions(t, "first", hub.URL)
	o.Claims = false
	first := startRig(t, o)
	first.Claim(claim("wlan-first"))
	second := startRig(t, joinOptions(t, "second", hub.URL))
	second.Claim(claim("wlan-second"))
	bustest.Wait(t, "the second claim", func() bool { return second.State().Watching })
	if began, _ := second.told(fault.BusClaimed); began != 0 || first.State().Watching {
		t.Errorf("told %d times, state %+v", began, first.State())
	}
}
