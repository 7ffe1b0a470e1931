package linuxwifi

import (
	"context"
	"errors"
	"time"

	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"

	"github.com/sensord/sensord/capture/nl80211"
)

// listen hears the kernel's announcements: links from rtnetlink, phys and
// interfaces from nl80211. What they say is not interpreted, since some can be
// lost; they only say when to look.
func listen(ctx context.Context, changed, phys func()) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ended := make(chan error, 1)
	go func() {
		defer cancel()
		ended <- listenLinks(ctx, changed)
	}()
	err := listenPhys(ctx, changed, phys)
	cancel()
	return errors.Join(err, <-ended)
}

func listenPhys(ctx context.Context, changed, phys func()) error {
	w, err := nl80211.NewWatcher()
	if err != nil {
		return err
	}
	phys() // what happened before this
	err = w.Watch(ctx, func(e nl80211.Event) {
		changed()
		switch e.Kind {
		case nl80211.Lost, nl80211.PhyAdded, nl80211.RegulatoryChanged:
			phys()
		}
	})
	return errors.Join(unlessEnded(ctx, err), w.Close())
}

// listenLinks calls changed after each announcement of rtnetlink about links,
// and once more after some were lost, until ctx ends.
func listenLinks(ctx context.Context, changed func()) error {
	return listenRoute(ctx, unix.RTMGRP_LINK, changed)
}

// listenRoutes is listenLinks for routes.
func listenRoutes(ctx context.Context, changed func()) error {
	return listenRoute(ctx, unix.RTMGRP_IPV4_ROUTE|unix.RTMGRP_IPV6_ROUTE, changed)
}

// listenRoute hears groups of rtnetlink.
func listenRoute(ctx context.Context, groups uint32, changed func()) error {
	conn, err := netlink.Dial(unix.NETLINK_ROUTE, &netlink.Config{Groups: groups})
	if err != nil {
		return err
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { _ = conn.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	changed() // what happened before this
	for {
		_, err := conn.Receive()
		if err != nil && !errors.Is(err, unix.ENOBUFS) {
			return unlessEnded(ctx, err)
		}
		changed()
	}
}

// unlessEnded drops the error that the end of ctx causes.
func unlessEnded(ctx context.Context, err error) error {
	select {
	case <-ctx.Done():
		return nil
	default:
		return err
	}
}
