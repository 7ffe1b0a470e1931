package gpsd_test

import (
	"fmt"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sensord/sensord/gps"
	"github.com/sensord/sensord/gps/gpsd"
	"github.com/sensord/sensord/internal/fault"
)

func TestTellsWhatGPSDKnows(t *testing.T) {
	t.Parallel()
	path := filepath.Join(publicDir(t), "gps0")
	plug(t, path, 48)
	d := startGPSD(t, path)
	l := listen(t, gpsd.Options{Address: d.address})

	f := await(t, l, "fix", hasFix(path))
	if want := latOf(f.TimeNs, 48); math.Abs(f.Lat-want) > 1e-6 || math.Abs(f.Lon-11.516666667) > 1e-6 {
		t.Errorf("fix at %f %f, want %f 11.516667", f.Lat, f.Lon, want)
	}
	if math.Abs(f.SpeedMPS-11.112) > 0.01 || f.CourseDeg != 0 || math.Abs(f.AltMSL-545.4) > 0.01 || math.Abs(f.AltHAE-592.3) > 0.01 {
		t.Errorf("speed %f, course %f, altitudes %f %f", f.SpeedMPS, f.CourseDeg, f.AltMSL, f.AltHAE)
	}
	if now := boottime(); f.ReceivedNs > now || f.ReceivedNs < now-int64(patience) {
		t.Errorf("received at %d, and it is %d", f.ReceivedNs, now)
	}
	sky := await(t, l, "sky", func(s gps.Sky) bool { return len(s.Satellites) == 5 })
	diff(t, gps.Satellite{System: "GPS", ID: 4, Elevation: 60, Azimuth: 45, SNR: 42, Used: true}, sky.Satellites[0])
	f = await(t, l, "fix with satellites", func(f gps.Fix) bool { return f.Satellites == 5 && f.AccuracyM > 0 })
	if f.AccuracyOrigin == gps.OriginUnknown || f.HDOP <= 0 {
		t.Errorf("accuracy of %q, HDOP %f", f.AccuracyOrigin, f.HDOP)
	}
	if detail := l.client.Detail(); !strings.HasPrefix(detail, "gpsd 3.") || !strings.Contains(detail, path) {
		t.Errorf("detail %q", detail)
	}
}

