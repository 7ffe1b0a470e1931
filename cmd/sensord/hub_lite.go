//go:build lite

package main

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/sensord/sensord/internal/fault"
)

func newHubCommand(*app) *cobra.Command {
	return &cobra.Command{
		Use:   "hub",
		Short: "Be the place where the rigs of a fleet meet",
		Long:  "Be the place where the rigs of a fleet meet. This build of sensord has no server of its own: use the full one.",
		// Whatever was asked for: it is not the words that are wrong.
		DisableFlagParsing: true,
		RunE: func(*cobra.Command, []string) error {
			return &fault.Error{
				Code: fault.BusLite, Object: "hub", Err: errors.New("this build of sensord has no server of its own"),
				Advice: "use the full build of sensord on the machine that is to be the hub",
			}
		},
	}
}
