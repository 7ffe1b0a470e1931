package configs

import (
	"bytes"
	"cmp"
	"net"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
)

// NATS's ports for clients, and for the leaves of a hub.
const (
	portBus  = 4222
	portLeaf = 7422
)

// maxCredsBytes bounds a file with credentials.
const maxCredsBytes = 64 << 10

// busServer settles whom to join, and how to prove who we are.
func (l *loader) busServer(w *busDraft, urls []text, c *Bus) {
	l.busCertificates(w, urls, c)
	secure := c.CAFile != "" || c.ServerName != "" || c.CertFile != ""
	for i, t := range urls {
		path := "bus.url"
		if len(urls) > 1 {
			path += "[" + strconv.Itoa(i) + "]"
		}
		address, m := parseBusURL(t.value, c.Mode)
		if m.made() {
			l.wrong(t.from, path, m.right, "%s", m.what)
			continue
		}
		if secure { // NATS's own scheme says nothing of TLS, so who to trust does
			address = "tls://" + strings.TrimPrefix(strings.TrimPrefix(address, "nats://"), "tls://")
		}
		l.oddBusPort(t, address, c.Mode)
		c.URLs = append(c.URLs, address)
		l.settle(path, address, t.from)
	}
	if len(urls) == 0 && !l.blamed("bus.url", "bus.urls") && !l.blamedAt("bus", "url") {
		what, right := "there is no hub to be a leaf of", "add url: nats://HOST:7422, or write mode: embedded"
		if c.Mode == BusJoin {
			what, right = "there is no server to join", "add url: nats://HOST:4222"
		}
		if w.mode.from.layer == layerFlag {
			right = "add the url to a configuration: bus: {mode: leaf, url: nats://HOST:7422}"
		}
		l.wrong(w.mode.from, "bus", right, "%s", what)
	}
	l.busLogin(w, c)
}

// parseBusURL reads a server's URL into scheme, host and port.
func parseBusURL(s string, mode BusMode) (string, mistake) {
	port := portBus
	if mode == BusLeaf {
		port = portLeaf
	}
	form := "write nats://HOST:" + strconv.Itoa(port) + ", or tls:// where there has to be TLS"
	if strings.Contains(s, "@") { // first, so that no message shows a password
		return "", mistake{"a login does not belong in the url", "write creds: FILE, or user: and password_file:"}
	}
	if !strings.Contains(s, "://") {
		return "", mistake{quote(s) + " has no scheme", form}
	}
	u, err := url.Parse(s)
	if err != nil {
		return "", mistake{quote(s) + " is no URL", form}
	}
	scheme := strings.ToLower(u.Scheme)
	switch {
	case scheme == "ws" || scheme == "wss":
		return "", mistake{"this version reaches a bus by NATS's own protocol, and not over websockets", form}
	case scheme != "nats" && scheme != "tls":
		return "", mistake{"unknown scheme " + quote(u.Scheme), form}
	case u.Hostname() == "":
		return "", mistake{"the host is missing", form}
	case u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return "", mistake{"a bus has no path", form}
	}
	given, err := parsePort(u.Port())
	if err != nil {
		return "", mistake{"port " + quote(u.Port()) + " is no port number", "write 1 to 65535"}
	}
	if m := checkHost(u.Hostname(), strings.HasPrefix(u.Host, "[")); m.made() {
		return "", m
	}
	at := url.URL{Scheme: scheme, Host: net.JoinHostPort(u.Hostname(), strconv.Itoa(cmp.Or(given, port)))}
	return at.String(), mistake{}
}

// oddBusPort warns of the port on which the other of NATS's protocols is spoken.
func (l *loader) oddBusPort(t text, address string, mode BusMode) {
	switch {
	case mode == BusJoin && strings.HasSuffix(address, ":"+strconv.Itoa(portLeaf)):
		l.warn(t.from, "bus.url", "write mode: leaf to be one, or port 4222", "port 7422 is where a hub takes leaves, and this is a client")
	case mode == BusLeaf && strings.HasSuffix(address, ":"+strconv.Itoa(portBus)):
		l.warn(t.from, "bus.url", "write port 7422, or mode: nats to be a client", "port 4222 is where a hub takes clients, and this is a leaf")
	}
}

// busCertificates settles whom to trust and what to show.
func (l *loader) busCertificates(w *busDraft, urls []text, c *Bus) {
	const path = "bus.tls"
	if c.CAFile = w.ca.value; w.ca.given() {
		l.checkCA(w.ca, path+".ca")
		l.settle(path+".ca", c.CAFile, w.ca.from)
	}
	if len(urls) == 0 || urls[0].from.layer <= w.serverName.from.layer { // else it belongs to the host of an earlier place
		c.ServerName = w.serverName.value
		l.settleGiven(path+".server_name", c.ServerName, w.serverName)
	}
	switch {
	case !w.cert.given() && !w.key.given():
	case w.cert.given() && w.key.given():
		l.checkKeyPair(w.cert, w.key, path)
		c.CertFile, c.KeyFile = w.cert.value, w.key.value
		l.settle(path+".cert", c.CertFile, w.cert.from)
		l.settle(path+".key", c.KeyFile, w.key.from)
	case l.blamed(path+".cert", path+".key") || l.blamedAt(path, "cert", "key"):
	default:
		l.wrong(cmp.Or(w.cert.from, w.key.from), path, "write tls: {cert: FILE, key: FILE}", "a client proves itself with a certificate and its key, and one of the two is missing")
	}
}

