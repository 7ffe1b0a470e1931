package linuxwifi

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/capture/nl80211"
	"github.com/sensord/sensord/internal/fault"
)

// A survey is what there is to know of a radio before anything is done to it.
type survey struct {
	name     string // as asked for, for messages
	link     link   // of the source interface
	iface    nl80211.Interface
	phy      nl80211.Phy
	block    block
	writable bool     // the soft block can be lifted
	missing  []string // capabilities
	driver   string
	bus      string
	busy     []string // other interfaces of the phy that are up and no monitors
}

// survey finds an interface by its name, or other name, and looks at it.
func (m *machine) survey(ctx context.Context, name string) (survey, error) {
	s := survey{name: name}
	if !validName(name) {
		return s, newFault(fault.ConfigSource, name, "", "this is no interface name")
	}
	all, err := m.links.All(ctx)
	if err != nil {
		return s, radioFault(name, "look for it", err)
	}
	i := slices.IndexFunc(all, func(l link) bool { return l.Name == name })
	if i < 0 {
		i = slices.IndexFunc(all, func(l link) bool { return l.named(name) })
	}
	if i < 0 {
		return s, newFault(fault.RadioMissing, name, "", "there is no such interface")
	}
	s.link = all[i]
	s.iface, err = m.wireless.Interface(ctx, s.link.Index)
	if isGone(err) { // nl80211 knows its own interfaces only
		return s, newFault(fault.RadioMissing, name, "`sensord list` shows which interfaces are Wi-Fi",
			"this is no Wi-Fi interface")
	}
	if err != nil {
		return s, radioFault(name, "look at it", err)
	}
	s.phy, err = m.wireless.Phy(ctx, s.iface.PhyIndex)
	if err != nil {
		return s, radioFault(name, "look at its phy", err)
	}
	siblings, err := m.wireless.Interfaces(ctx)
	if err != nil {
		return s, radioFault(name, "look at its phy's interfaces", err)
	}
	return s, m.complete(&s, siblings, all)
}

// complete adds what is the same for one radio and for the list of all.
func (m *machine) complete(s *survey, siblings []nl80211.Interface, all []link) error {
	var err error
	s.block, err = m.rfkill.Blocked(s.phy.Index)
	if err == nil && s.block.Soft {
		s.writable = m.rfkill.Writable(s.phy.Index)
	}
	s.missing, err = m.missing()
	if err != nil {
		return radioFault(s.name, "look at the capabilities", err)
	}
	s.driver, s.bus = m.buses.Hardware(s.link.Name, s.link.Index)
	s.busy = busyNames(siblings, all, s.phy.Index, s.link.Index)
	return nil
}

// busyNames returns the interfaces of a phy that keep it from being tuned:
// those that are up and are no monitors, without the one that is set down.
func busyNames(siblings []nl80211.Interface, all []link, phy, except int) []string {
	var names []string
	for _, iface := range siblings {
		if iface.PhyIndex != phy || iface.Index == except || iface.Index == 0 || iface.Type == nl80211.TypeMonitor {
			continue
		}
		if slices.ContainsFunc(all, func(l link) bool { return l.Index == iface.Index && l.Up }) {
			names = append(names, iface.Name)
		}
	}
	return names
}

// obstacle returns why the radio cannot be brought up, or nil.
func (s survey) obstacle() error {
	switch {
	case len(s.missing) > 0:
		return newFault(fault.RadioPermission, s.name, "", "%s", missingText(s.missing))
	case s.block.Hard:
		return newFault(fault.RadioBlocked, s.name, "turn it on with the switch on the machine, or in its firmware's settings",
			"it is switched off in hardware (rfkill)")
	case s.iface.Type != nl80211.TypeMonitor && !s.phy.Supports(nl80211.TypeMonitor):
		return newFault(fault.RadioUnsupported, s.name, "", "its driver%s has no monitor mode", inParentheses(s.driver))
	}
	return nil
}

// problems returns why capture would not work as things are.
func (s survey) problems() []error {
	var errs []error
	if err := s.obstacle(); err != nil {
		errs = append(errs, err)
	}
	if s.block.Soft && !s.block.Hard && !s.writable {
		errs = append(errs, s.softBlock(errors.New("no permission for /dev/rfkill")))
	}
	if len(s.busy) > 0 {
		errs = append(errs, busyFault(s.name, s.busy))
	}
	return errs
}

func (s survey) softBlock(err error) *fault.Error {
	return newFault(fault.RadioBlocked, s.name, "type: rfkill unblock wifi",
		"it is switched off in software (rfkill), and unblocking it is refused: %w", err)
}

func busyFault(radio string, names []string) *fault.Error {
	return newFault(fault.RadioBusy, radio, "type: ip link set "+names[0]+" down",
		"it cannot be tuned while %s", areUp(names))
}

func areUp(names []string) string {
	if len(names) == 1 {
		return "its interface " + names[0] + " is up"
	}
	return "its interfaces " + strings.Join(names, ", ") + " are up"
}

func missingText(missing []string) string {
	if len(missing) == 1 {
		return "the capability " + missing[0] + " is missing"
	}
	return "the capabilities " + strings.Join(missing, " and ") + " are missing"
}

func inParentheses(s string) string {
	if s == "" {
		return ""
	}
	return " (" + s + ")"
}

// device is the survey as others see it.
func (s survey) device() Device {
	d := Device{
		Interface: s.link.Name, Index: s.link.Index, MAC: s.link.MAC, PermanentMAC: s.link.PermanentMAC,
		Phy: s.phy.Name, PhyIndex: s.phy.Index, Driver: s.driver, Bus: s.bus,
		Mode: s.iface.Type.String(), Up: s.link.Up, Monitor: s.phy.Supports(nl80211.TypeMonitor),
		Channel: s.iface.Channel, Bands: s.phy.Bands, Problems: s.problems(),
	}
	if s.block.Soft && s.writable {
		d.Notes = append(d.Notes, "it is switched off in software (rfkill): sensord switches it on")
	}
	if listed := capture.ListChannels(s.phy.Bands, capture.ChannelOptions{}); !slices.ContainsFunc(listed, usable) {
		d.Notes = append(d.Notes, "its driver offers no channel")
	}
	return d
}

func usable(c capture.ListedChannel) bool { return c.Off == "" }

// managedNote says what NetworkManager does with an interface, if anything.
func managedNote(managed bool, err error) string {
	switch {
	case errors.Is(err, errAbsent):
		return ""
	case err != nil:
		return fmt.Sprintf("NetworkManager does not say whether it manages it: %v", err)
	case managed:
		return "NetworkManager manages it: sensord tells it to keep off while it captures"
	}
	return ""
}
