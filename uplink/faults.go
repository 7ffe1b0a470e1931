package uplink

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/gorilla/websocket"

	"github.com/sensord/sensord/internal/fault"
)

// fail builds the error a person reads; advice may be empty.
func (d *Dialer) fail(code fault.Code, advice, format string, args ...any) error {
	return &fault.Error{Code: code, Object: d.Server.object(), Err: fmt.Errorf(format, args...), Advice: advice}
}

func (d *Dialer) connectFault(err error) error {
	if d.Server.Proxy != nil {
		return d.proxyConnectFault(err)
	}
	code, advice, why := connectCause(err, d.Server.Host)
	return d.fail(code, advice, "%w", why)
}

// connectCause says why there is no connection to a host, and what to do about
// it, "" for what the table says.
func connectCause(err error, host string) (code fault.Code, advice string, why error) {
	if dns, ok := errors.AsType[*net.DNSError](err); ok {
		if dns.IsNotFound {
			return fault.LinkResolve, "", fmt.Errorf("no address for %q: %w", host, errNoHost)
		}
		return fault.LinkResolve, "check this machine's name server", fmt.Errorf("no address for %q: %s", host, dns.Err)
	}
	switch {
	case errors.Is(err, context.Canceled):
		return fault.LinkLost, "", fmt.Errorf("connecting: %w", context.Canceled)
	case errors.Is(err, syscall.ECONNREFUSED):
		return fault.LinkRefused, "", errRefused
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, syscall.ETIMEDOUT):
		return fault.LinkTimeout, "", fmt.Errorf("no answer within %v", connectTimeout)
	}
	return fault.LinkUnreachable, "", rootCause(err)
}

var (
	errNoHost  = errors.New("no such host")
	errRefused = errors.New("connection refused")
)

// upgradeFault explains why a server did not become a websocket. Kismet looks
// for the path before the login, so a 404 is never about credentials.
func (d *Dialer) upgradeFault(resp *http.Response, err error) error {
	if resp == nil {
		return d.noHTTPFault(err)
	}
	server := resp.Header.Get("Server")
	body, _ := io.ReadAll(io.LimitReader(resp.Body, 1024))
	isKismet := strings.HasPrefix(server, "Kismet")
	switch code := resp.StatusCode; {
	case code == http.StatusUnauthorized, code == http.StatusForbidden:
		return d.loginFault(resp)
	case code == http.StatusNotFound && isKismet:
		return d.fail(fault.LinkEndpoint, "", "no remote capture at %s (404)", d.Server.path())
	case code == http.StatusNotFound:
		return d.fail(fault.LinkNotKismet, "check host, port and --endpoint: behind a proxy the path has the proxy's prefix in front, and the proxy passes on the headers Upgrade and Connection",
			"no Kismet at %s: %s answered 404", d.Server.path(), webServer(server))
	case code == http.StatusBadRequest && d.Server.TLS == nil && speaksTLS(string(body)):
		return d.fail(fault.LinkPlain, "", "plain HTTP sent to a TLS port")
	case code == http.StatusBadRequest && d.Server.TLS != nil && strings.Contains(string(body), "No required SSL certificate"): // nginx's words
		advice, why := wantsOurs(d.Server.TLS)
		return d.fail(fault.LinkTLS, advice, "%w", why)
	case code == http.StatusBadRequest && d.Server.TLS != nil && strings.Contains(string(body), "SSL certificate error"): // nginx's
		advice, why := notOurs(d.Server.TLS, "")
		return d.fail(fault.LinkTLS, advice, "%w", why)
	case code == http.StatusBadGateway, code == http.StatusServiceUnavailable, code == http.StatusGatewayTimeout:
		return d.fail(fault.LinkRefused, "start Kismet behind the proxy, or check the proxy's address for it",
			"%s answered %d: no Kismet behind it", webServer(server), code)
	case code >= 300 && code < 400:
		return d.fail(fault.LinkNotKismet, "connect to where it points", "%s redirects to %q", webServer(server), short(resp.Header.Get("Location")))
	case errors.Is(err, websocket.ErrBadHandshake):
		return d.fail(fault.LinkNotKismet, "", "%s answered %d instead of a websocket", webServer(server), code)
	}
	return d.fail(fault.LinkNotKismet, "", "upgrade to a websocket: %w", err)
}

func (d *Dialer) loginFault(resp *http.Response) error {
	switch {
	case d.Server.User != "":
		return d.fail(fault.LinkAuth, "check user and password; they are Kismet's web login", "login of user %q refused (%d)", d.Server.User, resp.StatusCode)
	case d.Server.APIKey != "":
		return d.fail(fault.LinkAuth, "the key must exist on this server with the role datasource (or admin)", "API key refused (%d)", resp.StatusCode)
	}
	return d.fail(fault.LinkAuth, "", "the server wants a login (%d)", resp.StatusCode)
}

// noHTTPFault explains an upgrade without any HTTP answer.
func (d *Dialer) noHTTPFault(err error) error {
	if cfg := d.Server.TLS; cfg != nil {
		if advice, why := alertCause(err, cfg); why != nil {
			return d.fail(fault.LinkTLS, advice, "%w", why)
		}
	}
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, net.ErrClosed):
		return d.fail(fault.LinkLost, "", "upgrade to a websocket: %w", context.Canceled)
	case isTimeout(err):
		return d.fail(fault.LinkTimeout, "if the port is Kismet's legacy one (3501), add --tcp", "no HTTP answer within %v", handshakeTimeout)
	case isEnd(err):
		return d.fail(fault.LinkNotKismet, "if the port is Kismet's legacy one (3501), add --tcp; if it speaks TLS, add --ssl",
			"the server ended the connection without an HTTP answer")
	case strings.Contains(err.Error(), `\x15\x03`): // a TLS alert where a status line should be
		return d.fail(fault.LinkPlain, "", "plain HTTP sent to a TLS port")
	}
	return d.fail(fault.LinkNotKismet, "", "the server does not speak HTTP: %s", short(rootCause(err).Error()))
}

// speaksTLS recognises how nginx and Go answer plain HTTP on a TLS port.
func speaksTLS(body string) bool {
	return strings.Contains(body, "HTTPS port") || strings.Contains(body, "HTTPS server")
}

func webServer(name string) string {
	if name == "" {
		return "a web server"
	}
	return "a web server (" + short(name) + ")"
}

// unheardFault is for a connection on which no word of Kismet's came for so
// long.
func (d *Dialer) unheardFault(waited time.Duration) error {
	advice := "is that websocket Kismet's? Check host, port and --endpoint"
	if d.Server.TCP {
		advice = "check that Kismet's legacy TCP is there (3501); if that is its web port (2501), leave out --tcp"
	}
	return d.fail(fault.LinkTimeout, advice, "connected, but no word of Kismet's protocol within %v", waited)
}

// short makes foreign text safe to show: printable, and not long.
func short(s string) string {
	const most = 80
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == '\uFFFD' {
			return '.'
		}
		return r
	}, s)
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "..."
	}
	return s
}

func isTimeout(err error) bool {
	if errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, context.DeadlineExceeded) {
		return true
	}
	ne, ok := errors.AsType[net.Error](err)
	return ok && ne.Timeout()
}

// isEnd reports that the peer ended the connection, whichever way.
func isEnd(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.ErrClosedPipe) ||
		errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) || isClose(err)
}

func isClose(err error) bool {
	_, ok := errors.AsType[*websocket.CloseError](err)
	return ok
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
