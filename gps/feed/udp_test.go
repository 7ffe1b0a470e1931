package feed_test

import (
	"bytes"
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/sensord/sensord/gps/feed"
	"github.com/sensord/sensord/internal/fault"
)

// freeUDPPort returns a port that nobody uses.
func freeUDPPort(t testing.TB) string {
	t.Helper()
	c, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_, port, err := net.SplitHostPort(c.LocalAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// hearing runs a UDP feed that is open.
func hearing(t *testing.T, o feed.Options) (*run, string) {
	t.Helper()
	o.Kind = feed.UDP
	if o.Address == "" {
		o.Address = "127.0.0.1:" + freeUDPPort(t)
	}
	r := newReceiver(t, o)
	u := start(t, r)
	ready(t, u)
	return u, o.Address
}

// ready waits until the feed is open.
func ready(t *testing.T, u *run) {
	t.Helper()
	ticker := time.NewTicker(time.Millisecond)
	defer ticker.Stop()
	late := patience()
	for u.r.Detail() == "" {
		select {
		case <-ticker.C:
		case err := <-u.ended:
			t.Fatal(err)
		case <-late:
			t.Fatal("it does not open")
		}
	}
}

func dialUDP(t testing.TB, address string) net.Conn {
	t.Helper()
	c, err := net.Dial("udp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func TestUDPReads(t *testing.T) {
	u, address := hearing(t, feed.Options{})
	if got, want := u.r.Detail(), "nobody has sent anything"; got != want {
		t.Errorf("detail %q, want %q", got, want)
	}
	c := dialUDP(t, address)
	for n := range 3 {
		send(t, c, epoch(n))
		f := u.fix()
		if f.Device != "127.0.0.1" || len(f.Sentences) != 2 {
			t.Errorf("fix of %q from %q", f.Sentences, f.Device)
		}
	}
	if got, want := u.r.Detail(), "from 127.0.0.1"; got != want {
		t.Errorf("detail %q, want %q", got, want)
	}
	u.stop()
}

func TestUDPReadsHowSendersCut(t *testing.T) {
	lines := func(n int) [][]byte { return bytes.SplitAfter(epoch(n), []byte("\n"))[:2] }
	for name, c := range map[string]struct {
		o   feed.Options
		cut func(n int) [][]byte
	}{
		"a sentence each": {cut: lines},
		"without ends": {cut: func(n int) [][]byte {
			b := lines(n)
			return [][]byte{bytes.TrimSpace(b[0]), bytes.TrimSpace(b[1])}
		}},
		"a burst without an end": {cut: func(n int) [][]byte { return [][]byte{bytes.TrimSpace(epoch(n))} }},
		"a stream": {cut: func(n int) [][]byte {
			b := epoch(n)
			return [][]byte{b[:30], b[30:31], b[31:80], b[80:]}
		}},
		"no checksum and no ends": {o: feed.Options{NoChecksum: true}, cut: func(n int) [][]byte {
			b := lines(n)
			b[0], _, _ = bytes.Cut(b[0], []byte("*"))
			b[1], _, _ = bytes.Cut(b[1], []byte("*"))
			return append(b, []byte("$GPVTG,,T,,M,,N,,K,N"))
		}},
	} {
		t.Run(name, func(t *testing.T) {
			u, address := hearing(t, c.o)
			conn := dialUDP(t, address)
			for n := range 3 {
				for _, b := range c.cut(n) {
					send(t, conn, b)
				}
				if f := u.fix(); len(f.Sentences) < 2 || !f.HasPosition() {
					t.Errorf("fix %d is of %q", n, f.Sentences)
				}
			}
			u.stop()
		})
	}
}

func TestUDPTellsSendersApart(t *testing.T) {
	u, address := hearing(t, feed.Options{})
	one, two := dialUDP(t, address), dialUDP(t, address)
	seen := map[string]int{}
	for n := range 5 {
		a, b := epoch(n), epoch(n)
		send(t, one, a[:50])
		send(t, two, b[:50])
		send(t, one, a[50:])
		send(t, two, b[50:])
		if n > 1 {
			seen[u.fix().Device]++
			seen[u.fix().Device]++
		}
	}
	if seen[one.LocalAddr().String()] < 2 || seen[two.LocalAddr().String()] < 2 {
		t.Errorf("fixes of %v, want those of %s and %s", seen, one.LocalAddr(), two.LocalAddr())
	}
	contains(t, u.r.Detail(), one.LocalAddr().String(), two.LocalAddr().String())
	u.stop()
}

func TestUDPSenderMayChangeItsPort(t *testing.T) {
	u, address := hearing(t, feed.Options{})
	for n := range 20 {
		// A script, with a socket for each sentence.
		for _, b := range bytes.SplitAfter(epoch(n), []byte("\n"))[:2] {
			c := dialUDP(t, address)
			send(t, c, b)
		}
		if f := u.fix(); f.Device != "127.0.0.1" || len(f.Sentences) != 2 {
			t.Fatalf("fix of %q from %q", f.Sentences, f.Device)
		}
	}
	u.stop()
}

func TestUDPDropsWhatIsTooMuch(t *testing.T) {
	u, address := hearing(t, feed.Options{})
	c := dialUDP(t, address)
	flood := bytes.Repeat([]byte("$GPRMC,*00\r\n"), 100)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for ctx.Err() == nil {
			_, _ = c.Write(flood)
		}
	}()
	u.notice("it sends more than 96 KiB a second; what is more is dropped")
	cancel()
	<-done
	u.notice("datagrams were dropped")
	send(t, c, epoch(0))
	u.fix()
	u.stop()
}

func TestUDPSilent(t *testing.T) {
	r := newReceiver(t, feed.Options{Kind: feed.UDP, Address: "127.0.0.1:0"})
	r.Limits(50*time.Millisecond, time.Second, 0)
	contains(t, start(t, r).failed(fault.GPSSilent, "sent to this machine and port"), "udp 127.0.0.1:0: not one datagram in ")
}

func TestUDPGarbled(t *testing.T) {
	address := "127.0.0.1:" + freeUDPPort(t)
	r := newReceiver(t, feed.Options{Kind: feed.UDP, Address: address})
	r.Limits(5*time.Second, 300*time.Millisecond, 0)
	u := start(t, r)
	ready(t, u)
	c := dialUDP(t, address)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	defer func() { cancel(); <-done }()
	go func() {
		defer close(done)
		ticker := time.NewTicker(5 * time.Millisecond)
		defer ticker.Stop()
		for n := 0; ctx.Err() == nil; n++ {
			if n == 0 {
				_, _ = c.Write(epoch(0))
			}
			_, _ = c.Write([]byte("hello, world\n"))
			<-ticker.C
		}
	}()
	contains(t, u.fault(fault.GPSGarbled), " from 127.0.0.1, and no valid sentence among them; it is text")
}

func TestUDPPortIsTaken(t *testing.T) {
	c, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	u := start(t, newReceiver(t, feed.Options{Kind: feed.UDP, Address: c.LocalAddr().String()}))
	contains(t, u.fault(fault.GPSBusy), "another program listens there")
}

func TestUDPGroupWithoutInterface(t *testing.T) {
	u := start(t, newReceiver(t, feed.Options{Kind: feed.UDP, Address: "239.192.71.3%nowhere0"}))
	contains(t, u.fault(fault.GPSRefused), "there is no interface nowhere0")
}

func TestUDPRefusesMoreSendersThanItHolds(t *testing.T) {
	_, port, _ := strings.Cut(freePort(t), ":")
	u, address := hearing(t, feed.Options{Address: "127.0.0.1:" + port})
	sender := func(host byte) net.Conn {
		d := net.Dialer{LocalAddr: &net.UDPAddr{IP: net.IPv4(127, 0, 1, host)}}
		c, err := d.DialContext(t.Context(), "udp4", address)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		return c
	}
	for host := range byte(8) {
		send(t, sender(host+1), epoch(0))
		u.fix()
	}
	send(t, sender(9), epoch(0))
	if n := u.notice("sender refused: there are 8 already"); n.Device != "127.0.1.9" {
		t.Errorf("device %q", n.Device)
	}
	send(t, sender(1), epoch(1))
	if f := u.fix(); f.Device != "127.0.1.1" {
		t.Errorf("device %q", f.Device)
	}
	u.stop()
}
