package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/sensord/sensord/internal/fault"
	"github.com/sensord/sensord/web"
)

// roof is a radio that has all it can say.
func roof() web.Source {
	return web.Source{
		Name: "roof", Type: "linuxwifi", UUID: "5FE308BD-0000-0000-0000-00C0CAB40BC2", Capture: "capturing", Spooled: true,
		Link: web.Link{
			State: "streaming", Server: "wss://kismet.example:443/kismet/datasource/remote/remotesource.ws", Protocol: "v3", Since: "2026-03-27T08:57:58.000Z",
			Links: 3, RoundTrip: new(0.041), Sent: new(uint64(81_004_120)), Rate: new(84_211.0), CatchUp: new(0.0),
		},
		Frames: web.Frames{
			Captured: 120_400, Sent: 120_380, Acked: 120_100, Resent: 417, Waiting: 300, InFlight: 280, MemBytes: 131_072, Oldest: new(0.21),
			DroppedBy: map[string]uint64{}, CaptureRate: new(612.4), SendRate: new(611.8), AckRate: new(611.8), DropRate: new(0.0), MissRate: new(0.0), HideRate: new(0.0), Silent: new(0.0),
		},
		Radio: &web.Radio{
			Channel: "44HT40+", FreqMHz: 5220, Mode: "split", Hopping: true, Channels: []string{"1", "6", "11", "36HT40+", "44HT40+"}, Rate: 4.98, Cycle: 1.004,
			Refused: []web.Refused{{Channel: "144", Error: "the regulatory domain disables it"}}, Transmitters: 124, Received: 120_420, Filtered: 17,
		},
	}
}

// rover is a rig on the road, with everything in order.
func rover(sources ...web.Source) web.Status {
	return web.Status{
		Schema: web.StatusSchema, Time: "2026-03-27T10:00:00.000Z", Rig: "rover-1", Version: "v0.5.0", PID: 4242, Started: "2026-03-27T07:47:00.000Z", Uptime: 7980,
		Sources: sources,
		Servers: []web.Endpoint{
			{Name: "home", Address: "wss://kismet.example:443/kismet/datasource/remote/remotesource.ws", Links: 2},
			{Name: "backup", Address: "tcp://192.0.2.7:3501"},
		},
		Position: &web.Position{Lat: 52.51627, Lon: 13.3777, AltMSL: new(35.1), SpeedKMH: new(50.04), Track: new(84.2), Accuracy: new(1.96), By: "fusion"},
		GPS: web.GPS{
			Receivers: []web.Receiver{
				{Name: "puck", Type: "gpsd", What: "gpsd localhost:2947", State: "fix", Mode: 3, Accuracy: new(2.44), Satellites: new(12), InView: 20, Age: new(0.24), Rate: new(1.0), Latency: new(0.12), Fixes: 7900, Rejected: 2},
				{Name: "phone", Type: "meta", What: "meta phone", State: "fix", Mode: 2, Accuracy: new(8.0), Age: new(1.4), Rate: new(0.5), Fixes: 3011},
			},
			Clock: web.Clock{Source: "system", SystemOffset: new(-0.0032), SystemError: new(0.041)},
		},
		Memory: web.Memory{Bytes: 262_144, Limit: 16 << 20},
		Spool:  &web.Spool{Dir: "/var/lib/sensord/spool", Limit: 2 << 30, Free: new(int64(31 << 30))},
		Record: &web.Record{Dir: "/drive", File: "/drive/rover-1-20260327T094210Z-0003.pcapng.part", Files: 3, Frames: 240_800, Bytes: 71_303_168, Rate: new(1224.0)},
		Replay: &web.Replay{Limit: 5000, LimitBytes: 4 << 20, Now: new(5000.0)},
		Web:    "127.0.0.1:2510",
	}
}

