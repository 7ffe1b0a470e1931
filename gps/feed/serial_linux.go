package feed

import (
	"errors"
	"fmt"
	"os"
	"os/user"
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
	by := holder("/proc", l.path)
	switch {
	case by.pid == 0:
	case by.program == "gpsd":
		return &heldError{by: by.String()}
	case !strings.HasPrefix(l.file.Name(), "/dev/pts/"):
		l.rival = by.String()
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

// ownership says whom a device belongs to, as the end of a sentence.
func ownership(path string) string {
	info, err := os.Stat(path)
	if err != nil {
		return ""
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return ""
	}
	group := strconv.FormatUint(uint64(stat.Gid), 10)
	if g, err := user.LookupGroupId(group); err == nil {
		group = g.Name
	}
	return fmt.Sprintf(": it is for the group %s (mode %04o)", group, info.Mode().Perm())
}

// rivalRuns reports whether gpsd runs, which may read from the same device
// without our seeing it.
func rivalRuns() bool { return runs("/proc", "gpsd") }
