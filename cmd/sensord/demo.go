package main

import (
	"cmp"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/sensord/sensord/actors"
	"github.com/sensord/sensord/configs"
	"github.com/sensord/sensord/internal/fault"
	"github.com/sensord/sensord/uplink/kismettest"
	"github.com/sensord/sensord/web"
)

const (
	demoShortest = 2 * time.Second
	demoLongest  = time.Hour
	demoPosition = "52.51627,13.37770,35" // of a file's frames: the Brandenburg Gate in Berlin
	demoSource   = "demo"

	// demoRate is how many frames a second are replayed, and demoFrames how
	// many there are at most: a long demo replays more slowly.
	demoRate   = 1000
	demoFrames = 300_000
)

// demo is one run of `sensord demo`.
type demo struct {
	length   time.Duration
	profile  string
	tcp      bool
	file     string // empty makes a capture
	position string // empty drives, or is demoPosition for a file
	json     bool
	verbose  bool

	faults   kismettest.Faults // of the server, beside the reset
	patience time.Duration     // what a run may take longer than length before it is ended
}

func newDemoCommand(a *app) *cobra.Command {
	d := demo{patience: 10 * time.Second}
	cmd := &cobra.Command{
		Use:     "demo [flags]",
		Short:   "Show sensord at work: no server, no radio, nothing to configure",
		Long:    demoLong,
		Example: demoExample,
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := emptyFlag(cmd.Flags()); err != nil {
				return err
			}
			return d.run(a)
		},
	}
	fs := cmd.Flags()
	group(fs, groupOurs, func() {
		fs.DurationVar(&d.length, "for", 30*time.Second, "replay for `TIME`, from 2s to 1h (default 30s)")
		fs.StringVar(&d.profile, "profile", kismettest.T25.String(), "be the server `NAME`: t25, t23, t25pb or split, see above (default t25)")
		fs.BoolVar(&d.tcp, "tcp", false, "use Kismet's legacy TCP instead of a websocket")
		fs.StringVar(&d.file, "pcap", "", "replay `FILE`, pcap or pcapng, instead of a made-up capture")
		fs.StringVar(&d.position, "fixed-gps", "", "stay at `LAT,LON[,ALT]`, instead of driving (with --pcap default "+demoPosition+")")
		fs.BoolVar(&d.json, "json", false, "print a JSON object each second, and one at the end, instead of the view")
		fs.BoolVar(&d.verbose, "verbose", false, "print sensord's log too, to standard error")
	})
	return cmd
}

const demoLong = `Show sensord at work: no server, no radio, nothing to configure. A capture is replayed through the same
pipeline that every run uses, over a real connection, into a Kismet server that is part of sensord and behaves
as real ones do. Half way through, the server stops reading and then resets the connection: what was on its way
is gone. sensord connects again and sends again what the server had not confirmed.

The sensor drives, six and a half minutes through a town and over a motorway, however long the demo takes. All that
sensord knows of it is the log of a GPS receiver, a fix each second, with the errors that receivers have. It
puts each frame to where the sensor was at the frame's own time, and says how sure that is.

At the end the server's own account is compared with the capture and with the drive: each frame by its content and
time, their order, how far its position is from where the frame was heard. The exit status is 0 only if all
arrived, and none farther off than 25 m or three times the accuracy that came with it; else 3.

The servers:
  t25      Kismet 2025-09-R1, protocol v3
  t23      Kismet 2023-07-R2, protocol v2
  t25pb    Kismet 2025-09-R1 built with protobuf, v3 and v2
  split    a Kismet of July 2025 that splits its messages in two

On a terminal it shows a live view, elsewhere a line per second. Ctrl-C ends it early, with totals. NO_COLOR is
heeded.`

const demoExample = `  sensord demo
  sensord demo --for 10s --profile t23 --tcp
  sensord demo --pcap walk.pcap --fixed-gps 48.8584,2.2945
  sensord demo --json | jq .arrived`