// roads are rigs as somebody may see them.
func roads() map[string]web.Status {
	side := roof()
	side.Name, side.Radio.Channel, side.Radio.Hopping, side.Radio.Locked, side.Radio.Refused, side.Radio.Mode = "side-of-the-long-van", "11", false, true, nil, "server"
	all := rover(roof(), side)

	tunnel := rover(roof())
	away := &tunnel.Sources[0]
	away.Link = web.Link{State: "waiting", Server: tunnel.Servers[0].Address, Protocol: "v3", Since: "2026-03-27T09:52:00.000Z", Links: 3, Problem: web.ProblemOf(fault.Newf(fault.LinkUnreachable, "server home", "network is unreachable"))}
	away.Frames.Waiting, away.Frames.InFlight, away.Frames.OnDisk, away.Frames.DiskBytes, away.Frames.Oldest, away.Frames.Recovered = 294_000, 0, 293_000, 88_000_000, new(480.0), 1200
	tunnel.Spool.Bytes, tunnel.Spool.Full, tunnel.Record = 88_000_000, new(11_000.0), nil
	tunnel.Servers[0].Links = 0

	memory := rover(roof())
	memory.Spool, memory.Record, memory.Servers = nil, nil, memory.Servers[:1]
	memory.Sources[0].Link, memory.Sources[0].Spooled = away.Link, false
	memory.Sources[0].Frames.Waiting, memory.Sources[0].Frames.InFlight, memory.Sources[0].Frames.Oldest = 14_000, 0, new(22.5)

	full := memory
	full.Sources = []web.Source{memory.Sources[0]}
	full.Memory.Bytes = full.Memory.Limit
	f := &full.Sources[0].Frames
	f.Dropped, f.DroppedBy, f.DropRate, f.MissRate, f.DroppedLately = 52_300, map[string]uint64{"memory": 51_000, "privacy": 1300}, new(612.0), new(612.0), map[string]uint64{"memory": 36_700}

	oldest := tunnel
	oldest.Sources = []web.Source{tunnel.Sources[0]}
	oldest.Spool = &web.Spool{Dir: tunnel.Spool.Dir, Bytes: 2 << 30, Limit: 2 << 30, Free: tunnel.Spool.Free}
	f = &oldest.Sources[0].Frames
	f.Dropped, f.DroppedBy, f.DropRate, f.DroppedLately, f.GiveUpRate = 51_000, map[string]uint64{"size": 51_000}, new(5400.0), map[string]uint64{"size": 36_700}, new(611.7)

	unplugged := rover(roof())
	unplugged.Sources[0].Capture, unplugged.Sources[0].Problem = "waiting for the radio", web.ProblemOf(fault.Newf(fault.RadioGone, "radio wlan1", "it was unplugged"))
	unplugged.Sources[0].Radio = &web.Radio{Mode: "split"}
	unplugged.Position = nil
	unplugged.GPS.Receivers[0].State, unplugged.GPS.Receivers[0].Problem = "stale", web.ProblemOf(fault.Newf(fault.GPSStale, "gpsd localhost:2947", "no fix for 12s"))
	unplugged.GPS.Receivers[0].Age = new(12.0)
	unplugged.GPS.Receivers[1].State, unplugged.GPS.Receivers[1].Age = "connecting", nil
	unplugged.Restarts = 2

	disk := rover(roof(), side)
	disk.Spool.Problem = web.ProblemOf(fault.Newf(fault.DiskFull, "spool /var/lib/sensord/spool", "no space left on device"))
	disk.Record.Problem = web.ProblemOf(fault.Newf(fault.DiskFull, "recording /drive", "no space left on device"))
	disk.Record.Dropped, disk.Record.Deleted, disk.Spool.Free = 1200, 1, new(int64(0))
	disk.Replay.Now, disk.Replay.Problem = new(1250.0), web.ProblemOf(fault.Newf(fault.ServerDrops, "server", "it drops what it has no time for, so kept ones leave more slowly"))
	disk.Sources[0].Link.CatchUp, disk.Sources[0].Link.Held = new(754.0), ""
	disk.Sources[1].Link.Held = "kept frames wait until the time is known"

	home := rover(roof())
	home.Hidden, home.Position, home.Sources[0].Hiding = true, nil, true

	walk := web.Status{
		Schema: 1, Time: "2026-03-27T10:00:00.000Z", Rig: "desk", Version: "devel", PID: 7, Uptime: 9.2, Memory: web.Memory{Limit: 16 << 20},
		Servers: []web.Endpoint{{Name: "localhost:2501", Address: "ws://localhost:2501/datasource/remote/remotesource.ws"}},
		Sources: []web.Source{{
			Name: "walk", Type: "pcapfile", Capture: "ended", Finite: true, Link: web.Link{State: "finished", Server: "ws://localhost:2501/datasource/remote/remotesource.ws", Protocol: "v2", Links: 1, Since: "2026-03-27T09:59:59.500Z"},
			Frames: web.Frames{Captured: 10_000, Sent: 10_000, Acked: 10_000, DroppedBy: map[string]uint64{}},
		}},
	}
	start := rover(web.Source{Name: "roof", Type: "linuxwifi", Capture: "opening", Link: web.Link{State: "none"}, Radio: &web.Radio{Mode: "local"}, Frames: web.Frames{DroppedBy: map[string]uint64{}}})
	start.Uptime, start.Servers, start.Spool, start.Replay, start.Record.File, start.Record.Files, start.Record.Frames, start.Record.Bytes = 0.8, nil, nil, nil, "", 0, 0, 0
	start.GPS, start.Position = web.GPS{}, nil

	told := map[string]web.Status{
		"recording": all, "tunnel": tunnel, "memory-only": memory, "full": full, "oldest": oldest, "unplugged": unplugged, "disk-full": disk, "home": home, "finished": walk, "starting": start,
	}
	for name, s := range told {
		s.Judge()
		told[name] = s
	}
	return told
}

