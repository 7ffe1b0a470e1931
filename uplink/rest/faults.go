package rest

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"syscall"

	"github.com/sensord/sensord/internal/fault"
)

// fail builds the error a person reads; advice may be empty.
func (c *Client) fail(code fault.Code, advice, format string, args ...any) error {
	return &fault.Error{Code: code, Object: c.object(), Err: fmt.Errorf(format, args...), Advice: advice}
}

// answerFault explains an answer that is not the one wanted; role is what doing
// it takes.
func (c *Client) answerFault(ctx context.Context, a answer, doing, role string) error {
	if a.status != http.StatusUnauthorized && a.status != http.StatusForbidden {
		return c.strangeFault(a, doing)
	}
	// The same 401 is for a wrong login and for one without the role.
	switch session, err := c.checkSession(ctx); {
	case err != nil:
		return err
	case session.status != http.StatusOK:
		return c.loginFault(a)
	}
	return c.fail(fault.RESTRole, "", "%s: %s has not the role %s (%d)", doing, c.who(), role, a.status)
}

// who is the login as it may be shown.
func (c *Client) who() string {
	switch {
	case c.o.User != "":
		return "user " + quoted(c.o.User)
	case c.o.APIKey != "":
		return "the API key"
	}
	return "nobody"
}

func (c *Client) loginFault(a answer) error {
	switch {
	case c.o.User != "":
		return c.fail(fault.RESTRole, "check user and password; they are Kismet's web login", "login of %s refused (%d)", c.who(), a.status)
	case c.o.APIKey != "":
		return c.fail(fault.RESTRole, "the key must exist on this server with the role "+RoleWebGPS+" (or "+RoleAdmin+")", "API key refused (%d)", a.status)
	}
	return c.fail(fault.RESTRole, "", "the server wants a login (%d)", a.status)
}

// strangeFault is for an answer that has nothing to do with roles.
func (c *Client) strangeFault(a answer, doing string) error {
	switch {
	case a.status >= 300 && a.status < 400:
		return c.fail(fault.RESTRefused, "give the address that it points to", "%s: the server redirects to %s, which is not followed", doing, quoted(short(a.location)))
	case a.status == http.StatusBadGateway, a.status == http.StatusServiceUnavailable, a.status == http.StatusGatewayTimeout:
		return c.fail(fault.RESTRefused, "start Kismet behind the proxy, or check the proxy's address for it", "%s: the server answered %d: no Kismet behind it", doing, a.status)
	case a.status == http.StatusBadRequest && c.base.Scheme == "http" && speaksTLS(a.body):
		return c.fail(fault.LinkPlain, "write the URL with https://", "plain HTTP sent to a TLS port")
	case a.status == http.StatusInternalServerError:
		// Kismet says why in a line of text.
		line, _, _ := strings.Cut(string(a.body), "\n")
		return c.fail(fault.RESTRefused, "", "%s: the server answered 500: %s", doing, quoted(short(line)))
	}
	return c.fail(fault.RESTRefused, "", "%s: the server answered %d", doing, a.status)
}

// speaksTLS recognises how nginx and Go answer plain HTTP on a TLS port.
func speaksTLS(body []byte) bool {
	return strings.Contains(string(body), "HTTPS port") || strings.Contains(string(body), "HTTPS server")
}

// linkFault explains why there was no answer.
func (c *Client) linkFault(err error) error {
	if dns, ok := errors.AsType[*net.DNSError](err); ok {
		return c.fail(fault.LinkResolve, "", "no address for %s: %s", quoted(c.base.Hostname()), dns.Err)
	}
	switch {
	case errors.Is(err, context.Canceled):
		return c.fail(fault.LinkLost, "", "asking its REST: %w", context.Canceled)
	case errors.Is(err, syscall.ECONNREFUSED):
		return c.fail(fault.LinkRefused, "start Kismet there, or check host and port of rest: {url: …}", "connection refused")
	}
	if advice, cause := tlsCause(err); cause != "" {
		return c.fail(fault.LinkTLS, advice, "%s", cause)
	}
	switch {
	case isTimeout(err):
		return c.fail(fault.LinkTimeout, "", "no answer of its REST within %v", Timeout)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return c.fail(fault.LinkLost, "", "the server ended the connection without an answer")
	case strings.Contains(err.Error(), "malformed HTTP"):
		return c.fail(fault.LinkNotKismet, "", "the server does not speak HTTP")
	case errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETDOWN):
		return c.fail(fault.LinkUnreachable, "", "%w", rootCause(err))
	}
	return c.fail(fault.LinkUnreachable, "", "%s", short(rootCause(err).Error()))
}

// tlsCause explains what is wrong with TLS; "" if it is not that.
func tlsCause(err error) (advice, cause string) {
	// net/http has its own words for an answer in plain HTTP.
	_, isRecord := errors.AsType[tls.RecordHeaderError](err)
	if isRecord || strings.Contains(err.Error(), "server gave HTTP response to HTTPS client") {
		return "the port speaks plain HTTP: write the URL with http://", "the server does not speak TLS"
	}
	verify, ok := errors.AsType[*tls.CertificateVerificationError](err)
	if ok {
		err = verify.Err
	}
	if _, is := errors.AsType[x509.UnknownAuthorityError](err); is {
		return "name the right authority with tls: {ca: CA.pem} in the configuration", "certificate signed by an unknown authority"
	}
	if _, is := errors.AsType[x509.HostnameError](err); is {
		return "use a name that is in the certificate", "the certificate is for another name"
	}
	if e, is := errors.AsType[x509.CertificateInvalidError](err); is && e.Reason == x509.Expired {
		return "renew the server's certificate, or check this machine's clock", "the certificate expired, or is not valid yet"
	}
	op, isOp := errors.AsType[*net.OpError](err)
	if ok || isOp && op.Op == "remote error" {
		return "", "TLS: " + short(rootCause(err).Error())
	}
	return "", ""
}

func isTimeout(err error) bool {
	if errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, syscall.ETIMEDOUT) {
		return true
	}
	ne, ok := errors.AsType[net.Error](err)
	return ok && ne.Timeout()
}

// rootCause drops the layers that repeat the address.
func rootCause(err error) error {
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Err != nil {
		if sys, ok := errors.AsType[*os.SyscallError](op.Err); ok {
			return sys.Err
		}
		return op.Err
	}
	return err
}

// short makes foreign text short enough to show.
func short(s string) string {
	const most = 80
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "..."
	}
	return s
}

// quoted makes foreign text safe to show.
func quoted(s string) string { return strconv.Quote(s) }