// run is the whole demo. Its error is nil only if every captured frame arrived.
func (d *demo) run(a *app) error {
	profile, err := d.check()
	if err != nil {
		return err
	}
	replay, err := d.replay()
	if err != nil {
		return err
	}
	defer replay.remove()

	key := rand.Text()
	got := newLedger(replay.frames)
	srv := kismettest.New(kismettest.Config{
		Profile: profile, APIKeys: map[string]string{key: kismettest.RoleDatasource}, Keep: -1, OnFrame: got.take,
	})
	defer srv.Close()
	if err := srv.Listen(); err != nil {
		return fault.New(fault.LinkUnreachable, "the demo's server", err)
	}
	srv.SetFaults(d.faults)
	config, err := d.config(srv, replay, key)
	if err != nil {
		return err
	}
	if replay.drive != nil {
		got.follow(replay.drive)
	} else {
		got.expect(place{config.GPS.Fixed.Lat, config.GPS.Fixed.Lon, config.GPS.Fixed.AltMSL})
	}

	log := slog.New(slog.DiscardHandler)
	if d.verbose {
		log = newLogger(config.Log, a.errs)
	}
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(signals)
	rig, err := actors.Start(actors.Options{Config: config, Log: log, Version: versionText()})
	if err != nil {
		return err
	}
	w := &watch{
		rig: rig, srv: srv, replay: replay, got: got, signals: signals,
		uuid:  config.Sources[0].UUID.String(),
		show:  d.audience(a),
		story: newStory(replay, profile),
		half:  replay.length / 2, limit: d.length + d.patience,
	}
	if replay.endless {
		w.limit = d.length
	}
	err = w.run()
	srv.Close() // what it has read is counted now
	total := w.totals()
	w.show.finish(w.story.snapshot, total)
	switch {
	case fault.CodeOf(err) != fault.Incomplete:
		return cmp.Or(total.err(), err)
	case w.stopping && total.Unconfirmed == 0:
		return total.err() // the demo itself did not want the rest of the capture
	}
	return err
}

// check refuses what cannot be, and returns the server to be.
func (d *demo) check() (kismettest.Profile, error) {
	if d.length < demoShortest || d.length > demoLongest {
		return 0, usageError("--for "+d.length.String(), "give a time from 2s to 1h", "a demo of that length cannot be")
	}
	names := make([]string, 0, 4)
	for _, p := range kismettest.Profiles() {
		if p.String() == d.profile {
			return p, nil
		}
		names = append(names, p.String())
	}
	return 0, usageError("--profile "+d.profile, "give one of "+strings.Join(names, ", "), "there is no such server")
}

// config is what a user would write to reach the server. The environment is
// left out: whatever it says is about another server.
func (d *demo) config(srv *kismettest.Server, r *replay, key string) (configs.Config, error) {
	if strings.Contains(r.path, ":") {
		return configs.Config{}, usageError("--pcap "+r.path, "rename it, or link to it by another name",
			"it has a colon in its name, and a source's file ends at the first one")
	}
	flags := configs.Flags{
		Connect: srv.Addr, APIKey: configs.Secret(key),
		Sources: []string{fmt.Sprintf("%s:type=pcapfile,name=%s,pps=%g", r.path, demoSource, r.rate)},
		Once:    true,
	}
	switch {
	case r.drive != nil:
		flags.GPS = []string{fmt.Sprintf("replay:name=%s,file=%q", driveReceiver, r.drive.log)}
	default:
		flags.FixedGPS = cmp.Or(d.position, demoPosition)
	}
	if d.tcp {
		flags.Connect, flags.TCP, flags.APIKey = srv.TCPAddr, true, ""
	}
	loaded, err := configs.FromFlags(flags, nil)
	return loaded.Config, err
}

// audience chooses who is told: a terminal, a program, or whoever reads the
// lines. The log and a view that is drawn in place would spoil each other.
func (d *demo) audience(a *app) audience {
	_, _, terminal := terminalSize(a.out)
	style := styleOf(a.environ, terminal)
	switch {
	case d.json:
		return &jsonLines{out: a.out}
	case !terminal || style.dumb || d.verbose && isTerminal(a.errs):
		return &plainLines{out: a.out, style: style}
	}
	return newScreen(a.out, style)
}

// err says why a run was not perfect, nil if it was.
func (t totals) err() error {
	what := ""
	switch {
	case t.Lost > 0:
		what = fmt.Sprintf("%s of %s captured frames did not arrive", web.Grouped(t.Lost), web.Grouped(t.Captured))
	case t.Foreign > 0:
		what = fmt.Sprintf("%s frames arrived that are not in the capture", web.Grouped(t.Foreign))
	case t.Disordered > 0:
		what = fmt.Sprintf("%s frames arrived out of order", web.Grouped(t.Disordered))
	case t.Misplaced > 0:
		what = fmt.Sprintf("%s frames arrived without their position", web.Grouped(t.Misplaced))
		if t.Moving {
			what = fmt.Sprintf("%s frames arrived with a wrong position, or without one", web.Grouped(t.Misplaced))
		}
	default:
		return nil
	}
	return &fault.Error{
		Code: fault.Incomplete, Object: "demo", Err: errors.New(what),
		Advice: "please report this with the output of `sensord demo --verbose`",
	}
}
