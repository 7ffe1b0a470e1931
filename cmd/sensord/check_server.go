package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/sensord/sensord/actors"
	"github.com/sensord/sensord/configs"
	"github.com/sensord/sensord/internal/fault"
	"github.com/sensord/sensord/uplink"
)

const (
	// clocksApart is more than NTP clients leave, and less than a person who
	// looks for a device by its time would mind.
	clocksApart = 2 * time.Second
	// renewAhead is when a certificate should have been renewed: those that are
	// renewed by machines are so with 30 days left.
	renewAhead = 14 * 24 * time.Hour
)

// servers walks the way to each server.
func (c *checklist) servers(ctx context.Context, servers []configs.Server) {
	for _, s := range servers {
		c.about = "server " + s.Name
		if len(servers) > 1 {
			c.front = s.Name + ": "
		}
		c.server(ctx, s)
		c.front = ""
	}
	if len(servers) == 0 {
		c.about = "servers"
		c.skip("server", "there is none: frames are recorded, and sent nowhere")
	}
}

// server walks the way to one server, as far as it leads.
func (c *checklist) server(ctx context.Context, server configs.Server) {
	d, err := actors.NewDialer(server, versionText())
	if err != nil {
		c.step("server", 0, "", err)
		return
	}
	c.ownCertificate(server.CertFile, time.Now())
	var shown tls.ConnectionState // by the server, and found to be right
	if d.Server.TLS != nil {
		d.Server.TLS = d.Server.TLS.Clone()
		d.Server.TLS.VerifyConnection = func(cs tls.ConnectionState) error { shown = cs; return nil }
	}
	// The walk's error is the failed step's, which was told already.
	err = uplink.Check(ctx, d.Server, d.UserAgent, func(s uplink.Step) {
		if s.Name == "tls" && len(shown.VerifiedChains) > 0 {
			s.Detail = tls.VersionName(shown.Version) + ", " + chainText(shown.VerifiedChains[0])
		}
		c.step(s.Name, s.Took, s.Detail, c.loginRefused(ctx, server, s.Err))
		if s.Name == "tls" && s.Err == nil {
			c.expiry(s.Until, time.Now())
		}
	})
	if err == nil {
		c.serverClock(ctx, server)
	}
}

// loginRefused adds to a login that the server refused which of the two it is:
// unknown to the server, or known and without the role.
func (c *checklist) loginRefused(ctx context.Context, server configs.Server, err error) error {
	f, ok := errors.AsType[*fault.Error](err)
	sameLogin := server.User+server.APIKey.Reveal() != "" && server.REST.User == server.User && server.REST.APIKey == server.APIKey
	if !ok || f.Code != fault.LinkAuth || server.REST.URL == "" || !sameLogin {
		return err
	}
	client, restErr := restClient(server)
	if restErr != nil {
		return err
	}
	defer client.Close()
	switch known, restErr := client.KnowsLogin(ctx); {
	case restErr != nil:
		return err
	case known:
		return &fault.Error{Code: f.Code, Object: f.Object, Err: fmt.Errorf("%w: the server knows it, and it has another role", f.Err), Advice: "give it the role datasource (or admin) on the server"}
	default:
		return &fault.Error{Code: f.Code, Object: f.Object, Err: fmt.Errorf("%w: the server does not know it", f.Err), Advice: f.Advice}
	}
}

// chainText says for whom a certificate is, until when, and who vouches for it.
func chainText(chain []*x509.Certificate) string {
	leaf := chain[0]
	names := slices.Clone(leaf.DNSNames)
	for _, ip := range leaf.IPAddresses {
		names = append(names, ip.String())
	}
	const most = 3
	if len(names) > most {
		names = append(names[:most], fmt.Sprintf("%d more", len(names)-most))
	}
	text := "certificate for " + strings.Join(names, ", ") + ", valid until " + leaf.NotAfter.UTC().Format(time.DateOnly)
	if len(chain) == 1 {
		return text + ", trusted itself"
	}
	var by []string
	for _, c := range chain[1:] {
		by = append(by, certificateName(c))
	}
	return text + ", by " + strings.Join(by, ", by ")
}

func certificateName(c *x509.Certificate) string {
	if name := c.Subject.CommonName; name != "" {
		return name
	}
	return c.Subject.String()
}

// expiry warns of a server's certificate, or one of an authority behind it, that
// ends soon.
func (c *checklist) expiry(until, now time.Time) {
	left := until.Sub(now)
	if until.IsZero() || left > renewAhead {
		return
	}
	c.warn("tls", 0, fault.LinkTLS, fmt.Sprintf("%sthe certificate, or one that it rests on, expires on %s, %s", c.front, until.UTC().Format(time.DateTime), inDays(left)),
		"have it renewed before: the server is not reached with it after that")
}

func inDays(d time.Duration) string {
	switch n := int(d / (24 * time.Hour)); n {
	case 0:
		return "within a day"
	default:
		return "in " + plural(n, "day", "days")
	}
}

// ownCertificate tells how long the certificate is good that this machine shows.
func (c *checklist) ownCertificate(file string, now time.Time) {
	if file == "" {
		return
	}
	const step = "certificate"
	object := "certificate " + file
	cert, err := readCertificate(file)
	if err != nil {
		c.step(step, 0, "", fault.New(fault.ConfigInvalid, object, innermost(err)))
		return
	}
	until := cert.NotAfter.UTC().Format(time.DateTime)
	switch left := cert.NotAfter.Sub(now); {
	case now.Before(cert.NotBefore):
		c.step(step, 0, "", &fault.Error{
			Code: fault.LinkTLS, Object: object, Err: fmt.Errorf("it is not valid before %s", cert.NotBefore.UTC().Format(time.DateTime)),
			Advice: "check this machine's clock",
		})
	case left <= 0:
		c.step(step, 0, "", &fault.Error{
			Code: fault.LinkTLS, Object: object, Err: fmt.Errorf("it expired on %s", until),
			Advice: "have a new one issued for this machine, or check this machine's clock",
		})
	case left < renewAhead:
		c.warn(step, 0, fault.LinkTLS, fmt.Sprintf("%s: it expires on %s, %s", object, until, inDays(left)), "have a new one issued for this machine before")
	default:
		c.step(step, 0, fmt.Sprintf("%s of %s is shown, valid until %s", file, certificateName(cert), cert.NotAfter.UTC().Format(time.DateOnly)), nil)
	}
}

// readCertificate returns the first certificate of a PEM file: the one that is
// shown.
func readCertificate(file string) (*x509.Certificate, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if block.Type == "CERTIFICATE" {
			return x509.ParseCertificate(block.Bytes)
		}
	}
	return nil, errNoCertificate
}