func answerOf(name string) *answer {
	return &answer{socket: "/run/sensord/rover-1-4242.sock", status: roads()[name]}
}

// Each golden file names, in its first line, what is shown.
func TestStatusViews(t *testing.T) {
	for name := range roads() {
		t.Run(name, func(t *testing.T) {
			var b strings.Builder
			for _, way := range []struct {
				width, height int
				color         bool
			}{{100, 50, false}, {80, 24, false}, {60, 12, true}} {
				fmt.Fprintf(&b, "-- %d columns, %d lines, colour %t --\n", way.width, way.height, way.color)
				f := &fullScreen{last: asked{answers: []answer{*answerOf(name)}}}
				lines := f.lines(way.width, way.height)
				if len(lines) > way.height {
					t.Errorf("%d lines of %d", len(lines), way.height)
				}
				for _, l := range lines {
					if n := utf8.RuneCountInString(l.String()); n > way.width && way.width >= 80 { // else the terminal cuts
						t.Errorf("%d columns of %d: %s", n, way.width, l)
					}
					b.WriteString(strings.ReplaceAll(strings.TrimRight(l.render(1000, style{color: way.color}), " "), "\x1b", "^") + "\n")
				}
			}
			golden(t, "testdata/status/"+name+".view", b.String())
		})
	}
}

func TestStatusLines(t *testing.T) {
	var b strings.Builder
	p := &statusPlain{out: &b}
	for _, name := range slices.Sorted(maps.Keys(roads())) {
		if err := p.show(asked{answers: []answer{*answerOf(name)}}); err != nil {
			t.Fatal(err)
		}
	}
	two := asked{answers: []answer{*answerOf("recording"), {socket: "/run/sensord/x.sock", err: fault.New(fault.StatusAbsent, "status socket /run/sensord/x.sock", errors.New("permission denied"))}}}
	nobody := asked{err: fault.New(fault.StatusAbsent, "", errors.New("NOT RECORDING: no sensord runs on this machine"))}
	for _, s := range []asked{two, nobody} {
		if err := p.show(s); err != nil {
			t.Fatal(err)
		}
	}
	golden(t, "testdata/status/lines.view", b.String())
}

// What programs read does not change: fields may come, and none may go.
func TestStatusJSON(t *testing.T) {
	var b strings.Builder
	for _, name := range []string{"disk-full", "full", "recording"} {
		if err := encodeStatus(&b, []answer{*answerOf(name)}); err != nil {
			t.Fatal(err)
		}
	}
	golden(t, "testdata/status/json.view", b.String())
}

