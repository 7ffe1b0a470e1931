package linuxwifi

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"

	"github.com/sensord/sensord/capture/nl80211"
	"github.com/sensord/sensord/internal/fault"
)

// refusal is the kernel's answer in the kernel's words, without the request
// that the one who reports it has named already.
type refusal struct {
	words string
	err   error
}

func (r *refusal) Error() string { return r.words }
func (r *refusal) Unwrap() error { return r.err }

// kernelWords shortens what the netlink packages report to what the kernel
// said.
func kernelWords(err error) error {
	if e, ok := errors.AsType[*nl80211.Error](err); ok {
		return &refusal{words: lowerFirst(e.Cause()), err: err}
	}
	if e, ok := errors.AsType[*netlink.OpError](err); ok {
		words := e.Message
		if words == "" {
			words = e.Err.Error()
		}
		return &refusal{words: lowerFirst(words), err: err}
	}
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded) {
		return &refusal{words: "no answer from the kernel in time", err: err}
	}
	return err
}

// lowerFirst fits the kernel's sentences into ours. A word of capitals stays.
func lowerFirst(s string) string {
	if len(s) > 1 && s[1] >= 'a' && s[1] <= 'z' {
		return strings.ToLower(s[:1]) + s[1:]
	}
	return s
}

// radioFault turns a refusal into a fault of the radio: what was done to it,
// and why it did not work.
func radioFault(radio, doing string, err error) error {
	if err == nil {
		return nil
	}
	if fault.CodeOf(err) != "" {
		return err
	}
	return newFault(codeOf(err), radio, "", "%s: %w", doing, kernelWords(err))
}

// newFault is a fault of a radio, with its own advice if it has some.
func newFault(code fault.Code, radio, advice, format string, args ...any) *fault.Error {
	return &fault.Error{Code: code, Object: "radio " + radio, Err: fmt.Errorf(format, args...), Advice: advice}
}

// codeOf says what the kernel's error numbers mean of anything but a channel.
func codeOf(err error) fault.Code {
	for _, m := range [...]struct {
		errno unix.Errno
		code  fault.Code
	}{
		{unix.EPERM, fault.RadioPermission},
		{unix.EACCES, fault.RadioPermission},
		{unix.ENODEV, fault.RadioGone},
		{unix.ENXIO, fault.RadioGone},
		{unix.ENETDOWN, fault.RadioDown},
		{unix.ERFKILL, fault.RadioBlocked},
		{unix.EBUSY, fault.RadioBusy},
		{unix.EOPNOTSUPP, fault.RadioUnsupported},
	} {
		if errors.Is(err, m.errno) {
			return m.code
		}
	}
	return fault.RadioDriver
}

// isGone reports whether an interface or phy is not there any more.
func isGone(err error) bool {
	return errors.Is(err, unix.ENODEV) || errors.Is(err, unix.ENXIO) || errors.Is(err, unix.ENOENT)
}
