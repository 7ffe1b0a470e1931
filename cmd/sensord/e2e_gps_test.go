package main_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sensord/sensord/gps"
	"github.com/sensord/sensord/gps/nmea"
)

// Where the feed of these tests is: it goes north with 10 m/s.
const (
	feedLat, feedLon = 52.5, 13.25
	feedMPS          = 10
	metreLat         = 1 / 111_273.0 // in degrees, there
)

// gps looks at receivers as a user does.
func (e *endToEnd) gps(t *testing.T) {
	t.Run("nmea over tcp", e.gpsOverTCP)
	t.Run("gpsd", e.gpsOfGPSD)
	t.Run("nothing there", e.gpsOfNothing)
	t.Run("on a terminal", e.gpsOnTerminal)
}

// feed serves what a receiver says, four times a second, to whoever connects.
func feed(t *testing.T) string {
	t.Helper()
	l := listen(t)
	began := time.Now()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				tick := time.NewTicker(250 * time.Millisecond)
				defer tick.Stop()
				for now := range tick.C {
					if _, err := c.Write(epochAt(now.Truncate(250*time.Millisecond), now.Sub(began).Seconds())); err != nil {
						return
					}
				}
			}()
		}
	}()
	return l.Addr().String()
}

func epochAt(at time.Time, seconds float64) []byte {
	f := gps.NewFix()
	f.Mode, f.TimeNs = gps.Mode3D, at.UnixNano()
	f.Lat, f.Lon, f.AltMSL, f.AltHAE = feedLat+seconds*feedMPS*metreLat, feedLon, 35, 75
	f.SpeedMPS, f.CourseDeg, f.HDOP, f.Satellites, f.AccuracyM, f.AltAccuracyM = feedMPS, 0, 0.9, 4, 2.5, 5
	b := nmea.AppendRMC(nil, "GN", f)
	b = nmea.AppendGGA(b, "GN", f)
	b = nmea.AppendGSA(b, "GP", f, 5, 7, 13, 21)
	b = nmea.AppendGST(b, "GN", f)
	return nmea.AppendGSV(b, "GP", []gps.Satellite{
		{ID: 5, Elevation: 40, Azimuth: 83, SNR: 46},
		{ID: 7, Elevation: 17, Azimuth: 308, SNR: 41},
		{ID: 13, Elevation: 70, Azimuth: 344, SNR: 39},
		{ID: 21, Elevation: 22, Azimuth: 228, SNR: 45},
		{ID: 30, Elevation: 5, Azimuth: 100, SNR: 20},
	})
}

// seen is what of the output of `sensord gps --json` a script may look at.
type seen struct {
	Position *struct {
		Lat, Lon  float64
		SpeedKMH  float64 `json:"speed_kmh"`
		AccuracyM float64 `json:"accuracy_m"`
		By        string
	}
	Receivers []struct {
		Name, State, What string
		Fix               struct {
			Mode           int
			AccuracyM      float64 `json:"accuracy_m"`
			AccuracyOrigin string  `json:"accuracy_origin"`
			Satellites     int
			Sentences      []string
		}
		Fixes      uint64
		RateHz     float64  `json:"rate_hz"`
		Latency    *float64 `json:"latency_s"`
		Satellites []struct{ ID int }
	}
}

// watch runs `sensord gps --json` until an object has what is looked for, and
// ends it as a user does.
func (e *endToEnd) watch(t *testing.T, enough func(*seen) bool, args ...string) {
	t.Helper()
	p := e.start(t, invocation{args: append([]string{"gps", "--json"}, args...)})
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	limit := time.After(patience)
	for found := false; !found; {
		select {
		case <-tick.C:
		case <-p.done:
			t.Fatal("it has ended")
		case <-limit:
			t.Fatal("it does not come")
		}
		for line := range strings.Lines(p.out.String()) {
			if !strings.HasSuffix(line, "\n") {
				continue
			}
			var s seen
			if err := json.Unmarshal([]byte(line), &s); err != nil {
				t.Fatalf("%v in %s", err, line)
			}
			found = found || enough(&s)
		}
	}
	_ = p.Process.Signal(os.Interrupt)
	if status := p.exit(t); status != 0 {
		t.Errorf("exit %d", status)
	}
}

// onTheWay reports whether a report says where the feed is, or has been lately.
func (s *seen) onTheWay(t *testing.T) bool {
	t.Helper()
	if s.Position == nil || len(s.Receivers) != 1 || s.Receivers[0].Fixes < 8 {
		return false
	}
	p, r := s.Position, &s.Receivers[0]
	if p.Lat < feedLat || p.Lat > feedLat+patience.Seconds()*feedMPS*metreLat || math.Abs(p.Lon-feedLon) > 1e-6 ||
		p.AccuracyM <= 0 || p.AccuracyM > 40 || math.Abs(p.SpeedKMH-3.6*feedMPS) > 1 {
		t.Errorf("position %+v", p)
	}
	if r.State != "fix" || r.Fix.Mode != 3 || r.Fix.AccuracyM <= 0 || len(r.Fix.Sentences) == 0 || r.Latency != nil && *r.Latency > patience.Seconds() || r.RateHz < 1 || r.RateHz > 10 {
		t.Errorf("receiver %+v", r)
	}
	return len(r.Satellites) == 5
}

