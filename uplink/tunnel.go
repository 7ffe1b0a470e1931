package uplink

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"time"

	"github.com/sensord/sensord/internal/fault"
)

// maxConnectBytes bounds what a proxy may say before the tunnel is there.
const maxConnectBytes = 32 << 10

// DialContext connects to an address on the way that links to the server take:
// through its proxy, if it has one. It is for what else is to be asked of the
// server, such as its REST. Errors of the way through a proxy are *fault.Error;
// without one they are the network's own.
func (d *Dialer) DialContext(ctx context.Context, network, addr string) (net.Conn, error) {
	if d.Server.Proxy == nil {
		return d.netDial(ctx, network, addr)
	}
	c, err := d.connect(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { _ = c.Close() })
	defer stop()
	t, err := d.tunnel(ctx, c, addr)
	if err != nil {
		_ = c.Close()
		return nil, err
	}
	return t, nil
}

// tunnel asks the proxy at the other end of c for a connection to addr. What
// comes first from there may have come with the proxy's answer.
func (d *Dialer) tunnel(ctx context.Context, c net.Conn, addr string) (net.Conn, error) {
	p := d.Server.Proxy
	if p.TLS != nil {
		tc, err := p.secure(ctx, c)
		if err != nil {
			return nil, d.proxyTLSFault(ctx, err)
		}
		c = tc
	}
	_ = c.SetDeadline(time.Now().Add(handshakeTimeout))
	if err := p.ask(c, addr, d.UserAgent); err != nil {
		return nil, d.tunnelFault(ctx, err)
	}
	limited := &io.LimitedReader{R: c, N: maxConnectBytes}
	r := bufio.NewReader(limited)
	resp, err := http.ReadResponse(r, &http.Request{Method: http.MethodConnect})
	if err != nil {
		if limited.N <= 0 {
			err = errLongAnswer
		}
		return nil, d.tunnelFault(ctx, err)
	}
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		_ = resp.Body.Close()
		return nil, d.refusalFault(resp, addr)
	}
	_ = c.SetDeadline(time.Time{})
	if n := r.Buffered(); n > 0 {
		early, _ := r.Peek(n)
		return &earlyConn{Conn: c, early: early}, nil
	}
	return c, nil
}

func (p *Proxy) secure(ctx context.Context, c net.Conn) (*tls.Conn, error) {
	cfg := p.TLS.Clone()
	if cfg.ServerName == "" {
		cfg.ServerName = p.Host
	}
	cfg.NextProtos = nil // CONNECT as it is written here is HTTP/1.1
	ctx, cancel := context.WithTimeout(ctx, handshakeTimeout)
	defer cancel()
	tc := tls.Client(c, cfg)
	return tc, tc.HandshakeContext(ctx)
}

func (p *Proxy) ask(c net.Conn, addr, userAgent string) error {
	header := http.Header{}
	if userAgent != "" {
		header.Set("User-Agent", userAgent)
	}
	if p.User != "" {
		login := p.User + ":" + p.Password
		header.Set("Proxy-Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(login)))
	}
	req := &http.Request{Method: http.MethodConnect, URL: &url.URL{Opaque: addr}, Host: addr, Header: header}
	return req.Write(c)
}

// earlyConn gives back what was read with the proxy's answer.
type earlyConn struct {
	net.Conn
	early []byte
}

func (c *earlyConn) Read(p []byte) (int, error) {
	if len(c.early) > 0 {
		n := copy(p, c.early)
		c.early = c.early[n:]
		return n, nil
	}
	return c.Conn.Read(p)
}

// proxyFail builds the error about the proxy; advice may be empty.
func (d *Dialer) proxyFail(advice, format string, args ...any) error {
	return d.fail(fault.LinkProxy, advice, "proxy %s: %w", d.Server.Proxy.URL(), fmt.Errorf(format, args...))
}

// proxyConnectFault explains that the proxy itself cannot be reached.
func (d *Dialer) proxyConnectFault(err error) error {
	code, _, why := connectCause(err, d.Server.Proxy.Host)
	switch {
	case code == fault.LinkLost:
		return d.fail(code, "", "%w", why)
	case errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.ENETDOWN):
		return d.fail(fault.LinkUnreachable, "", "proxy %s: %w", d.Server.Proxy.URL(), why)
	}
	return d.proxyFail("", "%w", why)
}