// Each field is in the section about what is in the JSON.
func TestStatusFieldsAreDocumented(t *testing.T) {
	guide, err := os.ReadFile("../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, found := strings.Cut(string(guide), "\n## Am I recording?\n")
	if !found {
		t.Fatal("there is no such section")
	}
	section, _, _ = strings.Cut(section, "\n## ")
	for _, name := range jsonFields(reflect.TypeFor[web.Status](), false) {
		if !regexp.MustCompile("`\\.?" + regexp.QuoteMeta(name) + "(\\[\\])?`").MatchString(section) {
			t.Errorf("%s is not documented", name)
		}
	}
	for _, state := range []web.State{web.StateRecording, web.StateImpaired, web.StateFinished, web.StateSending, web.StateHidden, web.StateStarting, web.StateStopped} {
		if !strings.Contains(section, "`"+string(state)+"`") {
			t.Errorf("the state %s is not documented", state)
		}
	}
}

// The exit status of a script that asks.
func TestStatusSaysWhatIsWrong(t *testing.T) {
	for name, want := range map[string]int{
		"recording": 0, "tunnel": 0, "memory-only": 0, "oldest": 0, "disk-full": 0, "home": 0, "finished": 0,
		"full": fault.ExitIncomplete, "unplugged": fault.ExitRadio, "starting": fault.ExitFailed,
	} {
		err := notRecording([]answer{*answerOf("recording"), *answerOf(name)})
		if done, _ := errors.AsType[reported](err); done.status != want {
			t.Errorf("%s: %d, want %d", name, done.status, want)
		}
	}
}

// serveRoad has a sensord that is in some situation.
func serveRoad(t *testing.T, path, name string) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- web.ServeStatus(ctx, path, func() web.Status { return roads()[name] })
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	limit, stop := context.WithTimeout(ctx, 10*time.Second)
	defer stop()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		if _, err := web.AskStatus(limit, path); err == nil {
			return
		}
		select {
		case <-tick.C:
		case <-limit.Done():
			t.Fatal("nobody answers")
		}
	}
}

func statusOf(t *testing.T, args ...string) (out, errs string, status int) {
	t.Helper()
	var o, e strings.Builder
	status = run(append([]string{"sensord", "status"}, args...), strings.NewReader(""), &o, &e)
	return o.String(), e.String(), status
}

func TestStatusCommand(t *testing.T) {
	dir := t.TempDir()
	one, two := filepath.Join(dir, "desk-7.sock"), filepath.Join(dir, "rover-1-4242.sock")
	serveRoad(t, one, "finished")
	serveRoad(t, two, "unplugged")

	out, errs, status := statusOf(t, "--socket", one)
	if !strings.HasPrefix(out, "FINISHED: 10 000 frames confirmed\n") || errs != "" || status != 0 {
		t.Errorf("%d, %s%s", status, errs, out)
	}
	out, errs, status = statusOf(t, "--socket", dir)
	if !strings.HasPrefix(out, "FINISHED: ") || !strings.Contains(out, "\n\nNOT RECORDING: roof: radio wlan1: it was unplugged\n  plug it in again, sensord waits for it\n") || errs != "" || status != 7 {
		t.Errorf("%d, %s%s", status, errs, out)
	}
	out, errs, status = statusOf(t, "--socket", dir, "--json")
	if strings.Count(out, "\n") != 2 || !strings.Contains(out, `"state":"not recording"`) || errs != "" || status != 7 {
		t.Errorf("%d, %s%s", status, errs, out)
	}
	none := t.TempDir()
	for _, tt := range []struct{ socket, want string }{
		{none, "sensord: NOT RECORDING: no sensord has its socket in " + none + "\n  start one: sensord run --config FILE; with sudo if it belongs to another user\n"},
		{filepath.Join(none, "x"), "sensord: status socket " + filepath.Join(none, "x") + ": no sensord has a socket there\n  start one: sensord run --config FILE; with sudo if it belongs to another user\n"},
	} {
		out, errs, status = statusOf(t, "--socket", tt.socket)
		if out != "" || errs != tt.want || status != 1 {
			t.Errorf("%d, %s%s", status, errs, out)
		}
	}
}
