package uplink

import (
	"crypto/tls"
	"net"
	"strconv"
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
