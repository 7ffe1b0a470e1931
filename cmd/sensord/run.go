package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/sensord/sensord/actors"
	"github.com/sensord/sensord/configs"
	"github.com/sensord/sensord/internal/fault"
)

// How long an ordered shutdown may take to send and confirm what is there, and
// how long its accounting may take once nobody wants to wait any more.
const (
	flushTime = 5 * time.Second
	countTime = time.Second

	// daemonTrial is how long the process in the background has to fail before
	// it counts as started: long enough for a file that is not there.
	daemonTrial = 500 * time.Millisecond
)

func newRunCommand(a *app) *cobra.Command {
	var v values
	cmd := &cobra.Command{
		Use:   "run --config FILE [flags]",
		Short: "Run what a configuration says",
		Long: `Run what a configuration says. Values come from, the later over the earlier: defaults, the file, the
environment (SENSORD_APIKEY and others, see below), flags.`,
		Example: runExample,
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if v.config == "" {
				return usageError("--config", "write `sensord run --config FILE`", "no configuration is named")
			}
			return a.start(cmd, &v)
		},
	}
	fs := cmd.Flags()
	v.file(fs)
	v.server(fs)
	v.source(fs)
	v.life(fs)
	v.log(fs)
	return cmd
}

// start runs what the flags, the environment and perhaps a file say, until it
// ends, or in the background.
func (a *app) start(cmd *cobra.Command, v *values) error {
	flags, err := a.flags(cmd, v)
	if err != nil {
		return err
	}
	if v.child {
		if a.daemon, err = openDaemonChild(); err != nil {
			return err
		}
		a.daemon.given.apply(&flags)
	}
	search := v.autodetect != ""
	if search {
		if err := a.checkSearch(v, &flags); err != nil {
			return err
		}
	}
	loaded, err := a.load(v.config, flags)
	if a.daemon == nil { // or the process in the foreground has said it
		a.warn(loaded)
	}
	if err != nil {
		return err
	}
	log := newLogger(loaded.Config.Log, a.errs)
	if search {
		if flags.Connect, err = a.findServer(log, v); err != nil {
			return err
		}
		if loaded, err = a.load(v.config, flags); err != nil {
			return err
		}
	}
	if v.daemonize && a.daemon == nil {
		given := handoff{Password: v.password, APIKey: v.apikey}
		if search {
			given.Connect = flags.Connect
		}
		return a.daemonize(cmd, given)
	}
	return a.serve(loaded.Config, log)
}

func (a *app) load(file string, flags configs.Flags) (configs.Loaded, error) {
	if file == "" {
		return configs.FromFlags(flags, a.environ)
	}
	return configs.Load(file, a.environ, flags)
}

// warn tells what works and should be looked at: to a person in lines, to
// whoever collects the log as its entries.
func (a *app) warn(l configs.Loaded) {
	c := l.Config.Log
	if c.Format != "" && logForm(c, a.errs) == configs.LogJSON {
		log := newLogger(c, a.errs)
		for _, w := range l.Warnings {
			log.Warn("configuration", "setting", configs.Problem(w).Where(), "cause", w.What, "remedy", w.Right)
		}
		return
	}
	for _, w := range l.Warnings {
		_, _ = io.WriteString(a.errs, warningText(w))
	}
}

// serve runs a rig until it ends by itself or a signal ends it: the first asks
// for an ordered end, the second for the end at once.
func (a *app) serve(config configs.Config, log *slog.Logger) error {
	// Whoever reads the log may go away; frames go on.
	signal.Ignore(syscall.SIGPIPE)
	signals, stop := watchSignals(os.Exit)
	defer stop()

	rig, err := actors.Start(actors.Options{Config: config, Log: log, Version: versionText()})
	if err != nil {
		return err
	}
	defer tellOnSignal(rig, log)()
	if a.daemon != nil {
		select {
		case <-rig.Done():
			if err := rig.Err(); err != nil {
				return err // the process in the foreground tells it
			}
		case <-time.After(daemonTrial):
		}
		a.daemon.started()
	}
	select {
	case <-rig.Done():
		return rig.Err()
	case s := <-signals:
		log.Info("stopping: what was captured is sent and confirmed first", "signal", s.String(), "at_most", flushTime.String())
	}
	return stopInOrder(rig, signals)
}

