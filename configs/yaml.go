package configs

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"

	yaml "go.yaml.in/yaml/v3"
)

// maxNodes bounds how many values a file may have, aliases followed: a small
// file full of aliases can stand for a gigantic one.
const maxNodes = 20_000

// document walks one YAML document and notes in out what is wrong with it.
type document struct {
	file  string
	out   *collector
	nodes int
}

// field is one key of a mapping and what to do with its value.
type field struct {
	name string
	read func(n *yaml.Node, path string)
}

// parse returns the document's top value, or nil after noting why there is none.
func (d *document) parse(data []byte) *yaml.Node {
	dec := yaml.NewDecoder(bytes.NewReader(data))
	var top, second yaml.Node
	switch err := dec.Decode(&top); {
	case errors.Is(err, io.EOF):
		d.out.wrong(d.origin(nil), "", "see `sensord run --help` for an example", "the file is empty")
		return nil
	case err != nil:
		d.syntax(err)
		return nil
	}
	switch err := dec.Decode(&second); {
	case errors.Is(err, io.EOF):
	case err != nil:
		d.syntax(err)
		return nil
	default:
		d.out.wrong(d.origin(&second), "", "keep one", "a second document begins here")
	}
	if top.Kind == yaml.DocumentNode && len(top.Content) == 1 {
		return top.Content[0]
	}
	d.out.wrong(d.origin(nil), "", "see `sensord run --help` for an example", "the file is empty")
	return nil
}

// syntax notes an error of the YAML parser, which names the line in its text.
func (d *document) syntax(err error) {
	what := strings.TrimPrefix(err.Error(), "yaml: ")
	at := d.origin(nil)
	if rest, ok := strings.CutPrefix(what, "line "); ok {
		if number, cause, ok := strings.Cut(rest, ": "); ok {
			if line, err := strconv.Atoi(number); err == nil && line > 0 {
				at.Line, what = line, cause
			}
		}
	}
	d.out.wrong(at, "", "check indentation, colons and quotes from here on", "this is no YAML: %s", what)
}

func (d *document) origin(n *yaml.Node) Origin {
	o := Origin{File: d.file, layer: layerFile}
	if n != nil {
		o.Line, o.Column = n.Line, n.Column
	}
	return o
}

// follow returns what an alias stands for, and nil when there is too much.
func (d *document) follow(n *yaml.Node) *yaml.Node {
	if d.nodes > maxNodes {
		return nil
	}
	if d.nodes++; d.nodes > maxNodes {
		d.out.wrong(d.origin(n), "", "write a shorter file", "there are more than %d values, aliases included", maxNodes)
		return nil
	}
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	return n
}

// mapping reads a mapping by its fields. Unknown and repeated keys are wrong.
// The unoffered fields are known too, but not what a mistyped key may mean.
func (d *document) mapping(n *yaml.Node, path string, fields []field, unoffered ...field) {
	known := slices.Concat(fields, unoffered)
	d.eachKey(n, path, func(key string, keyNode, value *yaml.Node) {
		if i := slices.IndexFunc(known, func(f field) bool { return f.name == key }); i >= 0 {
			known[i].read(value, join(path, key))
			return
		}
		d.unknown(keyNode, path, fields)
	})
}

// unknown notes a key that is none of the fields.
func (d *document) unknown(keyNode *yaml.Node, path string, fields []field) {
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.name
	}
	right := "the keys here are " + strings.Join(names, ", ")
	near := Nearest(keyNode.Value, names)
	if near != "" {
		right = "did you mean " + near + "?"
	}
	d.out.wrong(d.origin(keyNode), path, right, "unknown key %s", quote(keyNode.Value))
	d.out.errs[len(d.out.errs)-1].key = unknownKey{is: true, near: near}
}

