package feed

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"go.bug.st/serial"
	"golang.org/x/sys/unix"
)

// A line is an open serial device. Reads and SetBaud may meet; Close may meet a
// Read, which it ends.
//
// The device is open twice. go.bug.st/serial sets the line, to any rate. Its
// Read waits with select(2), which knows no descriptor above 1023, and may read
// from another file's descriptor when it meets Close; so reads go over a
// descriptor of our own, for which the runtime waits.
type line struct {
	path  string
	file  *os.File
	port  serial.Port // nil until the rate is set
	paced bool        // it has a rate, unlike /dev/gnss0
	baud  int         // the rate that others set it to
	rival string      // another program that has it open, if it is no matter
}

// openLine opens a serial device for us alone. It leaves the rate as it is.
func openLine(path string) (*line, error) {
	file, err := os.OpenFile(path, os.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	l := &line{path: path, file: file}
	if err := l.claim(); err != nil {
		_ = file.Close()
		return nil, err
	}
	return l, nil
}

func (l *line) claim() error {
	info, err := l.file.Stat()
	if err != nil {
		return err
	}
	if info.Mode()&(os.ModeCharDevice|os.ModeNamedPipe) == 0 {
		return errNoDevice
	}
	raw, err := l.file.SyscallConn()
	if err != nil {
		return err
	}
	var claimed error
	if err := raw.Control(func(fd uintptr) { claimed = l.claimFD(int(fd)) }); err != nil {
		return err
	}
	if claimed != nil {
		return claimed
	}
	return l.share()
}

// share looks for programs that read from the device and take no lock: each of
// two readers gets some of the bytes. That is what gpsd does. Of others one
// cannot know whether they read: ldattach does not, and who serves a pty has
// its other end open, too.
func (l *line) share() error {
	var rivals []string
	for _, by := range holders("/proc", l.path) {
		if by.Program == "gpsd" {
			return &by
		}
		rivals = append(rivals, by.who())
	}
	if !strings.HasPrefix(l.file.Name(), "/dev/pts/") {
		l.rival = strings.Join(rivals, ", ")
	}
	return nil
}

// holder returns who has a device that is taken, nil if that is not seen.
func holder(device string) error {
	if by := holders("/proc", device); len(by) > 0 {
		return &by[0]
	}
	return nil
}

func (l *line) claimFD(fd int) error {
	// The lock that programs take which do not use TIOCEXCL, or run as root.
	if err := unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB); errors.Is(err, unix.EWOULDBLOCK) {
		return unix.EBUSY
	}
	settings, err := unix.IoctlGetTermios(fd, unix.TCGETS2)
	if errors.Is(err, unix.ENOTTY) {
		return nil
	}
	if err != nil {
		return err
	}
	// TIOCEXCL does not keep root from opening the device.
	if taken, err := unix.IoctlGetInt(fd, unix.TIOCGEXCL); err == nil && taken != 0 {
		return unix.EBUSY
	}
	l.paced, l.baud = true, int(settings.Ospeed)
	if settings.Cflag&unix.HUPCL == 0 {
		return nil
	}
	// DTR rises when a program opens the line and falls when the last one closes
	// it. Some receivers start anew when it rises: let it stay up.
	settings.Cflag &^= unix.HUPCL
	return unix.IoctlSetTermios(fd, unix.TCSETS2, settings)
}

// setBaud sets the line to 8N1 at that rate, and from the second time on
// forgets what was not read yet.
func (l *line) setBaud(baud int) error {
	mode := &serial.Mode{BaudRate: baud}
	if l.port != nil {
		if err := l.port.SetMode(mode); err != nil {
			return err
		}
		return l.port.ResetInputBuffer()
	}
	// Modem lines stay as they are: no InitialStatusBits. Open also takes the
	// device for us alone, with TIOCEXCL.
	port, err := serial.Open(l.path, mode)
	if err != nil {
		return err
	}
	l.port = port
	return nil
}

func (l *line) Read(p []byte) (int, error) { return l.file.Read(p) }

// Close gives the device back.
func (l *line) Close() error {
	err := l.file.Close()
	if l.port == nil {
		return err
	}
	return errors.Join(err, l.port.Close())
}

// access says whom a device belongs to that may not be opened, as the end of a
// sentence, and what to do.
func access(path string, denied error) (whose, advice string) {
	if errors.Is(denied, syscall.EPERM) { // no matter of modes
		return "", "let the container or the service have the device: --device " + path + ", or DeviceAllow=" + path + " rw in its unit"
	}
	info, err := os.Stat(path)
	if err != nil {
		return "", ""
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return "", ""
	}
	group := strconv.FormatUint(uint64(stat.Gid), 10)
	if g, err := user.LookupGroupId(group); err == nil {
		group = g.Name
	}
	name := "USER"
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
	}
	mode := info.Mode().Perm()
	return fmt.Sprintf(": it is for the group %s (mode %04o)", group, mode), groupAdvice(path, mode, stat.Gid, group, name)
}

// groupAdvice says how a user comes to a device: by its group, if that is one
// for devices and may read and write.
func groupAdvice(device string, mode fs.FileMode, gid uint32, group, name string) string {
	const both = 0o060
	if gid != 0 && mode&both == both {
		return fmt.Sprintf("add the user to the device's group: usermod -aG %s %s, then log in again", group, name)
	}
	return fmt.Sprintf(`let a rule of udev give it to a group that the user %s is in: KERNEL=="%s", GROUP="dialout", MODE="0660" in /etc/udev/rules.d/60-gps.rules, then udevadm trigger`,
		name, filepath.Base(device))
}

// rivalRuns reports whether gpsd runs, which may read from the same device
// without our seeing it.
func rivalRuns() bool { return runs("/proc", "gpsd") }
