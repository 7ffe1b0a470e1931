package uplink

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"github.com/sensord/sensord/internal/fault"
	"github.com/sensord/sensord/uplink/kismet"
)

// Time limits of the steps to a link.
const (
	connectTimeout   = 10 * time.Second
	handshakeTimeout = 10 * time.Second // of TLS, and again of the upgrade
	probeTimeout     = 3 * time.Second  // a server ends a connection 5 s old that announced nothing
)

// A Dialer makes links to one server. It remembers which protocol generation
// the server spoke. It is safe for many goroutines: a rig has one for all its
// sources.
type Dialer struct {
	Server    Server
	UserAgent string
	// NetDial connects; nil is the system's network. The address is host:port.
	NetDial func(ctx context.Context, network, addr string) (net.Conn, error)
	// Trace, if set, hears of each step after it was taken, from Dial's
	// goroutine.
	Trace func(Step)

	mu    sync.Mutex
	works kismet.Version // the generation that worked last, V0 if none did
}

// Dial connects, logs in and finds out the protocol. Its errors are
// *fault.Error.
func (d *Dialer) Dial(ctx context.Context) (*Link, error) {
	return d.negotiate(ctx)
}

// Probe reports whether the server answers as Kismet does and takes the login.
// Nothing is announced, so the server shows no trace of it. Its errors are
// *fault.Error.
func (d *Dialer) Probe(ctx context.Context) error {
	link, err := d.Dial(ctx)
	if err != nil {
		return err
	}
	link.Close()
	return link.unheard // a session would try all the same
}

// open makes one connection, up to where Kismet's own frames begin.
func (d *Dialer) open(ctx context.Context) (conn, error) {
	start := time.Now()
	c, err := d.connect(ctx, "tcp", d.Server.Addr())
	detail := d.Server.Addr()
	if err == nil {
		detail = c.RemoteAddr().String()
	}
	d.traced("connect", start, detail, err)
	if err != nil {
		return nil, err
	}
	tune(c)
	// What follows blocks in reads that know no context.
	raw := c
	stop := context.AfterFunc(ctx, func() { _ = raw.Close() })
	defer stop()
	k, err := d.climb(ctx, c)
	if err != nil {
		_ = raw.Close()
		return nil, err
	}
	return k, nil
}

// climb takes the steps on a connection: proxy, TLS, websocket.
func (d *Dialer) climb(ctx context.Context, c net.Conn) (conn, error) {
	if p := d.Server.Proxy; p != nil {
		start := time.Now()
		t, err := d.tunnel(ctx, c, d.Server.Addr())
		d.traced("proxy", start, p.URL()+" connects to "+d.Server.Addr(), err)
		if err != nil {
			return nil, err
		}
		c = t
	}
	if d.Server.TCP {
		return newTCPConn(c), nil
	}
	if d.Server.TLS != nil {
		start := time.Now()
		tc, err := d.secure(ctx, c)
		d.tracedTLS(start, tc, err)
		if err != nil {
			return nil, err
		}
		c = tc
	}
	start := time.Now()
	ws, err := d.upgrade(ctx, c)
	d.tracedUpgrade(start, err)
	if err != nil {
		return nil, err
	}
	return ws, nil
}

// connect connects to the proxy if there is one, and to addr if not.
func (d *Dialer) connect(ctx context.Context, network, addr string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	if d.Server.Proxy != nil {
		addr = d.Server.Proxy.Addr()
	}
	c, err := d.netDial(ctx, network, addr)
	if err != nil {
		return nil, d.connectFault(err)
	}
	return c, nil
}

func (d *Dialer) netDial(ctx context.Context, network, addr string) (net.Conn, error) {
	if d.NetDial != nil {
		return d.NetDial(ctx, network, addr)
	}
	return (&net.Dialer{}).DialContext(ctx, network, addr)
}

func (d *Dialer) secure(ctx context.Context, c net.Conn) (*tls.Conn, error) {
	cfg := d.Server.TLS.Clone()
	cfg.MinVersion = max(cfg.MinVersion, tls.VersionTLS12)
	if cfg.ServerName == "" {
		cfg.ServerName = d.Server.Host
	}
	cfg.NextProtos = nil // an upgrade needs HTTP/1.1
	asked := false
	if choose := cfg.Certificates; cfg.GetClientCertificate == nil {
		cfg.GetClientCertificate = func(request *tls.CertificateRequestInfo) (*tls.Certificate, error) {
			asked = true
			for i := range choose {
				if request.SupportsCertificate(&choose[i]) == nil {
					return &choose[i], nil
				}
			}
			return &tls.Certificate{}, nil // none
		}
	}
	ctx, cancel := context.WithTimeout(ctx, handshakeTimeout)
	defer cancel()
	tc := tls.Client(c, cfg)
	if err := tc.HandshakeContext(ctx); err != nil {
		return nil, d.tlsFault(err, asked)
	}
	return tc, nil
}

// upgrade turns a connection into a websocket. Credentials travel in headers:
// a password with & cannot be carried in Kismet's URLs, and URLs get logged.
func (d *Dialer) upgrade(ctx context.Context, c net.Conn) (conn, error) {
	gather := newGatherConn(c)
	dialer := websocket.Dialer{
		NetDialContext:   func(context.Context, string, string) (net.Conn, error) { return gather, nil },
		HandshakeTimeout: handshakeTimeout,
		ReadBufferSize:   readBufferBytes,
		WriteBufferSize:  kismet.MaxFrame + 64, // a whole message, so that none is sent in fragments
		Subprotocols:     []string{"kismet-remote"},
	}
	// The connection is secured already, so the library is told ws.
	u := url.URL{Scheme: "ws", Host: d.Server.Addr()}
	ref, err := url.Parse(d.Server.Path)
	if err != nil {
		return nil, fault.New(fault.LinkEndpoint, d.Server.object(), err)
	}
	u.Path, u.RawQuery = ref.Path, ref.RawQuery
	ws, resp, err := dialer.DialContext(ctx, u.String(), d.header())
	if err != nil {
		return nil, d.upgradeFault(resp, err)
	}
	return newWSConn(ws, gather), nil
}

func (d *Dialer) header() http.Header {
	h := http.Header{}
	if d.UserAgent != "" {
		h.Set("User-Agent", d.UserAgent)
	}
	switch {
	case d.Server.User != "":
		login := d.Server.User + ":" + d.Server.Password
		h.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(login)))
	case d.Server.APIKey != "":
		h.Set("Cookie", "KISMET="+url.QueryEscape(d.Server.APIKey))
	}
	return h
}
