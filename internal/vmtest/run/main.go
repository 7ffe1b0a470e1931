// Run is the host's side of .ci/vm: it finds the packages with VM tests, builds
// their test binaries, runs them all in one boot of a machine, and prints what
// `go test -v` would. Its arguments are the folder with the unpacked packages,
// then those of .ci/vm.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/sensord/sensord/internal/vmtest/machine"
)

const (
	// country is where tests begin: it has 2.4, 5 and 6 GHz.
	country = "US"
	// testTimeout is for all tests of a package, silence for a machine that says
	// nothing, bootTimeout for everything. They are far beyond what tests take,
	// for they end what hangs.
	testTimeout = 10 * time.Minute
	silence     = testTimeout + time.Minute
	bootTimeout = 45 * time.Minute
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	passed, err := run(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "vm:", err)
	}
	if !passed || err != nil {
		os.Exit(1)
	}
}

func say(format string, arguments ...any) {
	fmt.Fprintf(os.Stderr, "vm: "+format+"\n", arguments...)
}

func run(ctx context.Context, args []string) (bool, error) {
	if len(args) == 0 {
		return false, errors.New("the folder with the unpacked packages is missing: call .ci/vm")
	}
	root := args[0]
	patterns, flags := split(args[1:])
	began := time.Now()

	tmp, err := os.MkdirTemp("", "sensord-vm-*")
	if err != nil {
		return false, err
	}
	defer os.RemoveAll(tmp) //nolint:errcheck // best effort
	b := builder{tmp: tmp, flags: flags}
	packages, err := b.find(ctx, patterns)
	if err != nil {
		return false, err
	}
	image, err := b.image(ctx, root, packages)
	if err != nil {
		return false, err
	}
	initrd := filepath.Join(tmp, "initrd")
	size, err := writeImage(image, initrd)
	if err != nil {
		return false, err
	}
	built := time.Since(began)

	kernel, err := machine.FindKernel(root)
	if err != nil {
		return false, err
	}
	m := machine.Machine{Kernel: kernel, Initrd: initrd, Console: filepath.Join(filepath.Dir(root), "console.log")}
	names := make([]string, len(image.Tests))
	for i, test := range image.Tests {
		names[i] = test.Package
	}
	report := machine.NewReport(os.Stdout, names, selects(flags))
	booted := time.Now()
	bootErr := boot(ctx, &m, report)
	whole := time.Since(booted)
	passed, trouble, err := report.Close()
	if trouble != "" {
		say("%s", strings.TrimSpace(trouble))
		tail(m.Console)
	}
	if report.Kernel != "" {
		say("Linux %s in QEMU: built in %.1f s (image %d MiB), radios %.1f s after start, off after %.1f s",
			report.Kernel, built.Seconds(), size>>20, report.Begun.Sub(booted).Seconds(), whole.Seconds())
	}
	return passed && len(b.broken) == 0, errors.Join(bootErr, err)
}

// boot runs the machine, within its time.
func boot(ctx context.Context, m *machine.Machine, report *machine.Report) error {
	ctx, cancel := context.WithTimeoutCause(ctx, bootTimeout, fmt.Errorf("the machine was ended after %v", bootTimeout))
	defer cancel()
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	heard := time.AfterFunc(silence, func() {
		end(fmt.Errorf("the machine was ended: it said nothing for %v", silence))
	})
	defer heard.Stop()
	return m.Boot(ctx, writerFunc(func(p []byte) (int, error) {
		heard.Reset(silence)
		return report.Write(p)
	}))
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

// split parts the packages from the flags of the test binaries.
func split(args []string) (patterns, flags []string) {
	for i, arg := range args {
		if arg == "--" {
			return args[:i], longFlags(args[i+1:])
		}
	}
	return args, nil
}

// longFlags writes flags as test binaries know them: -run is -test.run.
func longFlags(args []string) []string {
	var flags []string
	for _, arg := range args {
		name := strings.TrimLeft(arg, "-")
		switch before, _, _ := strings.Cut(name, "="); before {
		case "run", "count", "timeout", "failfast", "shuffle", "parallel", "cpu", "short", "skip":
			arg = "-test." + name
		}
		flags = append(flags, arg)
	}
	return flags
}

// selects reports whether the flags choose among the tests.
func selects(flags []string) bool {
	for _, flag := range flags {
		if name := strings.TrimLeft(flag, "-"); strings.HasPrefix(name, "test.run") || strings.HasPrefix(name, "test.skip") {
			return true
		}
	}
	return false
}

func writeImage(image *machine.Image, name string) (size int64, err error) {
	f, err := os.Create(name)
	if err != nil {
		return 0, err
	}
	err = image.Write(f)
	info, statErr := f.Stat()
	if err = errors.Join(err, statErr, f.Close()); err != nil {
		return 0, fmt.Errorf("the machine's files: %w", err)
	}
	return info.Size(), nil
}

// tail prints the end of the kernel's messages.
func tail(console string) {
	text, err := os.ReadFile(console)
	if err != nil {
		return
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	const most = 80
	if len(lines) > most {
		lines = lines[len(lines)-most:]
	}
	say("the end of the kernel's messages, all of which are in %s:", console)
	for _, line := range lines {
		fmt.Fprintln(os.Stderr, strings.TrimRight(line, "\r"))
	}
}

// command is a run of the go tool with the settings of every build for the guest.
func command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH=amd64")
	cmd.Stderr = os.Stderr
	return cmd
}