func TestReadsWhatGPSFakeReplays(t *testing.T) {
	t.Parallel()
	dir := publicDir(t)
	log := filepath.Join(dir, "drive.nmea")
	var drive strings.Builder
	for i := range 600 {
		drive.WriteString(epoch(i, 50))
	}
	if err := os.WriteFile(log, []byte(drive.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	port := freePort(t)
	start(t, []string{"TMPDIR=" + dir}, "gpsfake", "-q", "-n", "-c", "0.02", "-P", fmt.Sprint(port), log)
	l := listen(t, gpsd.Options{Address: fmt.Sprintf("localhost:%d", port)})

	var last int64
	for n := range 20 {
		f := await(t, l, "fix", hasFix(""))
		if want := latOf(f.TimeNs, 50); math.Abs(f.Lat-want) > 1e-6 {
			t.Fatalf("fix %d at %f, want %f", n, f.Lat, want)
		}
		// The log may begin anew, but no second comes twice in a row once gpsd
		// has learned where the receiver's epochs end.
		if n > 5 && f.TimeNs == last {
			t.Errorf("two fixes of %v", time.Unix(0, last).UTC())
		}
		last = f.TimeNs
	}
}

func TestSurvivesAReceiverThatIsUnpluggedAndComesBack(t *testing.T) {
	t.Parallel()
	path := filepath.Join(publicDir(t), "gps0")
	first := plug(t, path, 48)
	d := startGPSD(t, path)
	l := listen(t, gpsd.Options{Address: d.address})
	await(t, l, "fix", hasFix(path))

	first.unplug()
	// gpsd may have noticed by itself, and has forgotten it then.
	_ = d.hotplug(t, "-"+path)
	await(t, l, "notice of the loss", func(n gps.Notice) bool {
		return n.Device == path && strings.Contains(n.Text, "lost")
	})
	awaitEnd(t, l, fault.GPSDevice, "gpsd has no receiver")

	plug(t, path, 49)
	if answer := d.hotplug(t, "+"+path); answer != "OK" {
		t.Fatalf("gpsd does not take %s: %s", path, answer)
	}
	f := await(t, l, "fix after the return", hasFix(path))
	if f.Lat < 49 {
		t.Errorf("latitude %f is of the receiver that went", f.Lat)
	}
}

func TestComesBackAfterGPSDWasKilled(t *testing.T) {
	t.Parallel()
	path := filepath.Join(publicDir(t), "gps0")
	plug(t, path, 48)
	d := startGPSD(t, path)
	l := listen(t, gpsd.Options{Address: d.address})
	await(t, l, "fix", hasFix(path))

	d.end()
	awaitEnd(t, l, fault.GPSLost, "")
	awaitEnd(t, l, fault.GPSRefused, "connection refused")
	if !d.begin(t) {
		t.Fatalf("gpsd does not begin again: %s", d.log)
	}
	await(t, l, "fix of the next gpsd", hasFix(path))
}

func TestNoticesAGPSDThatStandsStill(t *testing.T) {
	t.Parallel()
	path := filepath.Join(publicDir(t), "gps0")
	plug(t, path, 48)
	d := startGPSD(t, path)
	l := listen(t, gpsd.Options{Address: d.address})
	await(t, l, "fix", hasFix(path))

	if err := d.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	awaitEnd(t, l, fault.GPSSilent, "gpsd does not answer")
	if err := d.cmd.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	await(t, l, "fix when it goes on", hasFix(path))
}

func TestTellsDevicesApart(t *testing.T) {
	t.Parallel()
	dir := publicDir(t)
	a, b := filepath.Join(dir, "a"), filepath.Join(dir, "b")
	plug(t, a, 48)
	plug(t, b, 10)
	d := startGPSD(t, a, b)

	all := listen(t, gpsd.Options{Address: d.address})
	for range 3 {
		if f := await(t, all, "fix of a", hasFix(a)); f.Lat < 48 {
			t.Errorf("a is at %f", f.Lat)
		}
		if f := await(t, all, "fix of b", hasFix(b)); f.Lat > 48 {
			t.Errorf("b is at %f", f.Lat)
		}
	}

	one := listen(t, gpsd.Options{Address: d.address, Device: b})
	for range 10 {
		if f := await(t, one, "fix", hasFix("")); f.Device != b {
			t.Fatalf("fix of %s, and %s was picked", f.Device, b)
		}
	}

	none := listen(t, gpsd.Options{Address: d.address, Device: "/dev/other"})
	awaitEnd(t, none, fault.GPSDevice, "gpsd has no /dev/other, but "+a+", "+b)
}

func TestSaysThatGPSDHasNoReceiver(t *testing.T) {
	t.Parallel()
	d := startGPSD(t)
	l := listen(t, gpsd.Options{Address: d.address})
	awaitEnd(t, l, fault.GPSDevice, "gpsd has no receiver")
}

func TestSaysWhatAnswersInstead(t *testing.T) {
	t.Parallel()
	web := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(web.Close)
	nobody := fmt.Sprintf("127.0.0.1:%d", freePort(t))
	for _, c := range []struct {
		name, address string
		code          fault.Code
		want          string
	}{
		{"web server", web.Listener.Addr().String(), fault.GPSGarbled, "a web server answers there, not gpsd"},
		{"nobody", nobody, fault.GPSRefused, "connection refused"},
		{"NMEA", serve(t, epoch(0, 48)), fault.GPSGarbled, "NMEA comes from there, not gpsd's reports"},
		{"JSON", serve(t, "{\"hello\":1}\n"), fault.GPSGarbled, "what answers there is not gpsd"},
		{"goodbye", serve(t, ""), fault.GPSLost, "gpsd closed the connection"},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := listen(t, gpsd.Options{Address: c.address})
			awaitEnd(t, l, c.code, c.want)
		})
	}
}

// serve answers each connection with what it says, and hangs up.
func serve(t *testing.T, says string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = conn.Write([]byte(says))
			// The question first, or the kernel resets what is unread.
			_, _ = conn.Read(make([]byte, 1024))
			_ = conn.Close()
		}
	}()
	t.Cleanup(func() {
		_ = l.Close()
		<-done
	})
	return l.Addr().String()
}
