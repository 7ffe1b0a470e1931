package main

import (
	"errors"
	"log/slog"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/sensord/sensord/actors"
	"github.com/sensord/sensord/configs"
	"github.com/sensord/sensord/gps"
	gpsreplay "github.com/sensord/sensord/gps/replay"
	"github.com/sensord/sensord/internal/fault"
)

// gpsFlags are those of `sensord gps`.
type gpsFlags struct {
	values
	replay     string
	startDate  string
	noChecksum bool
	fused      bool
	json       bool
	length     time.Duration
}

func newGPSCommand(a *app) *cobra.Command {
	var v gpsFlags
	cmd := &cobra.Command{
		Use:     "gps [flags]",
		Short:   "Show what the receivers say, and what is made of it",
		Long:    gpsLong,
		Example: gpsExample,
		Args:    noLogArgument,
		RunE:    func(cmd *cobra.Command, _ []string) error { return a.gps(cmd, &v) },
	}
	fs := cmd.Flags()
	v.file(fs)
	group(fs, groupOurs, func() {
		fs.StringArrayVar(&v.GPS, "gps", nil, "whom to ask: `RECEIVER`, as gpsd:host=localhost,port=2947 or serial:device=/dev/ttyACM0; may be repeated (see sensord help receivers) (default gpsd)")
		fs.BoolVar(&v.json, "json", false, "print an object each second, or with --replay for each epoch; the guide says what is in it")
		fs.DurationVar(&v.length, "for", 0, "end after `TIME`, as 10s; the exit status is then 7 if there is no position")
		fs.StringVar(&v.replay, "replay", "", "read `FILE`, a log of NMEA or of gpsd's JSON, instead of asking receivers; - is standard input")
		fs.BoolVar(&v.fused, "fused", false, "with --replay: print also what fusion makes of the epochs so far")
		fs.StringVar(&v.startDate, "start-date", "", "with --replay: `DATE` on which a log without dates begins, as 2026-03-27")
		fs.BoolVar(&v.noChecksum, "no-checksum", false, "with --replay: take sentences without a checksum, too")
	})
	v.bus(fs)
	v.log(fs)
	return cmd
}

const gpsLong = `Show what receivers say, live: whether each has a fix, its satellites, accuracy, rate and latency, how many jumps
were not believed, and the position that is made of all of them. Without --gps and --config it asks gpsd on this
machine. It needs no server and captures nothing. A serial device can be read by one program at a time, so end
sensord where it runs with the same one.

On a terminal it shows a view, elsewhere a line each second. Ctrl-C ends it.

With --replay it prints what a receiver would have said for a log, an epoch a line, as fast as it can be read.`

const gpsExample = `  sensord gps
  sensord gps --gps serial:device=/dev/ttyACM0 --gps meta:name=phone
  sensord gps --config rig.yaml --json --for 10s
  sensord gps --replay drive.nmea --fused
  gpspipe -w | sensord gps --replay - --json`

// noLogArgument refuses words that are no flags.
func noLogArgument(_ *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return usageError(args[0], "a log is given as --replay "+args[0]+", a receiver as --gps "+args[0], "unexpected argument")
}

func (a *app) gps(cmd *cobra.Command, v *gpsFlags) error {
	if err := emptyFlag(cmd.Flags()); err != nil {
		return err
	}
	given := cmd.Flags().Changed
	if !given("replay") {
		for _, flag := range []string{"fused", "start-date", "no-checksum"} {
			if given(flag) {
				return usageError("--"+flag, "add --replay FILE, or remove it", "it is about a log, and none is named")
			}
		}
		if given("for") && v.length <= 0 {
			return usageError("--for "+v.length.String(), "give a time such as 10s", "nothing can be seen in that time")
		}
		return a.gpsLive(cmd, v)
	}
	for _, flag := range []string{"config", "gps", "bus", "for"} {
		if given(flag) {
			return usageError("--"+flag, "remove it, or --replay", "a log is read on its own, and no receiver is asked")
		}
	}
	o := gpsreplay.Options{NoChecksum: v.noChecksum}
	if v.startDate != "" {
		var err error
		if o.StartDate, err = gps.ParseDate(v.startDate); err != nil {
			return usageError("--start-date "+v.startDate, "write the day on which the log begins, as 2026-03-27", "it is %v", err)
		}
	}
	return a.replayGPS(v, o)
}

// gpsLive shows what receivers say until a signal comes, or the time is up.
func (a *app) gpsLive(cmd *cobra.Command, v *gpsFlags) error {
	flags, err := a.flags(cmd, &v.values)
	if err != nil {
		return err
	}
	if v.config == "" && len(flags.GPS) == 0 {
		flags.GPS = []string{"gpsd"}
	}
	loaded, err := configs.Positions(v.config, a.environ, flags)
	a.warn(loaded)
	if err != nil {
		return err
	}
	config := loaded.Config
	if err := whatToAsk(config.GPS, v.config); err != nil {
		return err
	}
	show := a.gpsAudience(v.json, config)
	log := newLogger(config.Log, a.errs)
	if _, screen := show.(*gpsScreen); screen && isTerminal(a.errs) {
		log = slog.New(slog.DiscardHandler) // the view says it all, and they would spoil each other
	}
	// Whoever reads may have enough: that is an error of writing, and an end in
	// order.
	signal.Ignore(syscall.SIGPIPE)
	signals, stop := watchSignals(os.Exit)
	defer stop()
	rig, err := actors.Start(actors.Options{Config: config, Log: log, Version: versionText(), Positions: true})
	if err != nil {
		return err
	}
	w := &gpsWatch{rig: rig, show: show, length: v.length, signals: signals}
	return w.run()
}

// whatToAsk refuses what says nothing of where the sensor is now.
func whatToAsk(c configs.GPS, file string) error {
	if c.Fixed != nil || slices.ContainsFunc(c.Receivers, func(r configs.Receiver) bool { return r.Live() }) {
		return nil
	}
	if len(c.Receivers) == 0 {
		return usageError("--config "+file, "add gps: {receivers: [{type: gpsd}]}, or name one with --gps (see sensord help receivers)", "it names no receiver")
	}
	r := c.Receivers[0] // a log
	return &fault.Error{
		Code: fault.ConfigInvalid, Object: "receiver " + r.Name,
		Err:    errors.New("a log says where captures of its time were made, and not where the sensor is now"),
		Advice: "see what is in it: sensord gps --replay " + r.File,
	}
}
