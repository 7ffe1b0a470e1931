package main

import (
	"bytes"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/sensord/sensord/uplink/kismettest"
)

// lastTotals reads the last object of a demo with --json.
func lastTotals(t *testing.T, out string) demoTotals {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(out), "\n")
	var totals demoTotals
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &totals); err != nil || !totals.Done {
		t.Fatalf("no totals at the end: %v\n%s", err, out)
	}
	return totals
}

func TestDemoLosesNothing(t *testing.T) {
	tests := []struct {
		name     string
		args     []string
		protocol string
	}{
		{"t25", []string{"--profile", "t25"}, "v3"},
		{"t23", []string{"--profile", "t23"}, "v2"},
		{"t25pb", []string{"--profile", "t25pb"}, "v3"},
		{"split", []string{"--profile", "split"}, "v3"},
		{"t25 over TCP", []string{"--profile", "t25", "--tcp"}, "v3"},
		{"t23 over TCP", []string{"--profile", "t23", "--tcp", "--fixed-gps", "0,-180"}, "v2"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			status, out, errs := sensord(t, append([]string{"demo", "--json", "--for", "2s"}, tt.args...)...)
			if status != 0 || errs != "" {
				t.Fatalf("exit %d\n%s%s", status, out, errs)
			}
			got := lastTotals(t, out)
			want := demoTotals{Done: true, Captured: 2000, Arrived: 2000, Protocol: tt.protocol, Reset: true}
			varies := cmpopts.IgnoreFields(demoTotals{}, "ElapsedS", "Links", "Resent", "Duplicates", "RecoveryS", "Events")
			if diff := cmp.Diff(want, got, varies, cmpopts.IgnoreUnexported(demoTotals{})); diff != "" {
				t.Errorf("totals (-want +got):\n%s\n%s", diff, out)
			}
			if got.Links < 2 || got.RecoveryS <= 0 || got.Resent == 0 || got.Duplicates > got.Resent {
				t.Errorf("the link was not broken while frames flowed:\n%s", out)
			}
			if stays := slices.Contains(tt.args, "--fixed-gps"); stays {
				if diff := cmp.Diff(demoPlaces{}, got.demoPlaces); diff != "" {
					t.Errorf("a sensor that stays was compared with a drive (-want +got):\n%s", diff)
				}
				return
			}
			drives(t, got, out)
		})
	}
}

// drives checks what a demo says of its drive: how far off positions were, and
// that they moved.
func drives(t *testing.T, got demoTotals, out string) {
	t.Helper()
	if got.Placed != got.Arrived+got.Duplicates || !about(got.OffMean, 1, 1) || !about(got.OffWorst, 3, 3) || !about(got.ClaimMean, 3, 3) || !about(got.Within, 0.95, 0.06) {
		t.Errorf("positions:\n%s", out)
	}
	first, _, _ := strings.Cut(out, "\n")
	var s demoStatus
	if err := json.Unmarshal([]byte(first), &s); err != nil || s.Lat == nil || s.Lon == nil || s.SpeedKMH == nil || s.Track == nil || s.AltMSL == nil {
		t.Fatalf("%v in %s", err, first)
	}
	d, err := newDrive(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if begin := d.truth.At(d.from); apart(begin.Lat, begin.Lon, *s.Lat, *s.Lon) < 100 {
		t.Errorf("it has not moved after a second:\n%s", first)
	}
}

// Frames that the server takes and never confirms count as not delivered.
func TestDemoWithoutConfirmationIsIncomplete(t *testing.T) {
	t.Parallel()
	var out, errs bytes.Buffer
	a := &app{args: []string{"sensord"}, out: &out, errs: &errs}
	d := demo{
		length: 2 * time.Second, profile: "t25", position: demoPosition,
		patience: 100 * time.Millisecond,
		faults: kismettest.Faults{Pong: func(_ string, session, _ int) kismettest.PongFault {
			if session > 0 {
				return kismettest.Ignore
			}
			return kismettest.Answer // so that the protocol is found out
		}},
	}
	if status := a.finish(d.run(a)); status != 3 {
		t.Errorf("exit %d", status)
	}
	if want := "2000 of 2000 frames not confirmed by the server"; !strings.Contains(errs.String(), want) {
		t.Errorf("want %q:\n%s", want, errs.String())
	}
	for _, want := range []string{"link reset (RST)", "it takes too long", "but 2 000 were not confirmed", "captured frames did not arrive"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("want %q:\n%s", want, out.String())
		}
	}
}

