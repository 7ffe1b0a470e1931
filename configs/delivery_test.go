package configs_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sensord/sensord/configs"
	"github.com/sensord/sensord/gps"
)

const twoServers = `servers:
  - {name: home, url: "wss://home.example", apikey_file: home.key, tls: {cert: web.pem, key: web.key}, proxy: {url: "http://file.example:1", user: eve, password_file: password}}
  - {name: work, url: "ws://work.example", user: alice, password_file: password, proxy: none}
sources: [{interface: walk.pcap}]
`

func warnings(l configs.Loaded) string {
	var lines []string
	for _, w := range l.Warnings {
		lines = append(lines, w.String())
	}
	return strings.Join(lines, "\n")
}

// --connect and SENSORD_URL name the one server to use. Of the file's only the
// first one's login, and nothing else, goes on to it.
func TestAServerOfALaterPlaceReplacesTheList(t *testing.T) {
	machine(t)
	write(t, "rig.yaml", twoServers, 0o644)
	want := configs.Server{
		Name: "field.example:443", Transport: configs.TransportWebsocket, Host: "field.example", Port: 443, Path: configs.DefaultEndpoint,
		Protocol: configs.ProtocolAuto, APIKey: testKey, TLS: true, ServerName: "field.example", CertFile: "web.pem", KeyFile: "web.key",
		REST: configs.REST{URL: "https://field.example:443", APIKey: testKey, ServerName: "field.example"},
	}
	for _, tt := range []struct {
		name, place string
		environ     []string
		flags       configs.Flags
	}{
		{name: "flag", place: "--connect", flags: configs.Flags{Connect: "field.example", SSL: true}},
		{name: "environment", place: "SENSORD_URL: servers", environ: []string{"SENSORD_URL=wss://field.example"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l, err := configs.Load("rig.yaml", tt.environ, tt.flags)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]configs.Server{want}, l.Config.Servers); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if want := tt.place + ": it takes the place of all 2 servers of rig.yaml; leave it out to fall back on the others"; warnings(l) != want {
				t.Errorf("got  %s\nwant %s", warnings(l), want)
			}
		})
	}
}

func TestLoginOfTheEnvironmentIsTheFirstServers(t *testing.T) {
	machine(t)
	write(t, "rig.yaml", twoServers, 0o644)
	l, err := configs.Load("rig.yaml", []string{"SENSORD_APIKEY=KEY"}, configs.Flags{})
	if err != nil {
		t.Fatal(err)
	}
	if s := l.Config.Servers; s[0].APIKey.Reveal() != "KEY" || s[1].APIKey != "" || s[1].User != "alice" {
		t.Errorf("first %q, second %q %q", s[0].APIKey.Reveal(), s[1].APIKey.Reveal(), s[1].User)
	}
}

