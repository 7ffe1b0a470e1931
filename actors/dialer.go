package actors

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"os"

	"github.com/sensord/sensord/configs"
	"github.com/sensord/sensord/internal/fault"
	"github.com/sensord/sensord/uplink"
	"github.com/sensord/sensord/uplink/kismet"
)

// NewDialers returns a dialer to each configured server, in the order in which
// they are to be tried. The error is about files that a server's TLS needs, or
// about its proxy.
func NewDialers(cfg configs.Config, version string) ([]*uplink.Dialer, error) {
	var dialers []*uplink.Dialer
	for _, server := range cfg.Servers {
		d, err := NewDialer(server, version)
		if err != nil {
			return nil, err
		}
		dialers = append(dialers, d)
	}
	return dialers, nil
}

// NewDialer returns a dialer to a configured server. The error is about files that
// its TLS needs, or about its proxy.
func NewDialer(cfg configs.Server, version string) (*uplink.Dialer, error) {
	s := uplink.Server{
		Name: cfg.Name, Host: cfg.Host, Port: cfg.Port,
		TCP: cfg.Transport == configs.TransportTCP, Path: cfg.Path,
		User: cfg.User, Password: cfg.Password.Reveal(), APIKey: cfg.APIKey.Reveal(),
	}
	switch cfg.Protocol {
	case configs.ProtocolV2:
		s.Protocol = kismet.V2
	case configs.ProtocolV3:
		s.Protocol = kismet.V3
	}
	var err error
	if cfg.TLS {
		if s.TLS, err = tlsTo(cfg.ServerName, cfg.CAFile); err != nil {
			return nil, err
		}
		if err = showCertificate(s.TLS, cfg.CertFile, cfg.KeyFile); err != nil {
			return nil, err
		}
	}
	if s.Proxy, err = proxyTo(cfg, &s); err != nil {
		return nil, err
	}
	return &uplink.Dialer{Server: s, UserAgent: "sensord/" + version}, nil
}

// tlsTo returns how to speak TLS to a server. Both may be empty: the name is
// the host's then, and the authorities are the system's.
func tlsTo(name, caFile string) (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: name}
	if caFile == "" {
		return c, nil
	}
	pool, err := authorities(x509.NewCertPool(), caFile)
	c.RootCAs = pool
	return c, err
}

// showCertificate adds the sensor's certificate, for a server that wants it.
func showCertificate(c *tls.Config, certFile, keyFile string) error {
	if certFile == "" {
		return nil
	}
	pair, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil {
		return &fault.Error{
			Code: fault.ConfigInvalid, Object: "client certificate " + certFile, Err: err,
			Advice: "tls: {cert: …} names a PEM file with the sensor's certificate, and key: the one with its key",
		}
	}
	c.Certificates = []tls.Certificate{pair}
	return nil
}

// proxyTo returns the proxy to a server, nil if there is none.
func proxyTo(cfg configs.Server, s *uplink.Server) (p *uplink.Proxy, err error) {
	switch cfg.Proxy.Mode {
	case configs.ProxyNone:
		return nil, nil
	case configs.ProxyURL:
		if p, err = uplink.ParseProxy(cfg.Proxy.URL); err != nil {
			return nil, fault.New(fault.ConfigInvalid, "proxy of server "+cfg.Name, err)
		}
		if cfg.Proxy.User != "" {
			p.User, p.Password = cfg.Proxy.User, cfg.Proxy.Password.Reveal()
		}
	default:
		if p, err = uplink.EnvironmentProxy(s); err != nil {
			return nil, err
		}
	}
	if p == nil || p.TLS == nil || cfg.CAFile == "" {
		return p, nil
	}
	// Who has an authority for the server may have the same for the proxy, or
	// none.
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	p.TLS.RootCAs, err = authorities(pool, cfg.CAFile)
	return p, err
}

func authorities(pool *x509.CertPool, path string) (*x509.CertPool, error) {
	pem, err := os.ReadFile(path)
	if err != nil {
		return nil, fault.New(fault.ConfigInvalid, "CA file", err)
	}
	if !pool.AppendCertsFromPEM(pem) {
		return nil, &fault.Error{
			Code: fault.ConfigInvalid, Object: "CA file " + path,
			Err: errNoCertificate, Advice: "name a PEM file that begins with -----BEGIN CERTIFICATE-----",
		}
	}
	return pool, nil
}

var errNoCertificate = errors.New("holds no certificate")
