package linuxwifi

import (
	"context"
	"errors"
	"net"
	"os"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/capture/nl80211"
)

// A machine is everything that a radio needs of the computer. The tests have
// one in memory, whose every step can be made to go wrong.
type machine struct {
	wireless  wireless
	links     links
	rfkill    rfkill
	manager   manager
	buses     buses
	openFrame func(SocketConfig) (frameSocket, error)
	openStore func(dir, iface string) (store, error)

	// missing returns which of the two capabilities the process lacks.
	missing func() ([]string, error)

	// listen calls changed whenever links or interfaces may have changed, and
	// phys whenever phys or what they may do have, from its own goroutines,
	// until ctx ends. It returns an error if it cannot hear.
	listen func(ctx context.Context, changed, phys func()) error

	// boot tells this boot, and this process's network namespace, from others:
	// indexes are only unique within both.
	boot string
}

// wireless is what nl80211 does. Refusals are *nl80211.Error.
type wireless interface {
	Phys(ctx context.Context) ([]nl80211.Phy, error)
	Phy(ctx context.Context, index int) (nl80211.Phy, error)
	Interfaces(ctx context.Context) ([]nl80211.Interface, error)
	Interface(ctx context.Context, ifindex int) (nl80211.Interface, error)
	AddMonitor(ctx context.Context, phy int, name string, f nl80211.MonitorFlags) (nl80211.Interface, error)
	DelInterface(ctx context.Context, ifindex int) error
	SetType(ctx context.Context, ifindex int, t nl80211.InterfaceType, f nl80211.MonitorFlags) error
	SetChannel(ctx context.Context, ifindex int, ch capture.Channel) error
	Close() error
}

var _ wireless = (*nl80211.Client)(nil)

// links is what rtnetlink does. A link that is not there is unix.ENODEV.
type links interface {
	All(ctx context.Context) ([]link, error)
	One(ctx context.Context, ifindex int) (link, error)
	SetUp(ctx context.Context, ifindex int, up bool) error
}

// A link is a network interface as rtnetlink describes it.
type link struct {
	Index        int
	Name         string
	AltNames     []string
	MAC          net.HardwareAddr
	PermanentMAC net.HardwareAddr
	HardwareType uint16 // ARPHRD_...
	Up           bool
}

// named reports whether the link has this name, or has it as another.
func (l link) named(name string) bool {
	return l.Name == name || slices.Contains(l.AltNames, name)
}

// rfkill switches radios off. A phy without a switch is not blocked.
type rfkill interface {
	Blocked(phy int) (block, error)
	SetSoft(phy int, blocked bool) error
	Writable(phy int) bool // whether SetSoft may work
}

// A block is the state of a phy's switches.
type block struct{ Soft, Hard bool }

// manager is NetworkManager. errAbsent means that it does not run, or does not
// know the interface, errRefused that it answered no.
type manager interface {
	Managed(ctx context.Context, name string) (bool, error)
	SetManaged(ctx context.Context, name string, managed bool) error
}

var (
	errAbsent  = errors.New("no NetworkManager")
	errRefused = errors.New("it refuses")
)

// buses finds what hardware an interface is.
type buses interface {
	Hardware(name string, index int) (driver, bus string)
}

// frameSocket is *Socket.
type frameSocket interface {
	ReadBatch(ctx context.Context) (*capture.Batch, error)
	SetFilter(f Filter) error
	FilterProblem() error
	Stats() SocketStats
	LinkType() capture.LinkType
	Close() error
}

var _ frameSocket = (*Socket)(nil)

// newMachine connects to the real one.
func newMachine() (*machine, error) {
	wl, err := nl80211.Dial()
	if err != nil {
		return nil, err
	}
	fs := sysfs{root: "/sys"}
	return &machine{
		wireless:  wl,
		links:     newRoute(),
		rfkill:    rfkillSwitch{sysfs: fs, device: "/dev/rfkill"},
		manager:   networkManager{address: systemBus()},
		buses:     fs,
		openFrame: func(c SocketConfig) (frameSocket, error) { return OpenSocket(c) },
		openStore: func(dir, iface string) (store, error) { return openStore(dir, iface) },
		missing:   missingCapabilities,
		listen:    listen,
		boot:      bootName("/proc"),
	}, nil
}

// Close ends the connection to the machine's nl80211.
func (m *machine) Close() error { return m.wireless.Close() }

// missingCapabilities looks at the calling thread's effective capabilities.
// All threads of a Go program have the same ones unless it changes them itself.
func missingCapabilities() ([]string, error) {
	hdr := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData // the kernel fills both words
	if err := unix.Capget(&hdr, &data[0]); err != nil {
		return nil, os.NewSyscallError("capget", err)
	}
	var missing []string
	for _, c := range []struct {
		bit  uint
		name string
	}{{unix.CAP_NET_ADMIN, "CAP_NET_ADMIN"}, {unix.CAP_NET_RAW, "CAP_NET_RAW"}} {
		if data[0].Effective&(1<<c.bit) == 0 {
			missing = append(missing, c.name)
		}
	}
	return missing, nil
}
