package tap

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// inside is set in the environment of what runs in the namespace.
const inside = "SENSORD_TAP_NAMESPACE"

// Main runs the tests of a package in a namespace of their own and exits with
// their result: TestMain calls it and nothing else. Flags, standard streams and
// working directory are the tests', so coverage, profiles and fuzzing work.
func Main(m interface{ Run() int }) {
	Enter()
	os.Exit(m.Run())
}

// Enter is Main for a TestMain that has more to do: it returns inside the
// namespace only. It has to come first, and it exits where it cannot enter.
func Enter() {
	if os.Getenv(inside) == "" {
		os.Exit(outer())
	}
	if err := setFlag("lo", unix.IFF_UP, true); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// outer runs this program again inside, and returns its exit code.
func outer() int {
	// The child is to die with this process, and the kernel takes the thread
	// that started it for the process.
	runtime.LockOSThread()
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, unix.SIGINT, unix.SIGQUIT, unix.SIGTERM)

	child, err := start()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	go func() {
		for s := range signals { // go test asks with SIGQUIT where a test hangs
			_ = child.Process.Signal(s)
		}
	}()
	if err := child.Wait(); err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) && exit.Exited() {
			return exit.ExitCode()
		}
		fmt.Fprintln(os.Stderr, "tap:", err)
		return 2
	}
	return 0
}

// start starts this program in a user and network namespace. Root can do
// without the user namespace, which some machines forbid.
func start() (*exec.Cmd, error) {
	child, err := command(own())
	if err != nil {
		return nil, err
	}
	err = child.Start()
	if err == nil {
		return child, nil
	}
	cause := err
	if os.Geteuid() == 0 {
		if child, err = command(&syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWNET}); err != nil {
			return nil, err
		}
		if err = child.Start(); err == nil {
			return child, nil
		}
		return nil, fmt.Errorf("tap: no network namespace, with a user namespace (%w) or without (%w): "+
			"it takes CAP_SYS_ADMIN, or user namespaces", cause, err)
	}
	return nil, fmt.Errorf("tap: no user namespace: %w: allow them (sysctl user.max_user_namespaces, "+
		"kernel.unprivileged_userns_clone, kernel.apparmor_restrict_unprivileged_userns), or run the tests as root", cause)
}

func command(attr *syscall.SysProcAttr) (*exec.Cmd, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("tap: %w", err)
	}
	attr.Pdeathsig = unix.SIGKILL
	return &exec.Cmd{
		Path: self, Args: os.Args, Env: append(os.Environ(), inside+"=1"),
		Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr,
		SysProcAttr: attr,
	}, nil
}

// own describes a user namespace with this user alone and just the
// capabilities that capture takes. User 0 gets another number inside: programs
// that find themselves root want to become somebody else, who is not there.
func own() *syscall.SysProcAttr {
	uid, gid := os.Getuid(), os.Getgid()
	if uid == 0 {
		uid = 1000
	}
	if gid == 0 {
		gid = 1000
	}
	return &syscall.SysProcAttr{
		Cloneflags:  unix.CLONE_NEWUSER | unix.CLONE_NEWNET,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: uid, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: gid, HostID: os.Getgid(), Size: 1}},
		AmbientCaps: []uintptr{unix.CAP_NET_ADMIN, unix.CAP_NET_RAW},
	}
}
