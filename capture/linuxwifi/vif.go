package linuxwifi

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/sensord/sensord/capture/nl80211"
	"github.com/sensord/sensord/internal/fault"
)

// maxNumbered is how many names kismon0, kismon1 ... are tried.
const maxNumbered = 100

// names are the names to try for a new monitor interface, those that are taken
// left out.
func vifNames(source, wished string, all []link) iter.Seq[string] {
	free := func(name string) bool {
		return !slices.ContainsFunc(all, func(l link) bool { return l.named(name) })
	}
	return func(yield func(string) bool) {
		if wished != "" {
			yield(wished)
			return
		}
		if name := source + "mon"; len(name) < unix.IFNAMSIZ && free(name) && !yield(name) {
			return
		}
		for i := range maxNumbered {
			if name := fmt.Sprintf("kismon%d", i); free(name) && !yield(name) {
				return
			}
		}
	}
}

// makeVIF makes a monitor interface on the radio. Other programs may take a
// name between the looking and the making.
func (b *bringUp) makeVIF(ctx context.Context) error {
	all, err := b.m.links.All(ctx)
	if err != nil {
		return err
	}
	above := 0
	for _, l := range all {
		above = max(above, l.Index)
	}
	for name := range vifNames(b.s.link.Name, b.want.vif, all) {
		b.j.add(change{Kind: changedVIF, Phy: b.s.phy.Index, Name: name, Above: above})
		iface, err := b.m.wireless.AddMonitor(ctx, b.s.phy.Index, name, b.want.flags)
		switch {
		case err == nil:
			return b.adopt(ctx, iface)
		case errors.Is(err, unix.EEXIST), errors.Is(err, unix.ENFILE):
			b.j.drop()
		case errors.Is(err, unix.EOPNOTSUPP):
			b.j.drop()
			return err
		default: // it may have been made all the same
			return err
		}
	}
	if b.want.vif != "" { // after prepare saw that it was free
		return vifTaken(b.s.name, b.want.vif)
	}
	return newFault(fault.RadioDriver, b.s.name, "remove interfaces that nobody needs, or choose a name with vif=",
		"every name for a monitor interface is taken")
}

// adopt takes a new interface as the one to capture from.
func (b *bringUp) adopt(ctx context.Context, iface nl80211.Interface) error {
	b.j.made(iface.Index)
	if iface.PhyIndex != b.s.phy.Index {
		return newFault(fault.RadioDriver, b.s.name, "", "%s was made on another phy (%d, want %d)",
			iface.Name, iface.PhyIndex, b.s.phy.Index)
	}
	b.capture, b.wasUp = iface, false
	if b.managed {
		// It may not have noticed the interface yet, and leaves monitors alone
		// as a rule.
		ctx, cancel := context.WithTimeout(ctx, managerTimeout)
		defer cancel()
		_ = b.m.manager.SetManaged(ctx, iface.Name, false)
	}
	return nil
}

// reuseNamed captures from the interface that vif= names, which somebody else
// has made and keeps.
func (b *bringUp) reuseNamed(ctx context.Context, l link) error {
	iface, err := b.m.wireless.Interface(ctx, l.Index)
	if err != nil && !isGone(err) {
		return err
	}
	if err != nil || iface.PhyIndex != b.s.phy.Index || iface.Type != nl80211.TypeMonitor {
		return vifTaken(b.s.name, b.want.vif)
	}
	if err := b.setSourceDown(ctx); err != nil {
		return err
	}
	return b.reuse(ctx, iface)
}

// reuse captures from a monitor interface that was there before. Its flags
// cannot be read, so they are left alone unless the definition asks for more.
func (b *bringUp) reuse(ctx context.Context, iface nl80211.Interface) error {
	l, err := b.m.links.One(ctx, iface.Index)
	if err != nil {
		return err
	}
	b.capture, b.wasUp = iface, l.Up
	if !b.want.extraFlags {
		return nil
	}
	b.j.add(change{Kind: changedFlags, Phy: iface.PhyIndex, Index: iface.Index, Name: iface.Name})
	if err := b.m.wireless.SetType(ctx, iface.Index, nl80211.TypeMonitor, b.want.flags); err != nil {
		if isGone(err) {
			return err
		}
		if _, answered := errors.AsType[*nl80211.Error](err); answered {
			b.j.drop()
		}
		b.note("%s does not take %s: %v", iface.Name, b.want.flags, kernelWords(err))
	}
	return nil
}

// switchMode makes the source interface itself a monitor.
func (b *bringUp) switchMode(ctx context.Context) error {
	if err := b.setDown(ctx); err != nil {
		return err
	}
	was := b.changeOf(changedType)
	was.Type = b.s.iface.Type
	b.j.add(was)
	if err := b.m.wireless.SetType(ctx, b.s.link.Index, nl80211.TypeMonitor, b.want.flags); err != nil {
		return err
	}
	b.capture, b.wasUp = b.s.iface, false
	return nil
}
