package web_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sensord/sensord/internal/fault"
	"github.com/sensord/sensord/web"
)

// radio is one that captures, and whose link streams.
func radio(name string) web.Source {
	return web.Source{
		Name: name, Capture: "capturing", Radio: &web.Radio{},
		Link:   web.Link{State: "streaming", Server: "wss://home", Links: 1},
		Frames: web.Frames{Captured: 5000, Waiting: 10, CaptureRate: new(612.0), DropRate: new(0.0), HideRate: new(0.0), Oldest: new(0.2)},
	}
}

func without(change func(*web.Source)) web.Source {
	s := radio("roof")
	s.Spooled = true
	s.Link.State, s.Link.Problem = "waiting", web.ProblemOf(fault.Newf(fault.LinkRefused, "server home", "connection refused"))
	s.Frames.Oldest, s.Frames.OnDisk = new(60.0), 9
	if change != nil {
		change(&s)
	}
	return s
}

func changed(change func(*web.Source)) web.Source {
	s := radio("roof")
	change(&s)
	return s
}

func TestAmIRecording(t *testing.T) {
	home := []web.Endpoint{{Name: "home", Address: "wss://home"}}
	spool := &web.Spool{Dir: "/var/lib/sensord/spool"}
	gone := web.ProblemOf(fault.Newf(fault.RadioGone, "radio wlan1", "it was unplugged"))
	replaced := web.ProblemOf(fault.Newf(fault.LinkReplaced, "server home", "another sensor uses its UUID"))
	searching := []web.Receiver{{Name: "puck", State: "searching", Problem: web.ProblemOf(fault.Newf(fault.GPSSearching, "gpsd localhost:2947", "no fix yet"))}}
	file := func(capture string, waiting, dropped uint64) web.Source {
		return web.Source{Name: "walk", Finite: true, Capture: capture, Frames: web.Frames{Captured: 1300, Acked: 1300 - waiting - dropped, Waiting: waiting, Dropped: dropped}}
	}
	for _, tt := range []struct {
		name     string
		status   web.Status
		state    web.State
		sentence string
		problems []string
	}{
		{"two radios", web.Status{Sources: []web.Source{radio("roof"), radio("side")}}, web.StateRecording, "RECORDING: 2 sources, 1 220 frames/s, confirmed by home", nil},
		{"before rates are known", web.Status{Sources: []web.Source{changed(func(s *web.Source) { s.Frames.CaptureRate, s.Frames.DropRate = nil, nil })}}, web.StateRecording, "RECORDING: 1 source, confirmed by home", nil},
		{
			"no link, on disk",
			web.Status{Spool: spool, Sources: []web.Source{without(nil)}},
			web.StateRecording,
			"RECORDING: 1 source, 612 frames/s, kept on disk until a server is there",
			[]string{"(server home: connection refused)"},
		},
		{
			"no link, and a file, which is not kept on disk",
			web.Status{Spool: spool, Sources: []web.Source{without(func(s *web.Source) {
				s.Spooled, s.Frames.OnDisk, s.Frames.Oldest = false, 0, new(5.0)
				s.Link.Links = 0
			})}},
			web.StateImpaired,
			"RECORDING, BUT roof: server home: connection refused; what is heard waits in memory only",
			[]string{"server home: connection refused; what is heard waits in memory only"},
		},
		{
			"no link, and a spool that takes nothing",
			web.Status{Spool: spool, Sources: []web.Source{without(func(s *web.Source) { s.Frames.OnDisk = 0 })}},
			web.StateImpaired,
			"RECORDING, BUT roof: server home: connection refused; what is heard waits in memory only",
			[]string{"server home: connection refused; what is heard waits in memory only"},
		},
		{
			"no link, in memory",
			web.Status{Sources: []web.Source{without(nil)}},
			web.StateImpaired,
			"RECORDING, BUT roof: server home: connection refused; what is heard waits in memory only",
			[]string{"server home: connection refused; what is heard waits in memory only"},
		},
		{
			"no link for a moment",
			web.Status{Sources: []web.Source{without(func(s *web.Source) { s.Frames.Oldest = new(2.0) })}},
			web.StateRecording,
			"RECORDING: 1 source, 612 frames/s",
			[]string{"(server home: connection refused)"},
		},
		{
			"another sensor has the UUID, and the link is up",
			web.Status{Spool: spool, Sources: []web.Source{changed(func(s *web.Source) { s.Spooled, s.Link.Replaced = true, replaced })}},
			web.StateImpaired, "RECORDING, BUT roof: server home: another sensor uses its UUID",
			[]string{"server home: another sensor uses its UUID"},
		},
		{
			"another sensor has the UUID, and the link",
			web.Status{Spool: spool, Sources: []web.Source{without(func(s *web.Source) { s.Link.Problem, s.Link.Replaced = replaced, replaced })}},
			web.StateImpaired, "RECORDING, BUT roof: server home: another sensor uses its UUID",
			[]string{"server home: another sensor uses its UUID"},
		},
		{
			"another sensor has the UUID, and memory is all there is",
			web.Status{Sources: []web.Source{without(func(s *web.Source) { s.Link.Problem, s.Link.Replaced = replaced, replaced })}},
			web.StateImpaired, "RECORDING, BUT roof: server home: another sensor uses its UUID",
			[]string{"server home: another sensor uses its UUID", "server home: another sensor uses its UUID; what is heard waits in memory only"},
		},
		{
			"given up",
			web.Status{Spool: spool, Sources: []web.Source{without(func(s *web.Source) { s.Link.State = "gave up" })}},
			web.StateImpaired,
			"RECORDING, BUT roof: server home: connection refused",
			[]string{"server home: connection refused"},
		},
		{
			"two without a link say it once",
			web.Status{Sources: []web.Source{without(nil), without(func(s *web.Source) { s.Name = "side" })}},
			web.StateImpaired,
			"RECORDING, BUT server home: connection refused; what is heard waits in memory only",
			[]string{"server home: connection refused; what is heard waits in memory only"},
		},
		{
			"a disk that fails",
			web.Status{Spool: &web.Spool{Problem: web.ProblemOf(fault.Newf(fault.DiskFull, "spool /s", "no space left on device"))}, Sources: []web.Source{without(nil)}},
			web.StateImpaired, "RECORDING, BUT spool /s: no space left on device",
			[]string{"spool /s: no space left on device", "server home: connection refused; what is heard waits in memory only"},
		},
		{
			"files only",
			web.Status{Servers: []web.Endpoint{}, Record: &web.Record{Dir: "/drive"}, Sources: []web.Source{changed(func(s *web.Source) { s.Link = web.Link{State: "none"} })}},
			web.StateRecording, "RECORDING: 1 source, 612 frames/s, written to /drive", nil,
		},
		{
			"both",
			web.Status{Record: &web.Record{Dir: "/drive"}, Sources: []web.Source{radio("roof")}},
			web.StateRecording, "RECORDING: 1 source, 612 frames/s, confirmed by home, written to /drive", nil,
		},
		{
			"one radio is gone",
			web.Status{Sources: []web.Source{radio("side"), changed(func(s *web.Source) { s.Capture, s.Problem = "waiting for the radio", gone })}},
			web.StateImpaired, "RECORDING, BUT roof: radio wlan1: it was unplugged",
			[]string{"radio wlan1: it was unplugged"},
		},
		{
			"the only radio is gone",
			web.Status{Sources: []web.Source{changed(func(s *web.Source) { s.Capture, s.Problem = "waiting for the radio", gone })}},
			web.StateStopped, "NOT RECORDING: roof: radio wlan1: it was unplugged",
			[]string{"radio wlan1: it was unplugged"},
		},
		{
			"some are lost",
			web.Status{Spool: spool, Sources: []web.Source{changed(func(s *web.Source) {
				s.Frames.Dropped, s.Frames.DropRate, s.Frames.DroppedLately = 1700, new(10.0), map[string]uint64{"damaged": 1700}
			})}},
			web.StateImpaired, "RECORDING, BUT source roof: 1 700 frames lost in the last minute: what was on disk cannot be read any more",
			[]string{"source roof: 1 700 frames lost in the last minute: what was on disk cannot be read any more"},
		},
		{
			"as much is lost as comes",
			web.Status{Sources: []web.Source{without(func(s *web.Source) {
				s.Frames.Dropped, s.Frames.MissRate, s.Frames.DroppedLately = 1, new(611.0), map[string]uint64{"memory": 1}
			})}},
			web.StateStopped, "NOT RECORDING: source roof: 1 frame lost in the last minute: memory is full",
			[]string{"source roof: 1 frame lost in the last minute: memory is full", "server home: connection refused; what is heard waits in memory only"},
		},
		{
			"lost on its way, and written to files",
			web.Status{Record: &web.Record{Dir: "/drive"}, Sources: []web.Source{without(func(s *web.Source) {
				s.Frames.Dropped, s.Frames.MissRate, s.Frames.DroppedLately = 7, new(611.0), map[string]uint64{"memory": 7}
			})}},
			web.StateImpaired, "RECORDING, BUT source roof: 7 frames lost in the last minute: memory is full",
			[]string{"source roof: 7 frames lost in the last minute: memory is full", "(server home: connection refused)"},
		},
		{
			"inside a zone, as it says",
			web.Status{Hidden: true, GPS: web.GPS{Receivers: []web.Receiver{{Name: "puck"}}}, Sources: []web.Source{changed(func(s *web.Source) { s.Hiding = true })}},
			web.StateHidden, "NOT RECORDING: inside a zone of privacy, as configured", nil,
		},
		{
			"inside a zone, as it seems",
			web.Status{Sources: []web.Source{changed(func(s *web.Source) {
				s.Frames.HideRate, s.Frames.DroppedLately = new(611.5), map[string]uint64{"privacy": 3000}
			})}},
			web.StateHidden, "NOT RECORDING: inside a zone of privacy, as configured", nil,
		},
		{
			"no position, and zones",
			web.Status{GPS: web.GPS{Receivers: searching}, Sources: []web.Source{changed(func(s *web.Source) {
				s.Frames.HideRate, s.Frames.DroppedLately = new(611.5), map[string]uint64{"privacy": 3000}
			})}},
			web.StateStopped, "NOT RECORDING: without a position, and what is heard without one counts as inside a zone of privacy: gpsd localhost:2947: no fix yet",
			[]string{"without a position, and what is heard without one counts as inside a zone of privacy: gpsd localhost:2947: no fix yet"},
		},
		{
			"leaving a zone",
			web.Status{Sources: []web.Source{changed(func(s *web.Source) {
				s.Frames.HideRate, s.Frames.DroppedLately = new(100.0), map[string]uint64{"privacy": 3000}
			})}},
			web.StateRecording, "RECORDING: 1 source, 612 frames/s, confirmed by home", nil,
		},
		{
			"no position",
			web.Status{GPS: web.GPS{Receivers: searching}, Sources: []web.Source{radio("roof")}},
			web.StateImpaired,
			"RECORDING, BUT without a position: gpsd localhost:2947: no fix yet",
			[]string{"without a position: gpsd localhost:2947: no fix yet"},
		},
		{
			"a position by another receiver",
			web.Status{Position: &web.Position{}, GPS: web.GPS{Receivers: searching}, Sources: []web.Source{radio("roof")}},
			web.StateRecording,
			"RECORDING: 1 source, 612 frames/s, confirmed by home",
			[]string{"(gpsd localhost:2947: no fix yet)"},
		},
		{
			"nothing heard",
			web.Status{Sources: []web.Source{changed(func(s *web.Source) { s.Frames.CaptureRate, s.Frames.Silent = new(0.0), new(90.4) })}},
			web.StateRecording,
			"RECORDING: 1 source, 0 frames/s, confirmed by home",
			[]string{"(source roof: nothing heard for 1m30s)"},
		},
		{"at the start", web.Status{Uptime: 2, Sources: []web.Source{changed(func(s *web.Source) { s.Capture = "opening" })}}, web.StateStarting, "STARTING: sources are being opened", nil},
		{
			"still at the start",
			web.Status{Uptime: 60, Sources: []web.Source{changed(func(s *web.Source) { s.Capture = "opening" })}},
			web.StateStopped,
			"NOT RECORDING: source roof: opening",
			[]string{"source roof: opening"},
		},
		{"a file", web.Status{Sources: []web.Source{file("capturing", 3, 0)}}, web.StateRecording, "RECORDING: 1 source", nil},
		{"a file that is read", web.Status{Sources: []web.Source{file("ended", 300, 0)}}, web.StateSending, "SENDING: everything is captured, and 300 frames wait to be confirmed", nil},
		{"a file that has arrived", web.Status{Sources: []web.Source{file("ended", 0, 0)}}, web.StateFinished, "FINISHED: 1 300 frames confirmed", nil},
		{"a file that has not quite arrived", web.Status{Sources: []web.Source{file("ended", 0, 100)}}, web.StateFinished, "FINISHED: 1 200 of 1 300 frames confirmed, 100 dropped", nil},
		{"nothing", web.Status{}, web.StateStopped, "NOT RECORDING: nothing captures", nil},
		{
			"held for the clock",
			web.Status{Spool: spool, Sources: []web.Source{changed(func(s *web.Source) { s.Link.Held = "kept frames wait until the time is known" })}},
			web.StateRecording,
			"RECORDING: 1 source, 612 frames/s, confirmed by home",
			[]string{"(source roof: kept frames wait until the time is known)"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := tt.status
			if s.Servers == nil {
				s.Servers = home
			}
			s.Judge()
			if s.State != tt.state || s.Sentence != tt.sentence || s.Recording != (s.State == web.StateRecording || s.State == web.StateImpaired) {
				t.Errorf("%s (%t): %s\nwant %s: %s", s.State, s.Recording, s.Sentence, tt.state, tt.sentence)
			}
			var problems []string
			for i := range s.Problems {
				text := s.Problems[i].String()
				if s.Problems[i].Harmless {
					text = "(" + text + ")"
				}
				if s.Problems[i].Remedy == "" {
					t.Errorf("%s has no remedy", text)
				}
				problems = append(problems, text)
			}
			if diff := cmp.Diff(tt.problems, problems); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}

func TestProblemOfAnError(t *testing.T) {
	refused := fault.Newf(fault.LinkRefused, "server home", "connection refused")
	for _, tt := range []struct {
		err  error
		want *web.Problem
	}{
		{nil, nil},
		{errors.New("odd"), &web.Problem{Error: "odd", Exit: 1}},
		{refused, &web.Problem{Code: "link.refused", Object: "server home", Error: "connection refused", Remedy: fault.LinkRefused.Remedy(), Exit: 4}},
		{fmt.Errorf("probe: %w", refused), &web.Problem{Code: "link.refused", Error: "probe: server home: connection refused", Remedy: fault.LinkRefused.Remedy(), Exit: 4}},
	} {
		if diff := cmp.Diff(tt.want, web.ProblemOf(tt.err)); diff != "" {
			t.Errorf("%v (-want +got):\n%s", tt.err, diff)
		}
	}
}
