package configs

import (
	"strings"

	yaml "go.yaml.in/yaml/v3"
)

// read fills the draft from a file's text. What belongs to later versions is
// refused here, in words that say what this version does instead: a setting
// that is silently ignored is worse than one that is missing.
func (d *document) read(top *yaml.Node, into *draft) {
	d.mapping(top, "", []field{
		{"rig", d.scalar(&into.rig)},
		{"servers", func(n *yaml.Node, path string) { d.servers(n, path, into) }},
		{"sources", func(n *yaml.Node, path string) { d.sources(n, path, into) }},
		{"gps", func(n *yaml.Node, path string) { d.gps(n, path, &into.gps) }},
		{"web", func(n *yaml.Node, path string) { d.web(n, path, &into.web) }},
		{"spool", func(n *yaml.Node, path string) { d.spool(n, path, &into.spool) }},
		{"replay", func(n *yaml.Node, path string) { d.replay(n, path, &into.replay) }},
		{"record", func(n *yaml.Node, path string) { d.record(n, path, &into.record) }},
		{"privacy", func(n *yaml.Node, path string) { d.privacy(n, path, into) }},
		{"status", func(n *yaml.Node, path string) {
			d.mapping(n, path, []field{{"socket", d.scalar(&into.status)}})
		}},
		{"bus", func(n *yaml.Node, path string) { d.bus(n, path, &into.bus) }},
		{"state_dir", d.scalar(&into.stateDir)},
		{"log", func(n *yaml.Node, path string) {
			d.mapping(n, path, []field{{"level", d.scalar(&into.logLevel)}, {"format", d.scalar(&into.logFormat)}})
		}},
	},
		field{"once", d.refuse("write `sensord run --once`", "it is a flag, not a setting")},
	)
}

func (d *document) servers(n *yaml.Node, path string, into *draft) {
	d.list(n, path, func(_ int, entry *yaml.Node, path string) {
		s := serverDraft{path: path, from: d.origin(entry)}
		d.mapping(entry, path, []field{
			{"name", d.scalar(&s.name)},
			{"url", d.scalar(&s.url)},
			{"protocol", d.scalar(&s.protocol)},
			{"user", d.scalar(&s.user)},
			{"password_file", d.scalar(&s.passwordFile)},
			{"apikey_file", d.scalar(&s.apikeyFile)},
			{"tls", func(n *yaml.Node, path string) { d.tls(n, path, &s) }},
			{"proxy", func(n *yaml.Node, path string) { d.proxy(n, path, &s) }},
			{"rest", func(n *yaml.Node, path string) { d.rest(n, path, &s) }},
		}, d.inlineSecrets(&s, "SENSORD_")...)
		into.servers = append(into.servers, s)
	})
}

const inlineSecret = "a secret does not belong in the configuration"

// inlineSecrets refuses the keys that one would write a secret into. The
// environment is offered where it is about this server.
func (d *document) inlineSecrets(s *serverDraft, prefix string) []field {
	password, apikey := ", or set "+prefix+"PASSWORD", ", or set "+prefix+"APIKEY"
	if !s.isFirst() {
		password, apikey = "", ""
	}
	return []field{
		{"password", d.refuse("write password_file: FILE with the password in that file"+password, inlineSecret)},
		{"apikey", d.refuse("write apikey_file: FILE with the key in that file"+apikey, inlineSecret)},
	}
}

func (d *document) rest(n *yaml.Node, path string, into *serverDraft) {
	r := &into.rest
	r.from = d.origin(n)
	d.mapping(n, path, []field{
		{"url", d.scalar(&r.url)},
		{"user", d.scalar(&r.user)},
		{"password_file", d.scalar(&r.passwordFile)},
		{"apikey_file", d.scalar(&r.apikeyFile)},
	}, d.inlineSecrets(into, "SENSORD_REST_")...)
}

func (d *document) tls(n *yaml.Node, path string, into *serverDraft) {
	into.tls = d.origin(n)
	d.mapping(n, path, []field{
		{"ca", d.scalar(&into.ca)},
		{"server_name", d.scalar(&into.serverName)},
		{"cert", d.scalar(&into.cert)},
		{"key", d.scalar(&into.key)},
	})
}

func (d *document) sources(n *yaml.Node, path string, into *draft) {
	d.list(n, path, func(_ int, entry *yaml.Node, path string) {
		s := sourceDraft{path: path, from: d.origin(entry)}
		d.mapping(entry, path, []field{
			{"interface", d.scalar(&s.iface)},
			{"definition", d.scalar(&s.definition)},
			{"name", d.scalar(&s.name)},
			{"type", d.scalar(&s.kind)},
			{"options", func(n *yaml.Node, path string) { d.options(n, path, &s) }},
			{"hop", func(n *yaml.Node, path string) { d.hop(n, path, &s.hop) }},
			{"ring", d.scalar(&s.ring)},
			{"filter", d.scalars(&s.filter)},
			{"server_options", d.scalar(&s.serverOptions)},
		},
			field{"uuid", d.refuse("write options: {uuid: …}", "it is one of Kismet's options")},
			field{"channels", d.refuse(`write options: {channels: "1,6,11"}, or hop: {mode: local, channels: [1, 6, 11]}`, "it is one of Kismet's options, or belongs to hop")},
		)
		into.sources = append(into.sources, s)
	})
}

// hop reads how a radio changes channels; a single word is the mode.
func (d *document) hop(n *yaml.Node, path string, into *hopDraft) {
	if v := d.follow(n); v == nil || v.Kind == yaml.ScalarNode {
		d.scalar(&into.mode)(n, path)
		return
	}
	d.mapping(n, path, []field{
		{"mode", d.scalar(&into.mode)},
		{"rate", d.scalar(&into.rate)},
		{"channels", d.scalars(&into.channels)},
		{"shuffle", d.scalar(&into.shuffle)},
	},
		field{"speed", d.refuse("write rate: 5/sec", "it is called rate here")},
	)
}

// options reads Kismet's options of a source; which there are is for the
// source's type to say.
func (d *document) options(n *yaml.Node, path string, into *sourceDraft) {
	d.eachKey(n, path, func(key string, keyNode, value *yaml.Node) {
		o := optionDraft{name: strings.ToLower(key), from: d.origin(keyNode)}
		d.scalar(&o.value)(value, join(path, key))
		if o.value.given() {
			into.options = append(into.options, o)
		}
	})
}
