package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

func newVersionCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version, and what it was built from",
		Long:  "Print the version, and what it was built from.",
		Args:  noArguments,
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintf(a.out, "sensord %s\n%s\n", versionText(), buildText())
			return err
		},
	}
}

// buildText says from which commit, by which Go and for what this was built.
func buildText() string {
	commit := ""
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			switch {
			case s.Key == "vcs.revision":
				commit = "commit " + s.Value + ", "
			case s.Key == "vcs.modified" && s.Value == "true":
				commit += "modified, "
			}
		}
	}
	return fmt.Sprintf("%s%s, %s/%s", commit, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}