func (e *endToEnd) gpsOverTCP(t *testing.T) {
	t.Parallel()
	host, port, _ := net.SplitHostPort(feed(t))
	e.watch(t, func(s *seen) bool {
		if !s.onTheWay(t) {
			return false
		}
		if r := &s.Receivers[0]; r.Fix.AccuracyOrigin != "gst" || r.Fix.Satellites != 4 || s.Position.By != "plotter" {
			t.Errorf("%+v of %+v", s.Position, r)
		}
		return true
	}, "--gps", "tcp:name=plotter,host="+host+",port="+port)
}

// gpsOfGPSD has a real gpsd read the feed.
func (e *endToEnd) gpsOfGPSD(t *testing.T) {
	t.Parallel()
	from := feed(t)
	_, port, _ := net.SplitHostPort(closedPort(t))
	n, _ := strconv.Atoi(port)
	gpsd := command(t, "gpsd", "-N", "-n", "-b", "-S", port, "tcp://"+from)
	gpsd.Env = append(os.Environ(), fmt.Sprintf("GPSD_SHM_KEY=0x%x", 0x47600000+n)) // that of another gpsd is another
	var said output
	gpsd.Stdout, gpsd.Stderr = &said, &said
	if err := gpsd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = gpsd.Process.Kill()
		_ = gpsd.Wait()
		if t.Failed() {
			t.Logf("gpsd said\n%s", said.String())
		}
	})
	config := write(t, t.TempDir(), "rig.yaml", "gps: {receivers: [{name: puck, type: gpsd, address: \"127.0.0.1:"+port+"\"}]}\n")
	e.watch(t, func(s *seen) bool {
		if !s.onTheWay(t) {
			return false
		}
		if r := &s.Receivers[0]; r.Name != "puck" || r.What != "gpsd 127.0.0.1:"+port || s.Position.By != "puck" {
			t.Errorf("%+v of %+v", s.Position, r)
		}
		return true
	}, "--config", config)
}

func (e *endToEnd) gpsOfNothing(t *testing.T) {
	t.Parallel()
	_, port, _ := net.SplitHostPort(closedPort(t))
	p := e.start(t, invocation{args: []string{"gps", "--gps", "gpsd:host=127.0.0.1,port=" + port, "--for", "1500ms", "--log-level", "error"}})
	if status := p.exit(t); status != 7 {
		t.Errorf("exit %d", status)
	}
	has(t, p.out.String(), "  unknown | gpsd-127.0.0.1-"+port+" away: ", "connection refused\n")
	has(t, p.errs.String(), "sensord: gps: no position within 1.5s: gpsd 127.0.0.1:"+port+": ", "connection refused\n  start gpsd or the feed there")
}

// gpsOnTerminal looks at what a terminal is told.
func (e *endToEnd) gpsOnTerminal(t *testing.T) {
	t.Parallel()
	host, port, _ := net.SplitHostPort(feed(t))
	var shown output
	slave := terminal(t, &shown)
	p := e.start(t, invocation{
		args: []string{"gps", "--gps", "tcp:name=plotter,host=" + host + ",port=" + port},
		env:  []string{"TERM=xterm", "LANG=C.UTF-8"},
		setup: func(cmd *exec.Cmd) {
			cmd.Stdout, cmd.Stderr = slave, slave
		},
	})
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for _, text := range []string{"\x1b[?25l", "where the sensor is", "connected to ", "by plotter", "36.0 km/h towards 0", "GPS 4/5; 20 to 46 dBHz"} {
		if err := shown.wait(ctx, p.done, text); err != nil {
			t.Fatalf("no %q: %v\n%q", text, err, shown.String())
		}
	}
	_ = p.Process.Signal(os.Interrupt)
	if status := p.exit(t); status != 0 {
		t.Errorf("exit %d", status)
	}
	if err := shown.wait(ctx, nil, "\x1b[?25h"); err != nil { // the cursor
		t.Errorf("it ends with %q", shown.String())
	}
	if strings.Contains(shown.String(), `"level"`) || strings.Contains(shown.String(), "info  ") {
		t.Errorf("the log stands between: %q", shown.String())
	}
}

// terminal makes a terminal of 80 by 24 and returns what programs have of it;
// what it is told goes to shown.
func terminal(t *testing.T, shown io.Writer) *os.File {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	fd := int(master.Fd())
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err := errors.Join(err, unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0), unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: 24, Col: 80})); err != nil {
		t.Fatal(err)
	}
	slave, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = io.Copy(shown, master) // until the last that has the slave closes it
	}()
	t.Cleanup(func() {
		_ = slave.Close()
		<-done
		_ = master.Close()
	})
	return slave
}
