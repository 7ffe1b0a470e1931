package main

import (
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/configs"
)

// bare is what a flag with an optional value holds when it stands alone. No
// argument can be it: arguments end at a NUL.
const bare = "\x00"

// Groups of flags, in the order of the help text.
const (
	groupKismet = "Kismet's flags"
	groupOurs   = "Flags of sensord's own"
)

const groupAnnotation = "group"

// values holds what the flags of one command were set to.
type values struct {
	configs.Flags

	ssl        string
	password   string
	apikey     string
	config     string
	autodetect string
	daemonize  bool
	child      bool
	list       bool
	version    bool
	inFD       int
	outFD      int
}

// server defines Kismet's flags for the server and the login.
func (v *values) server(fs *pflag.FlagSet) {
	group(fs, groupKismet, func() {
		fs.StringVar(&v.Connect, "connect", "", "the server: `HOST[:PORT]`, IPv6 in brackets; the port is 2501, with --ssl 443, with --tcp 3501")
		fs.StringVar(&v.Host, "host", "", "another word for --connect `HOST[:PORT]`")
		fs.BoolVar(&v.TCP, "tcp", false, "use Kismet's legacy TCP, which has no login and no TLS")
		fs.StringVar(&v.User, "user", "", "log in as `NAME`, together with --password")
		fs.StringVar(&v.password, "password", "", "`PASSWORD` of --user; better in SENSORD_PASSWORD, which other users cannot see")
		fs.StringVar(&v.apikey, "apikey", "", "log in with `KEY`, of the role datasource; better in SENSORD_APIKEY, which other users cannot see")
		fs.StringVar(&v.ssl, "ssl", "", "use TLS; --ssl=`CA` trusts this PEM file instead of the system's authorities")
		fs.Lookup("ssl").NoOptDefVal = bare
		fs.StringVar(&v.SSLCertificate, "ssl-certificate", "", "with --ssl: trust this PEM file, as --ssl=`CA` does")
		fs.StringVar(&v.Endpoint, "endpoint", "", "`PATH` of the websocket, for a server behind a proxy's prefix (default "+configs.DefaultEndpoint+")")
	})
	group(fs, groupOurs, func() {
		fs.StringVar(&v.Protocol, "protocol", "", "`auto`, v3 (Kismet since 2025-02) or v2 (before) (default auto)")
		fs.StringVar(&v.ClientCert, "client-cert", "", "with --ssl: the certificate to show to the server, a PEM `FILE`")
		fs.StringVar(&v.ClientKey, "client-key", "", "the key of --client-cert, a PEM `FILE`")
		fs.StringVar(&v.Proxy, "proxy", "", "reach the servers through this HTTP proxy: `URL` as http://HOST:PORT, or none (default HTTP_PROXY, HTTPS_PROXY and NO_PROXY)")
	})
}

// source defines Kismet's flags for what is captured, and where.
func (v *values) source(fs *pflag.FlagSet) {
	group(fs, groupKismet, func() {
		fs.StringArrayVar(&v.Sources, "source", nil, "what to capture: `DEFINITION`, as wlan1:name=roof or FILE.pcap:realtime=true; may be repeated (see sensord help sources)")
		fs.StringVar(&v.FixedGPS, "fixed-gps", "", "where the sensor is: `LAT,LON[,ALT]` in degrees and metres above sea level")
		fs.StringVar(&v.GPSName, "gps-name", "", "`NAME` of that position (default remote-fixed)")
	})
	group(fs, groupOurs, func() {
		fs.StringArrayVar(&v.GPS, "gps", nil, "what says where the sensor is: `RECEIVER` as in Kismet's gps=, as gpsd:host=localhost,port=2947 or serial:device=/dev/ttyACM0; may be repeated (see sensord help receivers)")
		fs.StringVar(&v.StateDir, "state-dir", "", "`DIR` to note in how radios were before, so that the next start puts them back after a crash (default $STATE_DIRECTORY, /var/lib/sensord for root, $XDG_STATE_HOME/sensord)")
	})
	v.keep(fs)
	v.bus(fs)
}

// bus defines the flags that say how rigs hear of each other.
func (v *values) bus(fs *pflag.FlagSet) {
	group(fs, groupOurs, func() {
		fs.StringVar(&v.Bus, "bus", "", "say to other rigs who, where and how this one is: `URL` of a NATS server, as nats://HOST[:4222] or tls://HOST; embedded runs one in this process; off (default off)")
		fs.StringVar(&v.BusCreds, "bus-creds", "", "with --bus: the rig's credentials, a `FILE` that sensord hub rig wrote")
		fs.StringVar(&v.Fleet, "fleet", "", "with --bus: `NAME` of the fleet whose rigs hear each other (default "+configs.DefaultFleet+")")
	})
}

// keep defines the flags that say where frames are kept, written and not taken.
func (v *values) keep(fs *pflag.FlagSet) {
	group(fs, groupOurs, func() {
		fs.StringVar(&v.Spool, "spool", "", "keep what radios heard and no server has confirmed in `DIR`, so that neither a crash nor a long time without a server loses them; off keeps them in memory only (default off; under systemd its state directory)")
		fs.StringVar(&v.SpoolSize, "spool-size", "", "with --spool: at most `SIZE` on disk, as 500MiB (default 2GiB)")
		fs.StringVar(&v.Record, "record", "", "write every frame with its position to pcapng files in `DIR`, with or without a server; off writes none")
		fs.StringArrayVar(&v.Zones, "zone", nil, "send and write nothing that was heard in this circle: `LAT,LON,RADIUS`, as 52.5200,13.4050,200m; may be repeated")
	})
}

