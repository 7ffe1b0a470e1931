package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/sensord/sensord/actors"
	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/capture/pcapfile"
	"github.com/sensord/sensord/configs"
	"github.com/sensord/sensord/internal/fault"
	"github.com/sensord/sensord/uplink"
)

func newCheckCommand(a *app) *cobra.Command {
	var v values
	cmd := &cobra.Command{
		Use:   "check [--config FILE] [flags]",
		Short: "See, step by step, whether it will work",
		Long: `See whether a configuration, or the same flags without one, will work: the configuration with every value and
where it came from, the way to the server step by step (name, connection, TLS, login and role, protocol), and
each source: of a radio whether it is there, may be used and can do what is asked for; each receiver: whether it is
there and has a fix, and for a phone the URL to post to. Nothing is announced to the server, and nothing is changed
on a radio. What a sensord has that runs already is a warning. The exit status is that of the first step that fails.`,
		Example: `  sensord check --config rig.yaml
  sensord check --connect kismet.local --apikey KEY --source wlan1 --gps gpsd`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.check(cmd, &v) },
	}
	fs := cmd.Flags()
	v.file(fs)
	v.server(fs)
	v.source(fs)
	v.log(fs)
	v.life(fs) // so that the same flags can be given; there is nothing to check in them
	hide(fs, "disable-retry", "daemonize", "autodetect", "once", "once-timeout")
	return cmd
}

// checklist prints one line per step and remembers how the first one failed.
type checklist struct {
	out      io.Writer
	status   int
	captures []captureStart // of the files that were looked at
}

var errInterrupted = errors.New("check: interrupted")

// step tells how one step went: with an error its cause and remedy, else the
// detail. What ended because somebody does not want to wait tells nothing.
func (c *checklist) step(name string, took time.Duration, detail string, err error) {
	if errors.Is(err, context.Canceled) {
		return
	}
	word, remedy := "ok", ""
	if err != nil {
		word, detail, remedy = "FAIL", err.Error(), fault.RemedyOf(err)
		c.status = cmp.Or(c.status, fault.Exit(err))
	}
	c.line(word, name, took, detail, remedy)
}

func (c *checklist) line(word, name string, took time.Duration, detail, remedy string) {
	duration := ""
	if took > 0 {
		duration = took.Round(100 * time.Microsecond).String()
	}
	front := fmt.Sprintf("%-4s  %-13s %8s  ", word, name, duration)
	_, _ = fmt.Fprintln(c.out, front+detail)
	if remedy != "" {
		_, _ = fmt.Fprintln(c.out, strings.Repeat(" ", utf8.RuneCountInString(front))+remedy)
	}
}

func (a *app) check(cmd *cobra.Command, v *values) error {
	flags, err := a.flags(cmd, v)
	if err != nil {
		return err
	}
	if v.autodetect != "" {
		return usageError("--autodetect", "name the server with --connect", "a check does not wait for a server to announce itself")
	}
	c := &checklist{out: a.out}
	loaded, err := a.load(v.config, flags)
	for _, w := range loaded.Warnings {
		c.line("warn", "configuration", 0, configs.Problem(w).Where()+": "+w.What, w.Right)
	}
	if problems, ok := errors.AsType[configs.Errors](err); ok {
		for _, p := range problems {
			c.step("configuration", 0, "", configs.Errors{p}.Unwrap())
		}
		return reported{c.status}
	}
	if err != nil {
		return err
	}
	c.settings(cmp.Or(v.config, "from the command line"), loaded.Settings)

	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	c.server(ctx, loaded.Config.Servers[0])
	radios := radioCheck{checklist: c, app: a, stateDir: loaded.Config.StateDir}
	for _, s := range loaded.Config.Sources {
		if s.Type == capture.TypeLinuxWifi {
			radios.radio(ctx, s)
			continue
		}
		c.source(ctx, s)
	}
	radios.splitList()
	positions := newGPSCheck(c)
	positions.clock(loaded.Config.Sources)
	positions.receivers(ctx, loaded.Config)
	positions.web(ctx, loaded.Config.Web)
	positions.copies(ctx, loaded.Config)
	if ctx.Err() != nil {
		return errInterrupted
	}
	if c.status != 0 {
		return reported{c.status}
	}
	return nil
}

// settings shows every value and where it came from.
func (c *checklist) settings(from string, settings []configs.Setting) {
	c.step("configuration", 0, from, nil)
	path, value := 0, 0
	for _, s := range settings {
		path, value = max(path, len(s.Path)), max(value, len(s.Value))
	}
	value = min(value, 60)
	for _, s := range settings {
		_, _ = fmt.Fprintf(c.out, "      %-*s  %-*s  %s\n", path, s.Path, value, s.Value, s.From)
	}
}

// server walks the way to the server.
func (c *checklist) server(ctx context.Context, server configs.Server) {
	d, err := actors.NewDialer(server, versionText())
	if err != nil {
		c.step("server", 0, "", err)
		return
	}
	// The walk's error is the failed step's, which was told already.
	_ = uplink.Check(ctx, d.Server, d.UserAgent, func(s uplink.Step) {
		c.step(s.Name, s.Took, s.Detail, s.Err)
	})
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
