package linuxwifi

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/sensord/sensord/capture/nl80211"
	"github.com/sensord/sensord/internal/fault"
)

// List returns the machine's Wi-Fi interfaces, in the order of phys and
// indexes, and phys that have none. It changes nothing and needs no
// capability; what is missing to capture stands in Problems. A machine without
// Wi-Fi has an empty list.
func List(ctx context.Context) ([]Device, error) {
	m, err := newMachine()
	if err != nil {
		if isGone(err) { // the kernel has no nl80211
			return nil, nil
		}
		return nil, err
	}
	defer m.Close()
	return m.list(ctx)
}

func (m *machine) list(ctx context.Context) ([]Device, error) {
	phys, err := m.wireless.Phys(ctx)
	if err != nil {
		return nil, kernelWords(err)
	}
	ifaces, err := m.wireless.Interfaces(ctx)
	if err != nil {
		return nil, kernelWords(err)
	}
	all, err := m.links.All(ctx)
	if err != nil {
		return nil, kernelWords(err)
	}
	asking, cancel := context.WithTimeout(ctx, managerTimeout) // for all of them together
	defer cancel()
	var devices []Device
	for _, phy := range phys {
		found := false
		for _, iface := range ifaces {
			i := slices.IndexFunc(all, func(l link) bool { return l.Index == iface.Index })
			if iface.PhyIndex != phy.Index || i < 0 { // P2P-device and the like are no interfaces
				continue
			}
			found = true
			s := survey{name: all[i].Name, link: all[i], iface: iface, phy: phy}
			if err := m.complete(&s, ifaces, all); err != nil {
				return nil, err
			}
			devices = append(devices, m.asked(asking, s.device()))
		}
		if !found {
			devices = append(devices, lonelyPhy(phy))
		}
	}
	slices.SortStableFunc(devices, func(a, b Device) int {
		if a.PhyIndex != b.PhyIndex {
			return a.PhyIndex - b.PhyIndex
		}
		return a.Index - b.Index
	})
	return devices, nil
}

// lonelyPhy is a phy whose interfaces were all removed.
func lonelyPhy(phy nl80211.Phy) Device {
	name := clean(phy.Name)
	return Device{
		Phy: phy.Name, PhyIndex: phy.Index, Bands: phy.Bands,
		Monitor: phy.Supports(nl80211.TypeMonitor),
		Problems: []error{newFault(fault.RadioMissing, name,
			"type: iw phy "+name+" interface add wlan"+lastDigits(name)+" type managed", "this phy has no interface")},
	}
}

func lastDigits(s string) string {
	return s[len(strings.TrimRight(s, "0123456789")):]
}

// asked adds what NetworkManager says of a device.
func (m *machine) asked(ctx context.Context, d Device) Device {
	if note := managedNote(m.manager.Managed(ctx, d.Interface)); note != "" {
		d.Notes = append(d.Notes, note)
	}
	return d
}

// Check looks whether Open would work, and changes nothing. The error, nil if
// nothing is in the way, is the first of the device's problems, or that there
// is no such radio (radio.missing, with an empty Device), or that the
// definition asks for what cannot be (config.source).
func Check(ctx context.Context, o Options) (Device, error) {
	m, err := newMachine()
	if err != nil {
		return Device{}, noWireless(o, err)
	}
	defer m.Close()
	return m.check(ctx, o)
}

func (m *machine) check(ctx context.Context, o Options) (Device, error) {
	want, err := wishesOf(o.Definition, o.name())
	if err != nil {
		return Device{}, err
	}
	s, err := m.survey(ctx, o.name())
	if err != nil {
		return Device{}, err
	}
	d := m.asked(ctx, s.device())
	if err := m.checkVIF(ctx, want, s); err != nil {
		d.Problems = append(d.Problems, err)
	}
	if want.ignorePrimary && s.link.Up && s.iface.Type != nl80211.TypeMonitor {
		d.Problems = append(d.Problems, busyFault(s.name, []string{s.link.Name}))
	}
	if len(d.Problems) > 0 {
		return d, d.Problems[0]
	}
	return d, nil
}

// checkVIF looks whether the interface that vif= names can be used.
func (m *machine) checkVIF(ctx context.Context, want wishes, s survey) error {
	if want.vif == "" || want.vif == s.link.Name || s.iface.Type == nl80211.TypeMonitor {
		return nil
	}
	all, err := m.links.All(ctx)
	if err != nil {
		return radioFault(s.name, "look at the interfaces", err)
	}
	i := slices.IndexFunc(all, func(l link) bool { return l.named(want.vif) })
	if i < 0 {
		return nil
	}
	iface, err := m.wireless.Interface(ctx, all[i].Index)
	if err == nil && iface.PhyIndex == s.phy.Index && iface.Type == nl80211.TypeMonitor {
		return nil
	}
	return vifTaken(s.name, want.vif)
}

func vifTaken(radio, vif string) error {
	return newFault(fault.ConfigSource, radio, "choose another name, or leave vif= out",
		"vif=%s is there already, and is no monitor interface of this radio", vif)
}

func noWireless(o Options, err error) error {
	if !isGone(err) {
		return radioFault(o.name(), "ask the kernel for Wi-Fi", err)
	}
	return newFault(fault.RadioMissing, o.name(), "plug a Wi-Fi radio in, or load its driver", "the kernel has no Wi-Fi: %w",
		errors.New("nl80211 is not there"))
}
