//go:build linux

// Init is the first process of the VM tests' machine, and its only one beside
// what it starts: it prepares the kernel, runs each test binary of the plan in
// turn, says how it ended, and switches the machine off.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sensord/sensord/internal/vmtest/machine"
)

func main() {
	began := time.Now()
	// A process number other than one means that this is somebody's desk, which
	// would be switched off.
	if os.Getpid() != 1 {
		fmt.Fprintln(os.Stderr, "init: runs as the first process of a machine only")
		os.Exit(2)
	}
	// Without folders, lines and files there is nobody to tell: the kernel's
	// panic says it on the console.
	if err := mountAll(); err != nil {
		panic(err)
	}
	line, err := openLine("/dev/ttyS1")
	if err != nil {
		panic(err)
	}
	if err := work(line, began); err != nil {
		line.event(machine.Event{Trouble: err.Error()})
	}
	line.drain()
	unix.Sync()
	if err := unix.Reboot(unix.LINUX_REBOOT_CMD_POWER_OFF); err != nil {
		panic(err)
	}
	select {}
}

// work does what the plan says. An error says that the rest of it could not be done.
func work(line *line, began time.Time) error {
	text, err := os.ReadFile(machine.PlanPath)
	if err != nil {
		return err
	}
	var plan machine.Plan
	if err := json.Unmarshal(text, &plan); err != nil {
		return fmt.Errorf("%s: %w", machine.PlanPath, err)
	}
	if err := prepare(&plan); err != nil {
		return err
	}
	release, err := os.ReadFile("/proc/sys/kernel/osrelease")
	if err != nil {
		return err
	}
	line.event(machine.Event{Ready: strings.TrimSpace(string(release)), Took: uptime(began)})

	for _, test := range plan.Tests {
		line.event(machine.Event{Start: test.Package})
		start := time.Now()
		failed := ""
		if err := runTest(line, test); err != nil {
			failed = err.Error()
		}
		took := time.Since(start)
		if err := cleanUp(&plan); err != nil {
			failed = strings.TrimPrefix(failed+"; left behind: "+err.Error(), "; ")
		}
		line.event(machine.Event{End: test.Package, Failed: failed, Took: took})
	}
	line.event(machine.Event{Off: true})
	return nil
}

// uptime is the time since the kernel began, or since began if it does not say.
func uptime(began time.Time) time.Duration {
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &now); err != nil {
		return time.Since(began)
	}
	return time.Duration(now.Nano())
}

// runTest runs a test binary to its end, its output going to the line.
func runTest(line *line, test machine.Test) error {
	if err := os.MkdirAll(test.Dir, 0o755); err != nil {
		return err
	}
	cmd := exec.Command(test.Binary, test.Args...)
	cmd.Dir = test.Dir
	cmd.Stdout, cmd.Stderr = line, line
	cmd.WaitDelay = 2 * time.Second // for processes that it left behind and that hold its output
	err := cmd.Run()
	line.endLine()
	if errors.Is(err, exec.ErrWaitDelay) {
		return errors.New("left behind a process")
	}
	return err
}

// cleanUp brings the machine back to where a test finds it: no process but
// init, no radio, the plan's country. What was left behind is an error.
func cleanUp(plan *machine.Plan) error {
	if err := unix.Kill(-1, unix.SIGKILL); err != nil && !errors.Is(err, unix.ESRCH) {
		return err
	}
	for {
		// The orphans are init's, and radios last until their makers are gone.
		if _, err := unix.Wait4(-1, nil, 0, nil); err != nil && !errors.Is(err, unix.EINTR) {
			break
		}
	}
	radios, err := filepath.Glob("/sys/class/ieee80211/*")
	if err != nil {
		return err
	}
	if len(radios) > 0 {
		if err := reloadRadios(plan); err != nil {
			return err
		}
	}
	if err := setCountry(plan.Country); err != nil {
		return err
	}
	if len(radios) > 0 {
		return fmt.Errorf("radios: %s", strings.Join(radios, " "))
	}
	return nil
}

// setCountry sets the regulatory domain and waits until it holds.
func setCountry(country string) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		is, err := exec.CommandContext(ctx, "iw", "reg", "get").CombinedOutput()
		if err != nil {
			return fmt.Errorf("iw reg get: %w: %s", err, is)
		}
		if strings.Contains(string(is), "country "+country+":") {
			return nil
		}
		if out, err := exec.CommandContext(ctx, "iw", "reg", "set", country).CombinedOutput(); err != nil {
			return fmt.Errorf("iw reg set %s: %w: %s", country, err, out)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("iw reg set %s: does not take effect; it is still %s", country, is)
		case <-tick.C:
		}
	}
}
