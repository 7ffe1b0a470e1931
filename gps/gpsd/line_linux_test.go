package gpsd_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// A line is a receiver at a serial line: a pty into which it writes an epoch
// every 100 ms.
type line struct {
	master, slave *os.File
	path          string
	stop          func()
}

// plug makes a line and links it as path. The receiver on it begins at lat.
func plug(t *testing.T, path string, lat float64) *line {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	fd := int(master.Fd())
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	number, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	name := fmt.Sprintf("/dev/pts/%d", number)
	// Held open, so that what is set here stays, whatever opens it next.
	slave, err := os.OpenFile(name, os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	raw := unix.Termios{Cflag: unix.CS8 | unix.CREAD | unix.CLOCAL | unix.B38400, Ispeed: unix.B38400, Ospeed: unix.B38400}
	raw.Cc[unix.VMIN] = 1
	if err := unix.IoctlSetTermios(int(slave.Fd()), unix.TCSETS, &raw); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(name, 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(name, path); err != nil {
		t.Fatal(err)
	}
	l := &line{master: master, slave: slave, path: path}
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() { l.write(ctx, lat) })
	l.stop = sync.OnceFunc(func() {
		cancel()
		wg.Wait()
		_ = slave.Close()
		_ = master.Close()
		_ = os.Remove(path)
	})
	t.Cleanup(l.stop)
	return l
}

// unplug ends the line as a USB receiver does that is pulled.
func (l *line) unplug() { l.stop() }

func (l *line) write(ctx context.Context, lat float64) {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for i := 0; ; i++ {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if _, err := l.master.WriteString(epoch(i, lat)); err != nil {
				return
			}
		}
	}
}

// firstEpoch is the time of what a line's receiver says first.
var firstEpoch = time.Date(2026, 3, 23, 12, 0, 0, 0, time.UTC)

// stepDeg is how far north a line's receiver moves in a second.
const stepDeg = 0.0001

// epoch is what a receiver says of the second i: it drives north.
func epoch(i int, lat float64) string {
	at := firstEpoch.Add(time.Duration(i) * time.Second)
	lat += float64(i) * stepDeg
	degrees := int(lat)
	place := fmt.Sprintf("%02d%010.7f,N,01131.0000000,E", degrees, (lat-float64(degrees))*60)
	clock := at.Format("150405.00")
	var b strings.Builder
	for _, body := range []string{
		fmt.Sprintf("GPRMC,%s,A,%s,021.6,000.0,%s,,,A", clock, place, at.Format("020106")),
		fmt.Sprintf("GPGGA,%s,%s,1,08,0.9,545.4,M,46.9,M,,", clock, place),
		"GPGSA,A,3,04,05,09,12,24,,,,,,,,1.6,0.9,1.3",
		"GPGSV,2,1,05,04,60,045,42,05,40,120,40,09,30,200,38,12,50,280,41",
		"GPGSV,2,2,05,24,20,330,35",
	} {
		sum := byte(0)
		for _, c := range []byte(body) {
			sum ^= c
		}
		fmt.Fprintf(&b, "$%s*%02X\r\n", body, sum)
	}
	return b.String()
}

// latOf is where the receiver of a line that began at lat is at a time.
func latOf(timeNs int64, lat float64) float64 {
	return lat + time.Unix(0, timeNs).Sub(firstEpoch).Seconds()*stepDeg
}
