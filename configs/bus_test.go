package configs_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sensord/sensord/configs"
)

// Of the bus, too, the order is file, environment, flags; a login goes on to the
// server of a later place, as it does with servers.
func TestLaterPlacesWinOnTheBus(t *testing.T) {
	machine(t)
	const (
		off    = "bus: off\n"
		joined = "bus: {url: \"nats://file.example\", creds: rover-1.creds, fleet: north, store: {size: 1GiB}, tls: {server_name: other.example}}\n"
		login  = "bus: {mode: nats, url: \"nats://file.example\", user: alice, password_file: password}\n"
	)
	for _, tt := range []struct {
		name, file string
		environ    []string
		flags      configs.Flags
		want       string // the settings of the bus, and what there is to say of it
	}{
		{
			name: "environment over a bus that is off", file: off, environ: []string{"SENSORD_BUS=nats://e.example", "SENSORD_BUS_FLEET=south", "SENSORD_BUS_CREDS=rover-1.creds"},
			want: `bus.mode = nats (SENSORD_BUS)
bus.fleet = south (SENSORD_BUS_FLEET)
bus.url = nats://e.example:4222 (SENSORD_BUS)
bus.creds = (here)/rover-1.creds (SENSORD_BUS_CREDS)
bus.rate = 1/sec (default)
bus.every = 5s (default)
bus.claims = warn (default)
`,
		},
		{
			name: "flags over the file", file: joined, flags: configs.Flags{Bus: "nats://flag.example:1", Fleet: "south"},
			want: `bus.mode = nats (--bus)
bus.fleet = south (--fleet)
bus.url = nats://flag.example:1 (--bus)
bus.creds = (here)/rover-1.creds (rig.yaml:1)
bus.rate = 1/sec (default)
bus.every = 5s (default)
bus.claims = warn (default)
`,
		},
		{name: "off by flag", file: joined, flags: configs.Flags{Bus: "off"}, want: "bus.mode = off (--bus)\n"},
		{
			name: "password of the environment", file: login, environ: []string{"SENSORD_BUS_PASSWORD=battery", "SENSORD_BUS_TLS_CA=ca.pem"},
			want: `bus.mode = nats (rig.yaml:1)
bus.fleet = fleet (default)
bus.tls.ca = ca.pem (SENSORD_BUS_TLS_CA)
bus.url = tls://file.example:4222 (rig.yaml:1)
bus.user = alice (rig.yaml:1)
bus.password = *** (SENSORD_BUS_PASSWORD)
bus.rate = 1/sec (default)
bus.every = 5s (default)
bus.claims = warn (default)
`,
		},
		{
			name: "credentials over a login", file: login, flags: configs.Flags{BusCreds: "rover-1.creds"},
			want: `warning: --bus-creds: these credentials are used, and not the user and password of an earlier place; give one of the two
bus.mode = nats (rig.yaml:1)
bus.fleet = fleet (default)
bus.url = nats://file.example:4222 (rig.yaml:1)
bus.creds = (here)/rover-1.creds (--bus-creds)
bus.rate = 1/sec (default)
bus.every = 5s (default)
bus.claims = warn (default)
`,
		},
		{
			name: "a login over credentials", file: "bus: {url: \"nats://k\", creds: missing.creds}\n", environ: []string{"SENSORD_BUS_USER=bob", "SENSORD_BUS_PASSWORD=battery"},
			want: `warning: rig.yaml:1: bus.creds: the credentials are not used: user and password of a later place win; give one of the two
bus.mode = nats (rig.yaml:1)
bus.fleet = fleet (default)
bus.url = nats://k:4222 (rig.yaml:1)
bus.user = bob (SENSORD_BUS_USER)
bus.password = *** (SENSORD_BUS_PASSWORD)
bus.rate = 1/sec (default)
bus.every = 5s (default)
bus.claims = warn (default)
`,
		},
		{name: "flags without a bus", flags: configs.Flags{BusCreds: "rover-1.creds", Fleet: "north"}, want: `--bus-creds: there is no bus; add --bus URL, or remove it
--fleet: there is no bus; add --bus URL, or remove it
`},
		{name: "environment without a bus", environ: []string{"SENSORD_BUS_CREDS=missing.creds", "SENSORD_BUS_FLEET=north"}},
		{name: "half a login", environ: []string{"SENSORD_BUS=nats://k", "SENSORD_BUS_PASSWORD=battery"}, want: "SENSORD_BUS_PASSWORD: bus.password_file: there is a password without a user; add SENSORD_BUS_USER to the environment\n"},
		{name: "no bus of that name", flags: configs.Flags{Bus: "kismet.local", Fleet: "north"}, want: "--bus: \"kismet.local\" is no bus; write off, embedded, leaf (with the url of a hub), or nats://HOST to join a server\n"},
		{name: "a fleet that is none", flags: configs.Flags{Bus: "nats://k", Fleet: "a.b"}, want: "--fleet: \"a.b\" cannot be the name of a fleet; use at most 64 letters, digits, dashes and underscores\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			write(t, "rig.yaml", tt.file+"servers: [{url: tcp://k}]\nsources: [{interface: walk.pcap}]\n", 0o644)
			if diff := cmp.Diff(tt.want, ofTheBus(t, tt.environ, tt.flags)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// ofTheBus loads rig.yaml and leaves out what is about something else.
func ofTheBus(t *testing.T, environ []string, flags configs.Flags) string {
	t.Helper()
	here, err := filepath.Abs(".")
	if err != nil {
		t.Fatal(err)
	}
	l, err := configs.Load("rig.yaml", environ, flags)
	var lines []string
	for _, line := range strings.SplitAfter(describe(l, err), "\n") {
		if err != nil || strings.HasPrefix(line, "warning: ") || strings.HasPrefix(line, "bus.") {
			lines = append(lines, strings.ReplaceAll(line, here, "(here)"))
		}
	}
	return strings.Join(lines, "")
}

// What --gps says of the bus is what a configuration says of it.
func TestGPSFlagFollowsOthersOnTheBus(t *testing.T) {
	machine(t)
	for _, tt := range []struct {
		spec, bus string
		want      configs.Receiver
		wantErr   string
	}{
		{
			spec: "bus:rig=rover.2", bus: "nats://k",
			want: configs.Receiver{Name: "bus-rover-2", Type: configs.ReceiverBus, From: configs.Heard{Rig: "rover-2"}, Expire: configs.DefaultExpire},
		},
		{
			spec: "bus:metagps=phone,name=scout,expire=1m", bus: "nats://k",
			want: configs.Receiver{Name: "scout", Type: configs.ReceiverBus, From: configs.Heard{MetaGPS: "phone"}, Expire: 6 * configs.DefaultExpire},
		},
		{spec: "bus:rig=rover-2", wantErr: `--gps: "bus:rig=rover-2": there is no bus to hear others on; add --bus nats://HOST`},
		{spec: "bus:rgi=rover-2", bus: "nats://k", wantErr: `--gps: "bus:rgi=rover-2": unknown option "rgi"; did you mean rig=? It is written bus:rig=rover-1`},
		{spec: "bus", bus: "nats://k", wantErr: `--gps: "bus": it is not said whose positions; add rig: NAME, or metagps: NAME for one that a rig hands on`},
	} {
		flags := radio(tt.spec)
		flags.Bus = tt.bus
		l, err := configs.FromFlags(flags, nil)
		if tt.wantErr != "" {
			if err == nil || err.Error() != tt.wantErr {
				t.Errorf("%s:\n got %v\nwant %s", tt.spec, err, tt.wantErr)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", tt.spec, err)
			continue
		}
		if diff := cmp.Diff([]configs.Receiver{tt.want}, l.Config.GPS.Receivers, cmp.Comparer(func(a, b configs.Receiver) bool {
			return a.Name == b.Name && a.Type == b.Type && a.From == b.From && a.Expire == b.Expire
		})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.spec, diff)
		}
	}
}
