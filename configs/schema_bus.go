package configs

import (
	yaml "go.yaml.in/yaml/v3"
)

// busDraft is what was written of the bus. Its mode may be a URL, which is one
// to join.
type busDraft struct {
	from                          Origin // of the block
	mode, fleet                   text
	urls                          []text
	creds                         text
	user, password, passwordFile  text
	tls                           Origin // of the block
	ca, serverName, cert, key     text
	listen                        text
	store                         Origin // of the block
	storeDir, storeSize, storeAge text
	rate, every, claims           text
	bridges                       []bridgeDraft
}

// bridgeDraft is what was written of a bridge.
type bridgeDraft struct {
	path string // as in bus.bridge[0]
	from Origin

	name, rig, metagps   text
	rate, create, expire text
}

// on reports whether somebody wants a bus, be it with mistakes.
func (w *busDraft) on() bool {
	return w.mode.value != string(BusOff) && (w.from.set() || w.mode.given())
}

// bus reads how rigs hear of each other; a single word is the mode, or the URL
// to join.
func (d *document) bus(n *yaml.Node, path string, into *busDraft) {
	into.from = d.origin(n)
	if v := d.follow(n); v == nil || v.Kind == yaml.ScalarNode {
		d.scalar(&into.mode)(n, path)
		return
	}
	d.mapping(n, path, []field{
		{"mode", d.scalar(&into.mode)},
		{"url", d.scalars(&into.urls)},
		{"fleet", d.scalar(&into.fleet)},
		{"creds", d.scalar(&into.creds)},
		{"user", d.scalar(&into.user)},
		{"password_file", d.scalar(&into.passwordFile)},
		{"tls", func(n *yaml.Node, path string) { d.busTLS(n, path, into) }},
		{"listen", d.scalar(&into.listen)},
		{"store", func(n *yaml.Node, path string) { d.busStore(n, path, into) }},
		{"rate", d.scalar(&into.rate)},
		{"every", d.scalar(&into.every)},
		{"claims", d.scalar(&into.claims)},
		{"bridge", func(n *yaml.Node, path string) { d.bridges(n, path, into) }},
	},
		field{"urls", d.scalars(&into.urls)}, // as NATS calls them
		field{"password", d.refuse("write password_file: FILE with the password in that file, or set SENSORD_BUS_PASSWORD", inlineSecret)},
		field{"rig", d.refuse("write rig: NAME at the top of the file", "the rig has one name, on the bus and elsewhere")},
	)
}

func (d *document) busTLS(n *yaml.Node, path string, into *busDraft) {
	into.tls = d.origin(n)
	d.mapping(n, path, []field{
		{"ca", d.scalar(&into.ca)},
		{"server_name", d.scalar(&into.serverName)},
		{"cert", d.scalar(&into.cert)},
		{"key", d.scalar(&into.key)},
	})
}

// busStore reads where the bus keeps what is published; a single word is the
// directory.
func (d *document) busStore(n *yaml.Node, path string, into *busDraft) {
	into.store = d.origin(n)
	if v := d.follow(n); v == nil || v.Kind == yaml.ScalarNode {
		d.scalar(&into.storeDir)(n, path)
		return
	}
	d.mapping(n, path, []field{
		{"dir", d.scalar(&into.storeDir)},
		{"size", d.scalar(&into.storeSize)},
		{"age", d.scalar(&into.storeAge)},
	})
}

func (d *document) bridges(n *yaml.Node, path string, into *busDraft) {
	d.list(n, path, func(_ int, entry *yaml.Node, path string) {
		b := bridgeDraft{path: path, from: d.origin(entry)}
		d.mapping(entry, path, []field{
			{"name", d.scalar(&b.name)},
			{"rig", d.scalar(&b.rig)},
			{"metagps", d.scalar(&b.metagps)},
			{"rate", d.scalar(&b.rate)},
			{"create", d.scalar(&b.create)},
			{"expire", d.scalar(&b.expire)},
		})
		into.bridges = append(into.bridges, b)
	})
}
