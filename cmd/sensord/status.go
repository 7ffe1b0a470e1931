package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"github.com/sensord/sensord/configs"
	"github.com/sensord/sensord/internal/fault"
	"github.com/sensord/sensord/web"
)

// statusFlags are those of `sensord status`.
type statusFlags struct {
	socket string
	watch  bool
	json   bool
}

func newStatusCommand(a *app) *cobra.Command {
	var v statusFlags
	cmd := &cobra.Command{
		Use:     "status [flags]",
		Short:   "Say whether this machine is recording, and where frames are",
		Long:    statusLong,
		Example: statusExample,
		Args:    noArguments,
		RunE:    func(cmd *cobra.Command, _ []string) error { return a.status(cmd, &v) },
	}
	fs := cmd.Flags()
	group(fs, groupOurs, func() {
		fs.StringVar(&v.socket, "socket", "", "ask the sensord with this `SOCKET`, or those with theirs in this directory (default $RUNTIME_DIRECTORY, /run/sensord and $XDG_RUNTIME_DIR/sensord)")
		fs.BoolVar(&v.watch, "watch", false, "show it again each second: on a terminal in place, until q or Ctrl-C; elsewhere a line")
		fs.BoolVar(&v.json, "json", false, "print an object for each sensord; docs/operations.md says what is in it")
	})
	return cmd
}

const statusLong = `Ask the sensords that run on this machine how they are. The first line answers "am I recording?":

  RECORDING       what is heard is kept: confirmed by a server, on disk, or in files
  RECORDING, BUT  something is missing or at risk, or the oldest frames are given up for those that are heard: what it
                  is, and below what to do
  NOT RECORDING   nothing is kept of what is heard: why, and below what to do
  STARTING, SENDING, FINISHED   sources are being opened; files are read, and not all is confirmed; all is

Below it: where the sensor is, disk and files, and for each source its link, its channels, and its frames: captured,
sent, acknowledged, on disk, dropped and why, and how old the oldest is that is not sent.

The exit status is 0 while everything or something is recorded, or where a file is all that was to be sent; otherwise
that of what is wrong, as of a radio 7, and 1 if no sensord runs.`

const statusExample = `  sensord status
  sensord status --watch
  sensord status --json | jq .recording
  sensord status --socket /run/sensord/rover-1-4242.sock`

// An answer is what came of asking a sensord.
type answer struct {
	socket string
	status web.Status
	err    error
}

func (a *app) status(cmd *cobra.Command, v *statusFlags) error {
	if err := emptyFlag(cmd.Flags()); err != nil {
		return err
	}
	ask := func(ctx context.Context) ([]answer, error) { return a.askAll(ctx, v.socket) }
	if v.watch {
		return a.watchStatus(ask, v.json)
	}
	answers, err := ask(context.Background())
	if err != nil {
		return err
	}
	if err := a.printStatus(answers, v.json); err != nil {
		return err
	}
	return notRecording(answers)
}

func (a *app) printStatus(answers []answer, asJSON bool) error {
	if asJSON {
		return encodeStatus(a.out, answers)
	}
	width, _, terminal := terminalSize(a.out)
	if !terminal {
		width = viewMost
	}
	style := styleOf(a.environ, terminal)
	var b strings.Builder
	for i := range answers {
		if i > 0 {
			b.WriteString("\n")
		}
		const widest = 1000
		for _, l := range statusLines(&answers[i], min(width, viewMost)-viewMargin, detailAll) {
			b.WriteString(strings.TrimRight(l.render(widest, style), " ") + "\n")
		}
	}
	_, err := io.WriteString(a.out, b.String())
	return err
}

// encodeStatus prints what was answered. Who did not answer has no object.
func encodeStatus(w io.Writer, answers []answer) error {
	enc := jsonEncoder(w)
	for i := range answers {
		if answers[i].err != nil {
			continue
		}
		if err := enc.Encode(&answers[i].status); err != nil {
			return err
		}
	}
	return nil
}

// notRecording is the exit status of what is wrong, as an error that was told
// already; nil if nothing is.
func notRecording(answers []answer) error {
	worst := fault.ExitOK
	for i := range answers {
		status := fault.ExitOK
		switch s := &answers[i].status; {
		case answers[i].err != nil:
			status = fault.Exit(answers[i].err)
		case s.State == web.StateStarting:
			status = fault.ExitFailed
		case s.State == web.StateStopped:
			status = fault.ExitFailed
			if len(s.Problems) > 0 && s.Problems[0].Exit != 0 {
				status = s.Problems[0].Exit
			}
		}
		worst = max(worst, status)
	}
	if worst == fault.ExitOK {
		return nil
	}
	return reported{worst}
}

// askAll asks every sensord there is. The error says that there is none.
func (a *app) askAll(ctx context.Context, given string) ([]answer, error) {
	sockets, certain, err := a.sockets(given)
	if err != nil {
		return nil, err
	}
	answers := make([]answer, len(sockets))
	var all sync.WaitGroup
	for i, socket := range sockets {
		all.Go(func() {
			s, err := web.AskStatus(ctx, socket)
			answers[i] = answer{socket, s, err}
		})
	}
	all.Wait()
	if certain {
		if len(answers) == 1 && answers[0].err != nil {
			return nil, answers[0].err
		}
		return answers, nil
	}
	living := answers[:0]
	for _, answer := range answers {
		if answer.err == nil || !errors.Is(answer.err, web.ErrDead) {
			living = append(living, answer)
		}
	}
	switch {
	case len(living) == 1 && living[0].err != nil:
		return nil, living[0].err
	case len(living) == 0:
		return nil, a.nobody(given)
	}
	return living, nil
}

// sockets are those to ask. Certain is what was named itself.
func (a *app) sockets(given string) (found []string, certain bool, err error) {
	dirs := configs.StatusDirs(a.environ)
	if given != "" {
		info, err := os.Stat(given)
		if directory := err == nil && info.IsDir(); !directory {
			return []string{given}, true, nil
		}
		dirs = []string{given}
	}
	for _, dir := range dirs {
		sockets, e := web.StatusSockets(dir)
		if e != nil && err == nil {
			err = e
		}
		found = append(found, sockets...)
	}
	if len(found) > 0 {
		err = nil
	}
	return found, false, err
}

// nobody says that no sensord answers.
func (a *app) nobody(dir string) error {
	e := &fault.Error{Code: fault.StatusAbsent, Err: errors.New("NOT RECORDING: no sensord runs on this machine")}
	if dir != "" {
		e.Err = fmt.Errorf("NOT RECORDING: no sensord has its socket in %s", dir)
		return e
	}
	if pids, _ := otherSensords("/proc"); len(pids) > 0 {
		e.Err = fmt.Errorf("a sensord runs, as process %d, and has no status socket here", pids[0])
		e.Advice = "ask with --socket SOCKET if its configuration names one, or as the user who runs it; status: {socket: off} switches it off"
	}
	return e
}
