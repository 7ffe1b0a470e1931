package configs

import (
	"net"
	"net/url"
	"strconv"
	"strings"

	yaml "go.yaml.in/yaml/v3"
)

// proxyNone keeps a server from being reached through a proxy.
const proxyNone = "none"

// proxyDraft is what was written of a proxy.
type proxyDraft struct {
	from         Origin // of the block
	url          text   // or proxyNone
	user         text
	password     text
	passwordFile text
}

// proxy reads through what a server is reached; a single word is the URL.
func (d *document) proxy(n *yaml.Node, path string, into *serverDraft) {
	p := &into.proxy
	p.from = d.origin(n)
	if v := d.follow(n); v == nil || v.Kind == yaml.ScalarNode {
		d.scalar(&p.url)(n, path)
		return
	}
	d.mapping(n, path, []field{
		{"url", d.scalar(&p.url)},
		{"user", d.scalar(&p.user)},
		{"password_file", d.scalar(&p.passwordFile)},
	}, field{"password", d.refuse("write password_file: FILE with the password in that file, or set SENSORD_PROXY_PASSWORD", inlineSecret)})
}

// over lays the environment's and the flags' proxy over a server's. A login goes
// with the URL that stands beside it, and not with that of a later place.
func (p *proxyDraft) over(later *proxyDraft) {
	if later.url.given() {
		p.url, p.user, p.passwordFile = later.url, text{}, text{}
	}
	for _, t := range []struct{ into, from *text }{{&p.user, &later.user}, {&p.password, &later.password}, {&p.passwordFile, &later.passwordFile}} {
		if t.from.given() {
			*t.into = *t.from
		}
	}
}

// proxy settles through what a server is reached.
func (l *loader) proxy(d *serverDraft, t *target, every *proxyDraft) Proxy {
	p, path := d.proxy, d.path+".proxy"
	if t.from.layer > layerFile {
		p = proxyDraft{} // it belongs to the server of an earlier place
	}
	p.over(every)
	if !p.url.given() {
		l.proxyWithoutURL(&p, path)
		return Proxy{}
	}
	password, passwordFrom := l.secret(p.password, p.passwordFile, path+".password_file")
	login := p.user.given() || passwordFrom.set()
	if p.url.value == proxyNone {
		if login && max(p.user.from.layer, passwordFrom.layer) == p.url.from.layer { // one of a later place is other servers'
			l.wrong(p.url.from, path, "remove it, or write the proxy's URL", "there is a login for a proxy, and no proxy")
		}
		l.settle(path, proxyNone, p.url.from)
		return Proxy{Mode: ProxyNone}
	}
	address, m := parseProxy(p.url.value)
	if m.made() {
		l.wrong(p.url.from, path, m.right, "%s", m.what)
		return Proxy{}
	}
	c := Proxy{Mode: ProxyURL, URL: address}
	l.settle(path, c.URL, p.url.from)
	if login {
		c.User, c.Password = p.user.value, Secret(password)
		l.checkUser(p.user, passwordFrom, loginPlace{path, "SENSORD_PROXY_USER to the environment", "SENSORD_PROXY_PASSWORD to the environment"})
		l.settle(path+".user", c.User, p.user.from)
		l.settle(path+".password", c.Password.String(), passwordFrom)
	}
	return c
}

// proxyWithoutURL notes a login of a proxy that is not there.
func (l *loader) proxyWithoutURL(p *proxyDraft, path string) {
	if p.from.set() && !l.blamed(path) && !l.blamedAt(path, "url") {
		l.wrong(p.from, path, "write proxy: http://HOST:PORT, or proxy: none", "the url is missing")
		return
	}
	for _, t := range []text{p.user, p.password, p.passwordFile} {
		if t.from.layer == layerEnvironment {
			l.warn(t.from, "", "set SENSORD_PROXY=http://HOST:PORT too; a proxy of HTTPS_PROXY has its login in that", "it belongs to a proxy, and none is named")
		}
	}
}

// parseProxy reads a proxy's URL into scheme, host and port.
func parseProxy(s string) (string, mistake) {
	const form = "write http://HOST:PORT or https://HOST:PORT, or none"
	if strings.Contains(s, "@") { // first, so that no message shows a password
		return "", mistake{"a login does not belong in the url", "write proxy: {url: http://HOST:PORT, user: NAME, password_file: FILE}, or set SENSORD_PROXY_USER and SENSORD_PROXY_PASSWORD"}
	}
	u, err := url.Parse(s)
	if err != nil || u.Host == "" {
		return "", mistake{quote(s) + " is no URL", form}
	}
	scheme := strings.ToLower(u.Scheme)
	switch {
	case strings.HasPrefix(scheme, "socks"):
		return "", mistake{"this version goes through proxies that speak HTTP CONNECT, and not through " + scheme, form}
	case scheme != "http" && scheme != "https":
		return "", mistake{"unknown scheme " + quote(u.Scheme), form}
	case u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return "", mistake{"a proxy has no path", form}
	case u.Port() == "":
		return "", mistake{"the port is missing", "write " + scheme + "://" + u.Host + ":3128, or whatever port it has"}
	}
	port, err := parsePort(u.Port())
	if err != nil {
		return "", mistake{"port " + quote(u.Port()) + " is no port number", "write 1 to 65535"}
	}
	host := u.Hostname()
	if m := checkHost(host, strings.HasPrefix(u.Host, "[")); m.made() {
		return "", m
	}
	at := url.URL{Scheme: scheme, Host: net.JoinHostPort(host, strconv.Itoa(port))}
	return at.String(), mistake{}
}
