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
		advice, why := wantsOurs(d.Server.TLS)
		return d.fail(fault.LinkTLS, advice, "%w", why)
	}
	advice, why := tlsCause(err, d.Server.Host, d.Server.TLS)
	return d.fail(fault.LinkTLS, advice, "%w", why)
}

// tlsCause says what to do about a handshake with host, "" for what the table
// says, and why it ended.
func tlsCause(err error, host string, cfg *tls.Config) (advice string, why error) {
	name := cfg.ServerName
	if name == "" {
		name = host
	}
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		return "the port speaks plain HTTP: leave out --ssl (ws:// in the configuration)", errors.New("the server does not speak TLS")
	}
	if e, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		issuer := ""
		if e.Cert != nil {
			issuer = " (issued by " + short(e.Cert.Issuer.String()) + ")"
		}
		return "name the right authority with --ssl=CA.pem (tls: {ca: CA.pem} in the configuration)",
			fmt.Errorf("certificate signed by an unknown authority%s", issuer)
	}
	if e, ok := errors.AsType[x509.HostnameError](err); ok {
		return "connect by a name in the certificate, or set tls: {server_name: NAME} in the configuration",
			fmt.Errorf("the certificate is not for %q but for %s", name, certNames(e.Certificate))
	}
	if e, ok := errors.AsType[x509.CertificateInvalidError](err); ok && e.Reason == x509.Expired {
		return outOfDate(e.Cert)
	}
	if advice, why := alertCause(err, cfg); why != nil {
		return advice, why
	}
	switch {
	case strings.Contains(err.Error(), "server selected unsupported protocol version"):
		return adviceOldTLS, errOldTLS
	case isTimeout(err):
		return adviceNoTLS, noHandshake(fmt.Sprintf("no TLS answer within %v", handshakeTimeout))
	case isEnd(err):
		return adviceNoTLS, noHandshake("the server ended the TLS handshake")
	}
	return "", fmt.Errorf("TLS: %w", rootCause(err))
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

// noHandshake is a fault of TLS that may pass: the port speaks something else, or
// it is that of a tunnel whose other end, or the server there, is just away.
type noHandshake string

func (e noHandshake) Error() string { return string(e) }

func isNoHandshake(err error) bool {
	_, is := errors.AsType[noHandshake](err)
	return is
}

func outOfDate(c *x509.Certificate) (advice string, why error) {
	if c != nil && time.Now().Before(c.NotBefore) {
		return "check this machine's clock", fmt.Errorf("the certificate is not valid before %s", c.NotBefore.Format(time.DateTime))
	}
	when := ""
	if c != nil {
		when = " on " + c.NotAfter.Format(time.DateTime)
	}
	return "renew the server's certificate, or check this machine's clock", fmt.Errorf("the certificate expired%s", when)
}

// alertCause reads the alert with which a peer ended TLS; why is nil if err is
// none. With TLS 1.3, one that wants a client's certificate says so behind the
// handshake. The alerts of crypto/tls can only be told by their texts.
func alertCause(err error, cfg *tls.Config) (advice string, why error) {
	shown := len(cfg.Certificates) > 0
	op, ok := errors.AsType[*net.OpError](err)
	if !ok || op.Op != "remote error" {
		return "", nil
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
		return adviceOldTLS, errOldTLS
	case has("certificate required"), !shown && has("bad certificate", "unknown certificate"):
		return wantsOurs(cfg)
	case shown && has("certificate"):
		return notOurs(cfg, " ("+short(strings.TrimPrefix(alert, "tls: "))+")")
	case has("unrecognized name"):
		return "connect by the name that the server has, or set tls: {server_name: NAME} in the configuration", errNoServerOf
	}
	return "the server, or a proxy in front of it, wants something else of TLS: see its log", fmt.Errorf("TLS: %w", op.Err)
}

// wantsOurs explains that the server got no certificate of ours. One of an
// authority that the server does not name is not shown to it.
func wantsOurs(cfg *tls.Config) (advice string, why error) {
	if len(cfg.Certificates) == 0 || cfg.Certificates[0].Leaf == nil {
		return adviceOurs, errWantsOurs
	}
	return adviceNotOurs, fmt.Errorf("the server wants a certificate of another authority than %s", short(cfg.Certificates[0].Leaf.Issuer.String()))
}

// notOurs explains that the server refuses our certificate; what it says of it
// comes behind. Servers do not say that it is out of date in many words.
func notOurs(cfg *tls.Config, says string) (advice string, why error) {
	if len(cfg.Certificates) > 0 {
		if c := cfg.Certificates[0].Leaf; c != nil && time.Now().After(c.NotAfter) {
			return "renew the sensor's certificate, or check this machine's clock",
				fmt.Errorf("%w: it expired on %s", errNotOurs, c.NotAfter.Format(time.DateTime))
		}
	}
	return adviceNotOurs, fmt.Errorf("%w%s", errNotOurs, says)
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
