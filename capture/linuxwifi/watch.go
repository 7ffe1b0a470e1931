package linuxwifi

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/capture/nl80211"
	"github.com/sensord/sensord/internal/fault"
)

const (
	// lookEvery is how often the radio is looked at with no event that says
	// so: drivers forget to announce things, and events can be lost.
	lookEvery = time.Second
	// lookGap is the least time between two looks, however many events come.
	lookGap = 50 * time.Millisecond
	// lookTimeout bounds one look. A kernel that is busy for longer is looked
	// at again.
	lookTimeout = 3 * time.Second
	// goneTime is how long a phy may outlive its last interface.
	goneTime = 500 * time.Millisecond
	// strikes is how many looks in a row may fail for no reason that is known.
	strikes = 3
)

// watch looks at the radio whenever something may have happened to it, until
// it finds a fault or Close ends it.
func (r *Radio) watch() {
	ctx, stop := context.WithCancel(context.Background())
	r.stop = stop
	changed, phys := make(chan struct{}, 1), make(chan struct{}, 1)
	r.watching.Go(func() {
		err := r.m.listen(ctx, func() { signal(changed) }, func() { signal(phys) })
		if err != nil && ctx.Err() == nil {
			r.log.Warn("kernel events cannot be heard, the radio is looked at every second",
				"radio", r.name, "err", err)
		}
	})
	r.watching.Go(func() {
		defer stop()
		r.watchLoop(ctx, changed, phys)
	})
}

