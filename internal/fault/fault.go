// Package fault is the one table of everything that can go wrong in sensord:
// a code for machines, and for people the remedy and the exit status. The same
// codes stand in the log, the status, events and `sensord check`.
//
// It imports nothing of ours, so that every other package may use it.
package fault

import (
	"errors"
	"fmt"
)

// A Code names a kind of failure. Codes are stable: scripts depend on them.
type Code string

// Error is a failure as a person meets it: what happened to what, why, and
// what to do about it.
type Error struct {
	Code   Code
	Object string // what it happened to, as the user wrote it: "server home", "file x.pcap"
	Err    error  // why
	Advice string // what to do; empty takes the table's remedy for Code
}

// New returns an Error with the table's remedy. It returns nil for a nil cause.
func New(code Code, object string, cause error) error {
	if cause == nil {
		return nil
	}
	return &Error{Code: code, Object: object, Err: cause}
}

// Newf is New with a formatted cause; %w works as in fmt.Errorf.
func Newf(code Code, object, format string, args ...any) error {
	return &Error{Code: code, Object: object, Err: fmt.Errorf(format, args...)}
}

// Error returns "object: cause", without the remedy.
func (e *Error) Error() string {
	if e.Object == "" {
		return e.Err.Error()
	}
	return e.Object + ": " + e.Err.Error()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Remedy returns what the user can do, one sentence, or "" if nothing is known.
func (e *Error) Remedy() string {
	if e.Advice != "" {
		return e.Advice
	}
	return e.Code.Remedy()
}

// Remedy returns the table's remedy for the code, or "".
func (c Code) Remedy() string { return table[c].remedy }

// CodeOf returns the code of the outermost Error in err's chain, or "" if
// there is none.
func CodeOf(err error) Code {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return ""
}

// RemedyOf returns the remedy of the outermost Error in err's chain, or "".
func RemedyOf(err error) string {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Remedy()
	}
	return ""
}

// Exit returns the process's exit status for err: 0 for nil, the table's for a
// coded error, ExitFailed for any other.
func Exit(err error) int {
	if err == nil {
		return ExitOK
	}
	if e, ok := table[CodeOf(err)]; ok {
		return e.exit
	}
	return ExitFailed
}
