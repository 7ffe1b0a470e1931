package main

import (
	"context"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/configs"
	"github.com/sensord/sensord/uplink"
)

// toBeFound stands for the server while the rest of the configuration is
// checked; so a mistake in it is told before a long wait, not after.
const toBeFound = "server.invalid"

// checkSearch refuses what cannot go with --autodetect.
func (a *app) checkSearch(v *values, f *configs.Flags) error {
	switch {
	case f.Connect != "" || f.Host != "":
		return usageError("--autodetect", "give one of the two", "--connect names the server already")
	case f.SSL:
		return usageError("--autodetect", "name the proxy with --connect", "a server announces itself, and Kismet's own has no TLS")
	}
	if v.autodetect != bare {
		if _, err := capture.ParseUUID(v.autodetect); err != nil {
			return usageError("--autodetect", "write --autodetect=UUID, or --autodetect for any server", "%w", err)
		}
	}
	f.Connect = toBeFound
	return nil
}

// findServer waits for the announcement of the server that --autodetect asks
// for, and returns its host and port as --connect has them.
func (a *app) findServer(log *slog.Logger, v *values) (string, error) {
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	s := uplink.Search{Log: log, Port: a.announcePort, TCP: v.TCP}
	if v.autodetect != bare {
		s.UUID = v.autodetect
	}
	return s.Find(ctx)
}
