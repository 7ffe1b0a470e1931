package feed_test

import (
	"net"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/sensord/sensord/gps/feed"
)

func TestUDPJoinsAGroup(t *testing.T) {
	port := freeUDPPort(t)
	u, _ := hearing(t, feed.Options{Address: "239.192.71.3%lo:" + port})
	d := net.Dialer{Control: func(_, _ string, raw syscall.RawConn) error {
		lo, err := net.InterfaceByName("lo")
		if err != nil {
			return err
		}
		var failed error
		if err := raw.Control(func(fd uintptr) {
			failed = unix.SetsockoptIPMreqn(int(fd), unix.IPPROTO_IP, unix.IP_MULTICAST_IF, &unix.IPMreqn{Ifindex: int32(lo.Index)})
		}); err != nil {
			return err
		}
		return failed
	}}
	c, err := d.DialContext(t.Context(), "udp4", "239.192.71.3:"+port)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	send(t, c, epoch(0))
	u.fix()
	u.stop()
}
