package uplink_test

import (
	"context"
	"fmt"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sensord/sensord/uplink/kismettest"
)

// tunnel puts a hop in front of a connection that takes up to depth bytes at
// once, as `ssh -L` does, and delivers bytesPerSecond of them in each
// direction.
func tunnel(inner net.Conn, bytesPerSecond, depth int) net.Conn {
	ours, near := net.Pipe()
	go pump(inner, near, bytesPerSecond, depth)
	go pump(near, inner, bytesPerSecond, depth)
	return ours
}

func pump(dst, src net.Conn, bytesPerSecond, depth int) {
	const piece = 4096
	queue := make(chan []byte, depth/piece)
	var writer sync.WaitGroup
	writer.Go(func() {
		for p := range queue {
			elapse(time.Duration(len(p)) * time.Second / time.Duration(bytesPerSecond))
			if _, err := dst.Write(p); err != nil {
				break
			}
		}
		_ = dst.Close()
		for range queue { // let the reader end
		}
	})
	for {
		b := make([]byte, piece)
		n, err := src.Read(b)
		queue <- b[:n]
		if err != nil {
			break
		}
	}
	close(queue)
	writer.Wait()
	_ = src.Close()
}

// On a slow line behind a hop that buffers, what is in flight is bounded by
// what the server confirms, so PONGs come in time and no link is given up.
func TestSlowLineBehindABufferingHopLosesNoLink(t *testing.T) {
	for _, rate := range []int{6_000, 12_000, 50_000, 1_000_000} {
		t.Run(fmt.Sprint(rate), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, kismettest.Config{}, true)
				dial := r.dialer.NetDial
				r.dialer.NetDial = func(ctx context.Context, network, addr string) (net.Conn, error) {
					c, err := dial(ctx, network, addr)
					if err != nil {
						return nil, err
					}
					return tunnel(c, rate, 2<<20), nil
				}
				const total = 5000 // about 1.2 MB
				r.capture(total)
				r.session.Log.Close()
				if err := r.link(limited(t, time.Hour)); err != nil {
					t.Fatalf("%v; %+v", err, r.session.Log.Stats())
				}
				got, twice := r.arrived()
				if diff := cmp.Diff(upTo(total), got); diff != "" || twice != 0 {
					t.Fatalf("%d frames twice; frames (-want +got):\n%s", twice, diff)
				}
				elapse(time.Hour) // until the tunnel is empty
			})
		})
	}
}
