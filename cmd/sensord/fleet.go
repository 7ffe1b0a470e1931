package main

import (
	"cmp"
	"context"
	"errors"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/sensord/sensord/actors"
	"github.com/sensord/sensord/bus"
	"github.com/sensord/sensord/configs"
	"github.com/sensord/sensord/internal/fault"
)

// fleetPatience is how long --once waits for a bus that says nothing.
const fleetPatience = 30 * time.Second

// fleetDefault is where a hub, or a sensord that listens, is looked for.
const fleetDefault = "nats://127.0.0.1:4222"

// fleetFlags are those of `sensord fleet`.
type fleetFlags struct {
	bus    string
	creds  string
	fleet  string
	config string
	json   bool
	once   bool
	events bool
	length time.Duration
}

func newFleetCommand(a *app) *cobra.Command {
	var v fleetFlags
	cmd := &cobra.Command{
		Use:     "fleet [flags]",
		Short:   "Say whether all rigs of a fleet are all right",
		Long:    fleetLong,
		Example: fleetExample,
		Args:    noArguments,
		RunE:    func(cmd *cobra.Command, _ []string) error { return a.fleet(cmd, &v) },
	}
	fs := cmd.Flags()
	group(fs, groupOurs, func() {
		fs.StringVar(&v.bus, "bus", "", "listen at `URL`: nats://HOST[:4222] or tls://HOST of a hub, or of a sensord with bus: {listen: ...} (default the one of --config, or "+fleetDefault+")")
		fs.StringVar(&v.creds, "creds", "", "log in with credentials, a `FILE` that sensord hub rig NAME --watch wrote")
		fs.StringVar(&v.fleet, "fleet", "", "`NAME` of the fleet (default "+configs.DefaultFleet+")")
		fs.StringVar(&v.config, "config", "", "listen where a rig with this configuration does: `FILE` in YAML; flags win over it")
		fs.BoolVar(&v.json, "json", false, "print an object for each rig, position of a phone, event and answer that is new; with --once one object; docs/bus.md says what is in it")
		fs.BoolVar(&v.once, "once", false, "print it once, when every rig has had the time to be heard, and end")
		fs.BoolVar(&v.events, "events", false, "show what happens meanwhile, too: the last events")
		fs.DurationVar(&v.length, "for", 0, "end after `TIME`, as 10s")
	})
	cmd.AddCommand(newFleetDecodeCommand())
	return cmd
}

const fleetLong = `Listen on the bus of a fleet, and show its rigs: where they are, what they record, and what is wrong. It says nothing
itself, and can change nothing. The first line answers "is everybody all right?":

  ALL RIGHT       every rig is heard, and none has anything that someone should look after
  ALL RIGHT, BUT  something is missing or at risk: of which rig, and what to do
  NOT ALL RIGHT   a rig is silent, or records nothing: which one, why, and what to do
  LISTENING       some rigs have not had the time to be heard
  NOBODY          no rig of this fleet is heard
  NOT CONNECTED   the bus cannot be heard: why, and what to do

Rigs with alarms come first, then all others by name. On a terminal it is drawn in place until q or Ctrl-C; elsewhere
a line tells each change. A rig that has missed three reports is silent; what the bus remembers of rigs from before is
shown, too, where it has JetStream.

The exit status of --once and --for is 0 for ALL RIGHT, with and without a BUT; 4 or 5 where the bus cannot be
reached; 1 otherwise.`

const fleetExample = `  sensord fleet --bus nats://hub.local --creds alice.creds
  sensord fleet --config rig.yaml
  sensord fleet --once --json | jq '.rigs[] | {name, state, position}'
  sensord fleet --json | jq -c 'select(.event) | .event'
  sensord fleet --once > /dev/null || echo "somebody needs help"`

func (a *app) fleet(cmd *cobra.Command, v *fleetFlags) error {
	if err := emptyFlag(cmd.Flags()); err != nil {
		return err
	}
	if cmd.Flags().Changed("for") && v.length <= 0 {
		return usageError("--for "+v.length.String(), "give a time such as 10s", "nothing can be heard in that time")
	}
	o, err := a.fleetBus(v)
	if err != nil {
		return err
	}
	w, err := bus.Dial(o)
	if err != nil {
		return err
	}
	defer w.Close()
	signal.Ignore(syscall.SIGPIPE) // it is an error of writing then, and an end in order
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	if v.once {
		return a.fleetOnce(ctx, w, v)
	}
	watch := &fleetWatch{fleet: w, every: fleetEvery, show: a.fleetAudience(v), length: v.length}
	if _, screen := watch.show.(*fleetScreen); screen {
		sizes := make(chan os.Signal, 1)
		signal.Notify(sizes, syscall.SIGWINCH)
		defer signal.Stop(sizes)
		watch.sizes = sizes
		keys, restore := keysOf(ctx, a.in)
		defer restore()
		watch.keys = keys
	}
	return enough(watch.run(ctx))
}