func (d *Dialer) proxyTLSFault(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return d.fail(fault.LinkLost, "", "connecting: %w", context.Canceled)
	}
	_, why := tlsCause(err, d.Server.Proxy.Host, d.Server.Proxy.TLS)
	advice := "check the proxy's certificate; this machine's authorities and those of tls: {ca: …} are trusted"
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok || isEnd(err) || isTimeout(err) {
		advice = "does the proxy speak plain HTTP? Then write http:// instead of https:// in its URL"
	}
	return d.proxyFail(advice, "%w", why)
}

// tunnelFault explains that no answer came from the proxy.
func (d *Dialer) tunnelFault(ctx context.Context, err error) error {
	const kind = "is it an HTTP proxy? Check its port, and https:// against http:// in its URL"
	switch {
	case ctx.Err() != nil: // the connection was closed for it
		return d.fail(fault.LinkLost, "", "connecting: %w", context.Canceled)
	case isTimeout(err):
		return d.proxyFail(kind, "no answer within %v", handshakeTimeout)
	case isEnd(err):
		return d.proxyFail(kind, "it ended the connection without an answer")
	case errors.Is(err, errLongAnswer):
		return d.proxyFail(kind, "%w", err)
	}
	return d.proxyFail(kind, "no HTTP answer: %s", short(rootCause(err).Error()))
}

// refusalFault explains a proxy that answered, but makes no tunnel.
func (d *Dialer) refusalFault(resp *http.Response, addr string) error {
	switch code := resp.StatusCode; code {
	case http.StatusProxyAuthRequired, http.StatusUnauthorized:
		return d.proxyLoginFault(resp)
	case http.StatusForbidden:
		return d.proxyFail("let the proxy allow CONNECT to that host and port (squid: SSL_ports and Safe_ports)",
			"it does not allow a connection to %s (403)", addr)
	case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return d.proxyFail("check host and port of the server; it is the proxy that looks up its name",
			"it cannot reach %s (%d)", addr, code)
	case http.StatusMethodNotAllowed, http.StatusNotImplemented, http.StatusBadRequest, http.StatusNotFound:
		return d.proxyFail("is it a proxy? What is there takes no CONNECT", "it answered %s to a CONNECT", short(resp.Status))
	}
	return d.proxyFail("", "it answered %s", short(resp.Status))
}

func (d *Dialer) proxyLoginFault(resp *http.Response) error {
	ways := resp.Header.Values("Proxy-Authenticate")
	basic := len(ways) == 0
	for _, way := range ways {
		basic = basic || strings.HasPrefix(strings.ToLower(way), "basic")
	}
	advice, why := "check user and password of the proxy; they are not Kismet's",
		fmt.Sprintf("it refuses the login of user %q (%d)", d.Server.Proxy.User, resp.StatusCode)
	switch {
	case !basic:
		advice = "sensord has the login Basic: let the proxy take it from this machine"
		why = fmt.Sprintf("it wants a login by %s (%d)", short(strings.Join(ways, ", ")), resp.StatusCode)
	case d.Server.Proxy.User == "":
		advice = "give it: proxy: {url: …, user: …, password_file: …}, or SENSORD_PROXY_USER and SENSORD_PROXY_PASSWORD; a proxy of HTTPS_PROXY or HTTP_PROXY has it in its URL"
		why = fmt.Sprintf("it wants a login (%d)", resp.StatusCode)
	}
	return d.proxyFail(advice, "%w", proxyLogin(why))
}

// proxyLogin is a fault of a proxy that no wait mends.
type proxyLogin string

func (e proxyLogin) Error() string { return string(e) }

func isProxyLogin(err error) bool {
	_, is := errors.AsType[proxyLogin](err)
	return is
}
