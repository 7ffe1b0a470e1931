package actors

import (
	"fmt"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sensord/sensord/configs"
	"github.com/sensord/sensord/internal/fault"
	"github.com/sensord/sensord/uplink/kismettest"
)

// writeLog writes a log of gpsd's, a fix a second from a time on, at 30 m/s
// to the east on the 52nd parallel.
func writeLog(t testing.TB, from time.Time, seconds int) string {
	t.Helper()
	var b strings.Builder
	b.WriteString(`{"class":"VERSION","release":"3.22","rev":"3.22","proto_major":3,"proto_minor":14}` + "\n")
	for i := range seconds {
		at := from.Add(time.Duration(i) * time.Second).UTC().Format("2006-01-02T15:04:05.000Z")
		fmt.Fprintf(&b, `{"class":"TPV","device":"/dev/puck","mode":3,"time":%q,"lat":52.0,"lon":%.9f,"altMSL":12.0,"speed":30.0,"track":90.0,"epx":1.0,"epy":1.0,"eph":1.4}`+"\n",
			at, logLon(float64(i)))
	}
	path := filepath.Join(t.TempDir(), "drive.json")
	if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func logLon(seconds float64) float64 { return fakeLon + fakeSpeed*seconds/metresEast }

// The frames of a capture file are located by a log, by their own times.
func TestLogLocatesTheFramesOfItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Unix(1_700_000_000, 0) // of writePcap's first frame, of which one follows each millisecond
		file := sourceOf(t, writePcap(t, "a.pcap", 20_000))
		g := gpsOf()
		g.Receivers = []configs.Receiver{{Name: "log", Type: configs.ReceiverReplay, File: writeLog(t, start.Add(-5*time.Second), 20)}}
		world := newFakeWorld(2412)
		world.machine = newFakeMachine()
		r := startRigIn(t, world, kismettest.Config{}, nil, false, configs.Config{Sources: []configs.Source{file}, GPS: g, Once: true})
		if err := r.wait(t, time.Minute); err != nil {
			t.Fatalf("%v\n%s", err, r.log)
		}
		for i, f := range r.srv.Frames(file.UUID.String()) {
			since := float64(i) / 1000 // the log ends 14 s behind the first frame
			switch {
			case f.GPS == nil && since > 14+configs.DefaultPredict.Seconds():
			case f.GPS == nil:
				t.Fatalf("frame %d has no place\n%s", i, r.log)
			case since > 14+configs.DefaultPredict.Seconds():
				t.Fatalf("frame %d has a place, long behind the end of the log", i)
			default:
				if off := math.Abs(f.GPS.Lon-logLon(since+5)) * metresEast; off > 1 || f.GPS.Name != "log" {
					t.Fatalf("frame %d is %.1f m off: %+v", i, off, f.GPS)
				}
			}
		}
	})
}

// A log that cannot be is told at the start, with what to do.
func TestLogThatCannotBe(t *testing.T) {
	damaged := filepath.Join(t.TempDir(), "damaged")
	if err := os.WriteFile(damaged, []byte("\x00\x01\x02 this is no log\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{"/nowhere/drive.nmea", damaged, t.TempDir()} {
		g := gpsOf()
		g.Receivers = []configs.Receiver{{Name: "log", Type: configs.ReceiverReplay, File: file}}
		_, err := Start(Options{Config: configs.Config{GPS: g}, Log: slog.New(slog.DiscardHandler), Positions: true})
		if fault.CodeOf(err) != fault.GPSFile || !strings.Contains(err.Error(), file) || fault.RemedyOf(err) == "" {
			t.Errorf("%s: %v (%s)", file, err, fault.RemedyOf(err))
		}
	}
}

// A log of another day is told, since nothing else shows.
func TestLogOfAnotherDayIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		file := sourceOf(t, writePcap(t, "a.pcap", 10))
		g := gpsOf()
		g.Receivers = []configs.Receiver{{Name: "log", Type: configs.ReceiverReplay, File: writeLog(t, time.Unix(1_700_086_400, 0), 20)}}
		world := newFakeWorld(2412)
		world.machine = newFakeMachine()
		r := startRigIn(t, world, kismettest.Config{}, nil, false, configs.Config{Sources: []configs.Source{file}, GPS: g, Once: true})
		if err := r.wait(t, time.Minute); err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(r.log.String(), "does not begin within the log"); n != 1 {
			t.Errorf("told %d times\n%s", n, r.log)
		}
	})
}
