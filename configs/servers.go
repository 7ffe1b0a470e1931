package configs

import (
	"slices"
	"strconv"
)

// servers settles the servers, in the order in which they are tried. There may
// be none only where frames are recorded.
func (l *loader) servers(d *draft) []Server {
	if d.serverless() {
		return nil
	}
	l.oneServer(d)
	d.first()
	var servers []Server
	for i := range d.servers {
		sd := &d.servers[i]
		s := l.server(sd, &d.proxy, servers)
		if at := slices.IndexFunc(servers, func(o Server) bool { return sameServer(o, s) }); at >= 0 && s.Host != "" && !l.blamed(sd.path, d.servers[at].path) {
			l.wrong(sd.from, sd.path, "keep one of the two, or reach one of them through another proxy", "it is the server of servers[%d] again", at)
		}
		servers = append(servers, s)
	}
	return servers
}

// serverName settles what a server is called, unlike those before it: where it
// is, unless somebody named it.
func (l *loader) serverName(d *serverDraft, t *target, before []Server) string {
	name := d.name
	if t.from.layer > name.from.layer {
		name = text{} // it belongs to the server of an earlier place
	}
	chosen := name.value
	if chosen == "" && t.host != "" {
		chosen = t.address()
	}
	if slices.ContainsFunc(before, func(o Server) bool { return chosen != "" && o.Name == chosen }) {
		if name.given() {
			l.wrong(name.from, d.path+".name", "give it another", "another server has the name %s", quote(chosen))
		}
		chosen += "#" + strconv.Itoa(len(before)+1) // one machine with two Kismets, or two ways to it
	}
	l.settle(d.path+".name", chosen, name.from)
	return chosen
}

// sameServer reports whether two servers are one, reached in one way.
func sameServer(a, b Server) bool {
	return a.Transport == b.Transport && a.TLS == b.TLS && a.Host == b.Host && a.Port == b.Port && a.Path == b.Path && a.Proxy == b.Proxy
}

// serverless reports whether frames are recorded and nothing says that they
// are sent as well. A login in the environment, which serves other programs
// too, does not say so.
func (d *draft) serverless() bool {
	if !d.records() || len(d.servers) > 1 {
		return false
	}
	s := d.first()
	for _, from := range []Origin{s.connect.from, s.url.from, s.from} {
		if from.set() {
			return false
		}
	}
	for _, from := range []Origin{s.tcp, s.ssl, s.endpoint.from, s.user.from, s.password.from, s.apikey.from, s.ca.from, s.cert.from, s.key.from, s.protocol.from} {
		if from.layer == layerFlag {
			return false
		}
	}
	return true
}

// oneServer puts the server of --connect or SENSORD_URL in the place of all of
// the file's. Of those only the first one's login goes on to it, as of a file
// with one server.
func (l *loader) oneServer(d *draft) {
	if len(d.servers) < 2 {
		return
	}
	from := d.first().url.from
	if d.first().connect.given() {
		from = d.first().connect.from
	}
	if from.layer > layerFile {
		l.warn(from, "servers", "leave it out to fall back on the others", "it takes the place of all %d servers of %s", len(d.servers), l.file)
		d.servers = d.servers[:1]
	}
}
