package main_test

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/sensord/sensord/uplink/kismet"
	"github.com/sensord/sensord/uplink/kismettest"
)

// login are the flags for a server of kismettest.
var login = []string{"--user", "kismet", "--password", "kismet"}

// websocket and tcp are how a user reaches a server.
func websocket(srv *kismettest.Server) []string {
	return append([]string{"--connect", srv.Addr}, login...)
}

func tcp(srv *kismettest.Server) []string {
	return []string{"--connect", srv.TCPAddr, "--tcp"}
}

// serve starts a server that lives as long as the test.
func serve(t *testing.T, cfg kismettest.Config) *kismettest.Server {
	t.Helper()
	srv := kismettest.Start(cfg)
	t.Cleanup(srv.Close)
	return srv
}

// delivery brings a whole capture to every server, over every transport.
func (e *endToEnd) delivery(t *testing.T) {
	for _, profile := range kismettest.Profiles() {
		for name, reach := range map[string]func(*kismettest.Server) []string{"websocket": websocket, "tcp": tcp} {
			t.Run(fmt.Sprintf("%v/%s", profile, name), func(t *testing.T) {
				t.Parallel()
				srv := serve(t, kismettest.Config{Profile: profile})
				p := e.run(t, append(reach(srv), "--once", "--fixed-gps", "52.1,4.3,10", "--source="+e.walk+":name=golden")...)
				src := source(t, srv)
				arrived(t, srv.Frames(src.UUID), e.frames, &here)
				if src.Name != "golden" || src.LinkType != 127 || src.Sessions != 1 {
					t.Errorf("the server has the source %+v", src)
				}
				if src.Version == kismet.V3 && src.Program != testVersion {
					t.Errorf("the server heard of version %q", src.Program)
				}
				if p.out.String() != "" {
					t.Errorf("there is output: %q", p.out.String())
				}
			})
		}
	}
	t.Run("position", e.positions)
	t.Run("files", e.files)
	t.Run("two sources", e.twoSources)
	t.Run("configuration", e.configuration)
	t.Run("tool's name", e.toolName)
}

func (e *endToEnd) positions(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		flags []string
		want  *kismet.GPS
	}{
		{"none", nil, nil},
		{"equator without altitude", []string{"--fixed-gps", "0,-0.5"}, &kismet.GPS{Lon: -0.5, Fix: 2, Type: "remote-fixed", Name: "remote-fixed"}},
		{"origin", []string{"--fixed-gps=0,0,0"}, &kismet.GPS{Fix: 3, Type: "remote-fixed", Name: "remote-fixed"}},
		{"southern with a name", []string{"--fixed-gps=-33.9,18.4,1086", "--gps-name", "table mountain"}, &kismet.GPS{Lat: -33.9, Lon: 18.4, AltM: 1086, Fix: 3, Type: "remote-fixed", Name: "table mountain"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, profile := range []kismettest.Profile{kismettest.T23, kismettest.T25} {
				srv := serve(t, kismettest.Config{Profile: profile})
				frames := e.frames[:70]
				file := t.TempDir() + "/short.pcap"
				writePcap(t, file, frames)
				e.run(t, slices.Concat(tcp(srv), test.flags, []string{"--once", "--source", file})...)
				arrived(t, srv.Frames(source(t, srv).UUID), frames, test.want)
			}
		})
	}
}

func (e *endToEnd) files(t *testing.T) {
	t.Parallel()
	frames := e.frames[:500]
	dir := t.TempDir()
	for _, test := range []struct {
		file   string
		encode encoder
	}{
		{"walk.pcapng", encodePcapng},
		{"walk.pcap.gz", zipped(encodePcap)},
		{"pcapng, zipped", zipped(encodePcapng)},
	} {
		t.Run(test.file, func(t *testing.T) {
			srv := serve(t, kismettest.Config{})
			writeCapture(t, dir+"/"+test.file, frames, test.encode)
			// As a shell leaves it: relative, and in quotes if there is a comma.
			p := e.start(t, invocation{dir: dir, args: append(websocket(srv), "--once", "--source", test.file+":type=pcapfile")})
			if status := p.exit(t); status != 0 {
				t.Fatalf("status %d", status)
			}
			arrived(t, srv.Frames(source(t, srv).UUID), frames, nil)
		})
	}
}

