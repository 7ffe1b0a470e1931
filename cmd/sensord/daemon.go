package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/sensord/sensord/configs"
	"github.com/sensord/sensord/internal/fault"
)

// File descriptors of the process in the background, beside the usual three.
const (
	handoffFD = 3 // it reads what may not stand in arguments or environment
	reportFD  = 4 // it writes how its start went
)

// handoff is what the foreground gives to the background through a pipe, so
// that nobody else on the machine can read it.
type handoff struct {
	Password string
	APIKey   string
	Connect  string // the server that --autodetect found
}

func (h *handoff) apply(f *configs.Flags) {
	f.Password, f.APIKey = configs.Secret(h.Password), configs.Secret(h.APIKey)
	if h.Connect != "" {
		f.Connect = h.Connect
	}
}

// report is how the background's start went.
type report struct {
	Ready  bool
	Status int    // the exit status, if it is not ready
	Text   string // the error, as the foreground shows it
}

// daemonChild is the background's side. Its methods do nothing when it is nil:
// in the foreground.
type daemonChild struct {
	given  handoff
	report *os.File // nil once the report was made
}

func openDaemonChild() (*daemonChild, error) {
	const advice = "use --daemonize"
	in, out := os.NewFile(handoffFD, "handoff"), os.NewFile(reportFD, "report")
	if in == nil || out == nil {
		return nil, usageError("--daemon-child", advice, "it is for sensord itself")
	}
	d := &daemonChild{report: out}
	if err := json.NewDecoder(in).Decode(&d.given); err != nil {
		return nil, usageError("--daemon-child", advice, "it is for sensord itself: %w", err)
	}
	_ = in.Close()
	return d, nil
}

func (d *daemonChild) started() { d.tell(report{Ready: true}) }

// failed reports whether the foreground tells the error.
func (d *daemonChild) failed(status int, text string) bool {
	return d.tell(report{Status: status, Text: text})
}

// tell makes the report, once, and says whether somebody took it.
func (d *daemonChild) tell(r report) bool {
	if d == nil || d.report == nil {
		return false
	}
	err := json.NewEncoder(d.report).Encode(r)
	_ = d.report.Close()
	d.report = nil
	return err == nil
}

// daemonize starts the same command in a new process and session, and returns
// once that has started, or with its error.
func (a *app) daemonize(cmd *cobra.Command, given handoff) error {
	child, pipes, err := a.child(cmd)
	if err != nil {
		return fault.New(fault.Internal, "--daemonize", err)
	}
	defer pipes.close()
	if err := child.Start(); err != nil {
		return fault.New(fault.Internal, "--daemonize", err)
	}
	pipes.closeChildsEnds()
	_ = json.NewEncoder(pipes.give).Encode(given) // what went wrong is in the report
	_ = pipes.give.Close()

	var r report
	if err := json.NewDecoder(pipes.hear).Decode(&r); err != nil {
		_ = child.Wait()
		return fault.Newf(fault.Internal, "--daemonize", "the process in the background ended before it was ready: %s", child.ProcessState)
	}
	if !r.Ready {
		_ = child.Wait()
		_, _ = io.WriteString(a.errs, r.Text)
		return reported{r.Status}
	}
	_, _ = fmt.Fprintf(a.errs, "sensord: running in the background, process %d\n", child.Process.Pid)
	if child.Stderr == nil {
		_, _ = io.WriteString(a.errs, "sensord: warning: --daemonize: the log goes nowhere\n  to keep it, send it to a file: 2>>sensord.log\n")
	}
	return child.Process.Release()
}

// daemonPipes are both ends of both pipes.
type daemonPipes struct{ take, give, hear, report *os.File }

func (p *daemonPipes) closeChildsEnds() {
	_ = p.take.Close()
	_ = p.report.Close()
}

func (p *daemonPipes) close() {
	for _, f := range []*os.File{p.take, p.give, p.hear, p.report} {
		if f != nil {
			_ = f.Close() // some a second time
		}
	}
}

// child prepares the process in the background. It keeps standard error if
// that is a file: a terminal is not its own, and whoever reads a pipe would
// wait for its end.
func (a *app) child(cmd *cobra.Command) (*exec.Cmd, *daemonPipes, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, nil, err
	}
	var p daemonPipes
	if p.take, p.give, err = os.Pipe(); err != nil {
		return nil, nil, err
	}
	if p.hear, p.report, err = os.Pipe(); err != nil {
		p.close()
		return nil, nil, err
	}
	child := &exec.Cmd{
		Path:        program,
		Args:        append([]string{a.args[0]}, childArguments(cmd)...),
		Env:         a.environ,
		ExtraFiles:  []*os.File{p.take, p.report},
		SysProcAttr: &syscall.SysProcAttr{Setsid: true},
	}
	if f, ok := a.errs.(*os.File); ok {
		if info, err := f.Stat(); err == nil && info.Mode().IsRegular() {
			child.Stderr = f
		}
	}
	return child, &p, nil
}

// childArguments returns the flags that were given, without what is done in
// the foreground and without secrets.
func childArguments(cmd *cobra.Command) []string {
	var args []string
	if cmd.HasParent() {
		args = append(args, cmd.Name())
	}
	cmd.Flags().Visit(func(f *pflag.Flag) {
		switch list, isList := f.Value.(pflag.SliceValue); {
		case f.Name == "daemonize", f.Name == "autodetect", f.Name == "password", f.Name == "apikey":
		case isList:
			for _, s := range list.GetSlice() {
				args = append(args, "--"+f.Name+"="+s)
			}
		case f.Value.String() == bare:
			args = append(args, "--"+f.Name)
		default:
			args = append(args, "--"+f.Name+"="+f.Value.String())
		}
	})
	return append(args, "--daemon-child")
}
