package main

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/sensord/sensord/actors"
	"github.com/sensord/sensord/uplink/kismet"
	"github.com/sensord/sensord/web"
)

// moments are demos as somebody may see them.
func moments() map[string]snapshot {
	begin := snapshot{
		Elapsed: 100 * time.Millisecond, Length: 30 * time.Second, Usual: 1000,
		Source: "demo.pcap", Server: "as Kismet 2025-09-R1 (t25)", Address: "ws://127.0.0.1:40123",
		Link: actors.LinkDialling,
	}
	flow := begin
	flow.Elapsed = 12*time.Second + 340*time.Millisecond
	flow.Capture, flow.Captured, flow.CaptureRate = actors.CaptureRunning, 12_340, 998.7
	flow.Position = "52.51627, 13.37770, 35 m"
	flow.Link, flow.Protocol, flow.Links, flow.RoundTrip = actors.LinkStreaming, "v3", 1, 210*time.Microsecond
	flow.Acked, flow.Waiting, flow.InFlight = 12_150, 190, 190
	flow.Tally = tally{Arrived: 12_338, Newest: 12_338}
	flow.ArrivalRate = 1004
	flow.Flow = repeat(500, 24)
	flow.Events = []event{{20 * time.Millisecond, "frames flow", tonePlain}}

	broken := flow
	broken.Elapsed = 16 * time.Second
	broken.Captured, broken.Acked, broken.Waiting, broken.InFlight = 16_000, 14_750, 1250, 0
	broken.Link, broken.ArrivalRate = actors.LinkWaiting, 0
	broken.Tally = tally{Arrived: 15_000, Newest: 15_000}
	broken.Flow = append(repeat(500, 30), 0, 0)
	broken.Events = append(broken.Events,
		event{15 * time.Second, "the server stops reading", toneWarn},
		event{15_300 * time.Millisecond, "link reset (RST), 550 frames were on their way", toneBad},
		event{15_350 * time.Millisecond, "link lost: the server ended the connection", toneWarn},
	)

	again := broken
	again.Elapsed = 29*time.Second + 950*time.Millisecond
	again.Capture, again.Captured, again.Acked, again.Waiting = actors.CaptureRunning, 29_950, 29_950, 0
	again.Link, again.Links, again.ArrivalRate = actors.LinkStreaming, 2, 1000
	again.Tally = tally{Arrived: 29_950, Newest: 29_950, Duplicates: 250}
	again.Flow = append(append(repeat(500, 30), 0, 0, 0, 2250), repeat(500, 25)...)
	again.Events = append(again.Events, event{16_900 * time.Millisecond, "frames flow again 1.6 s later, those 550 first", toneGood})

	bad := again
	bad.Source = "Überwachung \x1b[31m\n.pcap"
	bad.Capture = actors.CaptureFailed
	bad.Tally = tally{Arrived: 29_000, Newest: 29_950, Foreign: 3, Misplaced: 7}

	drive := again
	drive.Drive = 390 * time.Second
	drive.Position = "52.40127, 13.58556, 91.5 m"
	drive.Tally.Last = kismet.GPS{Lat: 52.40127123, Lon: 13.58556456, AltM: 91.456, Fix: 3, SpeedKMH: 108.64, Heading: 359.7, Precision: 2.614}
	drive.Tally.Placed, drive.Tally.OffSumM, drive.Tally.OffWorstM = 30_200, 28_000, 1.84
	return map[string]snapshot{"begin": begin, "flow": flow, "broken": broken, "again": again, "bad": bad, "drive": drive}
}

func repeat(n uint64, times int) []uint64 {
	flow := make([]uint64, times)
	for i := range flow {
		flow[i] = n
	}
	return flow
}

func outcomes() map[string]totals {
	good := totals{
		tally: tally{Arrived: 30_000, Newest: 30_000, Duplicates: 250},
		Took:  30*time.Second + 40*time.Millisecond, Captured: 30_000, Resent: 550,
		Links: 2, Protocol: "v3", Reset: true, Recovery: 1600 * time.Millisecond,
	}
	early := good
	early.Early = true
	unconfirmed := good
	unconfirmed.Unconfirmed = 30_000
	lost := good
	lost.Arrived, lost.Lost, lost.Unconfirmed = 29_000, 1000, 1200
	misplaced := good
	misplaced.Misplaced = 12
	drive := good
	drive.Moving = true
	drive.Placed, drive.Within, drive.OffSumM, drive.OffWorstM, drive.ClaimSumM = 30_250, 29_500, 28_300, 4.84, 82_000
	wrong := drive
	wrong.Misplaced = 12
	nothing := totals{Took: time.Second, Early: true}
	return map[string]totals{
		"good": good, "early": early, "unconfirmed": unconfirmed, "lost": lost, "misplaced": misplaced, "nothing": nothing, "drive": drive, "drive-misplaced": wrong,
	}
}

