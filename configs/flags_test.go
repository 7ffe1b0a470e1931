package configs_test

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/configs"
	"github.com/sensord/sensord/gps"
)

func TestFromFlagsIsKismetsCommandLine(t *testing.T) {
	machine(t)
	got, err := configs.FromFlags(configs.Flags{
		Connect: "kismet.local", APIKey: testKey, Sources: []string{`walk.pcap:name=walk,channels=\"6W5,36W5\"`, "drive.pcapng"},
		FixedGPS: "0,13.5,34", GPSName: "roof", DisableRetry: true, Once: true, OnceTimeout: time.Minute, Protocol: "v2", LogLevel: "debug",
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	position := gps.NewFixed(0, 13.5, 34, "roof")
	want := configs.Config{
		Servers: []configs.Server{{
			Name: "kismet.local:2501", Transport: configs.TransportWebsocket, Host: "kismet.local", Port: 2501,
			Path: configs.DefaultEndpoint, Protocol: configs.ProtocolV2, APIKey: testKey,
			REST: configs.REST{URL: "http://kismet.local:2501", APIKey: testKey},
		}},
		Sources: []configs.Source{{
			Name: "walk", Type: "pcapfile", UUID: capture.FileUUID("walk.pcap"),
			Definition: capture.Definition{Interface: "walk.pcap", Options: []capture.Option{{Name: "name", Value: "walk"}, {Name: "channels", Value: "6W5,36W5"}}},
		}, {
			Name: "drive.pcapng", Type: "pcapfile", UUID: capture.FileUUID("drive.pcapng"),
			Definition: capture.Definition{Interface: "drive.pcapng"},
		}},
		GPS: configs.GPS{
			Mode: configs.GPSFusion, Motion: configs.MotionCar, Predict: 3 * time.Second, LimitM: 100,
			Receivers: []configs.Receiver{{Name: "roof", Type: configs.ReceiverFixed, Fixed: position}}, Fixed: &position,
			MetaGPS: configs.MetaGPS{Interval: time.Second, Create: true},
		},
		Spool: configs.Spool{
			MemoryBytes: 16 << 20, SizeBytes: 2 << 30, After: 2 * time.Second,
			Sync: configs.SyncEvery, SyncEvery: time.Second, Drop: configs.DropOldest,
		},
		Replay: configs.Replay{FramesPerSecond: 5000, BytesPerSecond: 4 << 20},
		Bus:    configs.Bus{Mode: configs.BusOff},
		Log:    configs.Log{Level: slog.LevelDebug, Format: configs.LogAuto},
		Once:   true, OnceTimeout: time.Minute, NoRetry: true,
	}
	if diff := cmp.Diff(want, got.Config, cmpopts.IgnoreFields(configs.Config{}, "Rig", "StateDir", "Status"), cmpopts.EquateNaNs()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got.Config.Rig == "" {
		t.Error("the rig has no name")
	}
}

func TestFlagsThatNameAServer(t *testing.T) {
	machine(t)
	key, tcp := configs.Flags{APIKey: testKey}, configs.Flags{TCP: true}
	with := func(f configs.Flags, change func(*configs.Flags)) configs.Flags {
		change(&f)
		f.Sources = []string{"walk.pcap"}
		return f
	}
	for _, tt := range []struct {
		name  string
		flags configs.Flags
		want  string // url, name to expect in the certificate, CA file; or the errors
	}{
		{"default port", with(key, func(f *configs.Flags) { f.Connect = "k" }), "ws://k:2501/datasource/remote/remotesource.ws"},
		{"port", with(key, func(f *configs.Flags) { f.Connect = "k:8080" }), "ws://k:8080/datasource/remote/remotesource.ws"},
		{"host", with(key, func(f *configs.Flags) { f.Host = "k:8080" }), "ws://k:8080/datasource/remote/remotesource.ws"},
		{"host and connect agree", with(key, func(f *configs.Flags) { f.Host, f.Connect = "k", "k" }), "ws://k:2501/datasource/remote/remotesource.ws"},
		{"host and connect differ", with(key, func(f *configs.Flags) { f.Host, f.Connect = "a", "b" }), `--host: it is another word for --connect, which says "b"; give one of the two`},
		{"tls", with(key, func(f *configs.Flags) { f.Connect, f.SSL = "k", true }), "wss://k:443/datasource/remote/remotesource.ws k"},
		{"tls with CA", with(key, func(f *configs.Flags) { f.Connect, f.SSL, f.SSLCA = "k:2501", true, "ca.pem" }), "wss://k:2501/datasource/remote/remotesource.ws k ca.pem"},
		{"tls with certificate", with(key, func(f *configs.Flags) { f.Connect, f.SSL, f.SSLCertificate = "k", true, "ca.pem" }), "wss://k:443/datasource/remote/remotesource.ws k ca.pem"},
		{"certificate without tls", with(key, func(f *configs.Flags) { f.Connect, f.SSLCertificate = "k", "ca.pem" }), "--ssl-certificate: it has no use without TLS, and does not turn TLS on; add --ssl, or remove it"},
		{"two certificates", with(key, func(f *configs.Flags) { f.Connect, f.SSL, f.SSLCA, f.SSLCertificate = "k", true, "ca.pem", "b.pem" }), `--ssl-certificate: --ssl names another CA file, "ca.pem"; give one of the two`},
		{"CA is no certificate", with(key, func(f *configs.Flags) { f.Connect, f.SSLCA = "k", "text.pem" }), "--ssl: text.pem holds no certificate; name a PEM file with the certificate of the authority"},
		{"CA is missing", with(key, func(f *configs.Flags) { f.Connect, f.SSLCA = "k", "none.pem" }), "--ssl: none.pem: no such file or directory; name a PEM file with the certificate of the authority"},
		{"tcp", with(tcp, func(f *configs.Flags) { f.Connect = "k" }), "tcp://k:3501"},
		{"tcp with tls", with(tcp, func(f *configs.Flags) { f.Connect, f.SSL = "k", true }), "--ssl: Kismet's legacy TCP has no TLS; remove --tcp to use TLS over websocket, or remove --ssl"},
		{"tcp with login", with(tcp, func(f *configs.Flags) { f.Connect, f.User, f.Password = "k", "u", "p" }), "tcp://k:3501"},
		{"tcp on the web port", with(tcp, func(f *configs.Flags) { f.Connect = "k:2501" }), "--connect: port 2501 is Kismet's web port, which does not speak legacy TCP; write --connect k:3501 --tcp, or write --connect k:2501 without --tcp"},
		{"websocket on the TCP port", with(key, func(f *configs.Flags) { f.Connect = "[::1]:3501" }), "--connect: port 3501 is Kismet's legacy TCP port, which speaks no websocket; write --connect [::1]:2501 without --tcp, or write --connect [::1]:3501 --tcp"},
		{"IPv6", with(key, func(f *configs.Flags) { f.Connect = "[::1]" }), "ws://[::1]:2501/datasource/remote/remotesource.ws"},
		{"IPv6 with zone and port", with(key, func(f *configs.Flags) { f.Connect, f.SSL = "[fe80::1%eth0]:80", true }), "wss://[fe80::1%eth0]:80/datasource/remote/remotesource.ws fe80::1"},
		{"IPv6 without brackets", with(key, func(f *configs.Flags) { f.Connect = "::1" }), `--connect: "::1" has more than one colon; an IPv6 address stands in brackets, as in [2001:db8::1]:2501`},
		{"IPv6 cut short", with(key, func(f *configs.Flags) { f.Connect = "[::1" }), `--connect: "[::1" is no address; write [IPV6] or [IPV6]:PORT`},
		{"name in brackets", with(key, func(f *configs.Flags) { f.Connect = "[k]" }), `--connect: "k" is no IPv6 address; only those stand in brackets`},
		{"port is a word", with(key, func(f *configs.Flags) { f.Connect = "k:http" }), `--connect: port "http" is no port number; write 1 to 65535`},
		{"port is too large", with(key, func(f *configs.Flags) { f.Connect = "k:65536" }), `--connect: port "65536" is no port number; write 1 to 65535`},
		{"port is zero", with(key, func(f *configs.Flags) { f.Connect = "k:0" }), `--connect: port "0" is no port number; write 1 to 65535`},
		{"port is missing", with(key, func(f *configs.Flags) { f.Connect = "k:" }), `--connect: nothing follows the colon; write HOST or HOST:PORT`},
		{"host is missing", with(key, func(f *configs.Flags) { f.Connect = ":2501" }), `--connect: the host is missing; name the machine that Kismet runs on`},
		{"host is odd", with(key, func(f *configs.Flags) { f.Connect = "a b" }), `--connect: "a b" is no host; write a name or an address`},
		{"url", with(key, func(f *configs.Flags) { f.Connect = "wss://k" }), `--connect: "wss://k" is a URL; write HOST or HOST:PORT; TLS is --ssl, the path is --endpoint`},
		{"path", with(key, func(f *configs.Flags) { f.Connect = "k/kismet" }), `--connect: "k/kismet" has a path; write HOST or HOST:PORT; the path is --endpoint`},
		{"login in the address", with(key, func(f *configs.Flags) { f.Connect = "ws://u:secret@k" }), `--connect: a login does not belong in the address; write HOST or HOST:PORT; the login is --user and --password, or --apikey`},
		{"endpoint", with(key, func(f *configs.Flags) { f.Connect, f.Endpoint = "k", "/x/remotesource.ws" }), "ws://k:2501/x/remotesource.ws"},
		{"endpoint of the documentation", with(key, func(f *configs.Flags) { f.Connect, f.Endpoint = "k", "/kismet/datasource/remote/" }), "ws://k:2501/kismet/datasource/remote/remotesource.ws"},
		{"endpoint without slash", with(key, func(f *configs.Flags) { f.Connect, f.Endpoint = "k", "x.ws" }), `--endpoint: "x.ws" does not begin with a slash; write /x.ws`},
		{"endpoint with query", with(key, func(f *configs.Flags) { f.Connect, f.Endpoint = "k", "/x.ws?KISMET=1" }), `--endpoint: "/x.ws?KISMET=1" is no path; end it at the path`},
		{"no server", with(key, func(*configs.Flags) {}), "--connect: no server is named; add --connect HOST[:PORT], or --autodetect"},
		{"protocol", with(key, func(f *configs.Flags) { f.Connect, f.Protocol = "k", "v1" }), `--protocol: "v1" is no protocol; write auto, v3 (Kismet since 2025-02) or v2 (before)`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l, err := configs.FromFlags(tt.flags, nil)
			got := ""
			if err != nil {
				got = err.Error()
			} else {
				s := l.Config.Servers[0]
				got = strings.TrimRight(fmt.Sprintln(l.Settings[2].Value, s.ServerName, s.CAFile), " \n")
			}
			if got != tt.want {
				t.Errorf("\n got %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestFlagsThatAreWrong(t *testing.T) {
	machine(t)
	good := configs.Flags{Connect: "k", TCP: true, Sources: []string{"walk.pcap"}}
	with := func(change func(*configs.Flags)) configs.Flags {
		f := good
		change(&f)
		return f
	}
	for _, tt := range []struct {
		name  string
		flags configs.Flags
		want  string
	}{
		{"nothing at all", configs.Flags{}, "--connect: no server is named; add --connect HOST[:PORT], or --autodetect\n--source: no source is named; add --source INTERFACE, or --source FILE.pcap"},
		{"no login", with(func(f *configs.Flags) { f.TCP = false }), "--connect: Kismet's websocket needs a login, and there is none; add --apikey KEY, or --user NAME --password PASSWORD, or set SENSORD_APIKEY"},
		{"user alone", with(func(f *configs.Flags) { f.TCP, f.User = false, "u" }), "--user: there is a user without a password; add --password PASSWORD, or set SENSORD_PASSWORD"},
		{"password alone", with(func(f *configs.Flags) { f.TCP, f.Password, f.APIKey = false, "p", testKey }), "--password: there is a password without a user; add --user NAME, or set SENSORD_USER"},
		{"key with a line break", with(func(f *configs.Flags) { f.TCP, f.APIKey = false, "abc\r\nX-Evil: 1" }), "--apikey: this is no API key; copy the key from Kismet's web page: 32 letters and digits"},
		{"directory", with(func(f *configs.Flags) { f.Sources = []string{"."} }), `--source: "." is a directory; name a capture file inside of it`},
		{"no name for an interface", with(func(f *configs.Flags) { f.Sources = []string{"wlan 7:name=x"} }), `--source: "wlan 7:name=x": there is no such file, and no interface can have this name; see ` + "`sensord list`" + ` for the radios of this machine`},
		{"radio's channel", with(func(f *configs.Flags) { f.Sources = []string{"wlan7:channel=6HT40,channels=\"1,x\""} }), "--source: \"wlan7:channel=6HT40,channels=\\\"1,x\\\"\": option channel: channel \"6HT40\": 40 MHz are written HT40+ or HT40-, for the channel above or below as the other half; " + channelForm + "\n--source: \"wlan7:channel=6HT40,channels=\\\"1,x\\\"\": option channels: channel \"x\": does not begin with a channel number or a frequency in MHz; " + channelForm},
		{"radio twice", with(func(f *configs.Flags) {
			f.Sources = []string{"wlan7", "wlan7:uuid=5FE308BD-0000-0000-0000-020000000001"}
		}), `--source: "wlan7:uuid=5FE308BD-0000-0000-0000-020000000001" captures from the radio of "wlan7", and a radio is tuned to one channel at a time; keep one of the two`},
		{"file by the name of the radios' tool", with(func(f *configs.Flags) { f.SourceType = "linuxwifi" }), `--source: "walk.pcap" is a file, and type linuxwifi is a radio; call the program sensord, which takes both, or kismet_cap_pcapfile`},
		{"type", with(func(f *configs.Flags) { f.Sources = []string{"walk.pcap:type=rtl433"} }), `--source: "walk.pcap:type=rtl433": this version does not capture type "rtl433"; it captures from radios (linuxwifi) and files (pcapfile); name a Wi-Fi interface, or a pcap or pcapng file`},
		{"type mistyped", with(func(f *configs.Flags) { f.Sources = []string{"wlan7:type=linuxwfi"} }), `--source: "wlan7:type=linuxwfi": unknown type "linuxwfi"; did you mean type=linuxwifi?`},
		{"uuid", with(func(f *configs.Flags) { f.Sources = []string{"walk.pcap:uuid=1"} }), `--source: "walk.pcap:uuid=1": option uuid: "1" is no UUID: want 8-4-4-4-12 hex digits, as in 5FE308BD-0000-0000-0000-020000000001; correct uuid=, or leave it out: sensord makes the same one that Kismet's tool would`},
		{"one file twice", with(func(f *configs.Flags) { f.Sources = []string{"walk.pcap", "walk.pcap:name=x"} }), `--source: "walk.pcap:name=x" has the UUID of "walk.pcap", 4E1D07C3-0000-0000-0000-000011AE0381, and a server keeps one source per UUID; keep one, or give one of them another uuid=`},
		{"position has one number", with(func(f *configs.Flags) { f.FixedGPS = "52" }), `--fixed-gps: "52" is no position; write LAT,LON or LAT,LON,ALT in degrees and metres, as in 52.5200,13.4050,34`},
		{"position off the globe", with(func(f *configs.Flags) { f.FixedGPS = "-90.1,180.1" }), "--fixed-gps: \"-90.1\" is no latitude; write degrees from -90 to 90, north and east positive\n--fixed-gps: \"180.1\" is no longitude; write degrees from -180 to 180, north and east positive"},
		{"position is no number", with(func(f *configs.Flags) { f.FixedGPS = "NaN,0x1,Inf" }), "--fixed-gps: \"NaN\" is no latitude; write degrees from -90 to 90, north and east positive\n--fixed-gps: \"0x1\" is no longitude; write degrees from -180 to 180, north and east positive\n--fixed-gps: \"Inf\" is no altitude; write metres above sea level, or leave it out"},
		{"time-out without once", with(func(f *configs.Flags) { f.OnceTimeout = time.Second }), "--once-timeout: it bounds --once, which is not given; add --once, or remove it"},
		{"time-out negative", with(func(f *configs.Flags) { f.Once, f.OnceTimeout = true, -time.Second }), "--once-timeout: -1s is negative; write a duration such as 90s or 10m"},
		{"log", with(func(f *configs.Flags) { f.LogLevel, f.LogFormat = "loud", "xml" }), "--log-level: \"loud\" is no level; write debug, info, warn or error\n--log-format: \"xml\" is no format; write auto, text or json"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := configs.FromFlags(tt.flags, nil)
			if err == nil || err.Error() != tt.want {
				t.Errorf("\n got %v\nwant %s", err, tt.want)
			}
		})
	}
}

const channelForm = "write a channel as Kismet does: 6, 6HT40+, 36VHT80, 5W6e, or a frequency in MHz"

func TestFlagsThatAreOdd(t *testing.T) {
	machine(t)
	for _, tt := range []struct {
		name  string
		flags configs.Flags
		want  string
	}{
		{"option mistyped", configs.Flags{Sources: []string{"walk.pcap:realtme=true"}}, `--source: "walk.pcap:realtme=true": unknown option "realtme"; did you mean realtime?`},
		{"radio that is not there", configs.Flags{Sources: []string{"wlan7:name=x"}}, `--source: "wlan7:name=x": there is no such file and no such interface, so it is a radio that sensord waits for; plug it in; or if it is a file, name it with its directory, as in ./wlan7`},
		{"radio that is meant", configs.Flags{Sources: []string{"wlan7:type=linuxwifi"}}, ""},
		{"radio that stands still", configs.Flags{Sources: []string{"wlan7:type=linuxwifi,channel_hop=f"}}, `--source: "wlan7:type=linuxwifi,channel_hop=f" does not hop and has no channel=, so it stays on whatever it is tuned to; add channel=N to its options`},
		{"position without place", configs.Flags{GPSName: "roof"}, "--gps-name: it names the position of --fixed-gps, which is not given; add --fixed-gps LAT,LON"},
		{"endpoint over TCP", configs.Flags{Endpoint: "/x.ws"}, "--endpoint: legacy TCP has no endpoint; it is not used; remove it"},
		{"certificate over TCP", configs.Flags{SSLCertificate: "ca.pem"}, "--ssl-certificate: legacy TCP has no TLS; it is not used; remove it"},
		{"key over TCP", configs.Flags{APIKey: testKey}, "--apikey: every user of this machine could see the secret until sensord erased it from its command line; use SENSORD_APIKEY, or apikey_file in a configuration\n--apikey: Kismet's legacy TCP has no login; it is not used; remove it"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.flags.Connect, tt.flags.TCP = "k", true
			if len(tt.flags.Sources) == 0 {
				tt.flags.Sources = []string{"walk.pcap"}
			}
			l, err := configs.FromFlags(tt.flags, nil)
			if err != nil {
				t.Fatal(err)
			}
			var lines []string
			for _, w := range l.Warnings {
				lines = append(lines, w.String())
			}
			if got := strings.Join(lines, "\n"); got != tt.want {
				t.Errorf("\n got %s\nwant %s", got, tt.want)
			}
		})
	}
}

// A file's server may be replaced by a flag, but not changed by half.
func TestFlagsOverAFilesServer(t *testing.T) {
	machine(t)
	write(t, "rig.yaml", "servers: [{url: wss://home.example, apikey_file: home.key, tls: {ca: ca.pem, server_name: other}}]\nsources: [{interface: walk.pcap}]\n", 0o644)
	l, err := configs.Load("rig.yaml", nil, configs.Flags{Connect: "work.example", SSL: true})
	if err != nil {
		t.Fatal(err)
	}
	want := configs.Server{
		Name: "work.example:443", Transport: configs.TransportWebsocket, Host: "work.example", Port: 443, Path: configs.DefaultEndpoint,
		Protocol: configs.ProtocolAuto, APIKey: testKey, TLS: true, CAFile: "ca.pem", ServerName: "work.example",
		REST: configs.REST{URL: "https://work.example:443", APIKey: testKey, ServerName: "work.example"},
	}
	if diff := cmp.Diff(want, l.Config.Servers[0]); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	_, err = configs.Load("rig.yaml", nil, configs.Flags{SSL: true, Endpoint: "/x"})
	wantErr := "--ssl: it goes with --connect; the server here comes from rig.yaml; add --connect, or change the url\n--endpoint: it goes with --connect; the server here comes from rig.yaml; add --connect, or change the url"
	if err == nil || err.Error() != wantErr {
		t.Errorf("\n got %v\nwant %s", err, wantErr)
	}
}

// Flags that describe how to reach a server belong to --connect: with the
// server from the environment they must not be taken for granted, least of all
// TLS.
func TestFlagsOfAServerThatTheEnvironmentNames(t *testing.T) {
	machine(t)
	environ := []string{"SENSORD_URL=ws://k", "SENSORD_APIKEY=" + testKey}
	for name, change := range map[string]func(*configs.Flags){
		"--ssl":      func(f *configs.Flags) { f.SSL = true },
		"--tcp":      func(f *configs.Flags) { f.TCP = true },
		"--endpoint": func(f *configs.Flags) { f.Endpoint = "/x.ws" },
	} {
		f := configs.Flags{Sources: []string{"walk.pcap"}}
		change(&f)
		want := name + ": it goes with --connect; the server here comes from SENSORD_URL; add --connect, or change the url"
		if _, err := configs.FromFlags(f, environ); err == nil || err.Error() != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
}
