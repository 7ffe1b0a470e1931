package configs_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/sensord/sensord/configs"
	"github.com/sensord/sensord/gps"
)

// radio is a rig that captures now, so that live receivers are of use.
func radio(specs ...string) configs.Flags {
	return configs.Flags{Connect: "k", TCP: true, Sources: []string{"wlan7:type=linuxwifi"}, StateDir: "/state", GPS: specs}
}

func TestGPSFlagIsKismetsGrammar(t *testing.T) {
	machine(t)
	for _, tt := range []struct {
		spec string
		want configs.Receiver
	}{
		{"gpsd:host=localhost,port=2947", configs.Receiver{Name: "gpsd", Type: configs.ReceiverGPSD, Address: "localhost:2947"}},
		{"gpsd", configs.Receiver{Name: "gpsd", Type: configs.ReceiverGPSD, Address: "localhost:2947"}},
		{"gpsd:", configs.Receiver{Name: "gpsd", Type: configs.ReceiverGPSD, Address: "localhost:2947"}},
		{"gps=gpsd:host=::1,reconnect=true", configs.Receiver{Name: "gpsd---1", Type: configs.ReceiverGPSD, Address: "[::1]:2947"}},
		{"gpsd:host=[::1],port=1", configs.Receiver{Name: "gpsd---1-1", Type: configs.ReceiverGPSD, Address: "[::1]:1"}},
		{"GPSD:port=2948,device=/dev/ttyACM0", configs.Receiver{Name: "gpsd-localhost-2948-ttyACM0", Type: configs.ReceiverGPSD, Address: "localhost:2948", Device: "/dev/ttyACM0"}},
		{"serial:device=/dev/ttyACM0,name=laptop", configs.Receiver{Name: "laptop", Type: configs.ReceiverNMEA, Feed: configs.FeedSerial, Device: "/dev/ttyACM0"}},
		{"serial:device=/dev/ttyACM0,baud=auto", configs.Receiver{Name: "nmea-ttyACM0", Type: configs.ReceiverNMEA, Feed: configs.FeedSerial, Device: "/dev/ttyACM0"}},
		{`serial:device="/dev/a,b",baud=4800,checksum=optional`, configs.Receiver{Name: "nmea-a-b", Type: configs.ReceiverNMEA, Feed: configs.FeedSerial, Device: "/dev/a,b", Baud: 4800, NoChecksum: true}},
		{"serial:device=/dev/serial/by-path/pci@1,name=a@b", configs.Receiver{Name: "a@b", Type: configs.ReceiverNMEA, Feed: configs.FeedSerial, Device: "/dev/serial/by-path/pci@1"}},
		{"tcp:host=192.0.2.7,port=4352", configs.Receiver{Name: "nmea-192.0.2.7-4352", Type: configs.ReceiverNMEA, Feed: configs.FeedTCP, Address: "192.0.2.7:4352"}},
		{"tcp:host=fe80::1", configs.Receiver{Name: "nmea-fe80--1", Type: configs.ReceiverNMEA, Feed: configs.FeedTCP, Address: "[fe80::1]:10110"}},
		{"listen:port=10111", configs.Receiver{Name: "nmea-tcp-10111", Type: configs.ReceiverNMEA, Feed: configs.FeedListen, Address: ":10111"}},
		{"listen", configs.Receiver{Name: "nmea-tcp-10110", Type: configs.ReceiverNMEA, Feed: configs.FeedListen, Address: ":10110"}},
		{"udp:host=127.0.0.1,latency=200ms", configs.Receiver{Name: "nmea-udp-10110", Type: configs.ReceiverNMEA, Feed: configs.FeedUDP, Address: "127.0.0.1:10110", Latency: 200 * time.Millisecond}},
		{"udp:host=239.192.0.1%eth0", configs.Receiver{Name: "nmea-udp-10110", Type: configs.ReceiverNMEA, Feed: configs.FeedUDP, Address: "239.192.0.1%eth0:10110"}},
		{"udp:host=239.192.0.1%eth0,port=1", configs.Receiver{Name: "nmea-udp-1", Type: configs.ReceiverNMEA, Feed: configs.FeedUDP, Address: "239.192.0.1%eth0:1"}},
		{"meta:name=phone,dataonly=true", configs.Receiver{Name: "phone", Type: configs.ReceiverMeta, Expire: 10 * time.Second}},
		{"web:name=gpsweb,expire=30s", configs.Receiver{Name: "gpsweb", Type: configs.ReceiverWeb, Expire: 30 * time.Second}},
		{"virtual:lat=0,lon=-0.5,alt=3", configs.Receiver{Name: "remote-fixed", Type: configs.ReceiverFixed, Fixed: gps.NewFixed(0, -0.5, 3, "remote-fixed")}},
		{"replay:file=drive.nmea,realtime=true,start_date=2026-05-17", configs.Receiver{
			Name: "replay-drive.nmea", Type: configs.ReceiverReplay, File: "drive.nmea", Realtime: true, StartDate: time.Date(2026, 5, 17, 0, 0, 0, 0, time.UTC),
		}},
	} {
		l, err := configs.FromFlags(radio(tt.spec), nil)
		if err != nil || len(l.Warnings) > 0 {
			t.Errorf("%s: %v %v", tt.spec, err, l.Warnings)
			continue
		}
		if diff := cmp.Diff([]configs.Receiver{tt.want}, l.Config.GPS.Receivers, cmpopts.EquateNaNs()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.spec, diff)
		}
	}
}