// Each golden file names, in its first line, what is shown and how.
func TestDemoViews(t *testing.T) {
	ways := []struct {
		width int
		style style
	}{
		{80, style{utf8: true}},
		{60, style{utf8: true}},
		{120, style{utf8: true, color: true}},
		{80, style{}},
	}
	views := map[string]func(width int, st style) []styledLine{}
	for name, s := range moments() {
		views["live-"+name] = s.live
	}
	for name, total := range outcomes() {
		s := moments()["again"]
		s.Elapsed = s.Length
		views["final-"+name] = func(width int, st style) []styledLine { return s.final(total, width, st) }
	}
	for name, view := range views {
		t.Run(name, func(t *testing.T) {
			var b strings.Builder
			for _, way := range ways {
				fmt.Fprintf(&b, "-- %d columns, colour %t, UTF-8 %t --\n", way.width, way.style.color, way.style.utf8)
				lines := view(way.width, way.style)
				if len(lines) > 22 {
					t.Errorf("%d lines, want at most 22", len(lines))
				}
				for _, l := range lines {
					if n := utf8.RuneCountInString(l.String()); n > way.width-viewMargin {
						t.Errorf("%d columns of %d: %s", n, way.width, l)
					}
					b.WriteString(strings.ReplaceAll(l.render(1000, way.style), "\x1b", "^") + "\n")
				}
			}
			golden(t, "testdata/demo/"+name+".view", b.String())
		})
	}
}

func TestDemoLines(t *testing.T) {
	var b strings.Builder
	m := moments()
	for _, name := range slices.Sorted(maps.Keys(m)) {
		s := m[name]
		b.WriteString(s.line().String() + "\n")
	}
	golden(t, "testdata/demo/lines.view", b.String())
}

func TestRenderCutsAtTheWidth(t *testing.T) {
	line := styledLine{{"ab", toneGood}, {"cdé", tonePlain}, {"f", toneBad}}
	for width, want := range []string{"", "a", "ab", "abc", "abcd", "abcdé", "abcdéf", "abcdéf"} {
		if got := line.render(width, style{}); got != want {
			t.Errorf("%d columns: %q, want %q", width, got, want)
		}
	}
	if got, want := line.render(4, style{color: true}), "\x1b[32mab\x1b[0mcd"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestStyleFollowsTheEnvironment(t *testing.T) {
	for _, tt := range []struct {
		environ  []string
		terminal bool
		want     style
	}{
		{[]string{"TERM=xterm", "LANG=de_DE.UTF-8"}, true, style{color: true, utf8: true}},
		{[]string{"TERM=xterm", "LANG=C"}, true, style{color: true}},
		{[]string{"TERM=xterm", "LANG=C", "LC_ALL=C.utf8"}, true, style{color: true, utf8: true}},
		{[]string{"TERM=xterm", "LANG=C.UTF-8", "LC_ALL=POSIX"}, true, style{color: true}},
		{[]string{"TERM=xterm", "NO_COLOR=1"}, true, style{}},
		{[]string{"TERM=xterm", "NO_COLOR="}, true, style{color: true}},
		{[]string{"TERM=dumb"}, true, style{dumb: true}},
		{nil, true, style{dumb: true, color: true}},
		{[]string{"TERM=xterm"}, false, style{}},
	} {
		if got := styleOf(tt.environ, tt.terminal); got != tt.want {
			t.Errorf("%q, terminal %t: %+v, want %+v", tt.environ, tt.terminal, got, tt.want)
		}
	}
}

func TestTextsOfNumbers(t *testing.T) {
	for got, want := range map[string]string{
		web.Grouped(0): "0", web.Grouped(999): "999", web.Grouped(1000): "1 000", web.Grouped(1_234_567): "1 234 567",
		rateText(0): "0/s", rateText(7.4): "7/s", rateText(94.6): "95/s", rateText(998.7): "1 000/s", rateText(-1): "0/s", rateText(2444): "2 400/s",
		secondsText(40 * time.Millisecond): "40 ms", secondsText(1640 * time.Millisecond): "1.6 s",
		clockText(75 * time.Second): "1:15", clockText(61 * time.Minute): "61:00",
		positionText(place{0, -180, 8848.86}): "0.00000, -180.00000, 8848.9 m",
		addressText("ws://[::1]:80/a/b"):      "ws://[::1]:80", addressText("tcp://h:1"): "tcp://h:1",
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestTerminalSizeOfWhatIsNone(t *testing.T) {
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	if _, _, ok := terminalSize(null); ok {
		t.Error("/dev/null is taken for a terminal")
	}
	if _, _, ok := terminalSize(&strings.Builder{}); ok {
		t.Error("a buffer is taken for a terminal")
	}
}
