package uplink

import (
	"cmp"
	"crypto/tls"
	"errors"
	"net"
	"net/url"
	"strconv"

	"golang.org/x/net/http/httpproxy"

	"github.com/sensord/sensord/internal/fault"
)

// A Proxy is an HTTP proxy that connects to a server for us, by CONNECT.
type Proxy struct {
	Host     string      // name or address, IPv6 without brackets
	Port     int         //
	TLS      *tls.Config // nil is plain (http://)
	User     string      // with Password; "" is no login
	Password string      //
}

// Addr returns host:port.
func (p *Proxy) Addr() string { return net.JoinHostPort(p.Host, strconv.Itoa(p.Port)) }

// URL returns the proxy as a person would write it, without the login.
func (p *Proxy) URL() string {
	if p.TLS != nil {
		return "https://" + p.Addr()
	}
	return "http://" + p.Addr()
}

// ParseProxy reads http://HOST:PORT or https://HOST:PORT, with a login in front
// of the host if there is one. Its errors never show the login.
func ParseProxy(text string) (*Proxy, error) {
	u, err := url.Parse(text)
	if err != nil {
		return nil, errors.New("not a URL") // the parser's error repeats it
	}
	return proxyOf(u)
}

func proxyOf(u *url.URL) (*Proxy, error) {
	p := &Proxy{Host: u.Hostname()}
	port := ""
	switch u.Scheme {
	case "http":
		port = "80"
	case "https":
		port = "443"
		p.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
	default:
		return nil, errors.New("not of the form http://HOST:PORT or https://HOST:PORT")
	}
	number, err := strconv.ParseUint(cmp.Or(u.Port(), port), 10, 16)
	if err != nil || number == 0 || p.Host == "" {
		return nil, errors.New("not of the form http://HOST:PORT or https://HOST:PORT")
	}
	p.Port = int(number)
	if u.User != nil {
		p.User = u.User.Username()
		p.Password, _ = u.User.Password()
	}
	return p, nil
}

// EnvironmentProxy returns the proxy that HTTP_PROXY (for ws://), HTTPS_PROXY
// (for wss:// and Kismet's TCP) and NO_PROXY name for a server, or nil. As with
// curl, the small letters win; as in Go, a server on this machine is never
// reached through one.
func EnvironmentProxy(server *Server) (*Proxy, error) {
	return proxyFrom(httpproxy.FromEnvironment(), server)
}

func proxyFrom(env *httpproxy.Config, server *Server) (*Proxy, error) {
	env.CGI = false // that REQUEST_METHOD is set makes no web server's child of a sensor
	scheme, name, value := "https", "HTTPS_PROXY", env.HTTPSProxy
	if !server.TCP && server.TLS == nil {
		scheme, name, value = "http", "HTTP_PROXY", env.HTTPProxy
	}
	u, err := env.ProxyFunc()(&url.URL{Scheme: scheme, Host: server.Addr()})
	var p *Proxy
	switch {
	case err != nil:
	case u != nil:
		p, err = proxyOf(u)
	case value != "" && !parses(value):
		err = errors.New("not a URL")
	}
	if err != nil {
		return nil, &fault.Error{
			Code: fault.ConfigInvalid, Object: name + " of the environment", Err: err,
			Advice: "write http://HOST:PORT, or https://HOST:PORT; proxy: none of the server leaves it out",
		}
	}
	return p, nil
}

// parses reports whether the reader of the environment, which passes over what
// it cannot read, could read a proxy's address.
func parses(value string) bool {
	if _, err := url.Parse(value); err == nil {
		return true
	}
	_, err := url.Parse("http://" + value)
	return err == nil
}
