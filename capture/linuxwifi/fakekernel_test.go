package linuxwifi

import (
	"context"
	"maps"
	"net"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/capture/nl80211"
)

type fakeLinks struct{ f *fake }

func (f *fake) link(index int) link {
	l := f.ifaces[index]
	return link{Index: index, Name: l.name, AltNames: l.alt, MAC: net.HardwareAddr{2, 0, 0, 0, 0, byte(index)}, Up: l.up}
}

func (ls fakeLinks) All(context.Context) (all []link, err error) {
	err = ls.f.step("links", func() error {
		for _, i := range slices.Sorted(maps.Keys(ls.f.ifaces)) {
			all = append(all, ls.f.link(i))
		}
		return nil
	})
	return all, err
}

func (ls fakeLinks) One(_ context.Context, index int) (l link, err error) {
	err = ls.f.step("link", func() error {
		if ls.f.ifaces[index] == nil {
			return unix.ENODEV
		}
		l = ls.f.link(index)
		return nil
	})
	return l, err
}

func (ls fakeLinks) SetUp(_ context.Context, index int, up bool) error {
	return ls.f.step("set "+upDown(up), func() error {
		l := ls.f.ifaces[index]
		switch {
		case l == nil:
			return unix.ENODEV
		case up && l.phy >= 0 && (ls.f.phys[l.phy].soft || ls.f.phys[l.phy].hard):
			return unix.ERFKILL
		}
		l.up = up
		return nil
	})
}

func refuse(op string, errno unix.Errno) error { return &nl80211.Error{Op: op, Errno: errno} }

func (f *fake) Close() error { return nil }

func (f *fake) phy(index int) nl80211.Phy {
	p := f.phys[index]
	return nl80211.Phy{Index: index, Name: p.name, Bands: p.bands, Types: p.types}
}

func (f *fake) iface(index int) nl80211.Interface {
	l := f.ifaces[index]
	return nl80211.Interface{Index: index, PhyIndex: l.phy, Name: l.name, Type: l.kind, Channel: l.channel}
}

func (f *fake) Phys(context.Context) (all []nl80211.Phy, err error) {
	err = f.step("phys", func() error {
		for _, i := range slices.Sorted(maps.Keys(f.phys)) {
			all = append(all, f.phy(i))
		}
		return nil
	})
	return all, err
}

func (f *fake) Phy(_ context.Context, index int) (p nl80211.Phy, err error) {
	err = f.step("phy", func() error {
		if f.phys[index] == nil {
			return refuse("phy", unix.ENODEV)
		}
		p = f.phy(index)
		return nil
	})
	return p, err
}

func (f *fake) Interfaces(context.Context) (all []nl80211.Interface, err error) {
	err = f.step("interfaces", func() error {
		for _, i := range slices.Sorted(maps.Keys(f.ifaces)) {
			if f.ifaces[i].phy >= 0 {
				all = append(all, f.iface(i))
			}
		}
		return nil
	})
	return all, err
}

func (f *fake) Interface(_ context.Context, index int) (iface nl80211.Interface, err error) {
	err = f.step("interface", func() error {
		if l := f.ifaces[index]; l == nil || l.phy < 0 {
			return refuse("interface", unix.ENODEV)
		}
		iface = f.iface(index)
		return nil
	})
	return iface, err
}

func (f *fake) AddMonitor(_ context.Context, phy int, name string, flags nl80211.MonitorFlags) (iface nl80211.Interface, err error) {
	err = f.step("add monitor", func() error {
		p := f.phys[phy]
		switch {
		case p == nil:
			return refuse("add monitor", unix.ENODEV)
		case p.vif != nil:
			return p.vif
		case f.named(name) != nil:
			return refuse("add monitor", unix.ENFILE)
		}
		f.ifaces[f.next] = &fakeIface{name: name, phy: phy, kind: nl80211.TypeMonitor, flags: flags}
		iface = f.iface(f.next)
		f.next++
		return nil
	})
	return iface, err
}

func (f *fake) DelInterface(_ context.Context, index int) error {
	return f.step("delete", func() error {
		if f.ifaces[index] == nil {
			return refuse("delete", unix.ENODEV)
		}
		delete(f.ifaces, index)
		return nil
	})
}

func (f *fake) SetType(_ context.Context, index int, t nl80211.InterfaceType, flags nl80211.MonitorFlags) error {
	return f.step("set type", func() error {
		l := f.ifaces[index]
		switch {
		case l == nil:
			return refuse("set type", unix.ENODEV)
		case l.up && l.kind != t:
			return refuse("set type", unix.EBUSY)
		}
		l.kind, l.flags = t, flags
		return nil
	})
}

// SetChannel obeys the kernel's rule that nothing but monitors may be up, and
// one of them must.
func (f *fake) SetChannel(_ context.Context, index int, c capture.Channel) error {
	return f.step("set channel", func() error {
		l := f.ifaces[index]
		if l == nil {
			return refuse("set channel", unix.ENODEV)
		}
		p, monitors, others := f.phys[l.phy], 0, 0
		for _, o := range f.ifaces {
			switch {
			case o.phy != l.phy || !o.up:
			case o.kind == nl80211.TypeMonitor:
				monitors++
			default:
				others++
			}
		}
		switch {
		case p.tune != nil:
			return p.tune
		case others > 0 || monitors == 0:
			return refuse("set channel", unix.EBUSY)
		case capture.Tunable(p.bands, c) != nil:
			return &nl80211.Error{Op: "set channel", Errno: unix.EINVAL, Message: "Channel is disabled"}
		case !p.lies:
			l.channel = c
		}
		return nil
	})
}
