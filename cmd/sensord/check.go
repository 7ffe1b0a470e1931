package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/capture/pcapfile"
	"github.com/sensord/sensord/configs"
)

func newCheckCommand(a *app) *cobra.Command {
	var v values
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "check [--config FILE] [flags]",
		Short: "See, step by step, whether it will work",
		Long: `See whether a configuration, or the same flags without one, will work: the configuration with every value and
where it came from; the way to each server step by step (name, connection, proxy, TLS, HTTP, login and role, protocol),
and how far its clock is from this machine's; of each radio whether it is there, may be used and can do what is asked
for; each receiver: whether it is there and has a fix, and for a phone the URL to post to; and of each directory that is
written to whether there is room, and how long the disk takes. One line per step, with the time that it took, and
below it what to do. Nothing is announced to a server, nothing is changed on a radio, and nothing is left on a disk.
What a sensord has that runs already is a warning. The exit status is that of the first step that fails.`,
		Example: `  sensord check --config rig.yaml
  sensord check --connect kismet.local --apikey KEY --source wlan1 --gps gpsd
  sensord check --config rig.yaml --json`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.check(cmd, &v, asJSON) },
	}
	fs := cmd.Flags()
	v.file(fs)
	v.server(fs)
	v.source(fs)
	v.log(fs)
	v.life(fs) // so that the same flags can be given; there is nothing to check in them
	group(fs, groupOurs, func() {
		fs.BoolVar(&asJSON, "json", false, "print one JSON object, for programs; see docs/operations.md")
	})
	hide(fs, "disable-retry", "daemonize", "autodetect", "once", "once-timeout")
	return cmd
}

var errInterrupted = errors.New("check: interrupted")

func (a *app) check(cmd *cobra.Command, v *values, asJSON bool) error {
	flags, err := a.flags(cmd, v)
	if err != nil {
		return err
	}
	if v.autodetect != "" {
		return usageError("--autodetect", "name the server with --connect", "a check does not wait for a server to announce itself")
	}
	c := &checklist{out: a.out, json: asJSON, about: cmp.Or(v.config, "command line")}
	loaded, err := a.load(v.config, flags)
	for _, w := range loaded.Warnings {
		c.warn("configuration", 0, "", configs.Problem(w).Where()+": "+w.What, w.Right)
	}
	if err != nil {
		c.mistakes(err)
		return c.end()
	}
	c.step("configuration", 0, cmp.Or(v.config, "from the command line"), nil)
	c.settings(loaded.Settings)
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	a.walk(ctx, c, loaded.Config)
	if ctx.Err() != nil {
		return errInterrupted
	}
	return c.end()
}

// mistakes tells what is wrong with a configuration, a step each.
func (c *checklist) mistakes(err error) {
	problems, ok := errors.AsType[configs.Errors](err)
	if !ok {
		c.step("configuration", 0, "", err)
	}
	for _, p := range problems {
		c.step("configuration", 0, "", configs.Errors{p}.Unwrap())
	}
}

// walk takes every step behind the configuration.
func (a *app) walk(ctx context.Context, c *checklist, cfg configs.Config) {
	c.servers(ctx, cfg.Servers)
	radios := radioCheck{checklist: c, app: a, stateDir: cfg.StateDir}
	for _, s := range cfg.Sources {
		c.about = "source " + s.Name
		if s.Type == capture.TypeLinuxWifi {
			radios.radio(ctx, s)
			continue
		}
		c.source(ctx, s)
	}
	radios.splitList()
	positions := newGPSCheck(c)
	positions.clock(cfg.Sources)
	positions.receivers(ctx, cfg)
	positions.web(ctx, cfg.Web)
	positions.copies(ctx, cfg)
	c.bus(ctx, cfg.Bus, versionText())
	newDiskCheck(c).disks(ctx, cfg)
}

// A captureStart is when a capture file begins.
type captureStart struct {
	file   string
	timeNs int64 // of its first frame, UTC
}

// source opens a source and reads its first frames.
func (c *checklist) source(ctx context.Context, s configs.Source) {
	began := time.Now()
	found, err := patiently(ctx, func() sourceStep { return openSource(ctx, s.Definition.Interface) })
	if err == nil {
		err = found.err
	}
	if found.first.file != "" {
		c.captures = append(c.captures, found.first)
	}
	c.step("source", time.Since(began), found.text, err)
}

// sourceStep is how the check of a file went.
type sourceStep struct {
	text  string
	first captureStart // zero if it has no frames, or is no file
	err   error
}

func openSource(ctx context.Context, file string) sourceStep {
	if info, err := os.Stat(file); err == nil && !info.Mode().IsRegular() {
		return sourceStep{text: file + notOpened}
	}
	r, err := pcapfile.Open(file, pcapfile.Options{})
	if err != nil {
		return sourceStep{err: err}
	}
	defer r.Close()
	b, err := r.ReadBatch(ctx)
	if errors.Is(err, io.EOF) {
		return sourceStep{text: file + " holds no frames"}
	}
	if err != nil {
		return sourceStep{err: err}
	}
	defer b.Release()
	first := b.Frame(0)
	return sourceStep{
		text:  fmt.Sprintf("%s opens: link type %d, first frame of %s", file, first.LinkType, momentText(first.TimeNs)),
		first: captureStart{file, first.TimeNs},
	}
}

const notOpened = " is no regular file, so it was not opened: what is read from a pipe is gone"

func momentText(utcNs int64) string { return time.Unix(0, utcNs).UTC().Format(time.RFC3339) }

// patiently returns what f returns, or ctx's error if ctx ends before: a file on
// a mount that is stuck keeps who reads it, and nothing can wake them. f goes on
// then, as long as the process does, which has nothing left to do.
func patiently[T any](ctx context.Context, f func() T) (result T, err error) {
	if ctx.Err() != nil {
		return result, ctx.Err()
	}
	done := make(chan T, 1)
	go func() { done <- f() }()
	select {
	case result = <-done:
		return result, nil
	case <-ctx.Done():
		return result, ctx.Err()
	}
}
