//go:build vm && linux

package main_test

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	wlan "github.com/sensord/sensord/capture/radiotap"
	"github.com/sensord/sensord/internal/tap"
	"github.com/sensord/sensord/internal/vmtest"
	"github.com/sensord/sensord/uplink/kismettest"
)

// TestVMFilterLocals has a machine of twenty interfaces leave out its own
// frames, with the room for filters that Debian's kernel has and with more.
func TestVMFilterLocals(t *testing.T) {
	for _, optmem := range []string{"20480", "131072"} {
		t.Run("optmem_max "+optmem, func(t *testing.T) {
			setting(t, "/proc/sys/net/core/optmem_max", optmem)
			l := newLocals(t, 20, "filter_locals=true")
			l.allLeftOut(t)
			l.changed(t)
			l.added(t)
			l.allLeftOut(t)
			src, _ := l.srv.Source(l.uuid)
			if texts := errorsOf(src); len(texts) > 0 || src.Sessions != 1 {
				t.Errorf("%d sessions, and the server was told %q", src.Sessions, texts)
			}
			for line := range strings.Lines(l.p.errs.String()) {
				if strings.Contains(line, "filter") {
					t.Log(strings.TrimSpace(line))
				}
			}
			l.p.finish(t)
		})
	}
}

// setting changes one of the kernel's for the time of a test.
func setting(t *testing.T, file, value string) {
	t.Helper()
	before, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	set := func(value []byte) {
		if err := os.WriteFile(file, value, 0); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() { set(before) })
	set([]byte(value))
}

// locals is a sensord that leaves out this machine's own frames, and a radio
// beside it that sends them.
type locals struct {
	srv   *kismettest.Server
	uuid  string
	p     *process
	air   *vmtest.Monitor
	own   []net.HardwareAddr // that are to be left out
	links []*tap.Device
	sent  int // frames, so that each has its number
}

// newLocals has so many interfaces beside those of the radios, and captures with
// these options.
func newLocals(t *testing.T, interfaces int, options string) *locals {
	t.Helper()
	l := &locals{srv: serve(t, unhurried())}
	for range interfaces {
		l.link(t)
	}
	radio := vmtest.NewRadio(t, vmtest.RadioOptions{})
	l.uuid = uuidOf(radio)
	l.own = append(l.own, radio.MAC)
	l.air = vmtest.NewMonitor(t, vmtest.NewRadio(t, vmtest.RadioOptions{}), vmtest.Channel(6))
	l.p = captures(t, websocket(l.srv), "", radio.Interface+":channel=6,channel_hop=false,"+options)
	opened(t, l.srv, l.uuid)
	return l
}

// link adds an interface that is up, and returns its address.
func (l *locals) link(t *testing.T) net.HardwareAddr {
	t.Helper()
	d, err := tap.Open(tap.Config{Hardware: unix.ARPHRD_ETHER})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	link, err := net.InterfaceByIndex(d.Index())
	if err != nil {
		t.Fatal(err)
	}
	l.links = append(l.links, d)
	l.own = append(l.own, link.HardwareAddr)
	return link.HardwareAddr
}

// strange is an address that nobody here has.
func strange(n int) net.HardwareAddr { return net.HardwareAddr{2, 0x55, 0, 0, byte(n >> 8), byte(n)} }

// roles are those that an address can have in a frame, in the order in which a
// frame with four addresses has them.
func roles() []string { return []string{"RA", "TA", "DA", "SA"} }

// frame is a data frame with four addresses, which says what it is. In role, of
// roles, it has mac, and strange addresses elsewhere.
func (l *locals) frame(mac net.HardwareAddr, role int, what string) []byte {
	b := []byte{0x08, 0x03, 0, 0}
	for i := range roles() {
		address := strange(i)
		if i == role {
			address = mac
		}
		b = append(b, address...)
		if i == 2 {
			b = append(b, 0, 0) // sequence, set by the radio
		}
	}
	l.sent++
	return fmt.Appendf(b, "<%d %s>", l.sent, what)
}

// arrive sends frames, and then one that surely comes through. It returns which
// of them have arrived when that has.
func (l *locals) arrive(t *testing.T, frames ...[]byte) []bool {
	t.Helper()
	last := l.frame(strange(99), 0, "last")
	l.air.Inject(t, append(slices.Clone(frames), last)...)
	var got []kismettest.Frame
	until(t, l.srv, l.uuid, "the frame behind them has arrived", func(kismettest.Source) bool {
		got = l.srv.Frames(l.uuid)
		return slices.ContainsFunc(got, has802(last))
	})
	arrived := make([]bool, len(frames))
	for i, f := range frames {
		arrived[i] = slices.ContainsFunc(got, has802(f))
	}
	return arrived
}

// has802 reports whether a server's frame is this one: what a radio changes on
// the way (sequence, duration) left out.
func has802(frame []byte) func(kismettest.Frame) bool {
	text := frame[bytes.IndexByte(frame[30:], '<')+30:]
	return func(f kismettest.Frame) bool {
		h, err := wlan.Parse(f.Content)
		return err == nil && bytes.HasSuffix(f.Content[h.Length:], text)
	}
}

// allLeftOut sends frames with each address in each role, and as many without.
func (l *locals) allLeftOut(t *testing.T) {
	t.Helper()
	var frames [][]byte
	for i, mac := range l.own {
		for role, name := range roles() {
			frames = append(frames, l.frame(mac, role, "own "+name), l.frame(strange(1000+i), role, "strange "+name))
		}
	}
	for i, arrived := range l.arrive(t, frames...) {
		own := i%2 == 0
		if own && arrived {
			t.Errorf("%s in the role %s has arrived", l.own[i/2/len(roles())], roles()[i/2%len(roles())])
		}
		if !own && !arrived {
			t.Errorf("a strange address in the role %s has not arrived", roles()[i/2%len(roles())])
		}
	}
}

// follow waits until frames with this address come through, or do not.
func (l *locals) follow(t *testing.T, mac net.HardwareAddr, come bool) {
	t.Helper()
	vmtest.Wait(t, fmt.Sprintf("frames with %v come through: %v", mac, come), func() bool {
		var frames [][]byte
		for role, name := range roles() {
			frames = append(frames, l.frame(mac, role, "followed "+name))
		}
		return !slices.Contains(l.arrive(t, frames...), !come)
	})
}

// changed gives one interface another address.
func (l *locals) changed(t *testing.T) {
	t.Helper()
	now, was := strange(7777), l.own[3]
	if err := l.links[3].SetMAC(now); err != nil {
		t.Fatal(err)
	}
	l.follow(t, now, false)
	l.follow(t, was, true)
	l.own[3] = now
}

// added brings another interface.
func (l *locals) added(t *testing.T) { l.follow(t, l.link(t), false) }
