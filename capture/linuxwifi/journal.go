package linuxwifi

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/sensord/sensord/capture/nl80211"
)

// A journal knows what a radio changed on the machine. A change is written
// down before it is made; what was not made after all is found to be in order
// when it is put back.
type journal struct {
	store  store
	log    *slog.Logger
	state  state
	warned bool
}

// add writes down a change that is about to be made.
func (j *journal) add(c change) {
	j.state.Changes = append(j.state.Changes, c)
	j.save()
}

// drop forgets the last change: it was refused.
func (j *journal) drop() {
	j.state.Changes = j.state.Changes[:len(j.state.Changes)-1]
	j.save()
}

// made gives the interface that was about to be made its index.
func (j *journal) made(index int) {
	j.state.Changes[len(j.state.Changes)-1].Index = index
	j.save()
}

// renamed keeps the names of our interfaces up to date, since nothing is
// removed that has another name.
func (j *journal) renamed(index int, name string) {
	for i, c := range j.state.Changes {
		if c.Kind == changedVIF && c.Index == index && c.Name != name {
			j.state.Changes[i].Name = name
			j.save()
		}
	}
}

// save brings the state to the disk. A full disk keeps nobody from capturing:
// it is said once, and a killed run then leaves its changes behind.
func (j *journal) save() {
	var err error
	if len(j.state.Changes) == 0 {
		err = j.store.Remove()
	} else {
		err = j.store.Save(j.state)
	}
	if err != nil && !j.warned {
		j.warned = true
		j.log.Warn("state file cannot be written, a killed run would leave the radio as it is",
			"radio", j.state.Interface, "err", err)
	}
}

// load takes over what a killed run left. It reports whether there is
// something to put back.
func (j *journal) load(boot string) bool {
	old, err := j.store.Load()
	switch {
	case errors.Is(err, os.ErrNotExist):
		return false
	case err != nil:
		j.log.Warn("state file of an earlier run is damaged, what that run changed stays",
			"radio", j.state.Interface, "err", err)
		j.save()
		return false
	case bootID(old.Boot) != bootID(boot):
		j.save() // all that was changed ended with that boot
		return false
	case old.Boot != boot:
		return false // another network namespace, whose indexes say nothing here
	}
	j.state.Changes = old.Changes
	return len(old.Changes) > 0
}

// bootID is the part of a boot's name that a reboot changes.
func bootID(boot string) string {
	id, _, _ := strings.Cut(boot, " ")
	return id
}

// undo puts everything back, the last change first. What cannot be put back
// stays written down for the next start, together with what was changed before
// it on the same interface: half of an interface's way back is no way back.
func (j *journal) undo(ctx context.Context, m *machine) error {
	var errs []error
	var left []change
	for i, c := range slices.Backward(j.state.Changes) {
		stuck := slices.ContainsFunc(left, func(l change) bool { return l.Index != 0 && l.Index == c.Index })
		if !stuck {
			err := m.putBack(ctx, c)
			stuck = err != nil
			// What somebody switched off is down, as it should be; it comes up
			// again when it may.
			if stuck && !errors.Is(err, unix.ERFKILL) {
				errs = append(errs, fmt.Errorf("%s: %w", c, kernelWords(err)))
			}
		}
		if stuck {
			left = append([]change{c}, left...)
		}
		j.state.Changes = append(j.state.Changes[:i:i], left...)
		if !stuck {
			j.save()
		}
	}
	return errors.Join(errs...)
}

// String says what is put back.
func (c change) String() string {
	switch c.Kind {
	case changedBlock:
		return "block the radio again"
	case changedManaged:
		return "give " + c.Name + " back to NetworkManager"
	case changedDown:
		return "set " + c.Name + " up again"
	case changedUp:
		return "set " + c.Name + " down again"
	case changedType:
		return "make " + c.Name + " a " + c.Type.String() + " interface again"
	case changedFlags:
		return "give " + c.Name + " its flags back"
	case changedVIF:
		return "remove " + c.Name
	}
	return string(c.Kind)
}

// putBack undoes one change, if what was changed is still there. Doing it
// twice does no harm.
func (m *machine) putBack(ctx context.Context, c change) error {
	switch c.Kind {
	case changedBlock:
		return m.blockAgain(ctx, c)
	case changedVIF:
		return m.removeVIF(ctx, c)
	}
	iface, err := m.wireless.Interface(ctx, c.Index)
	if isGone(err) || err == nil && iface.PhyIndex != c.Phy {
		return nil
	}
	if err == nil {
		err = m.putInterfaceBack(ctx, c, iface)
	}
	if isGone(err) {
		return nil
	}
	return err
}

func (m *machine) putInterfaceBack(ctx context.Context, c change, iface nl80211.Interface) error {
	switch c.Kind {
	case changedManaged:
		return m.giveBack(ctx, iface.Name)
	case changedDown:
		return m.links.SetUp(ctx, c.Index, true)
	case changedUp:
		return m.links.SetUp(ctx, c.Index, false)
	case changedFlags:
		if iface.Type != nl80211.TypeMonitor {
			return nil
		}
		return m.wireless.SetType(ctx, c.Index, nl80211.TypeMonitor, nl80211.MonitorDefault)
	case changedType:
		if iface.Type == c.Type {
			return nil
		}
		if err := m.links.SetUp(ctx, c.Index, false); err != nil {
			return err
		}
		return m.wireless.SetType(ctx, c.Index, c.Type, 0)
	}
	return nil
}

// giveBack makes NetworkManager manage an interface again, if it does not.
func (m *machine) giveBack(ctx context.Context, name string) error {
	managed, err := m.manager.Managed(ctx, name)
	if err == nil && !managed {
		err = m.manager.SetManaged(ctx, name, true)
	}
	if errors.Is(err, errAbsent) {
		return nil
	}
	return err
}

// blockAgain switches the radio off as it was. The phy has to be the one that
// was switched on: an index is not used again while the machine runs.
func (m *machine) blockAgain(ctx context.Context, c change) error {
	_, err := m.wireless.Phy(ctx, c.Phy)
	if isGone(err) {
		return nil
	}
	if err != nil {
		return err
	}
	b, err := m.rfkill.Blocked(c.Phy)
	if errors.Is(err, os.ErrNotExist) || err == nil && b.Soft {
		return nil
	}
	if err != nil {
		return err
	}
	return m.rfkill.SetSoft(c.Phy, true)
}

// removeVIF removes a monitor interface that was made here, and nothing else:
// phy, index and name must be what was written down.
func (m *machine) removeVIF(ctx context.Context, c change) error {
	index := c.Index
	if index == 0 {
		l, err := m.halfMade(ctx, c)
		if err != nil || l == 0 {
			return err
		}
		index = l
	}
	iface, err := m.wireless.Interface(ctx, index)
	if isGone(err) {
		return nil
	}
	if err != nil {
		return err
	}
	if iface.PhyIndex != c.Phy || iface.Name != c.Name || c.Index == 0 && iface.Type != nl80211.TypeMonitor {
		return nil
	}
	if err := m.wireless.DelInterface(ctx, index); err != nil && !isGone(err) {
		return err
	}
	return nil
}

// halfMade looks for an interface that was about to be made when the process
// was killed, and returns its index, or 0. It has the name, a higher index
// than all there were, and is still down, because it is set up only after its
// index was written down.
func (m *machine) halfMade(ctx context.Context, c change) (int, error) {
	all, err := m.links.All(ctx)
	if err != nil {
		return 0, err
	}
	for _, l := range all {
		if l.Name == c.Name && l.Index > c.Above && !l.Up {
			return l.Index, nil
		}
	}
	return 0, nil
}
