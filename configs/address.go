package configs

import (
	"cmp"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// Kismet's ports, and the one of the proxies that give it TLS.
const (
	PortWebsocket = 2501
	PortTCP       = 3501
	PortTLS       = 443
)

// A target is where a server is, from whichever way it was written.
type target struct {
	transport Transport
	tls       bool
	host      string // an IPv6 address without brackets
	port      int
	path      string
	from      Origin
	setting   string // the setting's path, for problems
}

// mistake says what is wrong with a text and what would be right; the zero
// mistake is none.
type mistake struct{ what, right string }

func (m mistake) made() bool { return m.what != "" }

// parseURL reads a server's url. Of one that is wrong, the target has what the
// scheme says.
func parseURL(s string) (target, mistake) {
	const forms = "write ws://HOST:2501, wss://HOST, or tcp://HOST:3501"
	t := ofScheme(s)
	if strings.Contains(s, "@") { // first, so that no message shows a password
		return t, mistake{"a login does not belong in the url", "write user: and password_file:, or apikey_file:"}
	}
	if !strings.Contains(s, "://") {
		return t, mistake{quote(s) + " has no scheme", "write ws://" + s + ", or wss:// with TLS, or tcp:// for port 3501"}
	}
	u, err := url.Parse(s)
	if err != nil {
		cause := strings.TrimPrefix(err.Error(), "parse "+strconv.Quote(s)+": ")
		return t, mistake{"this is no URL: " + cause, forms}
	}
	switch {
	case t.transport == "":
		return t, mistake{"unknown scheme " + quote(u.Scheme), forms}
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return t, mistake{"a query does not belong in the url", "end it at the path; a login is written user: and password_file:, or apikey_file:"}
	case t.transport == TransportTCP && u.Path != "" && u.Path != "/":
		return t, mistake{"legacy TCP has no path", "write tcp://" + u.Host}
	}
	port, err := parsePort(u.Port())
	if err != nil {
		return t, mistake{"port " + quote(u.Port()) + " is no port number", "write 1 to 65535"}
	}
	if m := checkHost(u.Hostname(), strings.HasPrefix(u.Host, "[")); m.made() {
		return t, m
	}
	t.host, t.port, t.path = u.Hostname(), port, u.EscapedPath()
	return t, t.complete()
}

// ofScheme returns a target of which the transport is known and whether there is
// TLS, or the zero target.
func ofScheme(s string) target {
	scheme, _, _ := strings.Cut(s, "://")
	switch strings.ToLower(scheme) {
	case "ws", "http":
		return target{transport: TransportWebsocket}
	case "wss", "https":
		return target{transport: TransportWebsocket, tls: true}
	case "tcp":
		return target{transport: TransportTCP}
	}
	return target{}
}

// parseConnect reads HOST, HOST:PORT, [IPV6] or [IPV6]:PORT.
func parseConnect(s string) (host string, port int, m mistake) {
	const form = "write HOST or HOST:PORT"
	switch {
	case strings.Contains(s, "@"): // first, so that no message shows a password
		return "", 0, mistake{"a login does not belong in the address", form + "; the login is --user and --password, or --apikey"}
	case strings.Contains(s, "://"):
		return "", 0, mistake{quote(s) + " is a URL", form + "; TLS is --ssl, the path is --endpoint"}
	case strings.Contains(s, "/"):
		return "", 0, mistake{quote(s) + " has a path", form + "; the path is --endpoint"}
	}
	host, digits, bracketed, m := splitAddress(s)
	if m.made() {
		return "", 0, m
	}
	if m := checkHost(host, bracketed); m.made() {
		return "", 0, m
	}
	if digits == ":" {
		return "", 0, mistake{"nothing follows the colon", form}
	}
	port, err := parsePort(strings.TrimPrefix(digits, ":"))
	if err != nil {
		return "", 0, mistake{"port " + quote(digits[1:]) + " is no port number", "write 1 to 65535"}
	}
	return host, port, mistake{}
}

// splitAddress takes HOST, HOST:PORT, [IPV6] or [IPV6]:PORT apart; digits begin
// with the colon.
func splitAddress(s string) (host, digits string, bracketed bool, m mistake) {
	host, bracketed = s, strings.HasPrefix(s, "[")
	if bracketed {
		inside, rest, ok := strings.Cut(s[1:], "]")
		if !ok || rest != "" && rest[0] != ':' {
			return "", "", true, mistake{quote(s) + " is no address", "write [IPV6] or [IPV6]:PORT"}
		}
		return inside, rest, true, mistake{}
	}
	if i := strings.IndexByte(s, ':'); i >= 0 {
		if strings.Contains(s[i+1:], ":") {
			return "", "", false, mistake{quote(s) + " has more than one colon", "an IPv6 address stands in brackets, as in [2001:db8::1]:2501"}
		}
		host, digits = s[:i], s[i:]
	}
	return host, digits, false, mistake{}
}

// parsePlace reads HOST[:PORT], and with listen [HOST][:PORT], into host:port.
func parsePlace(s string, port int, listen bool) (string, mistake) {
	form := "write HOST or HOST:PORT"
	if listen {
		form = "write HOST:PORT, or :PORT for every address of this machine"
	}
	switch {
	case strings.Contains(s, "@"): // first, so that no message shows a password
		return "", mistake{"a login does not belong in the address", form}
	case strings.Contains(s, "/"):
		return "", mistake{quote(s) + " is no address", form}
	}
	host, digits, bracketed, m := splitAddress(s)
	if m.made() {
		return "", m
	}
	switch m := checkHost(host, bracketed); {
	case host == "" && listen && !bracketed:
	case host == "":
		return "", mistake{"the host is missing", form}
	case m.made():
		return "", m
	}
	if digits == ":" {
		return "", mistake{"nothing follows the colon", form}
	}
	given, err := parsePort(strings.TrimPrefix(digits, ":"))
	if err != nil {
		return "", mistake{"port " + quote(digits[1:]) + " is no port number", "write 1 to 65535"}
	}
	return net.JoinHostPort(host, strconv.Itoa(cmp.Or(given, port))), mistake{}
}

// parsePort returns 0 for an empty text, which leaves the port to complete.
func parsePort(s string) (int, error) {
	if s == "" {
		return 0, nil
	}
	port, err := strconv.ParseUint(s, 10, 16)
	if err == nil && port == 0 {
		err = strconv.ErrRange
	}
	return int(port), err
}

func checkHost(host string, bracketed bool) mistake {
	if host == "" {
		return mistake{"the host is missing", "name the machine that Kismet runs on"}
	}
	if bracketed {
		if a, err := netip.ParseAddr(host); err != nil || !a.Is6() {
			return mistake{quote(host) + " is no IPv6 address", "only those stand in brackets"}
		}
		return mistake{}
	}
	for _, r := range host {
		if r <= ' ' || r == 0x7f || strings.ContainsRune(`"'<>[]{}\^%,;|`+"`", r) {
			return mistake{quote(host) + " is no host", "write a name or an address"}
		}
	}
	return mistake{}
}

// complete fills in the port and the path, and refuses each transport on the
// port where Kismet speaks the other one.
func (t *target) complete() mistake {
	switch {
	case t.port != 0:
	case t.transport == TransportTCP:
		t.port = PortTCP
	case t.tls:
		t.port = PortTLS
	default:
		t.port = PortWebsocket
	}
	if t.transport == TransportWebsocket {
		t.path = endpoint(t.path)
	} else {
		t.path = ""
	}
	websocket, tcp := t.forms()
	switch {
	case t.transport == TransportWebsocket && t.port == PortTCP:
		return mistake{"port 3501 is Kismet's legacy TCP port, which speaks no websocket", websocket + ", or " + tcp}
	case t.transport == TransportTCP && t.port == PortWebsocket:
		return mistake{"port 2501 is Kismet's web port, which does not speak legacy TCP", tcp + ", or " + websocket}
	}
	return mistake{}
}

// forms returns how to write the target on its usual ports.
func (t *target) forms() (websocket, tcp string) {
	host := t.host
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if t.from.layer == layerFlag {
		return "write --connect " + host + ":2501 without --tcp", "write --connect " + host + ":3501 --tcp"
	}
	return "write ws://" + host + ":2501", "write tcp://" + host + ":3501"
}

// endpoint completes a websocket's path. Kismet's documentation has an example
// that ends in a slash, which no Kismet serves.
func endpoint(path string) string {
	switch {
	case path == "" || path == "/":
		return DefaultEndpoint
	case strings.HasSuffix(path, "/"):
		return path + "remotesource.ws"
	}
	return path
}

// address returns host and port as one text.
func (t *target) address() string { return net.JoinHostPort(t.host, strconv.Itoa(t.port)) }

// url returns the target as a url, for people.
func (t *target) url() string {
	scheme := "ws"
	switch {
	case t.transport == TransportTCP:
		scheme = "tcp"
	case t.tls:
		scheme = "wss"
	}
	return scheme + "://" + t.address() + t.path
}
