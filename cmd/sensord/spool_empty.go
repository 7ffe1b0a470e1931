package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sensord/sensord/internal/fault"
	"github.com/sensord/sensord/uplink/frames/spool"
)

func newSpoolEmptyCommand(a *app) *cobra.Command {
	var v spoolFlags
	cmd := &cobra.Command{
		Use:   "empty [flags] [SOURCE...]",
		Short: "Delete what waits, of all sources or of those that are named; it asks first",
		Long: `Delete what waits on disk, of all sources or of those that are named. No server will get it. On a terminal it
asks first; elsewhere it wants --yes. What a running sensord has is not deleted.`,
		RunE: func(cmd *cobra.Command, args []string) error { return a.emptySpool(cmd, &v, args) },
	}
	v.spooled(cmd)
	group(cmd.Flags(), groupOurs, func() { cmd.Flags().BoolVar(&v.yes, "yes", false, "do not ask") })
	return cmd
}

func (a *app) emptySpool(cmd *cobra.Command, v *spoolFlags, args []string) error {
	dir, infos, err := a.spoolOf(cmd, v)
	if err != nil {
		return err
	}
	if infos, err = named(dir, infos, args); err != nil {
		return err
	}
	if len(infos) == 0 {
		_, err := fmt.Fprintf(a.out, "nothing waits in %s\n", dir)
		return err
	}
	for _, i := range infos {
		if i.Locked {
			return fault.Newf(fault.SpoolLocked, "source "+printable(spoolName(i)), "a running sensord has what is kept of it")
		}
	}
	if ok, err := a.agreed(v.yes, dir, infos); !ok || err != nil {
		return err
	}
	var failed error
	for _, i := range infos {
		if err := undeleted(spool.Empty(dir, i.UUID)); err != nil {
			if failed != nil {
				writeMessage(a.errs, failed.Error(), fault.RemedyOf(failed))
			}
			failed = err
			continue
		}
		what := plural(whole(i.Frames), "frame", "frames")
		if i.Err != nil {
			what = "what could not be read, " + sizeText(i.Bytes) + ","
		}
		_, _ = fmt.Fprintf(a.out, "deleted %s of %s\n", what, printable(spoolName(i)))
	}
	return failed
}

// undeleted is an error of deleting: what the rest of sensord advises is for one
// that captures.
func undeleted(err error) error {
	e, ok := errors.AsType[*fault.Error](err)
	if !ok || e.Code != fault.DiskFailed && e.Code != fault.DiskFull {
		return err
	}
	told := *e
	told.Advice = "check the disk"
	if errors.Is(err, os.ErrPermission) {
		told.Advice = "empty it as the user that sensord runs as, or as root"
	}
	return &told
}

// agreed asks whether it may be deleted.
func (a *app) agreed(yes bool, dir string, infos []spool.Info) (bool, error) {
	if yes {
		return true, nil
	}
	in, ok := a.in.(*os.File)
	if !ok || !isTerminal(in) || !isTerminal(a.errs) {
		return false, usageError("spool "+dir, "add --yes", "it is deleted only when somebody says yes, and nobody can be asked here")
	}
	a.askToDelete(dir, infos)
	line, err := bufio.NewReader(io.LimitReader(in, 1<<10)).ReadString('\n')
	switch strings.ToLower(strings.TrimSpace(line)) {
	case "y", "yes":
		return true, nil
	}
	if err != nil {
		_, _ = fmt.Fprintln(a.errs)
	}
	_, _ = fmt.Fprintln(a.errs, "nothing is deleted")
	return false, reported{fault.ExitFailed}
}

// askToDelete says what there is, and asks.
func (a *app) askToDelete(dir string, infos []spool.Info) {
	var readable []spool.Info
	var all uint64
	unread, and := "", ""
	for _, i := range infos {
		all += i.Frames
		if i.Err == nil {
			readable = append(readable, i)
			continue
		}
		unread += fmt.Sprintf("%s: %s that cannot be read: %v\n", printable(spoolName(i)), sizeText(i.Bytes), i.Err)
		and = ", and what cannot be read"
	}
	if len(readable) > 0 {
		_, _ = io.WriteString(a.errs, spoolText(dir, readable))
	}
	_, _ = fmt.Fprintf(a.errs, "%sdelete %s of %s, which no server has%s? [y/N] ",
		unread, plural(whole(all), "frame", "frames"), plural(len(infos), "source", "sources"), and)
}
