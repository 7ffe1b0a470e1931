package configs

import (
	"cmp"
	"net"
	"net/netip"
	"path/filepath"
	"strings"

	"github.com/sensord/sensord/capture"
)

// webOff keeps the web side from listening.
const webOff = "off"

// portWeb is DefaultWebListen's.
const portWeb = 2510

// makesToken reports whether the rig has to make and keep a token.
func (d *draft) makesToken() bool {
	return d.serves() && !d.web.token.given() && !d.web.tokenFile.given()
}

// web settles where the rig serves HTTP. Nothing is served unless somebody may
// post positions, or an address was written.
func (l *loader) web(d *draft, stateDir string) Web {
	w := &d.web
	switch {
	case w.listen.value == webOff && d.posted() != nil:
		l.wrong(w.listen.from, "web.listen", "write "+DefaultWebListen+", or remove the receivers of types meta and web", "there are receivers that positions are posted to, and nothing would take them")
		return Web{}
	case !d.serves():
		if w.from.set() && w.listen.value != webOff && !l.blamed("web", "gps") {
			l.warn(w.from, "web", "remove it, or add a receiver: {type: meta, name: phone}", "nothing is served, because there is nothing to post positions to")
		}
		return Web{}
	case d.posted() == nil && !l.blamed("gps"):
		l.warn(w.listen.from, "web.listen", "remove it, or add a receiver: {type: meta, name: phone}", "there is nothing to post positions to")
	}
	c := Web{Listen: DefaultWebListen}
	c.CertFile, c.KeyFile = l.webTLS(w)
	c.Insecure = l.webInsecure(w)
	l.webListen(w, &c)
	l.webToken(d, &c, stateDir)
	return c
}

func (l *loader) webListen(w *webDraft, c *Web) {
	if t := w.listen; t.given() {
		listen, m := parsePlace(t.value, portWeb, true)
		if m.made() {
			l.wrong(t.from, "web.listen", m.right, "%s", m.what)
			return
		}
		c.Listen = listen
	}
	open, secure := !loopback(c.Listen), w.tls.set()
	switch {
	case open && !secure && !c.Insecure && !l.blamed("web.insecure"):
		l.wrong(w.listen.from, "web.listen", "add tls: {cert: FILE, key: FILE}, or listen on "+DefaultWebListen+", or write insecure: true where everybody on the network may read the token",
			"%s can be reached by others, and there is no TLS", quote(w.listen.value))
	case c.Insecure && (!open || secure):
		l.warn(w.insecure.from, "web.insecure", "remove it", "there is nothing insecure about %s", c.Listen)
	}
	l.settle("web.listen", c.Listen, w.listen.from)
	if c.CertFile != "" {
		l.settle("web.tls.cert", c.CertFile, w.cert.from)
		l.settle("web.tls.key", c.KeyFile, w.key.from)
	}
	if w.insecure.given() {
		l.settle("web.insecure", w.insecure.value, w.insecure.from)
	}
}

// loopback reports whether only this machine can reach a HOST:PORT.
func loopback(address string) bool {
	host, _, _ := net.SplitHostPort(address)
	if a, err := netip.ParseAddr(host); err == nil {
		return a.IsLoopback()
	}
	return strings.EqualFold(host, "localhost")
}

func (l *loader) webInsecure(w *webDraft) bool {
	if !w.insecure.given() {
		return false
	}
	insecure, ok := capture.ParseBool(w.insecure.value)
	if !ok {
		l.wrong(w.insecure.from, "web.insecure", "write true or false", "%s is neither true nor false", quote(w.insecure.value))
	}
	return insecure
}

// webTLS settles what the web side proves itself with.
func (l *loader) webTLS(w *webDraft) (certFile, keyFile string) {
	if !w.tls.set() {
		return "", ""
	}
	switch {
	case w.cert.given() && w.key.given():
	case l.blamed("web.tls"):
		return "", ""
	default:
		l.wrong(w.tls, "web.tls", "write tls: {cert: FILE, key: FILE}", "TLS takes a certificate and its key")
		return "", ""
	}
	l.checkKeyPair(w.cert, w.key, "web.tls")
	return w.cert.value, w.key.value
}

// webToken settles what those who post have to know.
func (l *loader) webToken(d *draft, c *Web, stateDir string) {
	const path = "web.token_file"
	w := &d.web
	token, from := l.secret(w.token, w.tokenFile, path)
	switch {
	case from.set():
		if !webToken(token) && !l.blamed("web.token") && !l.blamed(path) {
			l.wrong(from, path, "write 8 to 128 letters, digits, dots, dashes and underscores", "this is no token: others could guess it, or it could not travel in a URL")
		}
		c.Token = Secret(token)
		l.settle("web.token", c.Token.String(), from)
	case stateDir == "":
		from := cmp.Or(w.from, w.listen.from)
		if r := d.posted(); r != nil && !from.set() {
			from = r.from
		}
		l.wrong(from, path, "name a file that holds a token, or set SENSORD_WEB_TOKEN, or name a directory with state_dir", "there is no token, and no state directory to keep one in")
	default:
		c.TokenFile = filepath.Join(stateDir, "web.token")
		l.settle(path, c.TokenFile, Origin{})
	}
}

// webToken reports whether a text can be a token: it has to travel in a cookie,
// a query and a header as it is.
func webToken(s string) bool {
	const least, most = 8, 128
	return len(s) >= least && len(s) <= most && strings.Map(rigRune, s) == s
}