func TestGPSFlagMistakes(t *testing.T) {
	machine(t)
	for _, tt := range []struct{ specs, want string }{
		{"gspd:host=k", `--gps: "gspd:host=k": "gspd" is no type of receiver; did you mean gpsd? It is written gpsd:host=localhost,port=2947`},
		{"quantum", `--gps: "quantum": "quantum" is no type of receiver; write gpsd, serial, tcp, listen, udp, meta, web, virtual, bus or replay, as in gpsd:host=localhost,port=2947; see ` + "`sensord help receivers`"},
		{"nmea:device=x", `--gps: "nmea:device=x": "nmea" is no type of receiver; write serial:device=/dev/ttyACM0,baud=auto, tcp:host=HOST,port=10110, listen:port=10110 or udp:port=10110`},
		{"fixed:lat=1,lon=2", `--gps: "fixed:lat=1,lon=2": "fixed" is no type of receiver; write virtual:lat=52.5200,lon=13.4050,alt=34`},
		{"/dev/ttyACM0", `--gps: "/dev/ttyACM0": "/dev/ttyACM0" is no type of receiver; write serial:device=/dev/ttyACM0`},
		{"gpsd:localhost:2947", `--gps: "gpsd:localhost:2947": option localhost:2947 has no value, want localhost:2947=VALUE; write gpsd:host=localhost,port=2947`},
		{"gpsd:hots=k", `--gps: "gpsd:hots=k": unknown option "hots"; did you mean host=? It is written gpsd:host=localhost,port=2947`},
		{"gpsd:colour=red", `--gps: "gpsd:colour=red": unknown option "colour"; the options of gpsd are name, latency, reconnect, host, port, device`},
		{"gpsd:host=,port=1", `--gps: "gpsd:host=,port=1": host= has no value; give it one, or leave it out`},
		{"serial:device=", `--gps: "serial:device=": device= has no value; give it one, or leave it out`},
		{"meta:name=", `--gps: "meta:name=": name= has no value; give it one, or leave it out`},
		{"meta:expire=10", "--gps: \"meta:expire=10\": name= is missing; write meta:name=phone\n--gps: \"meta:expire=10\": \"10\" has no unit; write a duration from 1s to 1h"},
		{"gpsd:host=localhost:2947", `--gps: "gpsd:host=localhost:2947": a host has no colon: the port is an option of its own; write host=localhost,port=2947`},
		{"gpsd:host=localhost:2947,port=2948", `--gps: "gpsd:host=localhost:2947,port=2948": a host has no colon: the port is an option of its own; write host=localhost,port=2947`},
		{"tcp:host=[2001:db8::7]:4352", `--gps: "tcp:host=[2001:db8::7]:4352": a host has no colon: the port is an option of its own; write host=[2001:db8::7],port=4352`},
		{"tcp:host=plotter:", `--gps: "tcp:host=plotter:": a host has no colon: the port is an option of its own; write host=plotter`},
		{"udp:host=:10110", `--gps: "udp:host=:10110": a host has no colon: the port is an option of its own; write port=10110`},
		{"tcp:host=alice:secret", `--gps: "tcp:host=alice:…": a host has no colon: the port is an option of its own; write tcp:host=HOST,port=10110`},
		{"tcp:host=alice:secret@plotter,port=1", `--gps: "tcp:host=…@plotter,port=1": a login does not belong here: nobody asks for one; write tcp:host=HOST,port=10110`},
		{"gps=gpsd:alice:secret@k:2947", `--gps: "gps=gpsd:…@k:2947": a login does not belong here: nobody asks for one; write gpsd:host=localhost,port=2947`},
		{"gpsd:name=x,host=alice:se=cret@k", `--gps: "gpsd:…@k": a login does not belong here: nobody asks for one; write gpsd:host=localhost,port=2947`},
		{"alice:secret@k", `--gps: "alice:…@k": "alice" is no type of receiver; write gpsd, serial, tcp, listen, udp, meta, web, virtual, bus or replay, as in gpsd:host=localhost,port=2947; see ` + "`sensord help receivers`"},
		{"gpsd:port=http", `--gps: "gpsd:port=http": port "http" is no port number; write 1 to 65535`},
		{"gpsd:host=a,host=b", `--gps: "gpsd:host=a,host=b": host stands there twice; keep one`},
		{"gpsd:reconnect=perhaps", `--gps: "gpsd:reconnect=perhaps": reconnect=perhaps is neither true nor false; write true or false`},
		{"gpsd:latency=1", `--gps: "gpsd:latency=1": "1" has no unit; write a duration from 1ms to 10s`},
		{"listen:host=239.192.0.1%eth0", `--gps: "listen:host=239.192.0.1%eth0": "239.192.0.1%eth0" is no host; write a name or an address`},
		{"serial", `--gps: "serial": device= is missing; write serial:device=/dev/ttyACM0,baud=auto`},
		{"serial:device=x,baud=0", `--gps: "serial:device=x,baud=0": "0" is no baud rate; write auto, or the receiver's rate, as in 9600`},
		{"serial:baud=fast gspd gpsd:port=x,colour=red", `--gps: "serial:baud=fast": device= is missing; write serial:device=/dev/ttyACM0,baud=auto
--gps: "gspd": "gspd" is no type of receiver; did you mean gpsd? It is written gpsd:host=localhost,port=2947
--gps: "gpsd:port=x,colour=red": unknown option "colour"; the options of gpsd are name, latency, reconnect, host, port, device
--gps: "serial:baud=fast": "fast" is no baud rate; write auto, or the receiver's rate, as in 9600
--gps: "gpsd:port=x,colour=red": port "x" is no port number; write 1 to 65535`},
		{"tcp:port=1", `--gps: "tcp:port=1": host= is missing; write tcp:host=HOST,port=10110`},
		{"meta", `--gps: "meta": name= is missing; write meta:name=phone`},
		{"virtual:lat=91,lon=x", "--gps: \"virtual:lat=91,lon=x\": \"91\" is no latitude; write degrees from -90 to 90, north and east positive\n--gps: \"virtual:lat=91,lon=x\": \"x\" is no longitude; write degrees from -180 to 180, north and east positive"},
		{"gpsd gpsd:name=other", `--gps: "gpsd:name=other": another receiver asks this gpsd for the same ("gpsd"); keep one, or name a device for each`},
		{"gpsd:name=a meta:name=a", `--gps: "meta:name=a": "a" is the name of "gpsd:name=a", too; give it another`},
		{"gpsd virtual:lat=1,lon=2", `--gps: "virtual:lat=1,lon=2": a fixed position cannot be fused with what says where the sensor is: it would pull that to where it is not; leave it out; a configuration can have it for when the others have no fix, with gps: {mode: priority}`},
	} {
		_, err := configs.FromFlags(radio(strings.Fields(tt.specs)...), nil)
		if err == nil || err.Error() != tt.want {
			t.Errorf("%s:\n got %v\nwant %s", tt.specs, err, tt.want)
		}
	}
}