// twoSources brings two captures in one process: one connection for each.
func (e *endToEnd) twoSources(t *testing.T) {
	t.Parallel()
	srv := serve(t, kismettest.Config{Profile: kismettest.T25PB})
	const first, second = "5FE308BD-0000-0000-0000-020000000001", "5FE308BD-0000-0000-0000-020000000002"
	short := t.TempDir() + "/short.pcapng"
	writeCapture(t, short, e.frames[:100], encodePcapng)
	e.run(t, append(websocket(srv), "--once",
		"--source", e.walk+":name=a,uuid="+first, "--source="+short+":name=b,pps=1000,uuid="+second)...)
	arrived(t, srv.Frames(first), e.frames, nil)
	arrived(t, srv.Frames(second), e.frames[:100], nil)
	if n := len(srv.Sources()); n != 2 {
		t.Errorf("the server has %d sources", n)
	}
}

// configuration runs a file with flags over it, and an API key from a file.
func (e *endToEnd) configuration(t *testing.T) {
	t.Parallel()
	const key = "0123456789ABCDEF0123456789ABCDEF"
	srv := serve(t, kismettest.Config{Prefix: "/kismet", APIKeys: map[string]string{key: kismettest.RoleDatasource}})
	dir := t.TempDir()
	keyFile := write(t, dir, "key", key+"\n")
	config := write(t, dir, "rig.yaml", fmt.Sprintf(`rig: rover-1
servers:
  - {url: %q, apikey_file: %q}
sources:
  - {interface: %q, name: roof, options: {timestamp: false}}
gps:
  receivers:
    - {type: fixed, lat: 52.1, lon: 4.3, alt: 10}
`, "ws://"+srv.Addr+"/kismet/datasource/remote/", keyFile, e.walk))
	e.run(t, "run", "--config", config, "--once")
	src := source(t, srv)
	arrived(t, srv.Frames(src.UUID), e.frames, &here)
	if src.Name != "roof" || src.Options["timestamp"] != "false" {
		t.Errorf("the server has the source %+v", src)
	}

	p := e.start(t, invocation{args: []string{"check", "--config", config}})
	if status := p.exit(t); status != 0 {
		t.Errorf("check ended with status %d", status)
	}
	has(t, p.out.String(), "login", "protocol", "v3", "rig.yaml:5")
	if n := len(srv.Sources()); n != 1 {
		t.Errorf("behind check the server has %d sources", n)
	}
}

// toolName calls sensord by the name of Kismet's tool, through a link.
func (e *endToEnd) toolName(t *testing.T) {
	t.Parallel()
	srv := serve(t, kismettest.Config{})
	link := t.TempDir() + "/kismet_cap_pcapfile"
	if err := os.Symlink(e.bin, link); err != nil {
		t.Fatal(err)
	}
	var buf bytes.Buffer
	if err := encodePcap(&buf, e.frames[:10]); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write(t, dir, "wlan0", buf.String()) // a name without anything that tells a file
	linked := *e
	linked.bin = link
	p := linked.start(t, invocation{
		name: "kismet_cap_pcapfile", dir: dir,
		args: append(tcp(srv), "--disable-retry", "--once", "--source=wlan0"),
	})
	if status := p.exit(t); status != 0 {
		t.Fatalf("status %d", status)
	}
	arrived(t, srv.Frames(source(t, srv).UUID), e.frames[:10], nil)
	version := e.run(t, "--version")
	if got := strings.TrimSpace(version.out.String()); got != "sensord "+testVersion {
		t.Errorf("--version says %s", strconv.Quote(got))
	}
}