// busLogin settles who we are: credentials in a file, or a user with a password.
// What was given in a later place wins.
func (l *loader) busLogin(w *busDraft, c *Bus) {
	const path = "bus.password_file"
	password, passwordFrom := l.secret(w.password, w.passwordFile, path)
	login := max(w.user.from.layer, passwordFrom.layer)
	byLogin, byCreds := login > layerDefault, w.creds.given()
	if byLogin && byCreds {
		const right = "give one of the two"
		switch at := w.creds.from; {
		case at.layer == login:
			l.wrong(at, "bus.creds", right, "there are a user and a password, too")
		case at.layer > login:
			l.warn(at, "bus.creds", right, "these credentials are used, and not the user and password of an earlier place")
			byLogin = false
		default:
			l.warn(at, "bus.creds", right, "the credentials are not used: user and password of a later place win")
			byCreds = false
		}
	}
	if byCreds {
		l.busCreds(w.creds, c)
	}
	if !byLogin {
		return
	}
	switch {
	case !w.user.given():
		l.wrong(passwordFrom, path, otherHalf(passwordFrom, "user: NAME", "SENSORD_BUS_USER to the environment"), "there is a password without a user")
	case !passwordFrom.set() && !l.blamed("bus.password", path) && !l.blamedAt("bus", "password_file"):
		l.wrong(w.user.from, "bus.user", otherHalf(w.user.from, "password_file: FILE", "SENSORD_BUS_PASSWORD to the environment"), "there is a user without a password")
	}
	c.User, c.Password = w.user.value, Secret(password)
	l.settle("bus.user", c.User, w.user.from)
	l.settle("bus.password", c.Password.String(), passwordFrom)
}

// busCreds looks whether a file has credentials, which the bus reads again at
// each connection.
func (l *loader) busCreds(t text, c *Bus) {
	const path, right = "bus.creds", "name the file that `sensord hub rig NAME` wrote"
	c.CredsFile = t.value
	if abs, err := filepath.Abs(t.value); err == nil {
		c.CredsFile = abs // --daemonize goes elsewhere
	}
	l.settle(path, c.CredsFile, t.from)
	data, mode, err := l.readFile(t.value, maxCredsBytes)
	switch {
	case err != nil:
		l.wrong(t.from, path, right, "%s: %s", t.value, cause(err))
	case !bytes.Contains(data, []byte("BEGIN NATS USER JWT")) || !bytes.Contains(data, []byte("BEGIN USER NKEY SEED")):
		l.wrong(t.from, path, right, "%s holds no NATS credentials", t.value)
	case mode.IsRegular() && mode.Perm()&0o004 != 0:
		l.warn(t.from, path, "chmod o= "+t.value, "everybody on this machine can read %s", t.value)
	}
}

// embeddedJoinsNobody notes what only who joins a server has. Settings of
// another place than the mode may be meant for another mode.
func (l *loader) embeddedJoinsNobody(w *busDraft) {
	const what, right = "an embedded bus joins nobody", "remove it, or write mode: leaf"
	for _, s := range []struct {
		key  string
		from Origin
	}{{"creds", w.creds.from}, {"user", w.user.from}, {"password_file", w.passwordFile.from}, {"tls", w.tls}, {"url", firstOf(w.urls)}} {
		if s.from.layer == layerFile && w.mode.from.layer == layerFile {
			l.wrong(s.from, "bus."+s.key, right, what)
		}
	}
	if from := w.creds.from; from.layer == layerFlag {
		l.wrong(from, "", "remove it, or write --bus URL", what)
	}
}

// joinedKeepsNothing notes what only a server of our own has.
func (l *loader) joinedKeepsNothing(w *busDraft) {
	for _, s := range []struct {
		key  string
		from Origin
	}{{"listen", w.listen.from}, {"store", w.store}} {
		if s.from.set() && max(w.mode.from.layer, firstOf(w.urls).layer) == layerFile {
			l.wrong(s.from, "bus."+s.key, "remove it, or write mode: leaf, which has a server of its own", "a server that is joined has its own")
		}
	}
}

// unusedBusFlags refuses flags that only go with a bus.
func (l *loader) unusedBusFlags(w *busDraft) {
	for _, t := range []text{w.creds, w.fleet} {
		if t.from.layer == layerFlag && !l.busWrong && !l.blamed("bus") {
			l.wrong(t.from, "", "add --bus URL, or remove it", "there is no bus")
		}
	}
}

func firstOf(list []text) Origin {
	if len(list) == 0 {
		return Origin{}
	}
	return list[0].from
}