// fleetBus is where to listen: what flags, the environment and perhaps a
// configuration say, or this machine.
func (a *app) fleetBus(v *fleetFlags) (bus.WatchOptions, error) {
	loaded, err := a.fleetConfig(v)
	if err != nil {
		return bus.WatchOptions{}, err
	}
	c := loaded.Config.Bus
	switch {
	case v.bus != "" && c.Mode != configs.BusJoin:
		return bus.WatchOptions{}, usageError("--bus "+v.bus, "write nats://HOST or tls://HOST", "there is nothing to listen at")
	case !c.On():
		return bus.WatchOptions{}, usageError(v.config, "add bus: to it, or name one with --bus nats://HOST", "it has no bus")
	}
	o := bus.WatchOptions{Fleet: c.Fleet, Every: c.Every}
	if c.Mode != configs.BusJoin { // the sensord that has this configuration lets us in
		if c.Listen == "" {
			return o, usageError(cmp.Or(v.config, "bus"), "add bus: {listen: 127.0.0.1:4222} to the configuration, or name the hub with --bus nats://HOST", "its bus has no port for others")
		}
		o.URLs = []string{"nats://" + c.Listen}
		return o, nil
	}
	b, err := actors.BusOptions(c, versionText())
	if err != nil {
		return o, err
	}
	o.URLs, o.CredsFile, o.User, o.Password, o.TLS = b.URLs, b.CredsFile, b.User, b.Password, b.TLS
	if v.config != "" && v.creds == "" {
		o.Rig = c.Rig // whose credentials these are
	}
	return o, nil
}

// fleetConfig reads what is said of the bus, and takes this machine where nothing
// is. Warnings are of what a rig would do.
func (a *app) fleetConfig(v *fleetFlags) (configs.Loaded, error) {
	flags := configs.Flags{Bus: v.bus, BusCreds: v.creds, Fleet: v.fleet}
	if v.config == "" && v.bus == "" {
		if said, err := configs.Positions("", a.environ, configs.Flags{}); err == nil && !said.Config.Bus.On() {
			flags.Bus = fleetDefault
		}
	}
	loaded, err := configs.Positions(v.config, a.environ, flags)
	if wrong, ok := errors.AsType[configs.Errors](err); ok {
		for i := range wrong {
			wrong[i] = asFleetFlag(wrong[i])
		}
	}
	return loaded, err
}

// asFleetFlag is a problem with the flag that is named otherwise for a rig.
func asFleetFlag(p configs.Problem) configs.Problem {
	if p.File == "--bus-creds" {
		p.File, p.Right = "--creds", "name the file that `sensord hub rig NAME --watch` wrote"
	}
	return p
}

// fleetOnce prints how the fleet is as soon as everybody has had the time to be
// heard.
func (a *app) fleetOnce(ctx context.Context, w *bus.Watcher, v *fleetFlags) error {
	patience := fleetPatience
	if v.length > 0 {
		patience = v.length
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	tick := time.NewTicker(fleetLook)
	defer tick.Stop()
	for settled := false; !settled; {
		select {
		case <-w.Settled():
			settled = true
		case <-tick.C:
			if v.length == 0 && w.Err() != nil {
				return onceError(w.Err())
			}
		case <-ctx.Done():
			if err := w.Err(); err != nil {
				return onceError(err)
			}
			settled = true
		}
	}
	view := w.View()
	if err := a.printFleet(&view, v); err != nil {
		return enough(err)
	}
	return fleetStatus(&view, w.Err())
}

// onceError is why a bus cannot be heard, for who does not wait for it.
func onceError(err error) error {
	e, ok := errors.AsType[*fault.Error](err)
	if !ok || e.Code != fault.BusRefused {
		return err
	}
	told := *e
	told.Advice = "check the address and the port, which is 4222 on a hub, and that it runs"
	return &told
}

// fleetLook is how often --once looks whether the bus can be reached.
const fleetLook = 50 * time.Millisecond

// fleetStatus is the exit status of what was seen, as an error that was told
// already; nil if everybody is all right.
func fleetStatus(v *bus.FleetView, failed error) error {
	switch v.State {
	case bus.FleetRight, bus.FleetImpaired:
		return nil
	case bus.FleetDisconnected:
		if failed != nil {
			return reported{fault.Exit(failed)}
		}
		return reported{fault.Exit(fault.New(fault.BusRefused, "bus", errors.New(v.Sentence)))}
	}
	return reported{fault.ExitFailed}
}
