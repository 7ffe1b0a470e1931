//go:build linux

package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/sensord/sensord/internal/vmtest/machine"
)

// mountAll mounts what programs expect of a Linux machine.
func mountAll() error {
	for _, m := range []struct{ kind, on, options string }{
		{"proc", "/proc", ""},
		{"sysfs", "/sys", ""},
		{"devtmpfs", "/dev", ""},
		{"debugfs", "/sys/kernel/debug", ""}, // where hwsim's signal strength is set
		{"tmpfs", "/tmp", "mode=1777"},
		{"tmpfs", "/run", "mode=755"},
	} {
		if err := unix.Mount(m.kind, m.on, m.kind, 0, m.options); err != nil {
			return fmt.Errorf("mount %s: %w", m.on, err)
		}
	}
	return nil
}

// prepare sets up what every test finds.
func prepare(plan *machine.Plan) error {
	for name, value := range map[string]string{
		"PATH": "/bin:/sbin:/usr/bin:/usr/sbin", "HOME": "/root", "TMPDIR": "/tmp", "LANG": "C", "USER": "root",
	} {
		if err := os.Setenv(name, value); err != nil {
			return err
		}
	}
	if err := unix.Sethostname([]byte("vmtest")); err != nil {
		return fmt.Errorf("hostname: %w", err)
	}
	for _, file := range plan.Modules {
		if err := load(file); err != nil {
			return err
		}
	}
	if err := upLoopback(); err != nil {
		return err
	}
	return setCountry(plan.Country)
}

// load loads a kernel module. Radios are made by the tests, each its own.
func load(file string) error {
	parameters := ""
	if isRadios(file) {
		parameters = "radios=0"
	}
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := unix.FinitModule(int(f.Fd()), parameters, 0); err != nil && !errors.Is(err, unix.EEXIST) {
		return fmt.Errorf("load %s: %w", file, err)
	}
	return nil
}

func isRadios(file string) bool { return filepath.Base(file) == "mac80211_hwsim.ko" }

// reloadRadios takes away every radio, and makes new ones possible.
func reloadRadios(plan *machine.Plan) error {
	for _, file := range plan.Modules {
		if !isRadios(file) {
			continue
		}
		name := strings.TrimSuffix(filepath.Base(file), ".ko")
		if err := unix.DeleteModule(name, 0); err != nil {
			return fmt.Errorf("unload %s: %w", name, err)
		}
		return load(file)
	}
	return nil
}

func upLoopback() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("socket: %w", err)
	}
	request, err := unix.NewIfreq("lo")
	if err == nil {
		request.SetUint16(unix.IFF_UP | unix.IFF_RUNNING)
		err = unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, request)
	}
	if err = errors.Join(err, unix.Close(fd)); err != nil {
		return fmt.Errorf("lo: %w", err)
	}
	return nil
}
