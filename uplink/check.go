package uplink

import (
	"context"
	"net"
	"net/netip"
	"strings"
	"time"
)

// Check walks to a server step by step, as a link does, and tells each step as
// soon as it is taken: "resolve", "connect", "proxy" (if there is one), "tls",
// "http" and "login" (not for TCP), "protocol". It ends at the first that fails
// and returns its error. Nothing is announced, so the server shows no trace of
// it.
func Check(ctx context.Context, server Server, userAgent string, tell func(Step)) error {
	d := &Dialer{Server: server, UserAgent: userAgent}
	step := d.resolve(ctx)
	tell(step)
	if step.Err != nil {
		return step.Err
	}
	// The probe of the other generation takes the first steps once more; they
	// are told once, unless they fail.
	told := map[string]bool{}
	d.Trace = func(s Step) {
		if s.Err != nil || !told[s.Name] || s.Name == "protocol" {
			tell(s)
		}
		told[s.Name] = true
	}
	return d.Probe(ctx)
}

// resolve looks up the host that is connected to. A proxy looks up the server's
// name itself.
func (d *Dialer) resolve(ctx context.Context) Step {
	host := d.Server.FirstHop()
	prefix := ""
	if d.Server.Proxy != nil {
		prefix = "proxy "
	}
	if a, err := netip.ParseAddr(host); err == nil {
		return Step{Name: "resolve", Detail: prefix + host + " is an address", Addrs: []netip.Addr{a}}
	}
	start := time.Now()
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	s := Step{Name: "resolve"}
	names, err := net.DefaultResolver.LookupHost(ctx, host)
	s.Took = time.Since(start)
	if err != nil {
		s.Err = d.connectFault(err)
		return s
	}
	for _, name := range names {
		if a, err := netip.ParseAddr(name); err == nil {
			s.Addrs = append(s.Addrs, a)
		}
	}
	s.Detail = prefix + host + " is " + strings.Join(names, ", ")
	return s
}
