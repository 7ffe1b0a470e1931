package linuxwifi

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/capture/nl80211"
	"github.com/sensord/sensord/internal/fault"
)

// A bringUp takes a radio from how it was found to where frames can be read,
// step by step. Every change goes through the journal first.
type bringUp struct {
	m    *machine
	j    *journal
	log  *slog.Logger
	want wishes
	s    survey

	capture nl80211.Interface // where frames come from
	wasUp   bool              // whether that was up when it was chosen
	managed bool              // NetworkManager is there
	notes   []string
}

// wishes are what a definition says about the bringing up.
type wishes struct {
	vif           string
	ignorePrimary bool
	flags         nl80211.MonitorFlags
	extraFlags    bool // flags are more than the kernel's own
	channel       capture.Channel
	channelText   string
	list          capture.ChannelOptions
}

func wishesOf(d capture.Definition, name string) (wishes, error) {
	w := wishes{flags: nl80211.MonitorDefault, ignorePrimary: d.Bool("ignoreprimary", false)}
	if d.Bool("fcsfail", false) {
		w.flags |= nl80211.MonitorFCSFail
	}
	if d.Bool("plcpfail", false) {
		w.flags |= nl80211.MonitorPLCPFail
	}
	w.extraFlags = w.flags != nl80211.MonitorDefault
	if vif, ok := d.Get("vif"); ok && vif != "" {
		if !validName(vif) || len(vif) >= unix.IFNAMSIZ {
			return wishes{}, newFault(fault.ConfigSource, name, "use 1 to 15 letters and digits",
				"vif=%.40s is no interface name", vif)
		}
		w.vif = vif
	}
	if text, ok := d.Get("channel"); ok && text != "" {
		c, err := capture.ParseChannel(text)
		if err != nil {
			return wishes{}, newFault(fault.ConfigSource, name, "", "channel=%.40s: %w", text, err)
		}
		w.channel, w.channelText = c, text
	}
	list, err := capture.ParseChannelOptions(d)
	w.list = list
	return w, err
}

// run does all steps. On an error the caller undoes the journal.
func (b *bringUp) run(ctx context.Context) error {
	if err := b.s.obstacle(); err != nil {
		return err
	}
	for _, step := range [...]struct {
		doing string
		do    func(context.Context) error
	}{
		{"ask NetworkManager", b.unmanage}, // before it sees the radio switched on
		{"switch it on", b.unblock},
		{"prepare a monitor interface", b.prepare},
		{"set it up", b.setUp},
		{"check its mode", b.verify},
	} {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := step.do(ctx); err != nil {
			return b.explain(ctx, step.doing, err)
		}
	}
	return nil
}

// explain adds to a refusal what a person needs to know about it.
func (b *bringUp) explain(ctx context.Context, doing string, err error) error {
	if fault.CodeOf(err) == "" && errors.Is(err, unix.EBUSY) {
		if names := b.m.busyNow(ctx, b.s.phy.Index, b.capture.Index); len(names) > 0 {
			return newFault(fault.RadioBusy, b.s.name, "type: ip link set "+names[0]+" down",
				"%s: %w, and %s", doing, kernelWords(err), areUp(names))
		}
	}
	return radioFault(b.s.name, doing, err)
}

// note remembers what went not as wished, and does not stop the opening. It is
// said once the radio is open: one that cannot be opened is tried for ever.
func (b *bringUp) note(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	b.notes = append(b.notes, text)
	b.log.Debug("radio is brought up with a note", "radio", b.s.name, "note", text)
}

func (b *bringUp) unblock(context.Context) error {
	if !b.s.block.Soft {
		return nil
	}
	b.j.add(change{Kind: changedBlock, Phy: b.s.phy.Index})
	if err := b.m.rfkill.SetSoft(b.s.phy.Index, false); err != nil {
		return b.s.softBlock(err)
	}
	b.log.Info("radio was switched off in software and is on now", "radio", b.s.name)
	return nil
}

