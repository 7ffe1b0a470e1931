package rest

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/sensord/sensord/internal/fault"
)

// Timeout is how long a question takes at most, connecting included.
const Timeout = 5 * time.Second

// maxAnswerBytes bounds what is read of an answer.
const maxAnswerBytes = 64 << 10

// Options say which server, and how to log in to it.
type Options struct {
	Name     string // of the server, for errors; "" is the URL's host
	URL      string // of the web side, with the proxy's prefix if there is one: "http://host:2501/kismet"
	User     string // with Password; wins over APIKey
	Password string
	APIKey   string
	TLS      *tls.Config // for https; nil is the system's

	UserAgent string
	// NetDial connects; nil is the system's network. The address is host:port.
	NetDial func(ctx context.Context, network, addr string) (net.Conn, error)
}

// A Client speaks to one server. Its methods may be called from any goroutine.
type Client struct {
	o    Options
	base *url.URL
	http *http.Client

	drops drops
}

// New returns a client; it connects when it is asked something. The caller owes
// it a Close. The error is about the URL.
func New(o Options) (*Client, error) {
	base, err := url.Parse(o.URL)
	if err != nil {
		return nil, badURL("not a URL") // the parser's error repeats it, with a login that may be in it
	}
	switch {
	case base.Scheme != "http" && base.Scheme != "https", base.Hostname() == "":
		return nil, badURL("not of the form http://host:2501 or https://host")
	case base.User != nil:
		return nil, badURL("a login does not belong into a URL: give user and password, or an API key, beside it")
	case base.RawQuery != "" || base.Fragment != "":
		return nil, badURL("nothing may be behind the path")
	}
	base.Path = strings.TrimRight(base.Path, "/")
	base.RawPath = ""
	if o.Name == "" {
		o.Name = base.Host
	}
	dial := o.NetDial
	if dial == nil {
		dial = (&net.Dialer{Timeout: Timeout}).DialContext
	}
	transport := &http.Transport{
		DialContext:            dial,
		TLSHandshakeTimeout:    Timeout,
		MaxIdleConnsPerHost:    1,
		MaxConnsPerHost:        2,
		IdleConnTimeout:        30 * time.Second,
		MaxResponseHeaderBytes: 32 << 10,
		DisableCompression:     true,
	}
	if o.TLS != nil {
		transport.TLSClientConfig = o.TLS.Clone()
		transport.TLSClientConfig.NextProtos = nil
	}
	return &Client{o: o, base: base, http: &http.Client{
		Transport: transport,
		// A login goes to the server that it is for, and nowhere else.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

func badURL(format string, args ...any) error {
	return &fault.Error{
		Code: fault.ConfigInvalid, Object: "rest url", Err: fmt.Errorf(format, args...),
		Advice: "write rest: {url: http://HOST:2501}, with the address of Kismet's web interface",
	}
}

// Close ends the connections that wait for the next question.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// object names the server in errors.
func (c *Client) object() string {
	if c.o.Name == c.base.Host {
		return "server " + c.o.Name
	}
	return "server " + c.o.Name + " (" + c.base.Host + ")"
}

// An answer is what the server said.
type answer struct {
	status   int
	body     []byte
	location string
	web      string // the server's program, as it says
}

// A question is one request.
type question struct {
	method string
	path   string
	body   []byte // JSON; nil is none
	again  bool   // it does no harm to ask twice
}

// ask sends a request and reads the answer. Its errors are link.*: without an
// answer.
func (c *Client) ask(ctx context.Context, q question) (answer, error) {
	ctx, cancel := context.WithTimeout(ctx, Timeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, q.method, c.base.String()+q.path, strings.NewReader(string(q.body)))
	if err != nil {
		return answer{}, fault.New(fault.Internal, c.object(), err)
	}
	c.sign(r.Header)
	if q.body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if q.again {
		// Lets the transport ask anew when the server had closed a connection
		// that waited; with no value it is not sent.
		r.Header["X-Idempotency-Key"] = nil
	}
	resp, err := c.http.Do(r)
	if err != nil {
		if e, ok := errors.AsType[*url.Error](err); ok {
			err = e.Err
		}
		return answer{}, c.linkFault(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswerBytes))
	if err != nil {
		return answer{}, c.linkFault(err)
	}
	return answer{resp.StatusCode, body, resp.Header.Get("Location"), resp.Header.Get("Server")}, nil
}

// sign adds the login.
func (c *Client) sign(h http.Header) {
	if c.o.UserAgent != "" {
		h.Set("User-Agent", c.o.UserAgent)
	}
	switch {
	case c.o.User != "":
		r := http.Request{Header: h}
		r.SetBasicAuth(c.o.User, c.o.Password)
	case c.o.APIKey != "":
		h.Set("Cookie", "KISMET="+url.QueryEscape(c.o.APIKey))
	}
}
