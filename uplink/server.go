package uplink

import (
	"crypto/tls"
	"net"
	"strconv"
	"strings"

	"github.com/sensord/sensord/uplink/kismet"
)

// Server is a Kismet server and how to reach and log in to it.
type Server struct {
	Name     string         // for errors and logs
	Host     string         // name or address, IPv6 without brackets
	Port     int            //
	TCP      bool           // Kismet's legacy TCP; then Path, TLS and the login are not used
	Path     string         // websocket endpoint
	TLS      *tls.Config    // nil is plain
	User     string         // with Password; wins over APIKey
	Password string         //
	APIKey   string         //
	Protocol kismet.Version // Auto, V2 or V3
	Proxy    *Proxy         // that the server is reached through; nil is none
}

// Auto lets the dialer find out which generation the server speaks.
const Auto = kismet.V0

// Addr returns host:port.
func (s *Server) Addr() string { return net.JoinHostPort(s.Host, strconv.Itoa(s.Port)) }

// FirstHop returns the host that is connected to: the proxy's, or the server's.
func (s *Server) FirstHop() string {
	if s.Proxy != nil {
		return s.Proxy.Host
	}
	return s.Host
}

// URL returns the address as a person would write it, without secrets.
func (s *Server) URL() string {
	switch {
	case s.TCP:
		return "tcp://" + s.Addr()
	case s.TLS != nil:
		return "wss://" + s.Addr() + s.path()
	}
	return "ws://" + s.Addr() + s.path()
}

// path is the endpoint as it may be shown: a query can hold a secret.
func (s *Server) path() string {
	path, _, _ := strings.Cut(s.Path, "?")
	return path
}

func (s *Server) object() string {
	if s.Name == "" || s.Name == s.Addr() {
		return "server " + s.Addr()
	}
	return "server " + s.Name + " (" + s.Addr() + ")"
}
