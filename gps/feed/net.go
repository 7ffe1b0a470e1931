package feed

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/sensord/sensord/gps"
	"github.com/sensord/sensord/internal/fault"
)

// receiveBuffer is what the kernel may hold of a connection: with more, the
// fixes of a peer that has to wait would be old when they are read.
const receiveBuffer = 64 << 10

// withPort adds the default port to an address that has none.
func withPort(address string) (string, error) {
	if strings.ContainsAny(address, "/ \t") {
		return "", errors.New("the address " + address + " is not written host:port")
	}
	host, port, err := net.SplitHostPort(address)
	if err == nil {
		if _, err := net.LookupPort("tcp", port); err != nil {
			return "", errors.New("the port of " + address + " has to be between 1 and 65535")
		}
		return net.JoinHostPort(host, port), nil
	}
	host = address
	if strings.HasPrefix(host, "[") && strings.HasSuffix(host, "]") {
		host = host[1 : len(host)-1]
	}
	if strings.ContainsAny(host, "[]") {
		return "", errors.New("the address " + address + " is not written host:port")
	}
	return net.JoinHostPort(host, DefaultPort), nil
}

func hostOf(address string) string {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return ""
	}
	return host
}

// runTCP reads from a server of sentences.
func (r *Receiver) runTCP(ctx context.Context, tell func(gps.Event)) error {
	r.say("connecting")
	d := net.Dialer{Timeout: r.limits.dial, KeepAliveConfig: keepAlive()}
	c, err := d.DialContext(ctx, "tcp", r.o.Address)
	if err != nil {
		return r.dialError(ctx, err)
	}
	setReceiveBuffer(c)
	r.say("connected to " + c.RemoteAddr().String())
	err = r.stream(ctx, c, r.newPeer("", quietNetwork, time.Now(), tell), nil)
	if fault.CodeOf(err) != "" || ctx.Err() != nil {
		return err
	}
	return r.fail(fault.GPSLost, "%s", ending(err))
}

func (r *Receiver) dialError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if resolve, ok := errors.AsType[*net.DNSError](err); ok {
		return r.fail(fault.GPSRefused, "no address for %s: %s", resolve.Name, resolve.Err)
	}
	if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() {
		return r.fail(fault.GPSRefused, "no answer in %s", r.limits.dial)
	}
	return r.fail(fault.GPSRefused, "%w", bare(err))
}

// listenError says why an address cannot be listened on.
func (r *Receiver) listenError(err error) error {
	cause := bare(err)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return &fault.Error{
			Code: fault.GPSBusy, Object: r.Object(), Err: errors.New("another program listens there"),
			Advice: "stop the other program, or choose another port",
		}
	case errors.Is(err, os.ErrPermission):
		return &fault.Error{
			Code: fault.GPSPermission, Object: r.Object(), Err: cause,
			Advice: "choose a port above 1023, " + DefaultPort + " for instance",
		}
	}
	return &fault.Error{
		Code: fault.GPSRefused, Object: r.Object(), Err: cause,
		Advice: "listen on an address that this machine has, or on all of them: :" + DefaultPort,
	}
}

// ending says how a connection ended.
func ending(err error) string {
	switch {
	case errors.Is(err, io.EOF):
		return "the other side closed the connection"
	case errors.Is(err, syscall.ECONNRESET):
		return "the other side reset the connection"
	case errors.Is(err, syscall.ETIMEDOUT):
		return "the other side does not answer any more"
	}
	return bare(err).Error()
}

// bare takes from an error what its object says already.
func bare(err error) error {
	if op, ok := errors.AsType[*net.OpError](err); ok {
		err = op.Err
	}
	if call, ok := errors.AsType[*os.SyscallError](err); ok {
		err = call.Err
	}
	if path, ok := errors.AsType[*os.PathError](err); ok {
		err = path.Err
	}
	return err
}

// keepAlive notices a dead peer in half a minute, also while it has nothing to
// say.
func keepAlive() net.KeepAliveConfig {
	return net.KeepAliveConfig{Enable: true, Idle: 10 * time.Second, Interval: 5 * time.Second, Count: 4}
}

// setReceiveBuffer does its best: without it, only the fixes of a peer that
// sends too fast grow old.
func setReceiveBuffer(c net.Conn) {
	if b, ok := c.(interface{ SetReadBuffer(bytes int) error }); ok {
		_ = b.SetReadBuffer(receiveBuffer)
	}
}
