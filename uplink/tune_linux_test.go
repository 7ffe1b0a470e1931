package uplink

import (
	"net"
	"testing"

	"golang.org/x/sys/unix"
)

func TestSocketKeepsLittleUnsentInTheKernel(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	tune(c)
	raw, err := c.(*net.TCPConn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var got int
	if ctlErr := raw.Control(func(fd uintptr) {
		got, err = unix.GetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_NOTSENT_LOWAT)
	}); ctlErr != nil || err != nil {
		t.Fatal(ctlErr, err)
	}
	if got != notSentLowat {
		t.Fatalf("low-water mark of unsent bytes is %d, want %d", got, notSentLowat)
	}
}
