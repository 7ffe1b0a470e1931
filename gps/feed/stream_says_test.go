package feed_test

import (
	"context"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sensord/sensord/gps"
	"github.com/sensord/sensord/gps/feed"
	"github.com/sensord/sensord/internal/fault"
)

// What comes first and then nothing more says more than that nothing comes.
func TestStreamSilentBehindAGreeting(t *testing.T) {
	for name, c := range map[string]struct{ says, want, advice string }{
		"gpsd":    {`{"class":"VERSION","release":"3.22"}` + "\r\n", "38 bytes, no valid sentence among them, and then nothing in 5s; it looks like gpsd", "a receiver of type gpsd"},
		"ssh":     {"SSH-2.0-OpenSSH_9.2p1\r\n", "23 bytes, no valid sentence among them, and then nothing in 5s; it is text, but no sentences", "type nmea"},
		"nothing": {"\x00\x01\x02", "not one byte in 5s", "sensord goes on trying"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				u, conn := piped(t)
				send(t, conn, []byte(c.says))
				code := fault.GPSGarbled
				if name == "nothing" {
					code = fault.GPSSilent
				}
				contains(t, u.failed(code, c.advice), "tcp receiver:10110: "+c.want)
			})
		})
	}
}

// Sentences without a checksum that are taken, but say nothing.
func TestStreamOfAWindVaneWithoutChecksums(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		defer theirs.Close()
		r := newReceiver(t, feed.Options{Kind: feed.TCP, Address: "receiver", NoChecksum: true})
		u := startWith(t, r, func(ctx context.Context, tell func(gps.Event)) error { return r.Stream(ctx, ours, tell) })
		for range 10 {
			send(t, theirs, []byte("$WIMWV,214.8,R,0.1,K,A\r\n"))
			wait(time.Second)
		}
		contains(t, u.failed(fault.GPSGarbled, "type nmea"), "it is NMEA that does not say where the receiver is")
	})
}

// Whoever waits for less than Run does can ask what came.
func TestStreamSaysWhatCame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		u, c := piped(t)
		if came, err := u.r.Came(); came || err != nil {
			t.Errorf("%v, %v of nothing", came, err)
		}
		send(t, c, []byte("$GPGGA,101112.00,,,,,0,00,,,M,,M,,\r\n"))
		synctest.Wait()
		came, err := u.r.Came()
		if !came || fault.CodeOf(err) != fault.GPSGarbled || err.Error() != "tcp receiver:10110: 36 bytes, and no valid sentence among them; it is NMEA, and its checksums are missing" {
			t.Errorf("%v, %v", came, err)
		}
		send(t, c, epoch(0))
		u.fix()
		if came, err := u.r.Came(); !came || err != nil {
			t.Errorf("%v, %v of an epoch", came, err)
		}
		u.stop()
	})
}
