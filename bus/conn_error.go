package bus

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"io/fs"
	"slices"
	"strings"

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

// plainError is another error in other words.
type plainError struct {
	text string
	err  error
}

func (e *plainError) Error() string { return e.text }
func (e *plainError) Unwrap() error { return e.err }
