//go:build !lite

package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"strconv"
	"strings"

	"github.com/sensord/sensord/bus"
)

// hubText is what a hub says as it starts: what to write into a rig's
// configuration.
func hubText(clients, leaves string, o bus.HubOptions, machine string) string {
	scheme := "nats"
	if o.TLS != nil {
		scheme = "tls"
	}
	client, leaf := reachable(scheme, clients, machine, o.TLS), reachable(scheme, leaves, machine, o.TLS)
	var b strings.Builder
	fmt.Fprintf(&b, "hub of fleet %s in %s\n", o.Fleets[0], o.StateDir)
	fmt.Fprintf(&b, "clients: %s  leaves: %s\n\n", client, leaf)
	b.WriteString("Credentials of a rig, to copy to it:\n\n")
	fmt.Fprintf(&b, "  sensord hub rig NAME --fleet %s --state %s\n\n", o.Fleets[0], o.StateDir)
	b.WriteString("In its configuration:\n\n")
	fmt.Fprintf(&b, "  rig: NAME\n  bus:\n    mode: leaf\n    url: %s\n    fleet: %s\n    creds: NAME.creds\n", leaf, o.Fleets[0])
	if o.TLS != nil {
		b.WriteString("    tls: {ca: CA.pem}   # if the system does not know the certificate's authority\n")
	}
	b.WriteString("\nTo look, with credentials of `sensord hub rig NAME --watch`:\n\n")
	fmt.Fprintf(&b, "  sensord fleet --bus %s --fleet %s --creds NAME.creds\n", client, o.Fleets[0])
	if o.TLS != nil {
		b.WriteString("\nwith SENSORD_BUS_TLS_CA=CA.pem before it, if the system does not know the certificate's authority.\n")
	}
	return b.String()
}

// reachable is the URL at which others find an address that is listened on: by
// a name of the certificate, if that is not for the address.
func reachable(scheme, addr, machine string, t *tls.Config) string {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return scheme + "://" + addr
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = machine
	}
	if t != nil {
		if c, err := x509.ParseCertificate(t.Certificates[0].Certificate[0]); err == nil && c.VerifyHostname(host) != nil && len(c.DNSNames) > 0 {
			host = c.DNSNames[0]
		}
	}
	return scheme + "://" + net.JoinHostPort(host, port)
}

// machineAddress is an address of this machine that others may know it by, or
// HOST for the reader to replace.
func machineAddress() string {
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return "HOST"
	}
	other := "HOST"
	for _, a := range addrs {
		n, ok := a.(*net.IPNet)
		if !ok || !n.IP.IsGlobalUnicast() {
			continue
		}
		if n.IP.To4() != nil {
			return n.IP.String()
		}
		other = n.IP.String()
	}
	return other
}

func loopback(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	ip := net.ParseIP(host)
	return err == nil && (host == "localhost" || ip != nil && ip.IsLoopback())
}

func checkListen(flag, addr string) error {
	_, port, err := net.SplitHostPort(addr)
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	if err != nil {
		return usageError(flag, "write HOST:PORT, or :PORT for all addresses", "%q is no address to listen on", addr)
	}
	return nil
}
