package uplink_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"net"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sensord/sensord/uplink/kismettest"
)

// A server that comes back as another release, and speaks another protocol, gets
// the frames that the one before did not confirm.
func TestServerThatComesBackWithAnotherProtocolGetsTheSameFrames(t *testing.T) {
	for _, order := range [][2]kismettest.Profile{{kismettest.T25, kismettest.T23}, {kismettest.T23, kismettest.T25}} {
		for _, tcp := range []bool{false, true} {
			t.Run(fmt.Sprintf("%v/tcp=%v", order, tcp), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					before := newRig(t, kismettest.Config{Profile: order[0]}, tcp)
					after := newRig(t, kismettest.Config{Profile: order[1]}, tcp)
					var there atomic.Pointer[kismettest.Server]
					there.Store(before.srv)
					before.dialer.NetDial = func(ctx context.Context, network, addr string) (net.Conn, error) {
						return there.Load().DialContext(ctx, network, addr)
					}
					done := make(chan int, 1)
					go func() { done <- len(before.explained(limited(t, time.Hour), nil)) }()
					stop := before.captures(5 * time.Millisecond)
					elapse(20 * time.Second)
					before.srv.Close() // in the middle of frames
					elapse(time.Minute)
					there.Store(after.srv)
					elapse(20 * time.Second)
					stop()
					before.session.Log.Close()
					<-done

					seen := map[int]bool{}
					var got []int
					for _, srv := range []*kismettest.Server{before.srv, after.srv} {
						for _, f := range srv.Frames(testUUID) {
							if n := int(binary.BigEndian.Uint64(f.Content[8:])); !seen[n] {
								seen[n] = true
								got = append(got, n)
							}
						}
					}
					if diff := cmp.Diff(upTo(before.next), got); diff != "" {
						t.Errorf("frames (-want +got):\n%s", diff)
					}
					src, _ := after.srv.Source(testUUID)
					if src.Frames < before.next/2 || src.Version != versionOf(order[1]) {
						t.Errorf("the second server has %d of %d frames, in %v", src.Frames, before.next, src.Version)
					}
				})
			})
		}
	}
}
