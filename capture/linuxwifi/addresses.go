package linuxwifi

import (
	"context"
	"errors"
	"slices"
	"time"
)

// Addresses returns every network interface's name, MAC address and whether it
// is up, in the order of their indexes. It needs no capability.
func Addresses(ctx context.Context) ([]LinkAddress, error) {
	return addresses(ctx, newRoute())
}

func addresses(ctx context.Context, ls links) ([]LinkAddress, error) {
	all, err := ls.All(ctx)
	if err != nil {
		return nil, err
	}
	list := make([]LinkAddress, 0, len(all))
	for _, l := range all {
		list = append(list, LinkAddress{Name: l.Name, Index: l.Index, MAC: l.MAC, Up: l.Up})
	}
	slices.SortFunc(list, func(a, b LinkAddress) int { return a.Index - b.Index })
	return list, nil
}

// WatchAddresses calls f with Addresses at once, and again with all of them
// whenever one changes, until ctx ends; then it returns nil. f is called from
// this goroutine and owns the slice. A change is told within a second.
func WatchAddresses(ctx context.Context, f func([]LinkAddress)) error {
	return watchAddresses(ctx, newRoute(), listenLinks, f)
}

// addressGap gathers changes that come together, as when a driver is loaded.
const addressGap = 50 * time.Millisecond

func watchAddresses(ctx context.Context, ls links, listen func(context.Context, func()) error, f func([]LinkAddress)) error {
	listening, cancel := context.WithCancel(ctx)
	defer cancel()
	changed := make(chan struct{}, 1)
	ended := make(chan error, 1)
	go func() { ended <- listen(listening, func() { signal(changed) }) }()
	var last []LinkAddress
	for {
		select {
		case err := <-ended:
			return unlessEnded(ctx, err)
		case <-changed:
		}
		list, err := addresses(ctx, ls)
		if err != nil {
			cancel()
			return errors.Join(unlessEnded(ctx, err), <-ended)
		}
		if last == nil || !slices.EqualFunc(list, last, sameAddress) {
			last = list
			f(slices.Clone(list))
		}
		if !pause(ctx, addressGap) {
			return <-ended
		}
	}
}

func sameAddress(a, b LinkAddress) bool {
	return a.Name == b.Name && a.Index == b.Index && a.Up == b.Up && slices.Equal(a.MAC, b.MAC)
}

// pause waits, and reports false if ctx ended first.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
