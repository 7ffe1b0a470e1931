package feed_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/sensord/sensord/gps/feed"
	"github.com/sensord/sensord/internal/fault"
)

// quick are limits for a fake receiver that speaks 50 times a second.
func quick(r *feed.Receiver) *feed.Receiver {
	r.Limits(5*time.Second, 2*time.Second, time.Second)
	return r
}

func serialReceiver(t testing.TB, device string, baud int) *feed.Receiver {
	t.Helper()
	r := quick(newReceiver(t, feed.Options{Kind: feed.Serial, Device: device, Baud: baud}))
	r.Rival(false)
	return r
}

func TestSerialFindsTheRate(t *testing.T) {
	p := openPTY(t)
	(&fakeReceiver{baud: 115200, burst: epoch}).start(p)
	u := start(t, serialReceiver(t, p.path, 0))
	u.fix()
	u.fix() // the first one is told before the rate
	if got, want := u.r.Detail(), "115200 baud"; got != want {
		t.Errorf("detail %q, want %q", got, want)
	}
	if got := p.settings().Ospeed; got != 115200 {
		t.Errorf("the line is set to %d", got)
	}
	u.stop()
}

func TestSerialTakesTheRateThatWasGiven(t *testing.T) {
	for _, baud := range []uint32{4800, 250000} { // the second one has no constant in termios
		p := openPTY(t)
		(&fakeReceiver{baud: baud, burst: epoch}).start(p)
		u := start(t, serialReceiver(t, p.path, int(baud)))
		u.fix()
		if got := p.settings().Ospeed; got != baud {
			t.Errorf("the line is set to %d, want %d", got, baud)
		}
		if got, want := u.r.Detail(), fmt.Sprintf("%d baud", baud); got != want {
			t.Errorf("detail %q, want %q", got, want)
		}
		u.stop()
	}
}

func TestSerialBeginsWithTheRateTheLineIsSetTo(t *testing.T) {
	p := openPTY(t)
	p.setBaud(p.slave(), 57600)
	receiver := &fakeReceiver{baud: 57600, burst: epoch}
	receiver.start(p)
	u := start(t, serialReceiver(t, p.path, 0))
	u.fix()
	u.stop()
	if diff := cmp.Diff([]uint32{57600}, receiver.seen()); diff != "" {
		t.Errorf("rates (-want +got):\n%s", diff)
	}
}

func TestSerialBeginsWithTheRateThatWorked(t *testing.T) {
	p := openPTY(t)
	receiver := &fakeReceiver{baud: 115200, burst: epoch}
	receiver.start(p)
	r := serialReceiver(t, p.path, 0)
	u := start(t, r)
	u.fix()
	u.stop()
	before := receiver.seen()
	if n := len(before); n < 2 || before[n-1] != 115200 {
		t.Fatalf("rates %d", before)
	}

	p.setBaud(p.slave(), 4800) // another program was there
	u = start(t, r)
	u.fix()
	u.stop()
	for _, baud := range receiver.seen()[len(before):] {
		if baud != 4800 && baud != 115200 {
			t.Errorf("rates %d, and then %d", before, receiver.seen()[len(before):])
		}
	}
}

func TestSerialIsNotConfusedByGarbageAtTheRightRate(t *testing.T) {
	p := openPTY(t)
	receiver := &fakeReceiver{baud: 9600, burst: func(n int) []byte {
		// Binary messages, half a line, and every fifth time a sentence.
		b := append([]byte("\xb5\x62\x01\x07\x5c\x00"), noise(300)...)
		b = append(b, "\r\n$GPRMC,10"...)
		if n%5 == 4 {
			b = append(append(b, "\r\n"...), epoch(n)...)
		}
		return b
	}}
	receiver.start(p)
	p.setBaud(p.slave(), 9600)
	u := start(t, serialReceiver(t, p.path, 0))
	u.fix()
	u.fix()
	u.stop()
	if diff := cmp.Diff([]uint32{9600}, receiver.seen()); diff != "" {
		t.Errorf("rates (-want +got):\n%s", diff)
	}
}

func TestSerialTakesAnyRateOverUSB(t *testing.T) {
	p := openPTY(t)
	receiver := &fakeReceiver{burst: epoch}
	receiver.start(p)
	u := start(t, serialReceiver(t, p.path, 0))
	u.fix()
	u.stop()
	if n := len(receiver.seen()); n != 1 {
		t.Errorf("%d rates were tried", n)
	}
}

