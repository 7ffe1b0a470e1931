package nl80211

import (
	"errors"
	"unicode"
	"unicode/utf8"

	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

// Error is a request that the kernel refused, or did not answer in time
// (ETIMEDOUT). errors.Is compares it with an errno, also with fs.ErrPermission
// and the like.
type Error struct {
	Op      string     // what was asked: "set channel of interface 7"
	Errno   unix.Errno // why
	Message string     // why in the kernel's own words, as it wrote them; "" if it said none
}

// Error returns "op: cause".
func (e *Error) Error() string { return e.Op + ": " + e.Cause() }

// Cause returns the kernel's words if it said any, otherwise the errno's, to
// stand in the middle of a sentence.
func (e *Error) Cause() string {
	if e.Message == "" {
		return e.Errno.Error()
	}
	first, n := utf8.DecodeRuneInString(e.Message)
	second, _ := utf8.DecodeRuneInString(e.Message[n:])
	if unicode.IsUpper(second) {
		return e.Message // an abbreviation
	}
	return string(unicode.ToLower(first)) + e.Message[n:]
}

// Unwrap returns Errno.
func (e *Error) Unwrap() error { return e.Errno }

// maxErrno is the kernel's MAX_ERRNO (linux/err.h).
const maxErrno = 4095

// refusal returns err as an Error if it is the kernel's answer to the request
// with this sequence number: then the connection is in step. Otherwise nil.
func refusal(op string, sequence uint32, err error) *Error {
	answer, ok := errors.AsType[*netlink.OpError](err)
	if !ok || answer.Sequence == 0 || answer.Sequence != sequence {
		return nil
	}
	errno, ok := errors.AsType[unix.Errno](answer.Err)
	if !ok || errno > maxErrno {
		return nil
	}
	return &Error{Op: op, Errno: errno, Message: answer.Message}
}

// broken describes what went wrong with the connection itself.
func broken(op string, err error) error {
	if errno, ok := errors.AsType[unix.Errno](err); ok {
		return &Error{Op: op, Errno: errno}
	}
	return &opError{op: op, err: err}
}

// opError is a failure of ours or of the connection, without an errno.
type opError struct {
	op  string
	err error
}

func (e *opError) Error() string { return e.op + ": " + e.err.Error() }
func (e *opError) Unwrap() error { return e.err }
