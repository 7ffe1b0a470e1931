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

// NewDialer returns a dialer to a configured server. The error is about its CA
// file.
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
	if cfg.TLS {
		var err error
		if s.TLS, err = tlsTo(cfg.ServerName, cfg.CAFile); err != nil {
			return nil, err
		}
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
	pool, err := authorities(caFile)
	c.RootCAs = pool
	return c, err
}

func authorities(path string) (*x509.CertPool, error) {
	pem, err := os.ReadFile(path)
	if err != nil {
		return nil, fault.New(fault.ConfigInvalid, "CA file", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, &fault.Error{
			Code: fault.ConfigInvalid, Object: "CA file " + path,
			Err: errNoCertificate, Advice: "name a PEM file that begins with -----BEGIN CERTIFICATE-----",
		}
	}
	return pool, nil
}

var errNoCertificate = errors.New("holds no certificate")
