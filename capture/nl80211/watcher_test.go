package nl80211_test

import (
	"context"
	"errors"
	"math"
	"net"
	"testing"
	"testing/synctest"

	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"

	"github.com/sensord/sensord/capture/nl80211"
	"github.com/sensord/sensord/capture/nl80211/nl80211test"
)

// watched runs fn while a Watcher watches, and returns what it heard and how
// its Watch ended once fn was through.
func watched(t *testing.T, fn func(*nl80211test.Kernel, *nl80211.Watcher)) ([]nl80211.Event, error) {
	t.Helper()
	kernel := nl80211test.New(nl80211test.Options{Answer: replies()})
	w, err := nl80211.WatchWith(kernel.Dial)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	ctx, cancel := context.WithCancel(background())
	defer cancel()
	var got []nl80211.Event
	result := make(chan error)
	go func() { result <- w.Watch(ctx, func(e nl80211.Event) { got = append(got, e) }) }()
	synctest.Wait()
	fn(kernel, w)
	synctest.Wait()
	cancel()
	return got, <-result
}

func TestEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const none = math.MaxUint32
		announce := func(k *nl80211test.Kernel, group string, command uint8, phy uint32, ifindex int, attr uint16, name string) {
			k.Announce(group, message(t, command, func(ae *netlink.AttributeEncoder) {
				if phy != none {
					ae.Uint32(unix.NL80211_ATTR_WIPHY, phy)
				}
				if ifindex > 0 {
					ae.Uint32(unix.NL80211_ATTR_IFINDEX, uint32(ifindex))
				}
				if name != "" {
					ae.String(attr, name)
				}
			}))
		}
		const phyName, ifName = unix.NL80211_ATTR_WIPHY_NAME, unix.NL80211_ATTR_IFNAME
		got, err := watched(t, func(k *nl80211test.Kernel, _ *nl80211.Watcher) {
			announce(k, "config", unix.NL80211_CMD_NEW_WIPHY, 3, 0, phyName, "phy3")
			announce(k, "config", unix.NL80211_CMD_NEW_INTERFACE, 3, 9, ifName, "wlan3")
			announce(k, "regulatory", unix.NL80211_CMD_REG_CHANGE, none, 0, 0, "")
			announce(k, "regulatory", unix.NL80211_CMD_WIPHY_REG_CHANGE, 3, 0, 0, "")
			announce(k, "mlme", unix.NL80211_CMD_CH_SWITCH_NOTIFY, 3, 9, 0, "")
			announce(k, "mlme", unix.NL80211_CMD_AUTHENTICATE, 3, 9, 0, "")
			announce(k, "scan", unix.NL80211_CMD_TRIGGER_SCAN, 3, 9, 0, "")
			announce(k, "config", unix.NL80211_CMD_DEL_INTERFACE, 3, 9, ifName, "wlan3")
			announce(k, "config", unix.NL80211_CMD_DEL_WIPHY, 1<<31, 0, phyName, "hostile")
			announce(k, "config", unix.NL80211_CMD_DEL_WIPHY, 3, 0, phyName, "phy3")
		})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("Watch ended with %v, want the context's error", err)
		}
		diff(t, "events", []nl80211.Event{
			{Kind: nl80211.PhyAdded, PhyIndex: 3, Name: "phy3"},
			{Kind: nl80211.InterfaceAdded, PhyIndex: 3, IfIndex: 9, Name: "wlan3"},
			{Kind: nl80211.RegulatoryChanged, PhyIndex: -1},
			{Kind: nl80211.RegulatoryChanged, PhyIndex: 3},
			{Kind: nl80211.ChannelSwitched, PhyIndex: 3, IfIndex: 9},
			{Kind: nl80211.InterfaceRemoved, PhyIndex: 3, IfIndex: 9, Name: "wlan3"},
			{Kind: nl80211.Lost, PhyIndex: -1},
			{Kind: nl80211.PhyRemoved, PhyIndex: 3, Name: "phy3"},
		}, got)
	})
}

func TestWatchEnds(t *testing.T) {
	tests := []struct {
		name string
		end  func(*nl80211test.Kernel, *nl80211.Watcher)
		want error
	}{
		{"closed", func(_ *nl80211test.Kernel, w *nl80211.Watcher) { _ = w.Close() }, net.ErrClosed},
		{"unloaded", func(k *nl80211test.Kernel, _ *nl80211.Watcher) { k.AnnounceUnload() }, unix.ENODEV},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				if _, err := watched(t, tt.end); !errors.Is(err, tt.want) {
					t.Errorf("Watch ended with %v, want %v", err, tt.want)
				}
			})
		})
	}
}

// TestWatchAgain: events wait for the next Watch.
func TestWatchAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		kernel := nl80211test.New(nl80211test.Options{})
		w, err := nl80211.WatchWith(kernel.Dial)
		if err != nil {
			t.Fatal(err)
		}
		defer w.Close()
		for n := range 3 {
			kernel.Announce("config", message(t, unix.NL80211_CMD_NEW_WIPHY, func(ae *netlink.AttributeEncoder) {
				ae.Uint32(unix.NL80211_ATTR_WIPHY, uint32(n))
			}))
			ctx, cancel := context.WithCancel(background())
			heard := -1
			err := w.Watch(ctx, func(e nl80211.Event) {
				heard = e.PhyIndex
				cancel()
			})
			if heard != n || !errors.Is(err, context.Canceled) {
				t.Errorf("heard of phy %d, ended with %v, want phy %d and the context's error", heard, err, n)
			}
		}
	})
}

func TestWatchWithoutWiFi(t *testing.T) {
	kernel := nl80211test.New(nl80211test.Options{NoWiFi: true})
	if _, err := nl80211.WatchWith(kernel.Dial); !errors.Is(err, unix.ENOENT) {
		t.Errorf("error %v, want ENOENT", err)
	}
	if n := kernel.Open(); n != 0 {
		t.Errorf("%d connections left open", n)
	}
}

// TestOverrun: after an overrun the kernel drops events until all are read. Lost
// comes behind that, when nothing can be missed any more.
func TestOverrun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		kernel := nl80211test.New(nl80211test.Options{})
		w, err := nl80211.WatchWith(kernel.Dial)
		if err != nil {
			t.Fatal(err)
		}
		defer w.Close()
		added := func(phy uint32) {
			kernel.Announce("config", message(t, unix.NL80211_CMD_NEW_WIPHY, func(ae *netlink.AttributeEncoder) {
				ae.Uint32(unix.NL80211_ATTR_WIPHY, phy)
			}))
		}
		for phy := range uint32(50) {
			added(phy)
		}
		kernel.Overrun()
		added(50) // dropped
		ctx, cancel := context.WithCancel(background())
		defer cancel()
		var got []nl80211.Event
		err = w.Watch(ctx, func(e nl80211.Event) {
			got = append(got, e)
			if e.Kind != nl80211.Lost {
				cancel()
				return
			}
			added(51)
		})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("Watch ended with %v", err)
		}
		diff(t, "events", []nl80211.Event{{Kind: nl80211.Lost, PhyIndex: -1}, {Kind: nl80211.PhyAdded, PhyIndex: 51}}, got)
	})
}

// TestOverrunWhileEnding: a context that ends while the queue is emptied ends
// Watch.
func TestOverrunWhileEnding(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, err := watched(t, func(k *nl80211test.Kernel, _ *nl80211.Watcher) { k.Overrun() })
		if !errors.Is(err, context.Canceled) {
			t.Errorf("Watch ended with %v", err)
		}
	})
}
