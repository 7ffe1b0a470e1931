package uplink

import (
	"net"
	"time"

	"golang.org/x/sys/unix"
)

// notSentLowat is how much may wait unsent in the kernel: behind more, a PONG
// would come too late on a slow line, and the server gives up after 15 s.
const notSentLowat = 32 << 10

// tune sets up the socket of a link. What the kernel refuses is left as it is:
// it only makes the link slower to notice trouble.
func tune(c net.Conn) {
	tcp, ok := c.(*net.TCPConn)
	if !ok {
		return
	}
	_ = tcp.SetNoDelay(true)
	_ = tcp.SetKeepAliveConfig(net.KeepAliveConfig{Enable: true, Idle: 10 * time.Second, Interval: 5 * time.Second, Count: 3})
	raw, err := tcp.SyscallConn()
	if err != nil {
		return
	}
	_ = raw.Control(func(fd uintptr) {
		_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_NOTSENT_LOWAT, notSentLowat)
	})
}
