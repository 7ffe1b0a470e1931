// Package tap gives tests a Wi-Fi radio at full host speed: a TAP device whose
// link type says radiotap, so that what is written to it arrives on packet
// sockets as a monitor interface's frames do, filters included. It lives in a
// user and network namespace of its own: no root is needed, and nothing outside
// is touched. Only tests and benchmarks import it.
//
//	func TestMain(m *testing.M) { tap.Main(m) }
//
//	func TestCapture(t *testing.T) {
//		d := tap.New(t)
//		if err := d.Write(frame); err != nil { ... }
//	}
//
// Inside the namespace the process has CAP_NET_ADMIN and CAP_NET_RAW over it as
// ambient capabilities, is never user 0 (where user namespaces exist), and sees
// no interface but lo, which is up, and what it makes. Processes it starts are
// in there too. What is outside, and that is loopback too, cannot be reached.
//
// The kernel treats the device as Ethernet in two ways: Write refuses frames
// that would show it.
package tap

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

const device = "/dev/net/tun"

// What Write refuses: the kernel would refuse the first and change the second.
var (
	ErrShort = errors.New("tap: a frame of less than 14 bytes cannot be written")
	ErrVLAN  = errors.New("tap: the kernel would take bytes 12 to 15 for a VLAN tag and strip them")
)

// Config says what a device is to be. The zero value is a radio that is up.
type Config struct {
	Name     string // empty: the kernel chooses
	Hardware int    // ARPHRD number; 0 is 803, radiotap
	Down     bool   // leave it down
}

// A Device is a TAP device. Its methods may be called from any goroutine.
type Device struct {
	file     *os.File
	name     string
	index    int
	hardware int
}

// New returns a radiotap device that is up, and deletes it when the test ends.
// What goes wrong ends the test.
func New(tb testing.TB) *Device {
	tb.Helper()
	d, err := Open(Config{})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = d.Close() })
	return d
}

// Open creates a device. The caller closes it.
func Open(c Config) (*Device, error) {
	if c.Hardware == 0 {
		c.Hardware = unix.ARPHRD_IEEE80211_RADIOTAP
	}
	fd, err := unix.Open(device, unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("tap: %w", explain(err))
	}
	d := &Device{file: os.NewFile(uintptr(fd), device), hardware: c.Hardware}
	if err := d.set(fd, c); err != nil {
		return nil, errors.Join(fmt.Errorf("tap: %w", err), d.Close())
	}
	return d, nil
}

func (d *Device) set(fd int, c Config) error {
	req, err := unix.NewIfreq(c.Name)
	if err != nil {
		return fmt.Errorf("name %q: %w", c.Name, err)
	}
	req.SetUint16(unix.IFF_TAP | unix.IFF_NO_PI)
	if err := unix.IoctlIfreq(fd, unix.TUNSETIFF, req); err != nil {
		return fmt.Errorf("create a device: %w (it takes CAP_NET_ADMIN: does TestMain call tap.Main?)", err)
	}
	d.name = req.Name()
	// Only while it is down, or the kernel says EBUSY.
	if err := unix.IoctlSetInt(fd, unix.TUNSETLINK, c.Hardware); err != nil {
		return fmt.Errorf("%s: link type %d: %w", d.name, c.Hardware, err)
	}
	err = withInterface(d.name, func(fd int, req *unix.Ifreq) error {
		if err := unix.IoctlIfreq(fd, unix.SIOCGIFINDEX, req); err != nil {
			return err
		}
		d.index = int(req.Uint32())
		return nil
	})
	if err != nil || c.Down {
		return err
	}
	return d.Up()
}

// Name is the interface's name, as it was when the device was made.
func (d *Device) Name() string { return d.name }

// Index is its ifindex.
func (d *Device) Index() int { return d.index }

// File is what the frames are written to, one write each: for a process of
// the test's own that does the sending. It belongs to the device.
func (d *Device) File() *os.File { return d.file }

// Write makes the interface receive a frame: link header (radiotap) and all.
// The bytes are the caller's again when it returns. A device that is down
// answers EIO.
func (d *Device) Write(frame []byte) error {
	if err := Check(frame); err != nil {
		return err
	}
	_, err := d.file.Write(frame)
	return err
}

// Check says whether a frame can be written to a device and arrive unchanged.
func Check(frame []byte) error {
	if len(frame) < 14 {
		return ErrShort
	}
	if t := binary.BigEndian.Uint16(frame[12:]); t == unix.ETH_P_8021Q || t == unix.ETH_P_8021AD {
		return ErrVLAN
	}
	return nil
}

// Up sets the interface up.
func (d *Device) Up() error { return setFlag(d.name, unix.IFF_UP, true) }

// Down sets it down.
func (d *Device) Down() error { return setFlag(d.name, unix.IFF_UP, false) }

// Close deletes the interface, as unplugging a radio does.
func (d *Device) Close() error { return d.file.Close() }

func explain(err error) error {
	switch {
	case errors.Is(err, unix.ENOENT), errors.Is(err, unix.ENODEV), errors.Is(err, unix.ENXIO):
		return fmt.Errorf("%s: %w: load the module (modprobe tun)", device, err)
	case errors.Is(err, unix.EACCES), errors.Is(err, unix.EPERM):
		return fmt.Errorf("%s: %w: open it to all (chmod 666), or run the tests as root", device, err)
	}
	return fmt.Errorf("%s: %w", device, err)
}