// status defines the flag for where `sensord status` asks.
func (v *values) status(fs *pflag.FlagSet) {
	group(fs, groupOurs, func() {
		fs.StringVar(&v.StatusSocket, "status-socket", "", "`PATH` of the socket that sensord status asks, or off (default a name of its own in $RUNTIME_DIRECTORY, /run/sensord for root, $XDG_RUNTIME_DIR/sensord)")
	})
}

// life defines the flags that say how to start and when to end.
func (v *values) life(fs *pflag.FlagSet) {
	group(fs, groupKismet, func() {
		fs.BoolVar(&v.DisableRetry, "disable-retry", false, "end at the first failure, instead of connecting again")
		fs.BoolVar(&v.daemonize, "daemonize", false, "go on in the background; the exit status is 0 once that has started")
		fs.StringVar(&v.autodetect, "autodetect", "", "wait for a server to announce itself; --autodetect=`UUID` for this one")
		fs.Lookup("autodetect").NoOptDefVal = bare
	})
	group(fs, groupOurs, func() {
		fs.BoolVar(&v.Once, "once", false, "end when every source is sent and confirmed; exit status 3 if anything was not")
		fs.DurationVar(&v.OnceTimeout, "once-timeout", 0, "with --once: give up after `TIME`, as 90s or 10m")
	})
	v.status(fs)
	fs.BoolVar(&v.child, "daemon-child", false, "")
	hide(fs, "daemon-child")
}

// log defines the flags of the log.
func (v *values) log(fs *pflag.FlagSet) {
	group(fs, groupOurs, func() {
		fs.StringVar(&v.LogLevel, "log-level", "", "`LEVEL` to log from: debug, info, warn or error (default info)")
		fs.StringVar(&v.LogFormat, "log-format", "", "`FORM` of the log: text, json, or auto, which is text on a terminal (default auto)")
	})
}

// local defines what Kismet's tools have besides remote capture.
func (v *values) local(fs *pflag.FlagSet) {
	group(fs, groupKismet, func() {
		fs.BoolVar(&v.list, "list", false, "list what can be captured from, to standard error, and exit with 2")
	})
	fs.IntVar(&v.inFD, "in-fd", -1, "")
	fs.IntVar(&v.outFD, "out-fd", -1, "")
	hide(fs, "in-fd", "out-fd")
}

// file defines the flag for a configuration.
func (v *values) file(fs *pflag.FlagSet) {
	group(fs, groupOurs, func() {
		fs.StringVar(&v.config, "config", "", "configuration: `FILE` in YAML; flags win over it")
	})
}

// group puts the flags that define makes into a group of the help text.
func group(fs *pflag.FlagSet, name string, define func()) {
	before := map[string]bool{}
	fs.VisitAll(func(f *pflag.Flag) { before[f.Name] = true })
	define()
	fs.VisitAll(func(f *pflag.Flag) {
		if !before[f.Name] {
			f.Annotations = map[string][]string{groupAnnotation: {name}}
		}
	})
}

func hide(fs *pflag.FlagSet, names ...string) {
	for _, name := range names {
		fs.Lookup(name).Hidden = true
	}
}

// flags returns the flags as the configuration wants them, after refusing what
// cannot be said in values.
func (a *app) flags(cmd *cobra.Command, v *values) (configs.Flags, error) {
	if err := emptyFlag(cmd.Flags()); err != nil {
		return configs.Flags{}, err
	}
	f := v.Flags
	f.Password, f.APIKey = configs.Secret(v.password), configs.Secret(v.apikey)
	f.SSL = v.ssl != ""
	if v.ssl != bare {
		f.SSLCA = v.ssl
	}
	switch a.name() {
	case capture.ToolLinuxWifi:
		f.SourceType = capture.TypeLinuxWifi
	case capture.ToolPcapFile:
		f.SourceType = capture.TypePcapFile
	}
	return f, nil
}

// emptyFlag refuses a flag whose value is empty, as of a variable that is not
// set: it would otherwise count as not given.
func emptyFlag(fs *pflag.FlagSet) error {
	var err error
	fs.Visit(func(f *pflag.Flag) {
		empty := f.Value.String() == ""
		if list, ok := f.Value.(pflag.SliceValue); ok {
			empty = false
			for _, s := range list.GetSlice() {
				empty = empty || strings.TrimSpace(s) == ""
			}
		}
		if empty && err == nil {
			err = usageError("--"+f.Name, "give it one, or leave the flag out", "it has no value")
		}
	})
	return err
}

// noArguments refuses words that are no flags, with a guess at what was meant.
func noArguments(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	word := args[0]
	var commands []string
	for _, c := range cmd.Commands() {
		commands = append(commands, c.Name())
	}
	optional := ""
	for _, name := range []string{"ssl", "autodetect"} {
		if f := cmd.Flags().Lookup(name); f != nil && f.Changed && f.Value.String() == bare {
			optional = name
		}
	}
	advice := "a source is given as --source " + word
	isConfig := cmd.Flags().Lookup("config") != nil && (strings.HasSuffix(word, ".yaml") || strings.HasSuffix(word, ".yml"))
	switch near := configs.Nearest(word, commands); {
	case isConfig:
		advice = "a configuration is given as --config " + word
	case near != "":
		advice = "did you mean `sensord " + near + "`?"
	case optional != "":
		advice = "its value follows an equals sign: --" + optional + "=" + word
	case cmd.Flags().Lookup("source") == nil:
		advice = "see `" + cmd.CommandPath() + " --help`"
	}
	return usageError(word, advice, "unexpected argument")
}
