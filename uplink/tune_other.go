//go:build !linux

package uplink

import "net"

// tune does nothing: the low-water mark for unsent bytes is set on Linux only.
func tune(net.Conn) {}
