//go:build !lite

package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/sensord/sensord/bus"
	"github.com/sensord/sensord/internal/fault"
)

func newHubRigCommand(a *app) *cobra.Command {
	var v hubFlags
	var watch bool
	var expires time.Duration
	var output string
	cmd := &cobra.Command{
		Use:   "rig [flags] NAME",
		Short: "Write the credentials of a rig, or with --watch of a person",
		Long: `Write the credentials of a rig, or with --watch of a person who only looks, to NAME.creds. NAME is what the rig
calls itself, rig: in its configuration, with a dash for whatever is no letter, digit, dash or underscore. Who has the
file is that rig: copy it by a safe way, and delete it here.
A hub that runs takes them at once. What was written for NAME before stays good until it is revoked.`,
		Example: `  sensord hub rig roof
  sensord hub rig rover-1 --fleet north --expires 720h --output /media/usb/rover-1.creds
  sensord hub rig anna --watch`,
		Args: oneName("rig"),
		RunE: func(_ *cobra.Command, args []string) error {
			r := bus.IssueRequest{Fleet: v.fleet, Name: args[0], Watch: watch}
			if expires < 0 {
				return usageError("--expires", "write a time as 720h", "it is in the past")
			}
			if expires > 0 {
				r.Expires = time.Now().Add(expires)
			}
			return a.hubRig(&v, r, output)
		},
	}
	v.state(cmd)
	fs := cmd.Flags()
	group(fs, groupOurs, func() {
		fs.BoolVar(&watch, "watch", false, "for a person: may hear the fleet, and say nothing")
		fs.DurationVar(&expires, "expires", 0, "make them worthless after `TIME`, as 720h (default never)")
		fs.StringVar(&output, "output", "", "write them to `FILE`, - for the standard output (default NAME.creds)")
	})
	return cmd
}

func oneName(command string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) != 1 {
			return usageError("hub "+command, "write `sensord hub "+command+" NAME`", "one name is needed")
		}
		return checkName(strings.TrimSpace("hub "+command+" "+args[0]), args[0])
	}
}

