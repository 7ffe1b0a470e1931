package uplink

import (
	"context"
	"net"
	"net/netip"
	"strings"
	"time"
)

// Check walks to a server step by step, as a link does, and tells each step as
// soon as it is taken: "resolve", "connect", "tls", "http" and "login" (not for
// TCP), "protocol". It ends at the first that fails and returns its error. Nothing
// is announced, so the server shows no trace of it.
func Check(ctx context.Context, server Server, userAgent string, tell func(Step)) error {
	start := time.Now()
	detail, err := resolve(ctx, &Dialer{Server: server})
	tell(Step{Name: "resolve", Detail: detail, Took: time.Since(start), Err: err})
	if err != nil {
		return err
	}
	// The probe of the other generation takes the first steps once more; they
	// are told once, unless they fail.
	told := map[string]bool{}
	d := &Dialer{Server: server, UserAgent: userAgent, Trace: func(s Step) {
		if s.Err != nil || !told[s.Name] || s.Name == "protocol" {
			tell(s)
		}
		told[s.Name] = true
	}}
	link, err := d.Dial(ctx)
	if err != nil {
		return err
	}
	link.Close()
	return link.unheard // a session would try all the same
}

func resolve(ctx context.Context, d *Dialer) (string, error) {
	if _, err := netip.ParseAddr(d.Server.Host); err == nil {
		return d.Server.Host + " is an address", nil
	}
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	addrs, err := net.DefaultResolver.LookupHost(ctx, d.Server.Host)
	if err != nil {
		return "", d.connectFault(err)
	}
	return d.Server.Host + " is " + strings.Join(addrs, ", "), nil
}
