//go:build vm

package nl80211_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"testing"

	"github.com/sensord/sensord/capture/nl80211"
	"github.com/sensord/sensord/internal/vmtest"
)

// ears collects the events of a Watcher.
type ears struct {
	mu     sync.Mutex
	events []nl80211.Event
}

// listen watches until the test ends.
func listen(t *testing.T) *ears {
	t.Helper()
	w, err := nl80211.NewWatcher()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	result := make(chan error, 1)
	heard := &ears{}
	go func() { result <- w.Watch(ctx, heard.add) }()
	t.Cleanup(func() {
		cancel()
		if err := <-result; !errors.Is(err, context.Canceled) {
			t.Errorf("Watch ended with %v", err)
		}
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	return heard
}

func (e *ears) add(event nl80211.Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.events = append(e.events, event)
}

// await waits for these events, in this order, among others.
func (e *ears) await(t *testing.T, want ...nl80211.Event) {
	t.Helper()
	vmtest.Wait(t, fmt.Sprintf("the events come: %+v", want), func() bool {
		e.mu.Lock()
		defer e.mu.Unlock()
		left := want
		for _, event := range e.events {
			if len(left) > 0 && event == left[0] {
				left = left[1:]
			}
		}
		return len(left) == 0
	})
}

func TestVMEvents(t *testing.T) {
	heard := listen(t)
	c, ctx := dial(t), vmtest.Context(t)
	radio := vmtest.NewRadio(t, vmtest.RadioOptions{})
	managed := index(t, radio.Interface)
	phy := func(kind nl80211.EventKind, name string) nl80211.Event {
		return nl80211.Event{Kind: kind, PhyIndex: radio.PhyIndex, Name: name}
	}
	vif := func(kind nl80211.EventKind, ifindex int, name string) nl80211.Event {
		return nl80211.Event{Kind: kind, PhyIndex: radio.PhyIndex, IfIndex: ifindex, Name: name}
	}
	heard.await(t, phy(nl80211.PhyAdded, radio.Phy), vif(nl80211.InterfaceAdded, managed, radio.Interface))

	i := addMonitor(t, c, radio, "mon0")
	heard.await(t, vif(nl80211.InterfaceAdded, i.Index, "mon0"))
	if err := c.SetPhyName(ctx, radio.PhyIndex, "roof"); err != nil {
		t.Fatal(err)
	}
	heard.await(t, phy(nl80211.PhyAdded, "roof"))
	if err := c.DelInterface(ctx, i.Index); err != nil {
		t.Fatal(err)
	}
	heard.await(t, vif(nl80211.InterfaceRemoved, i.Index, "mon0"))
	vmtest.SetCountry(t, "DE")
	heard.await(t, nl80211.Event{Kind: nl80211.RegulatoryChanged, PhyIndex: -1})
	radio.Delete(t)
	heard.await(t, vif(nl80211.InterfaceRemoved, managed, radio.Interface), phy(nl80211.PhyRemoved, "roof"))
	t.Logf("%+v", heard.events)
}

// TestVMEventsLost: who does not listen is told that he missed something.
func TestVMEventsLost(t *testing.T) {
	w, err := nl80211.NewWatcher()
	if err != nil {
		t.Fatal(err)
	}
	radio := vmtest.NewRadio(t, vmtest.RadioOptions{})
	c, ctx := dial(t), vmtest.Context(t)
	for n := range 400 {
		if err := c.SetPhyName(ctx, radio.PhyIndex, fmt.Sprintf("name%d", n)); err != nil {
			t.Fatal(err)
		}
	}
	again, cancel := context.WithCancel(ctx)
	defer cancel()
	var events []nl80211.Event
	err = w.Watch(again, func(e nl80211.Event) {
		events = append(events, e)
		if e.Kind == nl80211.Lost { // and from here on nothing is
			addMonitor(t, c, radio, "later")
		}
		if e.Kind == nl80211.InterfaceAdded && e.Name == "later" {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("Watch ended with %v", err)
	}
	if !slices.Contains(events, nl80211.Event{Kind: nl80211.Lost, PhyIndex: -1}) {
		t.Errorf("nothing is lost of %d events", len(events))
	}
	t.Logf("%d events heard", len(events))
	if err := w.Close(); err != nil {
		t.Error(err)
	}
	if err := w.Watch(context.Background(), nil); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Watch after Close: %v", err)
	}
}

func TestVMWatcherClosed(t *testing.T) {
	w, err := nl80211.NewWatcher()
	if err != nil {
		t.Fatal(err)
	}
	heard := make(chan struct{}, 1)
	result := make(chan error)
	go func() {
		result <- w.Watch(context.Background(), func(nl80211.Event) {
			select {
			case heard <- struct{}{}:
			default:
			}
		})
	}()
	vmtest.NewRadio(t, vmtest.RadioOptions{})
	<-heard
	if err := w.Close(); err != nil {
		t.Error(err)
	}
	if err := <-result; !errors.Is(err, net.ErrClosed) {
		t.Errorf("Watch ended with %v, want %v", err, net.ErrClosed)
	}
}
