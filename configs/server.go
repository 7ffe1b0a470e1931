package configs

import (
	"cmp"
	"crypto/x509"
	"strings"
)

// server settles where the server is and how to log in.
func (l *loader) server(d *serverDraft, every *proxyDraft, before []Server) Server {
	t, ok := l.target(d)
	if !ok && !t.from.set() {
		return Server{} // nothing is known to check the rest against
	}
	s := Server{
		Transport: t.transport, Host: t.host, Port: t.port, Path: t.path, TLS: t.tls,
		Protocol: l.protocol(d),
	}
	if ok {
		l.settle(t.setting, t.url(), t.from)
	}
	s.Name = l.serverName(d, &t, before)
	s.Proxy = l.proxy(d, &t, every)
	rest := l.restTarget(d, &t)
	l.tls(d, &t, &s, rest.tls || t.transport == "")
	l.login(d, &t, &s)
	l.rest(d, &t, &s, rest)
	return s
}

func (o Origin) set() bool { return o.layer != layerDefault }

// target reads the server's address in whichever form it was given. It reports
// false after noting a problem; the target then has its transport, if known.
func (l *loader) target(d *serverDraft) (target, bool) {
	if d.connect.given() {
		return l.connect(d)
	}
	for _, o := range []Origin{d.tcp, d.ssl, d.endpoint.from} {
		if o.set() && (l.file != "" || d.url.given()) {
			from := cmp.Or(d.url.from.File, l.file)
			l.wrong(o, "", "add --connect, or change the url", "it goes with --connect; the server here comes from %s", from)
		}
	}
	if !d.url.given() {
		l.missingServer(d)
		return target{}, false
	}
	t, m := parseURL(d.url.value)
	t.from, t.setting = d.url.from, d.path+".url"
	if m.made() {
		l.wrong(d.url.from, t.setting, m.right, "%s", m.what)
		return t, false
	}
	l.checkEndpoint(&t)
	return t, true
}

func (l *loader) missingServer(d *serverDraft) {
	switch {
	case l.blamedAt("", "servers") || l.blamedAt("servers") || l.blamedAt(d.path, "url") || l.blamed(d.path+".url"):
	case d.from.set():
		l.wrong(d.from, d.path, "add url: ws://HOST:2501, wss://HOST, or tcp://HOST:3501", "the url is missing")
	case l.file != "":
		l.wrong(l.origin(), "servers", "add servers: [{url: ws://HOST:2501, apikey_file: FILE}]", "no server is named")
	default:
		l.wrong(fromFlag("--connect"), "", "add --connect HOST[:PORT], or --autodetect", "no server is named")
	}
}

// connect reads the server from Kismet's flags.
func (l *loader) connect(d *serverDraft) (target, bool) {
	t := target{transport: TransportWebsocket, tls: d.ssl.set(), path: d.endpoint.value, from: d.connect.from, setting: d.path + ".url"}
	if d.tcp.set() {
		t.transport = TransportTCP
		if t.tls {
			l.wrong(d.ssl, "", "remove --tcp to use TLS over websocket, or remove --ssl", "Kismet's legacy TCP has no TLS")
		}
		if d.endpoint.given() {
			l.warn(d.endpoint.from, "", "remove it", "legacy TCP has no endpoint; it is not used")
		}
		t.tls = false
	} else if d.endpoint.given() && !strings.HasPrefix(t.path, "/") {
		l.wrong(d.endpoint.from, "", "write /"+strings.TrimLeft(t.path, "./"), "%s does not begin with a slash", quote(t.path))
	}
	if strings.ContainsAny(t.path, "?#") || strings.ContainsFunc(t.path, notVisible) {
		l.wrong(d.endpoint.from, "", "end it at the path", "%s is no path", quote(t.path))
	}
	var m mistake
	if t.host, t.port, m = parseConnect(d.connect.value); !m.made() {
		m = t.complete()
	}
	if m.made() {
		l.wrong(t.from, t.setting, m.right, "%s", m.what)
		return t, false
	}
	l.checkEndpoint(&t)
	return t, true
}

func notVisible(r rune) bool { return r <= ' ' || r >= 0x7f }

func (l *loader) checkEndpoint(t *target) {
	if t.transport == TransportWebsocket && !strings.HasSuffix(t.path, ".ws") {
		l.warn(t.from, t.setting, "Kismet's is "+DefaultEndpoint+", behind the proxy's prefix if there is one",
			"the endpoint %s does not end as Kismet's does", quote(withoutQuery(t.path)))
	}
}

// withoutQuery leaves out of a path what may be a secret.
func withoutQuery(path string) string {
	path, _, _ = strings.Cut(path, "?")
	return path
}

func (l *loader) protocol(d *serverDraft) Protocol {
	p := d.protocol
	chosen := ProtocolAuto
	if p.given() {
		chosen = Protocol(p.value)
		switch chosen {
		case ProtocolAuto, ProtocolV3, ProtocolV2:
		default:
			l.wrong(p.from, d.path+".protocol", "write auto, v3 (Kismet since 2025-02) or v2 (before)", "%s is no protocol", quote(p.value))
		}
	}
	l.settle(d.path+".protocol", string(chosen), p.from)
	return chosen
}

// tls settles whom to trust, also where only the server's REST may have TLS.
func (l *loader) tls(d *serverDraft, t *target, s *Server, rest bool) {
	if !t.tls && !rest {
		l.unusedTLS(d, t)
		return
	}
	if s.CAFile = d.ca.value; s.CAFile != "" {
		l.checkCA(d.ca, d.path+".tls.ca")
		l.settle(d.path+".tls.ca", s.CAFile, d.ca.from)
	}
	s.CertFile, s.KeyFile = l.clientCertificate(d)
	if !t.tls {
		return
	}
	s.ServerName, _, _ = strings.Cut(s.Host, "%")
	serverName := d.serverName
	if t.from.layer > serverName.from.layer {
		serverName = text{} // it belongs to the host of an earlier place
	}
	if serverName.given() {
		s.ServerName = serverName.value
	}
	l.settle(d.path+".tls.server_name", s.ServerName, serverName.from)
}

// unusedTLS notes what is there for TLS when there is none. What belongs to
// the server of an earlier place is left in peace.
func (l *loader) unusedTLS(d *serverDraft, t *target) {
	if d.tls.set() && t.from.layer <= layerFile {
		l.wrong(d.tls, d.path+".tls", "write wss:// in the url, or remove it", "it has no use without TLS")
	}
	const what = "it has no use without TLS, and does not turn TLS on"
	for _, file := range []struct {
		name string
		text text
	}{{"ca", d.ca}, {"cert", d.cert}, {"key", d.key}} {
		switch from := file.text.from; {
		case from.layer == layerEnvironment:
			l.warn(from, d.path+".tls."+file.name, "write wss:// in the url, or add --ssl", what)
		case from.layer == layerFlag && d.tcp.set() && !d.ssl.set():
			l.warn(from, "", "remove it", "legacy TCP has no TLS; it is not used")
		case from.layer == layerFlag && !d.ssl.set():
			l.wrong(from, "", "add --ssl, or remove it", what)
		}
	}
}

func (l *loader) checkCA(ca text, path string) {
	pem, _, err := l.readFile(ca.value, maxFileBytes)
	if err != nil {
		l.wrong(ca.from, path, "name a PEM file with the certificate of the authority", "%s: %s", ca.value, cause(err))
		return
	}
	if !x509.NewCertPool().AppendCertsFromPEM(pem) {
		l.wrong(ca.from, path, "name a PEM file with the certificate of the authority", "%s holds no certificate", ca.value)
	}
}
