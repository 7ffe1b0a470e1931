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
		s.TLS = &tls.Config{MinVersion: tls.VersionTLS12, ServerName: cfg.ServerName}
		if cfg.CAFile != "" {
			pool, err := authorities(cfg.CAFile)
			if err != nil {
				return nil, err
			}
			s.TLS.RootCAs = pool
		}
	}
	return &uplink.Dialer{Server: s, UserAgent: "sensord/" + version}, nil
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
