package gpsd_test

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/sensord/sensord/gps"
	"github.com/sensord/sensord/gps/gpsd"
	"github.com/sensord/sensord/internal/fault"
)

// Errors say the bare cause: what was called, on which socket, and which name
// server was asked helps nobody.
func TestSaysTheBareCause(t *testing.T) {
	dial := func(err error) error { return &net.OpError{Op: "dial", Net: "tcp", Err: err} }
	for want, err := range map[string]error{
		"connection refused":                 dial(os.NewSyscallError("connect", syscall.ECONNREFUSED)),
		"no route to host":                   dial(os.NewSyscallError("connect", syscall.EHOSTUNREACH)),
		"no answer in 4.5s":                  dial(context.DeadlineExceeded),
		"no address for rover: no such host": dial(&net.DNSError{Err: "no such host", Name: "rover", Server: "192.0.2.53:53", IsNotFound: true}),
		"missing port in address":            errors.New("missing port in address"),
	} {
		c := gpsd.New(gpsd.Options{Address: "rover", Now: boottime})
		c.Refuse(err)
		got := c.Run(t.Context(), func(gps.Event) {})
		if fault.CodeOf(got) != fault.GPSRefused || got.Error() != "gpsd rover:2947: "+want {
			t.Errorf("%q %v, want %q", fault.CodeOf(got), got, want)
		}
	}
}

// A broken connection is one on which nothing can be read any more.
type broken struct {
	net.Conn
	err error
}

func (broken) Write(p []byte) (int, error)      { return len(p), nil }
func (b broken) Read([]byte) (int, error)       { return 0, b.err }
func (broken) SetDeadline(time.Time) error      { return nil }
func (broken) SetReadDeadline(time.Time) error  { return nil }
func (broken) SetWriteDeadline(time.Time) error { return nil }
func (broken) LocalAddr() net.Addr              { return nil }
func (broken) RemoteAddr() net.Addr             { return nil }
func (broken) Close() error                     { return nil }

func TestSaysHowTheConnectionEnded(t *testing.T) {
	read := func(err error) error {
		return &net.OpError{Op: "read", Net: "tcp", Err: os.NewSyscallError("read", err)}
	}
	for want, err := range map[string]error{
		"gpsd closed the connection": io.EOF,
		"gpsd reset the connection":  read(syscall.ECONNRESET),
		"no route to host":           read(syscall.EHOSTUNREACH),
	} {
		c := gpsd.New(gpsd.Options{Address: "rover", Now: boottime})
		c.Dial(broken{err: err})
		got := c.Run(t.Context(), func(gps.Event) {})
		if fault.CodeOf(got) != fault.GPSLost || got.Error() != "gpsd rover:2947: "+want {
			t.Errorf("%q %v, want %q", fault.CodeOf(got), got, want)
		}
	}
}
