package linuxwifi

import (
	"context"
	"errors"

	"golang.org/x/sys/unix"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/internal/fault"
)

// readBackEvery is how often a tuning is read back. The kernel refuses what it
// cannot do, so this finds drivers that lie; each time would double the cost
// of a hop.
const readBackEvery = 64

// Tune sets the channel, and returns when the driver has done it. Calls take
// turns. Errors are *fault.Error: radio.channel if this channel is refused (others
// may do), radio.busy with the name of the interface that keeps the radio from
// being tuned, radio.unsupported if it can never be tuned; radio.gone, radio.down,
// radio.blocked, radio.permission and radio.driver as they say. The radio then
// stays where it was; where it is after the end of ctx is not known for a second.
func (r *Radio) Tune(ctx context.Context, c capture.Channel) error {
	select {
	case r.turn <- struct{}{}:
		defer func() { <-r.turn }()
	case <-ctx.Done():
		return ctx.Err()
	case <-r.dead.Done():
	}
	if r.dead.Err() != nil { // also when it was this one's turn
		return context.Cause(r.dead)
	}
	r.tunes.Add(1)
	defer r.tunes.Add(1)
	if err := r.m.wireless.SetChannel(ctx, r.index, c); err != nil {
		if ctx.Err() != nil {
			// The kernel may do it yet; the watcher sees where it ends.
			r.update(func(k *known) { k.tuned = capture.Channel{} })
			return ctx.Err()
		}
		return r.tuneFault(ctx, c, err)
	}
	r.update(func(k *known) { k.tuned = c })
	if r.untested++; r.untested < readBackEvery {
		return nil
	}
	r.untested = 0
	return r.readBack(ctx, c)
}

// Tuned returns the channel that the radio is on, the zero Channel if that is
// not known. When another program tunes the radio it is known within two
// seconds.
func (r *Radio) Tuned() capture.Channel { return r.known.Load().tuned }

// readBack looks whether the driver did as it said. A driver that does not
// know its channel is believed.
func (r *Radio) readBack(ctx context.Context, c capture.Channel) error {
	iface, err := r.m.wireless.Interface(ctx, r.index)
	if err == nil && !iface.Channel.IsZero() && !sameTuning(iface.Channel, c) {
		r.update(func(k *known) { k.tuned = iface.Channel })
		return newFault(fault.RadioDriver, r.name, "", "tune to %s: the driver took it, and is on %s", c, iface.Channel)
	}
	return nil // what is wrong with the interface is for the watcher
}

// sameTuning reports whether frames of the one are heard on the other: it
// makes no difference between 20 MHz with and without 802.11n, which drivers
// do not keep apart either.
func sameTuning(a, b capture.Channel) bool {
	return a.FreqMHz == b.FreqMHz && plainWidth(a) == plainWidth(b) &&
		(a.CenterMHz == b.CenterMHz || plainWidth(a) == capture.Width20)
}

func plainWidth(c capture.Channel) capture.Width {
	if c.Width == capture.Width20NoHT {
		return capture.Width20
	}
	return c.Width
}

// tuneFault says why the kernel refused a channel (kernel: cfg80211_set_monitor_channel
// and what it calls).
func (r *Radio) tuneFault(ctx context.Context, c capture.Channel, err error) error {
	words := kernelWords(err)
	switch {
	case errors.Is(err, unix.EINVAL), errors.Is(err, unix.ERANGE):
		// What the driver's own flags say of it names the reason.
		if why, ok := errors.AsType[*fault.Error](capture.Tunable(r.known.Load().bands, c)); ok {
			words = why.Err
		}
		return newFault(fault.RadioChannel, r.name, "", "tune to %s: %w", c, words)
	case errors.Is(err, unix.EBUSY):
		return r.busyTuning(ctx, c, words)
	case errors.Is(err, unix.EOPNOTSUPP):
		return newFault(fault.RadioUnsupported, r.name, "use another radio, or give it the one channel it is on",
			"tune to %s: its driver cannot be tuned in monitor mode", c)
	}
	return radioFault(r.name, "tune to "+c.String(), err)
}

// busyTuning says what keeps the radio from being tuned: the kernel wants at
// least one monitor interface up, and nothing else.
func (r *Radio) busyTuning(ctx context.Context, c capture.Channel, words error) error {
	if names := r.m.busyNow(ctx, r.phy, r.index); len(names) > 0 {
		return newFault(fault.RadioBusy, r.name, "type: ip link set "+names[0]+" down",
			"tune to %s: %s", c, areUp(names))
	}
	if l, err := r.m.links.One(ctx, r.index); err == nil && !l.Up {
		return newFault(fault.RadioDown, r.name, "", "tune to %s: %s is down", c, l.Name)
	}
	return newFault(fault.RadioBusy, r.name,
		"end what else uses this radio: wpa_supplicant and hostapd keep it busy without an interface to see",
		"tune to %s: %w", c, words)
}
