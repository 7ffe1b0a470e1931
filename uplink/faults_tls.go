package uplink

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/sensord/sensord/internal/fault"
)

// tlsFault explains why there is no TLS; asked says that the server wanted to see
// a certificate of ours, which it does not say when it gets none.
func (d *Dialer) tlsFault(err error, asked bool) error {
	if errors.Is(err, context.Canceled) {
		return d.fail(fault.LinkLost, "", "TLS handshake: %w", context.Canceled)
	}
	if op, ok := errors.AsType[*net.OpError](err); ok && asked && op.Op == "remote error" && strings.Contains(op.Err.Error(), "handshake failure") {
		why, advice := wantsOurs(d.Server.TLS)
		return d.fail(fault.LinkTLS, advice, "%w", why)
	}
	why, advice := tlsCause(err, d.Server.Host, d.Server.TLS)
	return d.fail(fault.LinkTLS, advice, "%w", why)
}

// tlsCause says why a handshake with host ended, and what to do about it, ""
// for what the table says.
func tlsCause(err error, host string, cfg *tls.Config) (why error, advice string) {
	name := cfg.ServerName
	if name == "" {
		name = host
	}
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		return errors.New("the server does not speak TLS"), "the port speaks plain HTTP: leave out --ssl (ws:// in the configuration)"
	}
	if e, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		issuer := ""
		if e.Cert != nil {
			issuer = " (issued by " + short(e.Cert.Issuer.String()) + ")"
		}
		return fmt.Errorf("certificate signed by an unknown authority%s", issuer),
			"name the right authority with --ssl=CA.pem (tls: {ca: CA.pem} in the configuration)"
	}
	if e, ok := errors.AsType[x509.HostnameError](err); ok {
		return fmt.Errorf("the certificate is not for %q but for %s", name, certNames(e.Certificate)),
			"connect by a name in the certificate, or set tls: {server_name: NAME} in the configuration"
	}
	if e, ok := errors.AsType[x509.CertificateInvalidError](err); ok && e.Reason == x509.Expired {
		return outOfDate(e.Cert)
	}
	if why, advice, ok := alertCause(err, cfg); ok {
		return why, advice
	}
	switch {
	case strings.Contains(err.Error(), "server selected unsupported protocol version"):
		return errOldTLS, adviceOldTLS
	case isTimeout(err):
		return fmt.Errorf("no TLS answer within %v", handshakeTimeout), adviceNoTLS
	case isEnd(err):
		return errors.New("the server ended the TLS handshake"), adviceNoTLS
	}
	return fmt.Errorf("TLS: %w", rootCause(err)), ""
}

// What is said in more than one place.
const (
	adviceNoTLS   = "the port may speak plain HTTP or Kismet's TCP protocol: leave out --ssl"
	adviceOldTLS  = "let the server, or the proxy in front of it, speak TLS 1.2 or newer"
	adviceOurs    = "name the sensor's certificate and its key: --client-cert and --client-key (tls: {cert: FILE, key: FILE} in the configuration)"
	adviceNotOurs = "let the server trust the authority that signed the sensor's certificate, and see that it is in date"
)

var (
	errOldTLS     = errors.New("the server speaks no TLS newer than 1.1")
	errWantsOurs  = errors.New("the server wants a certificate of this sensor")
	errNotOurs    = errors.New("the server refuses this sensor's certificate")
	errNoServerOf = errors.New("the server has nothing under this name")
)

func outOfDate(c *x509.Certificate) (why error, advice string) {
	if c != nil && time.Now().Before(c.NotBefore) {
		return fmt.Errorf("the certificate is not valid before %s", c.NotBefore.Format(time.DateTime)), "check this machine's clock"
	}
	when := ""
	if c != nil {
		when = " on " + c.NotAfter.Format(time.DateTime)
	}
	return fmt.Errorf("the certificate expired%s", when), "renew the server's certificate, or check this machine's clock"
}

// alertCause reads the alert with which a peer ended TLS: with TLS 1.3 one that
// wants a client's certificate does so behind the handshake. The alerts of
// crypto/tls can only be told by their texts.
func alertCause(err error, cfg *tls.Config) (why error, advice string, ok bool) {
	shown := len(cfg.Certificates) > 0
	op, ok := errors.AsType[*net.OpError](err)
	if !ok || op.Op != "remote error" {
		return nil, "", false
	}
	alert := op.Err.Error()
	has := func(texts ...string) bool {
		for _, text := range texts {
			if strings.Contains(alert, text) {
				return true
			}
		}
		return false
	}
	switch {
	case has("protocol version not supported"):
		return errOldTLS, adviceOldTLS, true
	case has("certificate required"), !shown && has("bad certificate", "unknown certificate"):
		why, advice = wantsOurs(cfg)
		return why, advice, true
	case shown && has("certificate"):
		why, advice = notOurs(cfg, " ("+short(strings.TrimPrefix(alert, "tls: "))+")")
		return why, advice, true
	case has("unrecognized name"):
		return errNoServerOf, "connect by the name that the server has, or set tls: {server_name: NAME} in the configuration", true
	}
	return fmt.Errorf("TLS: %w", op.Err), "the server, or a proxy in front of it, wants something else of TLS: see its log", true
}

// wantsOurs explains that the server got no certificate of ours. One of an
// authority that the server does not name is not shown to it.
func wantsOurs(cfg *tls.Config) (why error, advice string) {
	if len(cfg.Certificates) == 0 || cfg.Certificates[0].Leaf == nil {
		return errWantsOurs, adviceOurs
	}
	return fmt.Errorf("the server wants a certificate of another authority than %s", short(cfg.Certificates[0].Leaf.Issuer.String())), adviceNotOurs
}

// notOurs explains that the server refuses our certificate; what it says of it
// comes behind. Servers do not say that it is out of date in many words.
func notOurs(cfg *tls.Config, says string) (why error, advice string) {
	if len(cfg.Certificates) > 0 {
		if c := cfg.Certificates[0].Leaf; c != nil && time.Now().After(c.NotAfter) {
			return fmt.Errorf("%w: it expired on %s", errNotOurs, c.NotAfter.Format(time.DateTime)),
				"renew the sensor's certificate, or check this machine's clock"
		}
	}
	return fmt.Errorf("%w%s", errNotOurs, says), adviceNotOurs
}

func certNames(c *x509.Certificate) string {
	if c == nil {
		return "another name"
	}
	names := c.DNSNames
	for _, ip := range c.IPAddresses {
		names = append(names, ip.String())
	}
	if len(names) == 0 {
		return "no host at all"
	}
	const most = 4
	if len(names) > most {
		names = append(names[:most:most], "others")
	}
	return short(strings.Join(names, ", "))
}
