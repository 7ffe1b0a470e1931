package configs

import (
	"cmp"
	"net"
	"net/url"
	"strconv"
	"strings"
)

// A restTarget is where a server's REST is.
type restTarget struct {
	url  string // without a slash at the end; "" is not known
	host string
	tls  bool
	from Origin
}

// restTarget settles where a server's REST is: as written, else where its
// websocket is, as far as its endpoint is Kismet's behind a prefix.
func (l *loader) restTarget(server *serverDraft, t *target) restTarget {
	d := &server.rest
	if d.url.from.layer == layerFile && t.from.layer > layerFile {
		d.url = text{} // it belongs to the server of an earlier place
	}
	if d.url.given() {
		r, m := parseRESTURL(d.url.value)
		if m.made() {
			l.wrong(d.url.from, server.path+".rest.url", m.right, "%s", m.what)
		}
		r.from = d.url.from
		return r
	}
	prefix, found := strings.CutSuffix(t.path, DefaultEndpoint)
	if t.transport != TransportWebsocket || !found {
		return restTarget{}
	}
	return restTarget{url: restURL(t.tls, t.address(), prefix), host: t.host, tls: t.tls}
}

// restURL writes a URL, with the percent sign of an IPv6 zone as URLs have it.
func restURL(tls bool, address, prefix string) string {
	u := url.URL{Scheme: "http", Host: address}
	if tls {
		u.Scheme = "https"
	}
	return u.String() + strings.TrimRight(prefix, "/")
}

func parseRESTURL(s string) (restTarget, mistake) {
	const form = "write http://HOST:2501 or https://HOST, with the proxy's prefix if there is one"
	if strings.Contains(s, "@") { // first, so that no message shows a password
		return restTarget{}, mistake{"a login does not belong in the url", "write user: and password_file:, or apikey_file:"}
	}
	u, err := url.Parse(s)
	if err != nil || u.Host == "" {
		return restTarget{}, mistake{quote(s) + " is no URL", form}
	}
	r := restTarget{host: u.Hostname()}
	port := PortWebsocket
	switch strings.ToLower(u.Scheme) {
	case "http":
	case "https":
		r.tls, port = true, PortTLS
	default:
		return restTarget{}, mistake{"unknown scheme " + quote(u.Scheme), form}
	}
	given, err := parsePort(u.Port())
	switch {
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return restTarget{}, mistake{"a query does not belong in the url", "end it at the prefix"}
	case err != nil:
		return restTarget{}, mistake{"port " + quote(u.Port()) + " is no port number", "write 1 to 65535"}
	case strings.HasSuffix(u.Path, ".ws"):
		return restTarget{}, mistake{"this is the endpoint of a websocket", form}
	}
	if m := checkHost(r.host, strings.HasPrefix(u.Host, "[")); m.made() {
		return restTarget{}, m
	}
	r.url = restURL(r.tls, net.JoinHostPort(r.host, strconv.Itoa(cmp.Or(given, port))), u.EscapedPath())
	return r, mistake{}
}

// rest settles how a server's REST is asked. Its login is the server's own
// unless another was written.
func (l *loader) rest(server *serverDraft, t *target, s *Server, r restTarget) {
	d, path := &server.rest, server.path+".rest"
	password, passwordFrom := l.secret(d.password, d.passwordFile, path+".password_file")
	apikey, apikeyFrom := l.secret(d.apikey, d.apikeyFile, path+".apikey_file")
	c := REST{URL: r.url, User: s.User, Password: s.Password, APIKey: s.APIKey}
	right := "add apikey_file: FILE, or user: NAME and password_file: FILE"
	if server.isFirst() {
		right += ", or set SENSORD_REST_APIKEY"
	}
	switch byLogin, byKey := l.oneLogin(d.user, passwordFrom, apikeyFrom, path+".apikey_file"); {
	case byLogin:
		c.User, c.Password, c.APIKey = d.user.value, Secret(password), ""
		l.checkUser(d.user, passwordFrom, restLogin(server))
		l.settle(path+".user", c.User, d.user.from)
		l.settle(path+".password", c.Password.String(), passwordFrom)
	case byKey:
		c.User, c.Password, c.APIKey = "", "", Secret(apikey)
		l.checkKey(apikey, apikeyFrom, restLogin(server))
		l.settle(path+".apikey", c.APIKey.String(), apikeyFrom)
	case t.transport == TransportTCP && r.from.layer == layerFile && r.url != "" && !l.blamed(path) && !l.blamedAt(path):
		l.wrong(r.from, path, right, "Kismet's REST needs a login, and legacy TCP has none that it could use")
	}
	if r.url == "" {
		if d.from.set() && !d.url.given() && !l.blamed(path, server.path+".url") && !l.blamedAt(path, "url") {
			l.wrong(d.from, path, "add url: http://HOST:2501", "the url is missing, and does not follow from the server's")
		}
		return
	}
	if r.tls {
		c.ServerName, _, _ = strings.Cut(r.host, "%")
		switch {
		case t.tls && r.host == t.host:
			c.ServerName = s.ServerName
		case !t.tls && server.serverName.given():
			c.ServerName = server.serverName.value
		}
	}
	if d.url.given() {
		l.settle(path+".url", c.URL, d.url.from)
	}
	s.REST = c
}