func TestGPSFlagThatIsOdd(t *testing.T) {
	machine(t)
	f := radio("gpsd:reconnect=false")
	l, err := configs.FromFlags(f, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := `--gps: "gpsd:reconnect=false": sensord always connects to a receiver again; leave it out`
	if len(l.Warnings) != 1 || l.Warnings[0].String() != want {
		t.Errorf("\n got %v\nwant %s", l.Warnings, want)
	}
	f.Sources = []string{"walk.pcap"}
	want = `--gps: every source is a file, and where the sensor is today does not say where its frames were captured; for files name the log of their drive: --gps replay:file=drive.nmea`
	if l, err = configs.FromFlags(f, nil); err != nil || len(l.Warnings) != 2 || l.Warnings[1].String() != want {
		t.Errorf("\n got %v %v\nwant %s", l.Warnings, err, want)
	}
}

// A flag takes the place of the file's receivers, and with the file's mode a
// fixed position may stand behind others.
func TestGPSFlagsOverAFilesReceivers(t *testing.T) {
	machine(t)
	write(t, "rig.yaml", "gps: {mode: priority, receivers: [{type: meta, name: phone}]}\n", 0o644)
	f := radio("gpsd")
	f.FixedGPS = "1,2"
	l, err := configs.Load("rig.yaml", nil, f)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, r := range l.Config.GPS.Receivers {
		names = append(names, r.Name)
	}
	if got := strings.Join(names, " "); got != "gpsd remote-fixed" || l.Config.GPS.Fixed == nil || l.Config.GPS.Alone() || l.Config.Web.Listen != "" {
		t.Errorf("receivers %s, fixed %v, web %+v", got, l.Config.GPS.Fixed, l.Config.Web)
	}
}

func TestWebTokenOfTheEnvironment(t *testing.T) {
	machine(t)
	l, err := configs.FromFlags(radio("meta:name=phone"), []string{"SENSORD_WEB_TOKEN=correct-horse", "SENSORD_WEB_LISTEN=127.0.0.1:2600"})
	if err != nil {
		t.Fatal(err)
	}
	if w := l.Config.Web; w.Token.Reveal() != "correct-horse" || w.TokenFile != "" || w.Listen != "127.0.0.1:2600" {
		t.Errorf("%+v", w)
	}
	if text := describe(l, err); strings.Contains(text, "correct-horse") {
		t.Errorf("the token stands in %s", text)
	}
	l, err = configs.FromFlags(radio("meta:name=phone"), nil)
	if want := (configs.Web{Listen: "127.0.0.1:2510", TokenFile: "/state/web.token"}); err != nil || l.Config.Web != want {
		t.Errorf("%+v, %v", l.Config.Web, err)
	}
	f := radio("meta:name=phone")
	f.StateDir = ""
	if _, err := configs.FromFlags(f, []string{"SENSORD_WEB_TOKEN=short"}); err == nil || strings.Contains(err.Error(), `"short"`) || !strings.Contains(err.Error(), "this is no token") {
		t.Errorf("a short token: %v", err)
	}
}

// A server's copy of the position needs its REST, which does not follow from
// the address of legacy TCP.
func TestMetaGPSOfTheCommandLine(t *testing.T) {
	machine(t)
	f := radio("gpsd")
	f.Sources = []string{"wlan7:type=linuxwifi,metagps=rover"}
	const (
		front = `--source: "wlan7:type=linuxwifi,metagps=rover": with metagps= the server is told positions over REST, and `
		back  = `; remove metagps=, or set SENSORD_REST_URL=http://HOST:2501 and SENSORD_REST_APIKEY`
	)
	for environ, want := range map[string]string{"HOME=/root": "the address of that does not follow from the server's", "SENSORD_REST_URL=http://k": "there is no login for that"} {
		if _, err := configs.FromFlags(f, []string{environ}); err == nil || err.Error() != front+want+back {
			t.Errorf("with %s:\n got %v\nwant %s", environ, err, front+want+back)
		}
	}
	l, err := configs.FromFlags(f, []string{"SENSORD_REST_URL=http://k", "SENSORD_REST_APIKEY=" + testKey})
	if err != nil {
		t.Fatal(err)
	}
	if r := (configs.REST{URL: "http://k:2501", APIKey: testKey}); l.Config.Servers[0].REST != r {
		t.Errorf("%+v", l.Config.Servers[0].REST)
	}
	f.Sources = []string{"wlan7:type=linuxwifi"}
	if _, err := configs.FromFlags(f, []string{"SENSORD_REST_URL=http://k"}); err != nil {
		t.Errorf("an environment that is not needed: %v", err)
	}
	f.Sources = []string{"wlan7:type=linuxwifi,metagps=rover"}
	f.GPS, f.FixedGPS = nil, "1,2" // as Kismet's tools take it
	if _, err := configs.FromFlags(f, nil); err != nil {
		t.Errorf("with a fixed position: %v", err)
	}
}

func FuzzGPSFlag(f *testing.F) {
	for _, s := range []string{"gpsd:host=localhost,port=2947", "serial:device=/dev/ttyACM0,baud=auto", "tcp:host=::1", "udp:port=1", "meta:name=x", "virtual:lat=1,lon=2", "replay:file=x,start_date=2026-01-01", `web:"name=a,b"`, "gps=:,=", "nmea"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, spec string) {
		l, err := configs.FromFlags(radio(spec), nil)
		if (err == nil) != (len(l.Config.GPS.Receivers) == 1) {
			t.Errorf("%q: %v and %+v", spec, err, l.Config.GPS)
		}
		if err == nil && l.Config.GPS.Receivers[0].Name == "" {
			t.Errorf("%q: no name", spec)
		}
		if err != nil && strings.ContainsFunc(err.Error(), func(r rune) bool { return r < ' ' && r != '\n' }) {
			t.Errorf("%q: control characters in %q", spec, err)
		}
	})
}