// eachKey visits a mapping's keys, each once, and notes what is no mapping and
// which keys come twice.
func (d *document) eachKey(n *yaml.Node, path string, visit func(key string, keyNode, value *yaml.Node)) {
	m := d.follow(n)
	if m == nil {
		return
	}
	if m.Kind != yaml.MappingNode {
		d.out.wrong(d.origin(n), path, "write key: value pairs, or {key: value}", "%s stands where keys belong", describe(m))
		return
	}
	seen := make(map[string]int)
	for i := 0; i+1 < len(m.Content); i += 2 {
		key, value := d.follow(m.Content[i]), m.Content[i+1]
		switch {
		case key == nil:
			return
		case key.Kind != yaml.ScalarNode:
			d.out.wrong(d.origin(m.Content[i]), path, "write a plain word", "%s stands where a key belongs", describe(key))
		case key.ShortTag() == "!!merge":
			d.out.wrong(d.origin(key), path, "write the keys out", "merge keys (<<) are not supported")
		case seen[key.Value] > 0:
			d.out.wrong(d.origin(key), path, "keep one of the two", "%s stands here twice, first on line %d", quote(key.Value), seen[key.Value])
		default:
			seen[key.Value] = max(key.Line, 1)
			visit(key.Value, key, value)
		}
	}
}

// list visits a list's entries.
func (d *document) list(n *yaml.Node, path string, visit func(i int, entry *yaml.Node, path string)) {
	l := d.follow(n)
	if l == nil {
		return
	}
	if l.Kind != yaml.SequenceNode {
		d.out.wrong(d.origin(n), path, "begin each entry with a dash, or write [a, b]", "%s stands where a list belongs", describe(l))
		return
	}
	for i, entry := range l.Content {
		visit(i, entry, path+"["+strconv.Itoa(i)+"]")
	}
}

// scalar returns what reads one plain value into t.
func (d *document) scalar(t *text) func(n *yaml.Node, path string) {
	return func(n *yaml.Node, path string) { d.value(t, n, path) }
}

// value is apart from scalar, which is compiled anew for each key of a file.
func (d *document) value(t *text, n *yaml.Node, path string) {
	v := d.follow(n)
	switch {
	case v == nil:
	case v.Kind != yaml.ScalarNode:
		right := "write one value"
		if line := flat(v); line != "" && strings.Contains(path, ".options.") {
			right = "write " + line
		}
		d.out.wrong(d.origin(n), path, right, "%s stands where one value belongs", describe(v))
	case v.ShortTag() == "!!null":
		d.out.wrong(d.origin(n), path, "write a value, or leave the key out", "it has no value")
	case v.Value == "":
		d.out.wrong(d.origin(n), path, "write a value, or leave the key out", "it is empty")
	default:
		t.over(v.Value, d.origin(n))
	}
}

// scalars reads a list of plain values into ts. A value alone is a list of one.
func (d *document) scalars(ts *[]text) func(n *yaml.Node, path string) {
	return func(n *yaml.Node, path string) {
		visit := func(_ int, entry *yaml.Node, path string) {
			var t text
			if d.value(&t, entry, path); t.given() {
				*ts = append(*ts, t)
			}
		}
		if v := d.follow(n); v == nil || v.Kind == yaml.ScalarNode {
			visit(0, n, path)
			return
		}
		d.list(n, path, visit)
	}
}

// refuse reads a key whose value does not matter, because the key cannot be.
func (d *document) refuse(right, what string) func(n *yaml.Node, path string) {
	return func(n *yaml.Node, path string) {
		d.out.wrong(d.origin(n), path, right, "%s", what)
	}
}

// flat returns a short list of plain values as one value, which is how Kismet
// writes lists.
func flat(n *yaml.Node) string {
	const most = 16
	if n.Kind != yaml.SequenceNode || len(n.Content) == 0 || len(n.Content) > most {
		return ""
	}
	var words []string
	for _, entry := range n.Content {
		if entry.Kind != yaml.ScalarNode || len(entry.Value) > most {
			return ""
		}
		words = append(words, entry.Value)
	}
	return strconv.Quote(strings.Join(words, ","))
}

func describe(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	case yaml.ScalarNode:
		if n.ShortTag() == "!!null" {
			return "nothing"
		}
		return "one value"
	}
	return "something else"
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}