func (a *app) hubRig(v *hubFlags, r bus.IssueRequest, output string) error {
	if err := checkName("--fleet", v.fleet); err != nil {
		return err
	}
	authority, isNew, err := a.authority(v)
	if err != nil {
		return err
	}
	_, _ = fmt.Fprint(a.errs, isNew)
	if output == "" {
		output = r.Name + ".creds"
	}
	if output == "-" {
		creds, err := authority.Issue(r)
		if err != nil {
			return err
		}
		_, err = a.out.Write(creds)
		return err
	}
	// The file first: credentials that cannot be written are not issued.
	f, err := os.OpenFile(filepath.Clean(output), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		advice := "name another file with --output"
		if errors.Is(err, fs.ErrExist) {
			advice = "delete it, or " + advice
		}
		return usageError("file "+output, advice, "%w", pathCause(err))
	}
	creds, err := authority.Issue(r)
	if err == nil {
		_, err = f.Write(creds)
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	who := "rig " + r.Name
	if r.Watch {
		who = r.Name + ", who may only listen,"
	}
	until := ""
	if !r.Expires.IsZero() {
		until = ", good until " + r.Expires.UTC().Format("2006-01-02 15:04 MST")
	}
	_, err = fmt.Fprintf(a.out, "wrote %s: credentials of %s in fleet %s%s\n", output, who, r.Fleet, until)
	return err
}

func pathCause(err error) error {
	if pe, ok := errors.AsType[*fs.PathError](err); ok {
		return pe.Err
	}
	return err
}

func newHubRevokeCommand(a *app) *cobra.Command {
	var v hubFlags
	cmd := &cobra.Command{
		Use:   "revoke [flags] NAME",
		Short: "Make the credentials of a rig or a person worthless",
		Long: `Make all credentials that were written for NAME worthless. A hub that runs ends the connections of who uses them
within a few seconds. Credentials that are written for NAME afterwards are good.`,
		Example: `  sensord hub revoke rover-1
  sensord hub revoke anna --fleet north`,
		Args: oneName("revoke"),
		RunE: func(_ *cobra.Command, args []string) error { return a.hubRevoke(&v, args[0]) },
	}
	v.state(cmd)
	return cmd
}

func (a *app) hubRevoke(v *hubFlags, name string) error {
	authority, err := a.knownAuthority(v)
	if err != nil {
		return err
	}
	n, err := authority.Revoke(v.fleet, name)
	if err != nil {
		return err
	}
	if n == 0 {
		return &fault.Error{
			Code: fault.ConfigInvalid, Object: name, Err: fmt.Errorf("it has no credentials in fleet %s that are good", v.fleet),
			Advice: "see `sensord hub list`",
		}
	}
	_, err = fmt.Fprintf(a.out, "revoked %s of %s in fleet %s\n", plural(n, "file of credentials", "files of credentials"), name, v.fleet)
	return err
}

func newHubListCommand(a *app) *cobra.Command {
	var v hubFlags
	cmd := &cobra.Command{
		Use:     "list [flags]",
		Short:   "List who was given credentials",
		Long:    "List who was given credentials in each fleet, when, and whether they are good.",
		Example: "  sensord hub list",
		Args:    noArguments,
		RunE:    func(*cobra.Command, []string) error { return a.hubList(&v) },
	}
	fs := cmd.Flags()
	group(fs, groupOurs, func() {
		fs.StringVar(&v.dir, "state", "", "the hub's `DIR` (default as of sensord hub)")
	})
	return cmd
}

func (a *app) hubList(v *hubFlags) error {
	authority, err := a.knownAuthority(v)
	if err != nil {
		return err
	}
	fleets, err := authority.Fleets()
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, "FLEET\tNAME\tFOR\tISSUED\tSTATE")
	for _, fleet := range fleets {
		list, err := authority.List(fleet)
		if err != nil {
			return err
		}
		for _, i := range list {
			role := "rig"
			if i.Watch {
				role = "watching"
			}
			_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", fleet, i.Name, role, dayText(i.Issued), issuedState(i, time.Now()))
		}
	}
	return w.Flush()
}

func issuedState(i bus.Issued, now time.Time) string {
	switch {
	case !i.Revoked.IsZero():
		return "revoked " + dayText(i.Revoked)
	case i.Expires.IsZero():
		return "good"
	case i.Expires.Before(now):
		return "expired " + dayText(i.Expires)
	}
	return "good until " + dayText(i.Expires)
}

func dayText(t time.Time) string { return t.UTC().Format("2006-01-02 15:04") }

// authority opens the hub's, and makes it if there is none. What is new by that,
// the hub or the fleet, it says: it may be a mistyped name.
func (a *app) authority(v *hubFlags) (authority *bus.Authority, isNew string, err error) {
	dir, err := a.hubDir(v)
	if err != nil {
		return nil, "", err
	}
	_, err = os.Stat(dir)
	isFirst := errors.Is(err, fs.ErrNotExist)
	if authority, err = bus.OpenAuthority(dir); err != nil {
		return nil, "", err
	}
	if isFirst {
		return authority, fmt.Sprintf("sensord: note: hub %s: there was none, so this makes one\n"+
			"  if there is a hub already, name its directory with --state\n", dir), nil
	}
	fleets, err := authority.Fleets()
	if err != nil {
		return nil, "", err
	}
	if len(fleets) > 0 && !slices.Contains(fleets, v.fleet) {
		isNew = fmt.Sprintf("sensord: note: fleet %s: it is new; there are %s\n", v.fleet, strings.Join(fleets, ", "))
	}
	return authority, isNew, nil
}

// knownAuthority opens the hub's, which must be there.
func (a *app) knownAuthority(v *hubFlags) (*bus.Authority, error) {
	dir, err := a.hubDir(v)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(dir); err != nil {
		return nil, usageError("hub "+dir, "name the directory of the hub with --state", "%w", pathCause(err))
	}
	return bus.OpenAuthority(dir)
}
