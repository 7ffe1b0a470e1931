package feed

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strconv"
	"syscall"
	"time"

	"go.bug.st/serial"

	"github.com/sensord/sensord/gps"
	"github.com/sensord/sensord/internal/fault"
)

// errNoDevice says that a path is a file, a directory or anything else that no
// receiver is behind.
var errNoDevice = errors.New("this is no serial device")

// A HeldError says which other program has a device.
type HeldError struct {
	Program string // as the kernel calls it: "gpsd"
	PID     int
}

func (e *HeldError) Error() string { return e.who() + " has it" }

func (e *HeldError) Unwrap() error { return syscall.EBUSY }

func (e *HeldError) who() string { return e.Program + " (process " + strconv.Itoa(e.PID) + ")" }

// runSerial reads from a serial device, and looks for its rate if none was
// given.
func (r *Receiver) runSerial(ctx context.Context, tell func(gps.Event)) error {
	l, err := openLine(r.o.Device)
	if err != nil {
		return r.openError(err)
	}
	now := time.Now()
	p := r.newPeer("", quietLine, now, tell)
	if l.rival != "" {
		p.notice("%s has the device open, too", l.rival)
	}
	h, err := r.setUp(l, p, now)
	if err != nil {
		r.rates.skip()
		_ = l.Close()
		return r.openError(err)
	}
	err = r.stream(ctx, l, p, h)
	if fault.CodeOf(err) == fault.GPSGarbled && r.rival() {
		return &fault.Error{
			Code: fault.GPSGarbled, Object: r.Object(),
			Err:    fmt.Errorf("%w; gpsd runs here, and may read from it, too", errors.Unwrap(err)),
			Advice: "stop gpsd, or reach the receiver through it: type gpsd",
		}
	}
	if fault.CodeOf(err) != "" || ctx.Err() != nil {
		return err
	}
	if p.total == 0 && errors.Is(err, syscall.EIO) && time.Since(now) < time.Second {
		return r.fail(fault.GPSMissing, "no hardware is behind this device")
	}
	if errors.Is(err, io.EOF) || errors.Is(err, syscall.EIO) {
		return r.fail(fault.GPSLost, "the device went away")
	}
	return r.fail(fault.GPSLost, "the device went away: %w", bare(err))
}

// setUp sets the line's rate, and returns the hunt for the right one if that
// is not known.
func (r *Receiver) setUp(l *line, p *peer, now time.Time) (*hunt, error) {
	switch {
	case !l.paced:
		r.say("a device without a baud rate")
		return nil, nil
	case r.o.Baud != 0:
		p.where = fmt.Sprintf(" at %d baud", r.o.Baud)
		r.say(fmt.Sprintf("%d baud", r.o.Baud))
		return nil, l.setBaud(r.o.Baud)
	}
	r.rates.begin(l.baud)
	h := &hunt{r: r, set: l.setBaud}
	h.start(p, now)
	return h, l.setBaud(r.rates.rate())
}

// openError says why a device cannot be opened.
func (r *Receiver) openError(err error) error {
	if port, ok := errors.AsType[*serial.PortError](err); ok {
		switch port.Code() {
		case serial.PortBusy:
			err = syscall.EBUSY
		case serial.PermissionDenied:
			err = syscall.EACCES
		}
	}
	switch {
	case errors.Is(err, syscall.EBUSY):
		return r.busy(err)
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENXIO), errors.Is(err, syscall.ENODEV), errors.Is(err, syscall.ENOTDIR):
		return r.fail(fault.GPSMissing, "no such device")
	case errors.Is(err, syscall.EIO):
		return r.fail(fault.GPSMissing, "no hardware is behind this device")
	case errors.Is(err, fs.ErrPermission):
		whose, advice := access(r.o.Device, err)
		return &fault.Error{Code: fault.GPSPermission, Object: r.Object(), Err: errors.New("permission denied" + whose), Advice: advice}
	case errors.Is(err, errNoDevice), errors.Is(err, syscall.EISDIR):
		return &fault.Error{
			Code: fault.GPSFile, Object: r.Object(), Err: errNoDevice,
			Advice: "name the device of a receiver; a log is replayed with a receiver of type replay",
		}
	}
	return r.fail(fault.GPSMissing, "%w", bare(err))
}

// busy says who has the device, if that can be seen.
func (r *Receiver) busy(err error) error {
	held, ok := errors.AsType[*HeldError](err)
	if !ok {
		held, ok = errors.AsType[*HeldError](holder(r.o.Device))
	}
	if !ok {
		return r.fail(fault.GPSBusy, "another program has it")
	}
	return r.fail(fault.GPSBusy, "%w", held)
}

// lineGone reports whether an error of an open line means that the device is
// not there any more.
func lineGone(err error) bool {
	return errors.Is(err, syscall.EIO) || errors.Is(err, syscall.ENXIO) || errors.Is(err, syscall.ENODEV)
}
