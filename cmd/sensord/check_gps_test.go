package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/configs"
	"github.com/sensord/sensord/gps"
	"github.com/sensord/sensord/gps/clock"
	"github.com/sensord/sensord/gps/feed"
	"github.com/sensord/sensord/internal/fault"
)

// scriptedReceiver says what a receiver would, at once or after a while.
type scriptedReceiver struct {
	object, detail string
	events         []gps.Event
	every          time.Duration // between them
	end            error         // behind them; nil goes on in silence
}

// scriptedFeed is a receiver that knows what came, though it told nothing.
type scriptedFeed struct {
	scriptedReceiver

	garbled error
}

func (s *scriptedFeed) Came() (bool, error) { return true, s.garbled }

func (s *scriptedReceiver) Object() string { return s.object }
func (s *scriptedReceiver) Detail() string { return s.detail }

func (s *scriptedReceiver) Run(ctx context.Context, tell func(gps.Event)) error {
	for _, e := range s.events {
		select {
		case <-time.After(s.every):
			tell(e)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if s.end != nil {
		return s.end
	}
	<-ctx.Done()
	return ctx.Err()
}

// antennas are the receivers of a machine, by what they are reached by.
func antennas() map[string]checkedReceiver {
	good, none := gps.NewFix(), gps.NewFix()
	good.Mode, good.Lat, good.Lon, good.AltMSL = gps.Mode3D, 52.5, 13.4, 34
	good.AccuracyM, good.AccuracyOrigin, good.Satellites = 4.24, gps.OriginGST, 9
	flat := good
	flat.Mode, flat.AccuracyM, flat.Satellites = gps.Mode2D, gps.NewFix().AccuracyM, -1
	none.Mode = gps.ModeNone
	sky := gps.Sky{Satellites: make([]gps.Satellite, 5)}
	bare := &fault.Error{Code: fault.GPSGarbled, Object: "udp :10111", Err: errors.New("201 bytes, and no valid sentence among them"), Advice: "take sentences without a checksum, too"}
	held := func(program string, pid int) error {
		return fault.Newf(fault.GPSBusy, "serial /dev/"+program, "%w", &feed.HeldError{Program: program, PID: pid})
	}
	return map[string]checkedReceiver{
		"localhost:2947": &scriptedReceiver{object: "gpsd localhost:2947", detail: "gpsd 3.22, /dev/ttyACM0", events: []gps.Event{gps.Notice{Text: "x"}, sky, none, good}, every: time.Second},
		"other:2947":     &scriptedReceiver{object: "gpsd other:2947", events: []gps.Event{sky, none, none, none, none, none, good}, every: time.Second},
		"silent:2947":    &scriptedReceiver{object: "gpsd silent:2947"},
		"closed:2947":    &scriptedReceiver{object: "gpsd closed:2947", end: fault.Newf(fault.GPSRefused, "gpsd closed:2947", "connection refused")},
		"tent:10110":     &scriptedReceiver{object: "tcp tent:10110", events: []gps.Event{flat}},
		"/dev/ttyACM0":   &scriptedReceiver{object: "serial /dev/ttyACM0", events: []gps.Event{good}, every: 18 * time.Second, detail: "4800 baud"},
		"/dev/ttyUSB0":   &scriptedReceiver{object: "serial /dev/ttyUSB0", end: fault.Newf(fault.GPSMissing, "serial /dev/ttyUSB0", "no such device")},
		":10110":         &scriptedReceiver{object: "tcp or udp :10110"},
		":10111":         &scriptedFeed{scriptedReceiver{object: "udp :10111"}, bare},
		":10112":         &scriptedFeed{scriptedReceiver: scriptedReceiver{object: "tcp :10112"}},
		":10113":         &scriptedReceiver{object: "udp :10113", end: fault.Newf(fault.GPSBusy, "udp :10113", "another program listens there")},
		"/dev/gpsd":      &scriptedReceiver{object: "serial /dev/gpsd", end: held("gpsd", 7)},
		"/dev/sensord":   &scriptedReceiver{object: "serial /dev/sensord", end: held("sensord", 4711)},
	}
}

func testGPSCheck(out *bytes.Buffer) *gpsCheck {
	c := newGPSCheck(&checklist{out: out})
	c.open = func(r configs.Receiver) (checkedReceiver, error) {
		if a := antennas()[r.Address+r.Device]; a != nil {
			return a, nil
		}
		return nil, errors.New("there is no " + r.Address + r.Device)
	}
	c.others = func() ([]int, bool) { return []int{4711}, true }
	c.ports = func() ([]feed.Port, error) {
		return []feed.Port{{Path: "/dev/ttyACM7", ByID: "/dev/serial/by-id/usb-u-blox", Likely: true}, {Path: "/dev/ttyS0"}}, nil
	}
	return c
}

// TestCheckOfReceivers checks the receivers of every file of testdata/check-gps.
func TestCheckOfReceivers(t *testing.T) {
	eachGolden(t, "testdata/check-gps/*.view", func(t *testing.T, file, input string) {
		config := filepath.Join(t.TempDir(), "rig.yaml")
		writeFile(t, config, []byte("servers: [{url: 'tcp://k'}]\nsources: [{interface: wlan7, type: linuxwifi}]\nstate_dir: /state\n"+input))
		loaded, err := configs.Load(config, nil, configs.Flags{})
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		c := testGPSCheck(&out)
		synctest.Test(t, func(t *testing.T) { c.receivers(t.Context(), loaded.Config) })
		lines := took.ReplaceAllStringFunc(out.String(), func(s string) string { return strings.Repeat(" ", utf8.RuneCountInString(s)) })
		golden(t, file, fmt.Sprintf("exit %d\n%s", c.status, lines))
	})
}

// Who interrupts a check is told nothing of what was not found out.
func TestCheckOfReceiversEndsWhenNobodyWaits(t *testing.T) {
	var out bytes.Buffer
	c := testGPSCheck(&out)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	c.receivers(ctx, configs.Config{GPS: configs.GPS{Receivers: []configs.Receiver{{Type: configs.ReceiverGPSD, Address: "silent:2947"}}}})
	if out.Len() > 0 || c.status != 0 {
		t.Errorf("exit %d\n%s", c.status, out.String())
	}
}

// nmea returns a sentence with its checksum.
func nmea(sentence string) string {
	sum := byte(0)
	for _, b := range []byte(sentence) {
		sum ^= b
	}
	return fmt.Sprintf("$%s*%02X\r\n", sentence, sum)
}

// epoch is what a receiver says for one second.
func epoch(second int) string {
	at := fmt.Sprintf("1235%02d", second)
	return nmea("GPRMC,"+at+",A,4807.038,N,01131.000,E,022.4,084.4,170526,003.1,W") +
		nmea("GPGGA,"+at+",4807.038,N,01131.000,E,1,08,0.9,545.4,M,46.9,M,,") +
		nmea("GPGSA,A,3,04,05,,09,12,,,24,,,,,2.5,1.3,2.1")
}

// A real feed, over TCP, and a gpsd that is not there.
func TestCheckOfAFeed(t *testing.T) {
	machine(t, 3)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan struct{})
	t.Cleanup(func() {
		_ = l.Close()
		<-served
	})
	go func() {
		defer close(served)
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		_, _ = conn.Write([]byte(epoch(19) + epoch(20)))
		_, _ = conn.Read(make([]byte, 1)) // until the check has enough
	}()
	s := server(t, nil)
	_, port, _ := net.SplitHostPort(l.Addr().String())
	status, out, _ := sensord(t, "check", "--connect", s.Addr, "--apikey", datasourceKey, "--source", "walk.pcap",
		"--gps", "tcp:host=127.0.0.1,port="+port, "--gps", "gpsd:host=127.0.0.1,port="+strings.TrimPrefix(closedPort(t), "127.0.0.1:"))
	if status != fault.ExitRadio || !strings.Contains(out, "tcp 127.0.0.1:"+port+": 3D fix") || !strings.Contains(out, "FAIL  receiver") || !strings.Contains(out, "connection refused") {
		t.Errorf("exit %d\n%s", status, out)
	}
}

func TestCheckOfTheWebSide(t *testing.T) {
	dir := t.TempDir()
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	writeFile(t, filepath.Join(dir, "web.token"), []byte("correct-horse\n"))
	writeFile(t, filepath.Join(dir, "empty.token"), []byte("\n"))
	for _, tt := range []struct {
		name   string
		web    configs.Web
		status int
		want   []string
	}{
		{"nothing", configs.Web{}, 0, nil},
		{"free", configs.Web{Listen: "127.0.0.1:0", TokenFile: filepath.Join(dir, "web.token")}, 0, []string{"ok    web", "only programs of this machine", "ok    token", "it is in "}},
		{"busy", configs.Web{Listen: busy.Addr().String(), Token: "correct-horse"}, 0, []string{
			"warn  web", "address already in use; perhaps it is the sensord that runs here (process 4711)\n", "if so, nothing is wrong, and kill -USR1 4711 ", "; else choose another address",
		}},
		{"first start", configs.Web{Listen: ":0", TokenFile: filepath.Join(dir, "none")}, 0, []string{":0 is free\n", "it will be made, in "}},
		{"no first start", configs.Web{Listen: ":0", TokenFile: filepath.Join(dir, "web.token", "deep", "down")}, fault.ExitUsage, []string{"FAIL  token", "not a directory"}},
		{"empty token", configs.Web{Listen: ":0", TokenFile: filepath.Join(dir, "empty.token")}, fault.ExitUsage, []string{"FAIL  token", "it holds no token"}},
		{"token that is a directory", configs.Web{Listen: ":0", TokenFile: dir}, fault.ExitUsage, []string{"FAIL  token", "is a directory"}},
		{"no such address", configs.Web{Listen: "192.0.2.1:2510", Token: "correct-horse"}, fault.ExitFailed, []string{"FAIL  web", "web 192.0.2.1:2510: cannot assign requested address"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var out bytes.Buffer
			c := testGPSCheck(&out)
			c.web(t.Context(), tt.web)
			if c.status != tt.status || (out.Len() > 0) != (len(tt.want) > 0) {
				t.Errorf("exit %d\n%s", c.status, out.String())
			}
			for _, part := range tt.want {
				if !strings.Contains(out.String(), part) {
					t.Errorf("%q is missing in\n%s", part, out.String())
				}
			}
		})
	}
}

func TestCheckOfTheClock(t *testing.T) {
	radios := []configs.Source{{Type: capture.TypePcapFile}, {Type: capture.TypeLinuxWifi}}
	for _, tt := range []struct {
		sources []configs.Source
		system  clock.System
		err     error
		want    string
	}{
		{radios[:1], clock.System{}, nil, ""},
		{radios, clock.System{Synchronised: true}, nil, "ok    clock                   the kernel says that its clock is synchronised\n"},
		{radios, clock.System{}, nil, "warn  clock                   the kernel says that its clock is not synchronised\n                              " + unsureRemedy + "\n"},
		{radios, clock.System{}, errors.New("no"), "warn  clock                   the kernel does not say whether its clock is right: no\n                              " + unsureRemedy + "\n"},
	} {
		var out bytes.Buffer
		c := testGPSCheck(&out)
		c.system = func() (clock.System, error) { return tt.system, tt.err }
		c.clock(tt.sources)
		if out.String() != tt.want || c.status != 0 {
			t.Errorf("exit %d\n got %s\nwant %s", c.status, out.String(), tt.want)
		}
	}
}

// A server's own copy of the position is looked for, and nothing is changed.
func TestCheckOfCopies(t *testing.T) {
	machine(t, 3)
	s := server(t, nil)
	s.AddMetaGPS("there")
	writeFile(t, "home.key", []byte(datasourceKey+"\n"))
	for _, tt := range []struct {
		name, option string
		status       int
		want         string
	}{
		{"there", "", 0, "ok    metagps"},
		{"absent", "", 0, "warn  metagps"},
		{"absent", "metagps: {create: false}", fault.ExitRejected, "FAIL  metagps"},
	} {
		writeFile(t, "rig.yaml", fmt.Appendf(nil, "servers: [{url: 'ws://%s', apikey_file: home.key}]\nsources: [{interface: walk.pcap, options: {metagps: %s}}]\ngps:\n  receivers: [{type: fixed, lat: 1, lon: 2}]\n  %s\n", s.Addr, tt.name, tt.option))
		status, out, _ := sensord(t, "check", "--config", "rig.yaml")
		if status != tt.status || !strings.Contains(out, tt.want) || !strings.Contains(out, tt.name+": ") {
			t.Errorf("exit %d\n%s", status, out)
		}
		if _, ok := s.MetaGPS("absent"); ok {
			t.Error("the check made a meta GPS")
		}
	}
}

func TestPostURL(t *testing.T) {
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		web  configs.Web
		want string
	}{
		{configs.Web{Listen: "127.0.0.1:2510"}, "http://127.0.0.1:2510/x"},
		{configs.Web{Listen: "[2001:db8::1]:443", CertFile: "c"}, "https://[2001:db8::1]:443/x"},
		{configs.Web{Listen: ":2510"}, "http://" + host + ":2510/x"},
		{configs.Web{Listen: "[::]:2510"}, "http://" + host + ":2510/x"},
		{configs.Web{Listen: "rover.local:2510"}, "http://rover.local:2510/x"},
	} {
		if got := postURL(tt.web, "/x"); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.web.Listen, got, tt.want)
		}
	}
}
