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
		{"servers", func(n *yaml.Node, path string) { d.servers(n, path, &into.server) }},
		{"sources", func(n *yaml.Node, path string) { d.sources(n, path, into) }},
		{"gps", func(n *yaml.Node, path string) { d.gps(n, path, &into.gps) }},
		{"web", func(n *yaml.Node, path string) { d.web(n, path, &into.web) }},
		{"spool", func(n *yaml.Node, path string) { d.spool(n, path, into) }},
		{"state_dir", d.scalar(&into.stateDir)},
		{"log", func(n *yaml.Node, path string) {
			d.mapping(n, path, []field{{"level", d.scalar(&into.logLevel)}, {"format", d.scalar(&into.logFormat)}})
		}},
	},
		field{"bus", d.bus},
		field{"once", d.refuse("write `sensord run --once`", "it is a flag, not a setting")},
	)
}

func (d *document) servers(n *yaml.Node, path string, into *serverDraft) {
	d.list(n, path, func(i int, entry *yaml.Node, path string) {
		if i > 0 {
			d.out.wrong(d.origin(entry), path, "keep one, and start one sensord per server", "this version sends to one server")
			return
		}
		into.from = d.origin(entry)
		d.mapping(entry, path, []field{
			{"name", d.scalar(&into.name)},
			{"url", d.scalar(&into.url)},
			{"protocol", d.scalar(&into.protocol)},
			{"user", d.scalar(&into.user)},
			{"password_file", d.scalar(&into.passwordFile)},
			{"apikey_file", d.scalar(&into.apikeyFile)},
			{"tls", func(n *yaml.Node, path string) { d.tls(n, path, into) }},
			{"rest", func(n *yaml.Node, path string) { d.rest(n, path, &into.rest) }},
		},
			field{"password", d.refuse("write password_file: FILE with the password in that file, or set SENSORD_PASSWORD", inlineSecret)},
			field{"apikey", d.refuse("write apikey_file: FILE with the key in that file, or set SENSORD_APIKEY", inlineSecret)},
		)
	})
}

const inlineSecret = "a secret does not belong in the configuration"

func (d *document) rest(n *yaml.Node, path string, into *restDraft) {
	into.from = d.origin(n)
	d.mapping(n, path, []field{
		{"url", d.scalar(&into.url)},
		{"user", d.scalar(&into.user)},
		{"password_file", d.scalar(&into.passwordFile)},
		{"apikey_file", d.scalar(&into.apikeyFile)},
	},
		field{"password", d.refuse("write password_file: FILE with the password in that file, or set SENSORD_REST_PASSWORD", inlineSecret)},
		field{"apikey", d.refuse("write apikey_file: FILE with the key in that file, or set SENSORD_REST_APIKEY", inlineSecret)},
	)
}

func (d *document) tls(n *yaml.Node, path string, into *serverDraft) {
	into.tls = d.origin(n)
	d.mapping(n, path, []field{{"ca", d.scalar(&into.ca)}, {"server_name", d.scalar(&into.serverName)}})
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

func (d *document) spool(n *yaml.Node, path string, into *draft) {
	const inMemory = "this version keeps unconfirmed frames in memory only"
	const right = "write spool: {memory: 16MiB}"
	var drop text
	d.mapping(n, path, []field{
		{"memory", d.scalar(&into.memory)},
		{"drop", d.scalar(&drop)},
	},
		field{"dir", d.refuse(right, inMemory)},
		field{"size", d.refuse(right, inMemory)},
		field{"sync", d.refuse(right, inMemory)},
	)
	if drop.given() && drop.value != "oldest" {
		d.out.wrong(drop.from, join(path, "drop"), "write oldest, or remove it", "%s is no rule of this version, which drops the oldest frames when memory is full", quote(drop.value))
	}
}

// bus accepts the one thing about a bus that is true of this version.
func (d *document) bus(n *yaml.Node, path string) {
	var mode text
	d.mapping(n, path, []field{{"mode", d.scalar(&mode)}})
	if mode.given() && mode.value != "off" {
		d.out.wrong(mode.from, join(path, "mode"), "write off, or remove the bus", "this version has no bus; its rigs do not know of each other")
	}
}
