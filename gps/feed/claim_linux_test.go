package feed_test

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sensord/sensord/gps"
	"github.com/sensord/sensord/gps/feed"
	"github.com/sensord/sensord/internal/fault"
)

func TestSerialIsForOneProgramAlone(t *testing.T) {
	p := openPTY(t)
	(&fakeReceiver{burst: epoch}).start(p)
	u := start(t, serialReceiver(t, p.path, 0))
	u.fix()
	contains(t, start(t, serialReceiver(t, p.path, 0)).fault(fault.GPSBusy), "another program has it")
	u.fix()
	u.stop()

	// A program that only uses TIOCEXCL.
	other := p.slave()
	p.control(other, func(fd int) error { return unix.IoctlSetInt(fd, unix.TIOCEXCL, 0) })
	start(t, serialReceiver(t, p.path, 0)).fault(fault.GPSBusy)
	p.control(other, func(fd int) error { return unix.IoctlSetInt(fd, unix.TIOCNXCL, 0) }) // a pty forgets nothing at Close
	_ = other.Close()
	u = start(t, serialReceiver(t, p.path, 0))
	u.fix()
	u.stop()
}

func TestSerialIsTakenByGPSD(t *testing.T) {
	p := openPTY(t)
	gpsd, err := exec.LookPath("gpsd")
	if err != nil {
		gpsd = "/usr/sbin/gpsd"
	}
	_, port, _ := strings.Cut(freePort(t), ":")
	daemon := exec.Command(gpsd, "-N", "-n", "-S", port, p.path)
	if err := daemon.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = daemon.Process.Kill()
		_ = daemon.Wait()
	})
	// It is there when it has set the line.
	receiver := &fakeReceiver{burst: epoch}
	receiver.start(p)
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	late := patience()
	for len(receiver.seen()) == 0 {
		select {
		case <-ticker.C:
		case <-late:
			t.Fatal("gpsd does not open the device")
		}
	}
	contains(t, start(t, serialReceiver(t, p.path, 0)).fault(fault.GPSBusy), "gpsd (process ", " has it")
}

func TestSerialIsTakenWithTIOCEXCL(t *testing.T) {
	p := openPTY(t)
	(&fakeReceiver{burst: epoch}).start(p)
	before := p.slave()
	u := start(t, serialReceiver(t, p.path, 0))
	u.fix()
	taken := 0
	p.control(before, func(fd int) (err error) {
		taken, err = unix.IoctlGetInt(fd, unix.TIOCGEXCL)
		return err
	})
	if taken == 0 {
		t.Error("other programs may open the device")
	}
	u.stop()
}

func TestSerialLeavesDTRUp(t *testing.T) {
	p := openPTY(t)
	(&fakeReceiver{burst: epoch}).start(p)
	other := p.slave()
	s := p.settings()
	s.Cflag |= unix.HUPCL
	p.control(other, func(fd int) error { return unix.IoctlSetTermios(fd, unix.TCSETS2, &s) })
	u := start(t, serialReceiver(t, p.path, 0))
	u.fix()
	u.stop()
	if p.settings().Cflag&unix.HUPCL != 0 {
		t.Error("closing the line drops DTR")
	}
}

func TestSerialWithoutPermission(t *testing.T) {
	p := openPTY(t)
	if err := os.Chmod(p.path, 0); err != nil {
		t.Fatal(err)
	}
	r := serialReceiver(t, p.path, 0)
	ended := make(chan error)
	go func() {
		if os.Geteuid() == 0 {
			// The rights of root end with the user that the kernel checks files
			// against, for this thread alone; it is not used again.
			runtime.LockOSThread()
			if err := unix.Setfsuid(65534); err != nil {
				ended <- err
				return
			}
		}
		ended <- r.Run(t.Context(), func(gps.Event) {})
	}()
	err := <-ended
	if fault.CodeOf(err) != fault.GPSPermission {
		t.Fatalf("%v (%s)", err, fault.CodeOf(err))
	}
	contains(t, err.Error(), "permission denied: it is for the group ", "(mode 0000)")
	contains(t, fault.RemedyOf(err), "rule of udev", `KERNEL=="`+filepath.Base(p.path)+`"`)
}

// A group that cannot read and write is no way to a device, and that of root is
// none for users.
func TestSerialSaysWhichGroup(t *testing.T) {
	for _, c := range []struct {
		mode fs.FileMode
		gid  uint32
		want string
	}{
		{0o660, 20, "usermod -aG dialout rover, "},
		{0o600, 20, "rule of udev"},
		{0o640, 20, "rule of udev"},
		{0o660, 0, "rule of udev"},
		{0o600, 0, "rule of udev"},
	} {
		if got := feed.GroupAdvice("/dev/ttyUSB0", c.mode, c.gid, "dialout", "rover"); !strings.Contains(got, c.want) {
			t.Errorf("mode %o, group %d: %s", c.mode, c.gid, got)
		}
	}
}
