package feed_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sensord/sensord/gps"
	"github.com/sensord/sensord/gps/feed"
	"github.com/sensord/sensord/internal/fault"
)

// piped runs a receiver on one end of a connection inside a bubble, and returns
// the other one.
func piped(t *testing.T) (*run, net.Conn) {
	t.Helper()
	ours, theirs := net.Pipe()
	t.Cleanup(func() { _ = theirs.Close() })
	r := newReceiver(t, feed.Options{Kind: feed.TCP, Address: "receiver"})
	u := startWith(t, r, func(ctx context.Context, tell func(gps.Event)) error {
		return r.Stream(ctx, ours, tell)
	})
	return u, theirs
}

func send(t testing.TB, c net.Conn, data []byte) {
	t.Helper()
	if _, err := c.Write(data); err != nil {
		t.Fatal(err)
	}
}

// wait lets the bubble's time go on.
func wait(d time.Duration) { <-time.After(d) }

func TestStreamTellsAnEpochWhenTheLineIsQuiet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		u, c := piped(t)
		begin := time.Now()
		for n := range 3 {
			b := epoch(n)
			first := time.Since(begin)
			// A slow line: the burst takes 90 ms.
			for i := range 10 {
				send(t, c, b[i*len(b)/10:(i+1)*len(b)/10])
				if i < 9 {
					wait(10 * time.Millisecond)
				}
			}
			f := u.fix()
			if told := time.Since(begin) - first; told > 90*time.Millisecond+120*time.Millisecond {
				t.Errorf("told after %s", told)
			}
			if got := time.Duration(f.ReceivedNs); got != first {
				t.Errorf("received at %s, want %s, when its first byte came", got, first)
			}
			wait(time.Until(begin.Add(time.Duration(n+1) * time.Second)))
		}
		u.stop()
	})
}

func TestStreamSilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		u, c := piped(t)
		begin := time.Now()
		wait(4900 * time.Millisecond)
		send(t, c, epoch(0))
		contains(t, u.failed(fault.GPSSilent, "whether it sends without being asked"), "tcp receiver:10110: not one byte in 5s")
		if took := time.Since(begin); took != 9900*time.Millisecond {
			t.Errorf("noticed after %s, want 5 s after the last byte", took)
		}
	})
}

func TestStreamGarbled(t *testing.T) {
	const rmc = "$GPRMC,101112.00,A,5005.2500,N,00814.4840,E,23.3,90.0,231126,,,A"
	for name, c := range map[string]struct {
		says   string
		want   string
		advice string
	}{
		"noise":         {"\x00\x80\xff\x7f$*", "bytes in 10s, and no valid sentence among them", "type nmea"},
		"gpsd":          {`{"class":"VERSION","release":"3.22"}` + "\n", "; it looks like gpsd", "a receiver of type gpsd"},
		"http":          {"HTTP/1.1 400 Bad Request\r\n\r\n", "; it is text, but no sentences", "type nmea"},
		"prices":        {"price: $5,20\r\n$X,Y\r\n", "; it is text, but no sentences", "type nmea"},
		"wrong sums":    {rmc + "*00\r\n", "; it is NMEA, and its checksums are wrong", "what changes it on its way"},
		"no sums":       {rmc + "\r\n", "; it is NMEA, and its checksums are missing", "checksum: optional (checksum=optional with --gps)"},
		"neither":       {rmc + "\r\n" + rmc + "*00", "; it is NMEA, and its checksums are missing or wrong", "checksum: optional (checksum=optional with --gps)"},
		"cut by others": {"$GPRMC,101112.00$GPGGA,1011", "; it is text, but no sentences", "type nmea"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				u, conn := piped(t)
				send(t, conn, epoch(0))
				begin := time.Now()
				go func() {
					for {
						if _, err := conn.Write([]byte(c.says)); err != nil {
							return
						}
						wait(time.Second)
					}
				}()
				text := u.failed(fault.GPSGarbled, c.advice)
				contains(t, text, c.want)
				if strings.Contains(text, "baud") {
					t.Errorf("%q: over TCP", text)
				}
				if took := time.Since(begin); took != 10*time.Second {
					t.Errorf("noticed after %s", took)
				}
				_ = conn.Close()
				wait(2 * time.Second) // until the sender has noticed
			})
		})
	}
}

func TestStreamLivesOnSentencesThatSayNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		u, c := piped(t)
		for range 60 {
			send(t, c, []byte("$WIMWV,214.8,R,0.1,K,A*28\r\n")) // a wind vane
			wait(time.Second)
		}
		u.stop()
	})
}

func TestStreamSurvivesAnEndlessLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		u, c := piped(t)
		line := []byte("$GPRMC," + strings.Repeat("1", 4000))
		for range 50 {
			send(t, c, line)
		}
		send(t, c, epoch(0))
		u.fix()
		u.stop()
	})
}

func TestStreamMakesAPeerWaitThatSendsTooMuch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		u, c := piped(t)
		begin, sent := time.Now(), 0
		for n := 0; time.Since(begin) < 10*time.Second; n++ {
			send(t, c, epoch(n))
			sent += len(epoch(n))
		}
		if most := 64<<10 + 10*96<<10 + 4<<10; sent > most || sent < most/2 {
			t.Errorf("%d bytes were taken in 10 s, want %d at most", sent, most)
		}
		u.notice("it sends more than 96 KiB a second, and has to wait")
		// It is said once, and the fixes come.
		u.fix()
		for len(u.events) > 0 {
			if n, ok := (<-u.events).(gps.Notice); ok {
				t.Errorf("notice again: %q", n.Text)
			}
		}
		u.stop()
	})
}

func TestStreamEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		u, c := piped(t)
		send(t, c, epoch(0))
		_ = c.Close()
		select {
		case e := <-u.events: // the epoch that was open is told
			if _, ok := e.(gps.Fix); !ok {
				t.Errorf("%#v", e)
			}
		case <-patience():
			t.Error("no fix")
		}
		if err := <-u.ended; err == nil {
			t.Error("no error")
		}
	})
}

func TestTCPReads(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	r := newReceiver(t, feed.Options{Kind: feed.TCP, Address: l.Addr().String()})
	u := start(t, r)
	c, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	send(t, c, epoch(0))
	if f := u.fix(); f.Device != "" {
		t.Errorf("device %q of who is alone", f.Device)
	}
	if got, want := r.Detail(), "connected to "+l.Addr().String(); got != want {
		t.Errorf("detail %q, want %q", got, want)
	}
	_ = c.Close()
	contains(t, u.fault(fault.GPSLost), "tcp "+l.Addr().String()+": the other side closed the connection")
}

func TestTCPRefused(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	_ = l.Close()
	r := newReceiver(t, feed.Options{Kind: feed.TCP, Address: address})
	if got, want := start(t, r).fault(fault.GPSRefused), "tcp "+address+": connection refused"; got != want {
		t.Errorf("%q, want %q", got, want)
	}

	r = newReceiver(t, feed.Options{Kind: feed.TCP, Address: "receiver.invalid"})
	contains(t, start(t, r).fault(fault.GPSRefused), "no address for receiver.invalid")
}

func TestTCPSilent(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0") // nobody accepts: the kernel does
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	r := newReceiver(t, feed.Options{Kind: feed.TCP, Address: l.Addr().String()})
	r.Limits(50*time.Millisecond, time.Second, 0)
	contains(t, start(t, r).fault(fault.GPSSilent), "not one byte in ")
}

func TestRunThatIsOverBeforeItBegins(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, o := range []feed.Options{
		{Kind: feed.Serial, Device: "/dev/null"},
		{Kind: feed.TCP, Address: "127.0.0.1:1"},
		{Kind: feed.Listen, Address: "127.0.0.1:0"},
		{Kind: feed.UDP, Address: "127.0.0.1:0"},
	} {
		if err := newReceiver(t, o).Run(ctx, func(gps.Event) {}); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", o.Kind, err)
		}
	}
}
