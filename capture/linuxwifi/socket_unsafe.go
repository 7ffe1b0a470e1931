package linuxwifi

import (
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

// This file holds all that is unsafe in this package: two words shared with the
// kernel, and a system call that x/sys does not have.

// loadStatus reads who owns a block of the ring: the kernel writes the frames
// before the status. Go's atomic loads order what is read behind them on all
// machines, which a plain load on arm or mips does not. The word is aligned:
// blocks begin at pages.
func loadStatus(block []byte) uint32 {
	return atomic.LoadUint32((*uint32)(unsafe.Pointer(&block[blockStatus])))
}

// storeStatus hands a block over. What was read of it is read before.
func storeStatus(block []byte, status uint32) {
	atomic.StoreUint32((*uint32)(unsafe.Pointer(&block[blockStatus])), status)
}

// recvmmsg fills messages with what waits at the socket and returns how many.
// The messages point to Go memory that the caller keeps alive.
func recvmmsg(fd int, msgs []unix.Mmsghdr, flags int) (int, error) {
	n, _, errno := unix.Syscall6(unix.SYS_RECVMMSG,
		uintptr(fd), uintptr(unsafe.Pointer(&msgs[0])), uintptr(len(msgs)), uintptr(flags), 0, 0)
	if errno != 0 {
		return 0, errno
	}
	return int(n), nil
}