// A capture that holds more than the demo takes is ended in its time; one that
// holds less ends the demo.
func TestDemoReplaysAFile(t *testing.T) {
	for _, tt := range []struct {
		name   string
		frames int
		lines  []string
	}{
		{"longer", 20_000, []string{"frames flow", "link reset (RST)", "frames flow again", "nothing was lost"}},
		{"shorter", 700, []string{"frames flow", "link reset (RST)", "the capture has ended", "captured            700  frames of shorter.pcap ", "nothing was lost"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			file := t.TempDir() + "/" + tt.name + ".pcap"
			writeFile(t, file, pcap(tt.frames))
			status, out, errs := sensord(t, "demo", "--for", "2s", "--pcap", file)
			if status != 0 || errs != "" {
				t.Fatalf("exit %d\n%s%s", status, out, errs)
			}
			for _, line := range tt.lines {
				if !strings.Contains(out, line) {
					t.Errorf("want %q:\n%s", line, out)
				}
			}
		})
	}
}

func TestDemoSaysWhatIsDamaged(t *testing.T) {
	t.Parallel()
	file := t.TempDir() + "/cut.pcap"
	data := pcap(500)
	writeFile(t, file, data[:len(data)-10])
	status, out, errs := sensord(t, "demo", "--for", "2s", "--pcap", file, "--json")
	if got := lastTotals(t, out); status != 7 || got.Captured != 499 || got.Lost != 0 {
		t.Errorf("exit %d, totals %+v", status, got)
	}
	if !strings.Contains(errs, file) || !strings.Contains(errs, "before the damage") {
		t.Errorf("messages:\n%s", errs)
	}
}

// listener is an io.Writer that hears what is written.
type listener func(text string)

func (l listener) Write(p []byte) (int, error) {
	l(string(p))
	return len(p), nil
}

func TestDemoEndsEarlyWithTotals(t *testing.T) {
	for _, tt := range []struct{ name, length, at, want string }{
		{"while frames flow", "1h", "frames flow", "ended early, before the reset"},
		{"while the server does not read", "2s", "the server stops reading", "frames flow again"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			cmd := process(t, "demo", "--for", tt.length)
			dir := t.TempDir()
			cmd.Env = append(cmd.Env, "TMPDIR="+dir)
			var out bytes.Buffer
			interrupted := false
			cmd.Stdout = listener(func(text string) {
				out.WriteString(text)
				if !interrupted && strings.Contains(out.String(), tt.at) {
					interrupted = true
					_ = cmd.Process.Signal(syscall.SIGINT)
				}
			})
			if err := cmd.Run(); err != nil {
				t.Fatalf("%v\n%s", err, out.String())
			}
			for _, want := range []string{"ending early", tt.want, "ended early", "nothing was lost"} {
				if !strings.Contains(out.String(), want) {
					t.Errorf("want %q:\n%s", want, out.String())
				}
			}
			if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
				t.Errorf("left behind: %v %v", left, err)
			}
		})
	}
}

func TestDemoVerboseShowsTheLog(t *testing.T) {
	t.Parallel()
	file := t.TempDir() + "/short.pcap"
	writeFile(t, file, pcap(500))
	status, _, errs := sensord(t, "demo", "--pcap", file, "--verbose")
	if status != 0 || !strings.Contains(errs, `"msg":"link lost"`) || strings.Contains(errs, "apikey") {
		t.Errorf("exit %d\n%s", status, errs)
	}
}