// A proxy belongs to where the sensor is: from the environment or the command
// line it is every server's.
func TestProxyOfALaterPlaceIsEveryServers(t *testing.T) {
	machine(t)
	write(t, "rig.yaml", twoServers, 0o644)
	url := func(s string) configs.Proxy { return configs.Proxy{Mode: configs.ProxyURL, URL: s} }
	file := url("http://file.example:1")
	file.User, file.Password = "eve", "correct horse"
	login := url("http://car:8080")
	login.User, login.Password = "bob", "hunter2"
	none := configs.Proxy{Mode: configs.ProxyNone}
	for _, tt := range []struct {
		name    string
		environ []string
		flag    string
		want    [2]configs.Proxy
		wantErr string
	}{
		{name: "file", want: [2]configs.Proxy{file, none}},
		{name: "flag", flag: "http://car:8080", want: [2]configs.Proxy{url("http://car:8080"), url("http://car:8080")}},
		{name: "none", flag: "none", want: [2]configs.Proxy{none, none}},
		{
			name: "login", environ: []string{"SENSORD_PROXY=http://van:8080", "SENSORD_PROXY_USER=bob", "SENSORD_PROXY_PASSWORD=hunter2"}, flag: "http://car:8080",
			want: [2]configs.Proxy{login, login},
		},
		{
			name: "wrong, said once", environ: []string{"SENSORD_PROXY=http://van"},
			wantErr: "SENSORD_PROXY: servers[0].proxy: the port is missing; write http://van:3128, or whatever port it has",
		},
		{
			name: "half a login", environ: []string{"SENSORD_PROXY=http://van:1", "SENSORD_PROXY_USER=bob"},
			wantErr: "SENSORD_PROXY_USER: servers[0].proxy.user: there is a user without a password; add SENSORD_PROXY_PASSWORD to the environment",
		},
		{
			name: "login in the flag", flag: "http://bob:hunter2@van:1",
			wantErr: "--proxy: a login does not belong in the url; write proxy: {url: http://HOST:PORT, user: NAME, password_file: FILE}, or set SENSORD_PROXY_USER and SENSORD_PROXY_PASSWORD",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l, err := configs.Load("rig.yaml", tt.environ, configs.Flags{Proxy: tt.flag})
			if tt.wantErr != "" {
				if err == nil || err.Error() != tt.wantErr {
					t.Errorf("got  %v\nwant %s", err, tt.wantErr)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, [2]configs.Proxy{l.Config.Servers[0].Proxy, l.Config.Servers[1].Proxy}); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestDeliveryFlags(t *testing.T) {
	machine(t)
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	good := configs.Flags{Connect: "k", TCP: true, Sources: []string{"walk.pcap"}, FixedGPS: "1,2"}
	for _, tt := range []struct {
		name    string
		change  func(*configs.Flags)
		environ []string
		want    string // settings and warnings that begin with it, or the error
	}{
		{"nothing", func(*configs.Flags) {}, nil, ""},
		{"spool", func(f *configs.Flags) { f.Spool, f.SpoolSize = "kept", "100MiB" }, nil, "spool.dir = " + here + "/kept (--spool)\nspool.size = 100MiB (--spool-size)\nspool.sync = 1s (default)"},
		{"spool of the service", func(*configs.Flags) {}, []string{"STATE_DIRECTORY=/var/lib/rover:/var/lib/other"}, "spool.dir = /var/lib/rover/spool (default)\nspool.size = 2GiB (default)\nspool.sync = 1s (default)"},
		{"no spool of the service", func(f *configs.Flags) { f.Spool = "off" }, []string{"STATE_DIRECTORY=/var/lib/rover"}, ""},
		{"spool of the environment", func(*configs.Flags) {}, []string{"SENSORD_SPOOL_DIR=/kept"}, "spool.dir = /kept (SENSORD_SPOOL_DIR)\nspool.size = 2GiB (default)\nspool.sync = 1s (default)"},
		{"spool's size alone", func(f *configs.Flags) { f.SpoolSize = "100MiB" }, nil, "--spool-size: there is no spool on disk: frames wait in memory only; add --spool DIR, or remove it"},
		{"recording", func(f *configs.Flags) { f.Record = "." }, nil, "record.dir = " + here + " (--record)\nrecord.size = 100MiB (default)\nrecord.every = 1h (default)\nrecord.total = unlimited (default)"},
		{"recording into a file", func(f *configs.Flags) { f.Record = "walk.pcap" }, nil, `--record: "walk.pcap" is a file; name a directory`},
		{"recording without a server", func(f *configs.Flags) { f.Connect, f.TCP, f.Record = "", false, "/r" }, []string{"SENSORD_APIKEY=KEY"}, "record.dir = /r (--record)\nrecord.size = 100MiB (default)\nrecord.every = 1h (default)\nrecord.total = unlimited (default)"},
		{"recording with half a server", func(f *configs.Flags) { f.Connect, f.Record = "", "/r" }, nil, "--connect: no server is named; add --connect HOST[:PORT], or --autodetect"},
		{"no recording", func(f *configs.Flags) { f.Record = "off" }, []string{"SENSORD_RECORD_DIR=/r"}, ""},
		{"zones", func(f *configs.Flags) { f.Zones = []string{"52.52, 13.405, 200", "1,2.1,1.5km"} }, nil, "privacy.zones[0] = zone 1, 200m around a place not shown here (--zone)\nprivacy.zones[1] = zone 2, 1500m around a place not shown here (--zone)"},
		{"zones wrong", func(f *configs.Flags) { f.Zones = []string{"home", "1,2,3,4", "91,1,200m", "1,2,200miles"} }, nil, `--zone: "home" is no zone; write LAT,LON,RADIUS in degrees and metres, as in 52.5200,13.4050,200m
--zone: "1,2,3,4" is no zone; write LAT,LON,RADIUS in degrees and metres, as in 52.5200,13.4050,200m
--zone: "91" is no latitude; write degrees from -90 to 90, north and east positive
--zone: "200miles" is no length; write a length from 10m to 100km, as in 200m`},
		{"replay", func(*configs.Flags) {}, []string{"SENSORD_REPLAY_RATE=1/dwell", "SENSORD_REPLAY_BYTES=1MiB/min"}, `SENSORD_REPLAY_RATE: replay.rate: "1/dwell" is a rate of hops; write frames per second, as in 5000/sec, or unlimited
SENSORD_REPLAY_BYTES: replay.bytes: "1MiB/min" is no number of bytes per second; write bytes per second, as in 4MiB, or unlimited`},
		{"status", func(f *configs.Flags) { f.StatusSocket = "rig.sock" }, nil, "status.socket = " + here + "/rig.sock (--status-socket)"},
		{"status too long", func(f *configs.Flags) { f.StatusSocket = "/" + strings.Repeat("x", 103) }, nil, `--status-socket: "/xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…" is too long for the name of a socket; choose a shorter one`},
		{"certificate without TLS", func(f *configs.Flags) {
			f.TCP, f.APIKey, f.ClientCert, f.ClientKey = false, testKey, "web.pem", "web.key"
		}, nil, "--client-cert: it has no use without TLS, and does not turn TLS on; add --ssl, or remove it\n--client-key: it has no use without TLS, and does not turn TLS on; add --ssl, or remove it"},
		{"half a certificate", func(f *configs.Flags) { f.TCP, f.SSL, f.APIKey, f.ClientCert = false, true, testKey, "web.pem" }, nil, "--client-cert: a client proves itself with a certificate and its key, and one of the two is missing; add --client-key FILE"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := good
			tt.change(&f)
			l, err := configs.FromFlags(f, tt.environ)
			var got []string
			if err != nil {
				got = append(got, err.Error())
			}
			for line := range strings.Lines(describe(l, nil)) {
				if place, _, _ := strings.Cut(line, "."); strings.Contains("spool record privacy replay status", place) && !strings.HasPrefix(line, "spool.memory") {
					got = append(got, strings.TrimSpace(line))
				}
			}
			if diff := cmp.Diff(tt.want, strings.Join(got, "\n")); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// A flag adds to the places that a file protects, and gives none of them away.
func TestZonesOfTheCommandLineStandBesideTheFiles(t *testing.T) {
	machine(t)
	write(t, "rig.yaml", `servers: [{url: "tcp://k"}]
sources: [{interface: walk.pcap}]
gps: {receivers: [{type: replay, file: walk.pcap}]}
privacy: {zones: [{name: home, lat: 1, lon: 2, radius: 100m}]}
`, 0o644)
	l, err := configs.Load("rig.yaml", nil, configs.Flags{Zones: []string{"3,4,1km"}})
	if err != nil {
		t.Fatal(err)
	}
	want := []gps.Zone{{Name: "home", Lat: 1, Lon: 2, RadiusM: 100}, {Name: "zone 2", Lat: 3, Lon: 4, RadiusM: 1000}}
	if diff := cmp.Diff(want, l.Config.Privacy.Zones); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestStatusSocketHasANameOfItsOwn(t *testing.T) {
	machine(t)
	pid := strconv.Itoa(os.Getpid())
	long := "/" + strings.Repeat("d", 60)
	for _, tt := range []struct{ name, rig, dir, want string }{
		{"service", "rover-1", "/run/rover", "/run/rover/rover-1-" + pid + ".sock"},
		{"two directories", "rover-1", "/run/rover:/run/other", "/run/rover/rover-1-" + pid + ".sock"},
		{"long name", strings.Repeat("r", 64), long, long + "/" + pid + ".sock"},
		{"long directory", "rover-1", "/" + strings.Repeat("d", 100), ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l, err := configs.FromFlags(configs.Flags{Connect: "k", TCP: true, Sources: []string{"walk.pcap"}}, []string{"RUNTIME_DIRECTORY=" + tt.dir, "SENSORD_RIG=" + tt.rig})
			if err != nil {
				t.Fatal(err)
			}
			if got := l.Config.Status.Socket; got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
	dirs := configs.StatusDirs([]string{"RUNTIME_DIRECTORY=/run/rover", "XDG_RUNTIME_DIR=/run/user/1000"})
	if diff := cmp.Diff([]string{"/run/rover", "/run/sensord", filepath.Join("/run/user/1000", "sensord")}, dirs); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
