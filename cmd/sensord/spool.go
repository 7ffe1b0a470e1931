package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/configs"
	"github.com/sensord/sensord/internal/fault"
	"github.com/sensord/sensord/uplink/frames/spool"
)

// spoolFlags say which spool is meant.
type spoolFlags struct {
	values
	json, yes bool
}

func newSpoolCommand(a *app) *cobra.Command {
	var v spoolFlags
	cmd := &cobra.Command{
		Use:     "spool [flags]",
		Short:   "Show, export and empty what waits on disk for a server",
		Long:    spoolLong,
		Example: spoolExample,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return nil
			}
			return usageError(args[0], "write `sensord spool show "+args[0]+"`, if it is a source", "spool has no such command")
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return a.listSpool(cmd, &v, nil) },
	}
	v.spooled(cmd)
	v.jsonFlag(cmd)
	cmd.AddCommand(newSpoolListCommand(a), newSpoolShowCommand(a), newSpoolExportCommand(a), newSpoolEmptyCommand(a))
	return cmd
}

// spooled defines the flags that name a spool.
func (v *spoolFlags) spooled(cmd *cobra.Command) {
	fs := cmd.Flags()
	group(fs, groupOurs, func() {
		fs.StringVar(&v.Spool, "spool", "", "the spool's `DIR` (default that of --config, or the state directory's)")
	})
	v.file(fs)
}

func (v *spoolFlags) jsonFlag(cmd *cobra.Command) {
	group(cmd.Flags(), groupOurs, func() {
		cmd.Flags().BoolVar(&v.json, "json", false, "print one JSON object; its fields stay as they are")
	})
}

const spoolLong = `Show what waits on disk for a server, source by source: how many frames, since when, and whether a running sensord
has them. With export it is turned into a file that other programs read, and goes on waiting; with empty it is deleted.
A source is named by its name or its UUID.`

const spoolExample = `  sensord spool
  sensord spool show roof --spool /var/lib/sensord/spool
  sensord spool export roof --output roof.pcapng
  sensord spool empty roof`

func newSpoolListCommand(a *app) *cobra.Command {
	var v spoolFlags
	cmd := &cobra.Command{
		Use:   "list [flags]",
		Short: "List the sources that have something on disk",
		Args:  noArguments,
		RunE:  func(cmd *cobra.Command, _ []string) error { return a.listSpool(cmd, &v, nil) },
	}
	v.spooled(cmd)
	v.jsonFlag(cmd)
	return cmd
}

func newSpoolShowCommand(a *app) *cobra.Command {
	var v spoolFlags
	cmd := &cobra.Command{
		Use:   "show [flags] [SOURCE...]",
		Short: "Show all that is known of what a source has on disk",
		RunE:  func(cmd *cobra.Command, args []string) error { return a.showSpool(cmd, &v, args) },
	}
	v.spooled(cmd)
	v.jsonFlag(cmd)
	return cmd
}

func newSpoolExportCommand(a *app) *cobra.Command {
	var v exportFlags
	cmd := &cobra.Command{
		Use:   "export [flags] [SOURCE...]",
		Short: "Turn what waits into pcapng, WiGLE CSV or GPX; it goes on waiting",
		Long:  "Turn what waits on disk into a file that other programs read, of all sources or of those that are named.\nNothing is taken away. See `sensord export --help`, which also takes recordings and captures.",
	}
	s := spoolFlags{}
	s.spooled(cmd)
	v.exported(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		dir, infos, err := a.spoolOf(cmd, &s)
		if err != nil {
			return err
		}
		if infos, err = named(dir, infos, args); err != nil { // what cannot be read is told of on the way
			return err
		}
		var uuids []capture.UUID
		for _, i := range infos {
			uuids = append(uuids, i.UUID)
		}
		v.config = s.config
		return a.export(cmd, &v, []string{dir}, uuids)
	}
	return cmd
}

// spoolOf returns the directory that is meant, and what is in it.
func (a *app) spoolOf(cmd *cobra.Command, v *spoolFlags) (string, []spool.Info, error) {
	flags, err := a.flags(cmd, &v.values)
	if err != nil {
		return "", nil, err
	}
	loaded, err := configs.Positions(v.config, a.environ, flags)
	if err != nil {
		return "", nil, err
	}
	dir := loaded.Config.Spool.Dir
	if dir == "" && loaded.Config.StateDir != "" { // where a service keeps it
		dir = filepath.Join(loaded.Config.StateDir, "spool")
		if _, err := os.Stat(dir); err != nil {
			dir = ""
		}
	}
	if dir == "" {
		return "", nil, fault.Newf(fault.SpoolAbsent, "spool", "none is named, and there is none in its usual place")
	}
	infos, err := spool.List(dir)
	return dir, infos, unread(err)
}

// unread is an error of a command that only looks: what the rest of sensord
// advises is for one that captures.
func unread(err error) error {
	e, ok := errors.AsType[*fault.Error](err)
	if !ok || e.Code != fault.DiskFailed {
		return err
	}
	told := *e
	told.Advice = "check the directory's owner and mode, and the disk; read it as the user that sensord runs as, or as root"
	return &told
}

// pick returns the sources that are named; if none is, all that can be read, and
// it tells of the others.
func (a *app) pick(dir string, infos []spool.Info, names []string) ([]spool.Info, error) {
	infos, err := named(dir, infos, names)
	for _, i := range infos {
		err := unread(i.Err)
		if err != nil && len(names) > 0 {
			return nil, err
		}
		if err != nil {
			writeMessage(a.errs, err.Error(), fault.RemedyOf(err))
		}
	}
	return slices.DeleteFunc(infos, func(i spool.Info) bool { return i.Err != nil }), err
}

// named returns the sources that are named, all if none is.
func named(dir string, infos []spool.Info, names []string) ([]spool.Info, error) {
	if len(names) == 0 {
		return infos, nil
	}
	var picked []spool.Info
	for _, name := range names {
		uuid, err := capture.ParseUUID(name)
		found := false
		for _, i := range infos {
			if i.UUID != uuid && i.Name != name || err != nil && i.Name == "" {
				continue
			}
			found = true
			if !slices.ContainsFunc(picked, func(o spool.Info) bool { return o.UUID == i.UUID }) {
				picked = append(picked, i)
			}
		}
		if !found {
			return nil, fault.Newf(fault.SpoolAbsent, "source "+name, "nothing is kept of it in %s", dir)
		}
	}
	return picked, nil
}

// spoolName is how people call a source in a spool.
func spoolName(i spool.Info) string { return cmp.Or(i.Name, i.UUID.String()) }

// encodeJSON prints an object for programs.
func encodeJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}