// watchSignals hands on the signals that end sensord. A second one ends it even
// when everything else is stuck, as in writing the log into a pipe that nobody
// reads.
func watchSignals(exit func(int)) (signals <-chan os.Signal, stop func()) {
	heard, passed := make(chan os.Signal, 2), make(chan os.Signal, 2)
	done := make(chan struct{})
	signal.Notify(heard, os.Interrupt, syscall.SIGTERM)
	go func() {
		for n := 1; ; n++ {
			select {
			case s := <-heard:
				select {
				case passed <- s:
				default:
				}
				if n == 2 {
					last := time.AfterFunc(2*countTime, func() { exit(fault.ExitIncomplete) })
					defer last.Stop()
				}
			case <-done:
				return
			}
		}
	}()
	return passed, func() {
		signal.Stop(heard)
		close(done)
	}
}

// stopper is what stopInOrder needs of a rig.
type stopper interface {
	Stop(ctx context.Context) error
}

var _ stopper = (*actors.Rig)(nil)

// stopInOrder stops a rig within flushTime, or at once when another signal
// comes.
func stopInOrder(rig stopper, signals <-chan os.Signal) error {
	ctx, cancel := context.WithTimeout(context.Background(), flushTime)
	defer cancel()
	stopped := make(chan error, 1)
	go func() { stopped <- rig.Stop(ctx) }()
	select {
	case err := <-stopped:
		return err
	case s := <-signals:
		cancel()
		late := time.NewTimer(countTime)
		defer late.Stop()
		select {
		case err := <-stopped:
			return err
		case <-late.C:
			return fault.New(fault.Incomplete, "", fmt.Errorf("ended by a second %s: %w", s, errUncounted))
		}
	}
}

var errUncounted = errors.New("what was not confirmed is not counted")

const runExample = `  sensord run --config /etc/sensord/rig.yaml
  sensord run --config rig.yaml --once --log-level debug

A configuration, from the least to the most that this version knows:

  rig: rover-1                                   # default: the name of this machine
  servers:
    - url: wss://kismet.example/kismet/datasource/remote/remotesource.ws
      apikey_file: /etc/sensord/home.key         # or user: and password_file:
      tls: {ca: /etc/sensord/ca.pem}             # only for a private authority; cert and key of ours, if it asks
      protocol: auto
    - {url: "ws://192.0.2.10:2501", apikey_file: /etc/sensord/car.key}   # while the first is away
  sources:
    - {interface: wlan1, name: roof, options: {filter_locals: true}, hop: {mode: split, rate: 5/sec}}
    - {interface: wlan2, name: side, hop: split}
    - {interface: walk.pcap, name: walk, options: {realtime: true}}
  gps:                                           # see sensord help receivers
    mode: fusion                                 # or priority: the first that has a fix
    receivers:
      - {type: gpsd}                             # or nmea, meta, web, replay
      - {type: meta, name: phone}                # a phone posts to it: the log says where to
  spool: {size: 2GiB}                            # on disk, frames that no server has confirmed
  record: {dir: /srv/captures, total: 20GiB}     # and all frames to pcapng files, with or without servers
  privacy: {zones: [{name: home, lat: 52.5200, lon: 13.4050, radius: 300m}]}   # nothing from there
  state_dir: /var/lib/sensord                    # how radios were before, to put them back after a crash
  log: {level: info, format: auto}

Environment: SENSORD_RIG, SENSORD_URL, SENSORD_PROTOCOL, SENSORD_USER, SENSORD_PASSWORD,
SENSORD_PASSWORD_FILE, SENSORD_APIKEY, SENSORD_APIKEY_FILE, SENSORD_TLS_CA, SENSORD_TLS_CERT, SENSORD_TLS_KEY,
SENSORD_PROXY, SENSORD_PROXY_USER, SENSORD_PROXY_PASSWORD, SENSORD_PROXY_PASSWORD_FILE, SENSORD_REST_URL,
SENSORD_REST_USER, SENSORD_REST_PASSWORD, SENSORD_REST_PASSWORD_FILE, SENSORD_REST_APIKEY,
SENSORD_REST_APIKEY_FILE, SENSORD_WEB_LISTEN, SENSORD_WEB_TOKEN, SENSORD_WEB_TOKEN_FILE, SENSORD_STATE_DIR,
SENSORD_SPOOL_DIR, SENSORD_SPOOL_SIZE, SENSORD_SPOOL_MEMORY, SENSORD_REPLAY_RATE, SENSORD_REPLAY_BYTES,
SENSORD_RECORD_DIR, SENSORD_STATUS_SOCKET, SENSORD_LOG_LEVEL, SENSORD_LOG_FORMAT.
Those of a server are about the first one, SENSORD_PROXY about every one; --connect and SENSORD_URL name the one
server to use, in the place of the whole list.`
