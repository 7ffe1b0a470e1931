package bus

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"io/fs"
	"net"
	"slices"
	"strings"
	"syscall"

	"github.com/nats-io/nats.go"

	"github.com/sensord/sensord/internal/fault"
)

// classify gives an error of a connection its code.
func classify(object string, err error) error {
	return fault.New(codeOf(err), object, plain(err))
}

// refusals are what a server says to a login that it does not take.
var refusals = [...]error{
	nats.ErrAuthorization, nats.ErrAuthExpired, nats.ErrAuthRevoked, nats.ErrAccountAuthExpired, nats.ErrNkeysNotSupported,
}

func isAny(err error, of []error) bool {
	return slices.ContainsFunc(of, func(e error) bool { return errors.Is(err, e) })
}

func codeOf(err error) fault.Code {
	if code := fault.CodeOf(err); code != "" {
		return code
	}
	if ofLeaves(err) {
		return fault.BusRefused
	}
	if isAny(err, refusals[:]) || errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
		return fault.BusAuth
	}
	if errors.Is(err, nats.ErrSecureConnRequired) || errors.Is(err, nats.ErrSecureConnWanted) || errors.Is(err, nats.ErrTLS) {
		return fault.BusTLS
	}
	if errors.Is(err, nats.ErrPermissionViolation) || errors.Is(err, nats.ErrMaxSubscriptionsExceeded) {
		return fault.BusDenied
	}
	if isTLS(err) {
		return fault.BusTLS
	}
	if text := err.Error(); strings.Contains(text, "nkey") || strings.Contains(text, "no nkey") || strings.Contains(text, "decorated") {
		return fault.BusAuth // of a file that holds no credentials
	}
	return fault.BusRefused
}

// ofLeaves reports whether a client has come to a port for leaves: the server
// says so, and then that it does not take the login.
func ofLeaves(err error) bool { return strings.Contains(err.Error(), "leaf node port") }

func isTLS(err error) bool {
	var certificate *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	var alert tls.AlertError
	var authority x509.UnknownAuthorityError
	var host x509.HostnameError
	return errors.As(err, &certificate) || errors.As(err, &record) || errors.As(err, &alert) ||
		errors.As(err, &authority) || errors.As(err, &host) || strings.Contains(err.Error(), "tls: ")
}

// maxCause is how much of a server's words is said.
const maxCause = 300

// plain is a cause in words of ours where NATS's are for programmers. What a
// server says, or shows in a certificate, it may have made up for the terminal.
func plain(err error) error {
	whole := err.Error()
	text, theirs := strings.CutPrefix(harmlessText(whole, maxCause), "nats: ")
	text = strings.TrimPrefix(text, "tls error: ")
	switch {
	case ofLeaves(err):
		return &plainError{"this is its port for leaves; that for clients is 4222 unless it was told otherwise", err}
	case errors.Is(err, nats.ErrSecureConnWanted):
		return &plainError{"there is no TLS there", err}
	case isDial(err):
		return &plainError{dialText(err), err}
	case errors.Is(err, io.EOF):
		return &plainError{"the server has ended the connection", err}
	case isAny(err, refusals[:]):
		return &plainError{"it does not take this login", err}
	case errors.Is(err, nats.ErrPermissionViolation):
		_, what, _ := strings.Cut(text, "Permissions Violation for ")
		return &plainError{"it does not allow this: " + strings.ToLower(what[:min(1, len(what))]) + what[min(1, len(what)):], err}
	case (!theirs || text == "") && len(whole) == len(text):
		return err
	}
	return &plainError{text, err}
}

// isDial reports whether nobody was reached.
func isDial(err error) bool {
	op, ok := errors.AsType[*net.OpError](err)
	return ok && op.Op == "dial"
}

// dialText says why, without the address, which is the object.
func dialText(err error) string {
	if e, ok := errors.AsType[*net.DNSError](err); ok {
		return e.Err
	}
	if e, ok := errors.AsType[syscall.Errno](err); ok {
		return e.Error()
	}
	op, _ := errors.AsType[*net.OpError](err)
	return op.Err.Error()
}

// plainError is another error in other words.
type plainError struct {
	text string
	err  error
}

func (e *plainError) Error() string { return e.text }
func (e *plainError) Unwrap() error { return e.err }