func signal(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

func (r *Radio) watchLoop(ctx context.Context, changed, phys <-chan struct{}) {
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	gap := time.NewTimer(lookGap)
	defer gap.Stop()
	failed, late := 0, 0
	for {
		err := r.look(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err == nil:
			failed, late = 0, 0
		case errors.Is(err, context.DeadlineExceeded):
			// A driver that takes its time, another radio's perhaps, keeps the
			// kernel from answering. Frames come all the same.
			if late++; late == strikes {
				r.log.Warn("the kernel does not answer about the radio, which goes on", "radio", r.name, "err", err)
			}
		case fault.CodeOf(err) != fault.RadioDriver:
			r.end(err)
			return
		default:
			if failed++; failed == strikes {
				r.end(err)
				return
			}
		}
		gap.Reset(lookGap)
		select {
		case <-ctx.Done():
			return
		case <-gap.C:
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		case <-changed:
		case <-r.again:
		case <-phys:
			r.relist(ctx)
		}
	}
}

// look returns what ended the capture, or nil.
func (r *Radio) look(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	before := r.tunes.Load()
	siblings, err := r.m.wireless.Interfaces(ctx)
	if err != nil {
		return radioFault(r.name, "look at its interfaces", err)
	}
	i := slices.IndexFunc(siblings, func(f nl80211.Interface) bool { return f.Index == r.index })
	if i < 0 || siblings[i].PhyIndex != r.phy {
		return r.goneFault(ctx, siblings)
	}
	iface := siblings[i]
	if iface.Type != nl80211.TypeMonitor {
		return newFault(fault.RadioMode, r.name, "", "%s was taken from monitor to %s mode", iface.Name, iface.Type)
	}
	l, err := r.m.links.One(ctx, r.index)
	switch {
	case isGone(err):
		return r.goneFault(ctx, nil)
	case err != nil:
		return radioFault(r.name, "look at "+iface.Name, err)
	case !l.Up:
		return r.downFault(l.Name)
	}
	if err := r.lookAround(ctx, siblings); err != nil {
		return err
	}
	r.follow(iface, siblings)
	r.compare(iface.Channel, before)
	return nil
}

// goneFault tells a radio that was unplugged from an interface that was
// removed. Of a radio that is unplugged the interfaces go first, so a phy with
// none left is given the time to follow.
func (r *Radio) goneFault(ctx context.Context, siblings []nl80211.Interface) error {
	ctx, cancel := context.WithTimeout(ctx, goneTime)
	defer cancel()
	empty := !slices.ContainsFunc(siblings, func(f nl80211.Interface) bool { return f.PhyIndex == r.phy })
	ticker := time.NewTicker(lookGap)
	defer ticker.Stop()
	for {
		_, err := r.m.wireless.Phy(ctx, r.phy)
		if isGone(err) {
			return newFault(fault.RadioGone, r.name, "", "it was unplugged, or its driver unloaded")
		}
		if empty {
			select {
			case <-ticker.C:
				continue
			case <-ctx.Done():
			}
		}
		return newFault(fault.RadioGone, r.name,
			"find out what else manages this radio; sensord makes the interface again by itself",
			"its monitor interface %s was removed", r.known.Load().details.CaptureInterface)
	}
}

// downFault tells an interface that was set down from a radio that was
// switched off, which sets its interfaces down.
func (r *Radio) downFault(name string) error {
	b, err := r.m.rfkill.Blocked(r.phy)
	switch {
	case err == nil && b.Hard:
		return newFault(fault.RadioBlocked, r.name, "", "it was switched off in hardware (rfkill)")
	case err == nil && b.Soft:
		return newFault(fault.RadioBlocked, r.name, "sensord switches it on again; find out what switches it off",
			"it was switched off in software (rfkill)")
	}
	return newFault(fault.RadioDown, r.name, "", "%s was set down", name)
}

// lookAround finds interfaces of the same phy that came up, and keep the radio
// from being tuned. Those that were up from the start were put up with.
func (r *Radio) lookAround(ctx context.Context, siblings []nl80211.Interface) error {
	for _, s := range siblings {
		if !r.disturbs(s) || slices.Contains(r.tolerated, s.Index) {
			continue
		}
		if l, err := r.m.links.One(ctx, s.Index); err == nil && l.Up {
			return newFault(fault.RadioBusy, r.name, "find out what sets "+l.Name+" up; sensord tries to set it down again",
				"it cannot be tuned any more, because its interface %s came up", l.Name)
		}
	}
	return nil
}

// disturbs reports whether an interface, if it is up, keeps the radio from
// being tuned.
func (r *Radio) disturbs(s nl80211.Interface) bool {
	return s.PhyIndex == r.phy && s.Index != r.index && s.Index != 0 && s.Type != nl80211.TypeMonitor
}

// up returns the interfaces that disturb now.
func (r *Radio) up(ctx context.Context) []int {
	siblings, err := r.m.wireless.Interfaces(ctx)
	if err != nil {
		return nil
	}
	var indexes []int
	for _, s := range siblings {
		if !r.disturbs(s) {
			continue
		}
		if l, err := r.m.links.One(ctx, s.Index); err == nil && l.Up {
			indexes = append(indexes, s.Index)
		}
	}
	return indexes
}

// follow keeps up with interfaces that are renamed.
func (r *Radio) follow(iface nl80211.Interface, siblings []nl80211.Interface) {
	d := r.known.Load().details
	source := d.Interface
	if i := slices.IndexFunc(siblings, func(f nl80211.Interface) bool { return f.Index == r.source }); i >= 0 {
		source = siblings[i].Name
	}
	if source == d.Interface && iface.Name == d.CaptureInterface {
		return
	}
	r.journal.renamed(r.index, iface.Name)
	r.update(func(k *known) {
		k.details.Interface, k.details.CaptureInterface = source, iface.Name
	})
	if iface.Name != d.CaptureInterface {
		r.notify(NoticeRenamed, fmt.Sprintf("interface %s is %s now", d.CaptureInterface, iface.Name))
	} else {
		r.notify(NoticeRenamed, fmt.Sprintf("interface %s is %s now", d.Interface, source))
	}
}

// compare notices that somebody else tuned the radio. What was read counts
// only if nothing was tuned here when the number before was taken, or since.
func (r *Radio) compare(now capture.Channel, before uint64) {
	select {
	case r.turn <- struct{}{}:
	default:
		return // it is being tuned
	}
	was := r.Tuned()
	moved := before%2 == 0 && before == r.tunes.Load() && !now.IsZero() && !sameTuning(now, was)
	if moved {
		r.update(func(k *known) { k.tuned = now })
	}
	<-r.turn
	if moved && !was.IsZero() {
		r.notify(NoticeRetuned, fmt.Sprintf("another program tuned it from %s to %s", was, now))
	}
}

// relist reads anew what the radio may do, and its phy's name.
func (r *Radio) relist(ctx context.Context) {
	phy, err := r.m.wireless.Phy(ctx, r.phy)
	if err != nil {
		return // if it is gone, the next look finds that
	}
	old := r.known.Load()
	listed := capture.ListChannels(phy.Bands, r.list)
	r.update(func(k *known) {
		k.channels, k.bands, k.details.Phy = listed, phy.Bands, phy.Name
	})
	if phy.Name != old.details.Phy {
		r.notify(NoticeRenamed, fmt.Sprintf("phy %s is %s now", old.details.Phy, phy.Name))
	}
	if !slices.Equal(listed, old.channels) {
		r.notify(NoticeChannels, fmt.Sprintf("the regulatory domain changed: %d channels can be used, before it were %d",
			countUsable(listed), countUsable(old.channels)))
	}
}

func countUsable(listed []capture.ListedChannel) int {
	n := 0
	for _, c := range listed {
		if usable(c) {
			n++
		}
	}
	return n
}

// notify tells whoever opened the radio, or the log if nobody listens.
func (r *Radio) notify(kind NoticeKind, text string) {
	if r.o.Notify == nil {
		r.log.Info("radio notice", "radio", r.name, "notice", text)
		return
	}
	r.o.Notify(Notice{Kind: kind, Text: text})
}
