//go:build linux

package vmtest

import (
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/sensord/sensord/capture"
)

// IW runs iw and returns what it prints. Do not scan with it but by "scan
// trigger": when the scan is over before iw begins to listen for that, as its
// source says, it waits for ever.
func IW(t testing.TB, args ...string) string {
	t.Helper()
	out, err := exec.CommandContext(Context(t), "iw", args...).CombinedOutput()
	if err != nil {
		t.Fatalf("iw %s: %v: %s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// SetUp brings an interface up or down.
func SetUp(t testing.TB, name string, up bool) {
	t.Helper()
	if err := setUp(name, up); err != nil {
		t.Fatalf("%s: up %v: %v", name, up, err)
	}
}

func setUp(name string, up bool) error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd) //nolint:errcheck // holds nothing
	request, err := unix.NewIfreq(name)
	if err != nil {
		return err
	}
	if err := unix.IoctlIfreq(fd, unix.SIOCGIFFLAGS, request); err != nil {
		return err
	}
	flags := request.Uint16() &^ unix.IFF_UP
	if up {
		flags |= unix.IFF_UP
	}
	request.SetUint16(flags)
	return unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, request)
}

// SetCountry sets the regulatory domain (two letters; "00" is the world) and
// waits until it holds. The machine's own is back when the test ends.
func SetCountry(t testing.TB, country string) {
	t.Helper()
	before := Country(t)
	t.Cleanup(func() {
		if Country(t) != before {
			setCountry(t, before)
		}
	})
	setCountry(t, country)
}

func setCountry(t testing.TB, country string) {
	t.Helper()
	IW(t, "reg", "set", country)
	Wait(t, "the regulatory domain is "+country, func() bool { return Country(t) == country })
}

// Country is the regulatory domain that holds.
func Country(t testing.TB) string {
	t.Helper()
	_, after, _ := strings.Cut(IW(t, "reg", "get"), "country ")
	country, _, _ := strings.Cut(after, ":")
	return country
}

// Channel is a channel of 20 MHz by its number, in the lowest band that has it.
func Channel(number int) capture.Channel {
	c := capture.Channel{Width: capture.Width20}
	switch {
	case number <= 13:
		c.FreqMHz = 2407 + 5*number
	case number == 14:
		c.FreqMHz = 2484
	default:
		c.FreqMHz = 5000 + 5*number
	}
	return c
}

// Channel6GHz is a channel of 20 MHz in the 6 GHz band by its number.
func Channel6GHz(number int) capture.Channel {
	return capture.Channel{Width: capture.Width20, FreqMHz: 5950 + 5*number}
}

// Tune tunes an interface with iw.
func Tune(t testing.TB, name string, c capture.Channel) {
	t.Helper()
	IW(t, append([]string{"dev", name, "set", "freq"}, tuneArgs(c)...)...)
}

// tuneArgs writes a channel as iw's "set freq" wants it.
func tuneArgs(c capture.Channel) []string {
	freq := strconv.Itoa(c.FreqMHz)
	switch c.Width {
	case capture.Width20:
		return []string{freq, "HT20"}
	case capture.Width5:
		return []string{freq, "5MHz"}
	case capture.Width10:
		return []string{freq, "10MHz"}
	case capture.Width40:
		return []string{freq, "40", strconv.Itoa(c.CenterMHz)}
	case capture.Width80:
		return []string{freq, "80", strconv.Itoa(c.CenterMHz)}
	case capture.Width160:
		return []string{freq, "160", strconv.Itoa(c.CenterMHz)}
	case capture.Width320:
		return []string{freq, "320", strconv.Itoa(c.CenterMHz)}
	default: // without 802.11n
		return []string{freq}
	}
}