// unmanage tells NetworkManager to keep off. Its refusal stops nothing: the
// watcher sees what it does to the interface.
func (b *bringUp) unmanage(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, managerTimeout)
	defer cancel()
	name := b.s.link.Name
	managed, err := b.m.manager.Managed(ctx, name)
	if errors.Is(err, errAbsent) || err == nil && !managed {
		b.managed = err == nil
		return nil
	}
	if err == nil {
		b.j.add(change{Kind: changedManaged, Phy: b.s.phy.Index, Index: b.s.link.Index, Name: name})
		if err = b.m.manager.SetManaged(ctx, name, false); errors.Is(err, errRefused) {
			b.j.drop() // without an answer it may have obeyed
		}
	}
	if err != nil {
		b.note("NetworkManager may disturb it (%v): type: nmcli device set %s managed no", err, name)
		return nil
	}
	b.managed = true
	return nil
}

// prepare chooses the capture interface, makes it if need be, and sets the
// source interface down.
func (b *bringUp) prepare(ctx context.Context) error {
	source := b.s.iface
	if source.Type == nl80211.TypeMonitor {
		return b.reuse(ctx, source)
	}
	if b.want.vif == b.s.link.Name || b.want.vif == "" && switchesOnly(b.s.driver) {
		return b.switchMode(ctx)
	}
	if b.want.vif != "" {
		all, err := b.m.links.All(ctx)
		if err != nil {
			return err
		}
		if i := slices.IndexFunc(all, func(l link) bool { return l.named(b.want.vif) }); i >= 0 {
			return b.reuseNamed(ctx, all[i])
		}
	}
	if err := b.setSourceDown(ctx); err != nil {
		return err
	}
	err := b.makeVIF(ctx)
	if !errors.Is(err, unix.EOPNOTSUPP) || fault.CodeOf(err) != "" {
		return err
	}
	b.note("its driver%s cannot have a second interface: %s is switched to monitor mode", inParentheses(b.s.driver), b.s.link.Name)
	return b.switchMode(ctx)
}

// switchesOnly reports drivers outside the kernel that take a second interface
// and do not capture with it. Names as Realtek's sources and their forks have
// them; when such a driver is replaced by the kernel's own, its name is another.
func switchesOnly(driver string) bool {
	switch strings.ToLower(driver) {
	case "8812au", "8814au", "88xxau", "rtl88xxau", "rtl8812au", "rtl8814au", "rtl88x2bu":
		return true
	}
	return false
}

// setSourceDown sets the source interface down, so that the radio may be
// tuned.
func (b *bringUp) setSourceDown(ctx context.Context) error {
	if b.want.ignorePrimary {
		return nil
	}
	return b.setDown(ctx)
}

func (b *bringUp) setDown(ctx context.Context) error {
	done := slices.ContainsFunc(b.j.state.Changes, func(c change) bool {
		return c.Kind == changedDown && c.Index == b.s.link.Index
	})
	if b.s.link.Up && !done {
		b.j.add(b.changeOf(changedDown))
	}
	// Also if it was down: switching the radio on may have brought it up.
	return b.m.links.SetUp(ctx, b.s.link.Index, false)
}

// changeOf is a change of the source interface.
func (b *bringUp) changeOf(kind changeKind) change {
	return change{Kind: kind, Phy: b.s.phy.Index, Index: b.s.link.Index, Name: b.s.link.Name}
}

// setUp sets the capture interface up.
func (b *bringUp) setUp(ctx context.Context) error {
	if b.wasUp {
		return nil
	}
	made := slices.ContainsFunc(b.j.state.Changes, func(c change) bool {
		return c.Kind == changedVIF && c.Index == b.capture.Index
	})
	if !made { // else it is removed, not set down
		b.j.add(change{Kind: changedUp, Phy: b.s.phy.Index, Index: b.capture.Index, Name: b.capture.Name})
	}
	return b.m.links.SetUp(ctx, b.capture.Index, true)
}

// verify makes sure that the driver did what it said.
func (b *bringUp) verify(ctx context.Context) error {
	iface, err := b.m.wireless.Interface(ctx, b.capture.Index)
	if err != nil {
		return err
	}
	if iface.Type != nl80211.TypeMonitor {
		return newFault(fault.RadioMode, b.s.name, "", "%s was made a monitor interface and is %s", iface.Name, iface.Type)
	}
	b.capture = iface
	return nil
}

// busyNow returns the interfaces of a phy that are up and no monitors.
func (m *machine) busyNow(ctx context.Context, phy, except int) []string {
	all, err := m.links.All(ctx)
	if err != nil {
		return nil
	}
	siblings, err := m.wireless.Interfaces(ctx)
	if err != nil {
		return nil
	}
	return busyNames(siblings, all, phy, except)
}
