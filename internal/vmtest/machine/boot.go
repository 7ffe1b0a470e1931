package machine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"time"
)

// cmdline is what the kernel is told: its messages go to the first serial line,
// and whatever is wrong with it ends the machine, at once.
const cmdline = "console=ttyS0 panic=-1 oops=panic softlockup_panic=0 mitigations=off tsc=reliable random.trust_cpu=on rdinit=/init"

// A Machine is a kernel and a file system, to be run once.
type Machine struct {
	Kernel  string // bzImage
	Initrd  string // the Image
	Console string // file that gets the kernel's messages
}

// FindKernel finds the kernel below the folder with the unpacked packages.
func FindKernel(root string) (string, error) {
	found, err := filepath.Glob(filepath.Join(root, "boot/vmlinuz-*"))
	if err != nil {
		return "", err
	}
	if len(found) != 1 {
		return "", fmt.Errorf("%s: one kernel wanted in its folder boot, %d found", root, len(found))
	}
	return found[0], nil
}

// Boot runs the machine until it is off, and copies to output what the guest
// writes to the second serial line. It ends the machine with ctx. An error says
// that the machine could not be run, not what became of the tests.
func (m *Machine) Boot(ctx context.Context, output io.Writer) error {
	qemu := exec.CommandContext(ctx, "qemu-system-x86_64",
		"-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
		// KVM may be there and hang all the same, where the host is itself a guest.
		"-machine", "pc", "-accel", "tcg,thread=multi", "-cpu", "max", "-smp", "2", "-m", "1024",
		"-nic", "none",
		"-serial", "file:"+m.Console,
		"-serial", "stdio",
		"-kernel", m.Kernel, "-initrd", m.Initrd, "-append", cmdline)
	qemu.Stdout = output
	qemu.Stderr = os.Stderr
	qemu.WaitDelay = 5 * time.Second
	qemu.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	// The kernel takes the end of this thread for the end of this process.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	err := qemu.Run()
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		return fmt.Errorf("qemu-system-x86_64: %w", err)
	}
	return err
}
