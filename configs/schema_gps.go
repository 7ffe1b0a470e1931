package configs

import (
	"slices"

	yaml "go.yaml.in/yaml/v3"
)

func (d *document) gps(n *yaml.Node, path string, into *gpsDraft) {
	d.mapping(n, path, []field{
		{"mode", d.scalar(&into.mode)},
		{"motion", d.scalar(&into.motion)},
		{"predict", d.scalar(&into.predict)},
		{"limit", d.scalar(&into.limit)},
		{"receivers", func(n *yaml.Node, path string) { d.receivers(n, path, into) }},
		{"metagps", func(n *yaml.Node, path string) {
			into.metagps = d.origin(n)
			d.mapping(n, path, []field{{"rate", d.scalar(&into.rate)}, {"create", d.scalar(&into.create)}})
		}},
	})
}

// receivers reads every key that some type of receiver has, and offers those of
// the type that is written to who mistyped one.
func (d *document) receivers(n *yaml.Node, path string, into *gpsDraft) {
	d.list(n, path, func(_ int, entry *yaml.Node, path string) {
		r := receiverDraft{path: path, from: d.origin(entry), set: map[string]text{}}
		has := receiverKeys[:]
		for _, k := range receiverKinds() {
			if string(k.name) == valueOf(entry, "type") {
				has = k.has
			}
		}
		fields, others := []field{{"type", d.scalar(&r.kind)}, {"name", d.scalar(&r.name)}}, []field{}
		for _, key := range receiverKeys {
			f := field{key, func(n *yaml.Node, path string) {
				var t text
				if d.scalar(&t)(n, path); t.given() {
					r.set[key] = t
				}
			}}
			if slices.Contains(has, key) {
				fields = append(fields, f)
			} else {
				others = append(others, f)
			}
		}
		d.mapping(entry, path, fields, others...)
		into.receivers = append(into.receivers, r)
	})
}

// valueOf returns the plain value of a mapping's key, or "".
func valueOf(n *yaml.Node, key string) string {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if n.Kind != yaml.MappingNode {
		return ""
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1].Value
		}
	}
	return ""
}

func (d *document) web(n *yaml.Node, path string, into *webDraft) {
	into.from = d.origin(n)
	d.mapping(n, path, []field{
		{"listen", d.scalar(&into.listen)},
		{"tls", func(n *yaml.Node, path string) {
			into.tls = d.origin(n)
			d.mapping(n, path, []field{{"cert", d.scalar(&into.cert)}, {"key", d.scalar(&into.key)}})
		}},
		{"token_file", d.scalar(&into.tokenFile)},
		{"insecure", d.scalar(&into.insecure)},
	},
		field{"token", d.refuse("write token_file: FILE with the token in that file, or set SENSORD_WEB_TOKEN", inlineSecret)},
	)
}
