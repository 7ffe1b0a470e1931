package uplink

import (
	"crypto/tls"
	"crypto/x509"
	"net/netip"
	"time"

	"github.com/sensord/sensord/internal/fault"
)

// A Step is one part of the way to a link: "resolve" (told by Check only),
// "connect", "proxy", "tls", "http", "login" or "protocol".
type Step struct {
	Name   string
	Detail string
	Took   time.Duration
	Err    error // a *fault.Error

	Addrs []netip.Addr // of "resolve": all addresses of the name
	Until time.Time    // of "tls": the end of the certificate that ends first, the authority's included
}

func (d *Dialer) traced(name string, start time.Time, detail string, err error) {
	if d.Trace != nil {
		d.Trace(Step{Name: name, Detail: detail, Took: time.Since(start), Err: err})
	}
}

// tracedUpgrade tells the two steps of an upgrade: a web server with Kismet's
// path, which it looks for first, and a login with a role that may use it.
func (d *Dialer) tracedUpgrade(start time.Time, err error) {
	if err != nil && fault.CodeOf(err) != fault.LinkAuth {
		d.traced("http", start, "", err)
		return
	}
	d.traced("http", start, d.Server.path(), nil)
	who := "API key"
	if d.Server.User != "" {
		who = "user " + d.Server.User
	}
	d.traced("login", time.Now(), who+" may send frames", err)
}

func (d *Dialer) tracedTLS(start time.Time, c *tls.Conn, err error) {
	if d.Trace == nil {
		return
	}
	s := Step{Name: "tls", Took: time.Since(start), Err: err}
	if err == nil {
		st := c.ConnectionState()
		s.Detail = tls.VersionName(st.Version)
		if len(st.PeerCertificates) > 0 {
			cert := st.PeerCertificates[0]
			s.Detail += ", certificate of " + certName(cert) + " by " + short(cert.Issuer.CommonName) + " until " + cert.NotAfter.Format(time.DateOnly)
			s.Until = firstEnd(st)
		}
	}
	d.Trace(s)
}

// certName is how a certificate calls its owner: many have no common name.
func certName(c *x509.Certificate) string {
	if c.Subject.CommonName != "" {
		return short(c.Subject.CommonName)
	}
	return certNames(c)
}

// firstEnd returns when the chain of the server ends to be valid: with several
// that can be verified, the one that lasts longest counts.
func firstEnd(st tls.ConnectionState) time.Time {
	chains := st.VerifiedChains
	if len(chains) == 0 {
		chains = [][]*x509.Certificate{st.PeerCertificates}
	}
	var last time.Time
	for _, chain := range chains {
		first := chain[0].NotAfter
		for _, c := range chain {
			if c.NotAfter.Before(first) {
				first = c.NotAfter
			}
		}
		if first.After(last) {
			last = first
		}
	}
	return last
}