func TestSerialGarbled(t *testing.T) {
	t.Run("at the rate that was given", func(t *testing.T) {
		p := openPTY(t)
		(&fakeReceiver{baud: 9600, burst: epoch}).start(p)
		u := start(t, serialReceiver(t, p.path, 38400))
		contains(t, u.failed(fault.GPSGarbled, "leave baud out"), "serial "+p.path+": ", " at 38400 baud, and no valid sentence among them")
	})
	t.Run("while gpsd runs", func(t *testing.T) {
		p := openPTY(t)
		(&fakeReceiver{baud: 9600, burst: epoch}).start(p)
		r := serialReceiver(t, p.path, 38400)
		r.Rival(true)
		contains(t, start(t, r).failed(fault.GPSGarbled, "type gpsd"), "gpsd runs here, and may read from it, too")
	})
	t.Run("at every rate", func(t *testing.T) {
		p := openPTY(t)
		(&fakeReceiver{burst: func(int) []byte { return []byte("\xb5\x62\x01\x07\x5c\x00 and so on") }}).start(p)
		r := serialReceiver(t, p.path, 0)
		r.Limits(2*time.Second, time.Second, 200*time.Millisecond)
		u := start(t, r)
		contains(t, u.fault(fault.GPSGarbled), "at 38400, 9600, 115200, 4800, 57600, 460800, 19200, 230400, 921600 baud", "u-blox's binary protocol")
	})
	t.Run("without checksums", func(t *testing.T) {
		p := openPTY(t)
		(&fakeReceiver{baud: 4800, burst: func(int) []byte { return []byte("$GPGGA,101112.00,,,,,0,00,,,M,,M,,\r\n") }}).start(p)
		r := serialReceiver(t, p.path, 0)
		r.Limits(2*time.Second, time.Second, 200*time.Millisecond)
		contains(t, start(t, r).failed(fault.GPSGarbled, "checksum: optional"), "4800", "its checksums are missing")
	})
	t.Run("after it worked", func(t *testing.T) {
		p := openPTY(t)
		(&fakeReceiver{burst: func(n int) []byte {
			if n < 10 {
				return epoch(n)
			}
			return noise(100)
		}}).start(p)
		u := start(t, serialReceiver(t, p.path, 0))
		u.fix()
		if text := u.failed(fault.GPSGarbled, "type nmea"); !strings.Contains(text, "no valid sentence") {
			t.Error(text)
		}
	})
}

func TestSerialSilent(t *testing.T) {
	p := openPTY(t)
	r := serialReceiver(t, p.path, 0)
	r.Limits(150*time.Millisecond, time.Second, 60*time.Millisecond)
	for range 2 {
		contains(t, start(t, r).failed(fault.GPSSilent, "cable and power"), "not one byte in ")
	}
	first := p.settings().Ospeed
	// The next hunt goes on with another rate: some adapters say nothing at all
	// at the wrong one.
	contains(t, start(t, r).fault(fault.GPSSilent), "baud")
	if got := p.settings().Ospeed; got == first {
		t.Errorf("the line is still at %d baud", got)
	}
}

func TestSerialUnplugged(t *testing.T) {
	for name, r := range map[string]func(p *pty) *feed.Receiver{
		"rate found": func(p *pty) *feed.Receiver { return serialReceiver(t, p.path, 0) },
		"rate given": func(p *pty) *feed.Receiver { return serialReceiver(t, p.path, 9600) },
	} {
		t.Run(name, func(t *testing.T) {
			p := openPTY(t)
			(&fakeReceiver{burst: epoch}).start(p)
			u := start(t, r(p))
			u.fix()
			_ = p.master.Close()
			contains(t, u.fault(fault.GPSLost), "the device went away")
			contains(t, start(t, u.r).fault(fault.GPSMissing), "no such device")
		})
	}
}

// link makes name point at path, in place of what it pointed at before.
func link(t testing.TB, path, name string) {
	t.Helper()
	_ = os.Remove(name)
	if err := os.Symlink(path, name); err != nil {
		t.Fatal(err)
	}
}

func TestSerialIsPluggedInAgainUnderItsName(t *testing.T) {
	name := filepath.Join(t.TempDir(), "usb-u-blox_GNSS-if00")
	r := serialReceiver(t, name, 0)
	start(t, r).fault(fault.GPSMissing)

	for range 2 {
		p := openPTY(t)
		receiver := &fakeReceiver{baud: 9600, burst: epoch}
		receiver.start(p)
		link(t, p.path, name)
		u := start(t, r)
		u.fix()
		_ = p.master.Close()
		u.fault(fault.GPSLost)
		start(t, r).fault(fault.GPSMissing)
	}
}

func TestSerialIsNoFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "drive.nmea")
	if err := os.WriteFile(file, epoch(0), 0o600); err != nil {
		t.Fatal(err)
	}
	contains(t, start(t, serialReceiver(t, file, 0)).fault(fault.GPSFile), "no serial device")
	start(t, serialReceiver(t, t.TempDir(), 0)).fault(fault.GPSFile)
	start(t, serialReceiver(t, filepath.Join(file, "x"), 0)).fault(fault.GPSMissing)
}

func TestSerialReadsDevicesWithoutRate(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "gnss0")
	if err := unix.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	w, err := os.OpenFile(pipe, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if _, err := w.Write(epoch(0)); err != nil {
		t.Fatal(err)
	}
	u := start(t, serialReceiver(t, pipe, 0))
	u.fix()
	u.stop()
}
