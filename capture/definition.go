package capture

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/sensord/sensord/internal/fault"
)

// A Definition is a source definition: an interface (or file) and options, as
// in wlan1:name=roof,channels="1,6,11". It is a plain value; its methods leave
// it as it is.
type Definition struct {
	Interface string
	Options   []Option // in the order written; a name may repeat
}

// An Option is one name=value of a definition; the name is lower case.
type Option struct {
	Name, Value string
}

// MaxDefinitionBytes is the longest definition that ParseDefinition reads: a
// Kismet frame, which has to carry it to the server, is no longer.
const MaxDefinitionBytes = 16 << 10

// ParseDefinition reads a definition as Kismet's users write it and as its
// server gives it back:
//
//   - The interface ends at the first colon, options are separated by commas.
//   - Double quotes toggle: commas between them belong to the value. They are
//     removed, with a backslash that a shell left in front of them. Nothing
//     can escape them, so a value never contains one.
//   - What stands between two commas without "=" belongs to the value before
//     it: the server repeats channels="1,6,11" as channels=1,6,11.
//
// Errors are *fault.Error with the code fault.ConfigSource.
func ParseDefinition(s string) (Definition, error) {
	d, err := parseDefinition(s)
	if err != nil {
		return Definition{}, fault.New(fault.ConfigSource, "source "+shorten(s), err)
	}
	return d, nil
}

func parseDefinition(s string) (Definition, error) {
	if len(s) > MaxDefinitionBytes {
		return Definition{}, fmt.Errorf("definition has %d bytes, %d are the most", len(s), MaxDefinitionBytes)
	}
	if !utf8.ValidString(s) { // a server's web page could not show it
		return Definition{}, errors.New("definition is not UTF-8")
	}
	if i := strings.IndexFunc(s, isControl); i >= 0 {
		return Definition{}, fmt.Errorf("definition has the control character %q at byte %d", s[i], i)
	}
	iface, rest, _ := strings.Cut(s, ":")
	if strings.TrimSpace(iface) == "" {
		return Definition{}, errors.New("definition names no interface or file in front of the colon")
	}
	d := Definition{Interface: iface}
	for rest != "" {
		tok, tail, err := cutToken(rest)
		if err != nil {
			return Definition{}, err
		}
		rest = tail
		if d.Options, err = addToken(d.Options, tok); err != nil {
			return Definition{}, err
		}
	}
	return d, nil
}

// cutToken returns the text up to the next comma outside quotes, without its
// quotes, and what follows that comma.
func cutToken(s string) (tok, rest string, err error) {
	var text strings.Builder
	quoted := false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"':
			quoted = !quoted
		case c == '\\' && i+1 < len(s) && s[i+1] == '"':
			// A shell's leftover: the quote comes next and counts.
		case c == ',' && !quoted:
			return text.String(), s[i+1:], nil
		default:
			text.WriteByte(c)
		}
	}
	if quoted {
		return "", "", fmt.Errorf("closing quote is missing in %s", shorten(s))
	}
	return text.String(), "", nil
}

// addToken appends an option, or the token to the value of the last one.
func addToken(opts []Option, tok string) ([]Option, error) {
	if tok == "" { // a comma too many
		return opts, nil
	}
	name, value, found := strings.Cut(tok, "=")
	if !found {
		if len(opts) == 0 {
			return nil, fmt.Errorf("option %s has no value, want %s=VALUE", shorten(tok), shorten(tok))
		}
		opts[len(opts)-1].Value += "," + tok
		return opts, nil
	}
	name = strings.TrimSpace(name)
	if name == "" || strings.ContainsFunc(name, func(r rune) bool { return !isNameRune(r) }) {
		return nil, fmt.Errorf("option name %q is none: it may have letters, digits, dots, dashes and underscores", shorten(name))
	}
	return append(opts, Option{Name: strings.ToLower(name), Value: value}), nil
}

func isControl(r rune) bool { return r < ' ' || r == 0x7f }

func isNameRune(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' || r == '-' || r == '.'
}

// shorten keeps what a person needs to find the place.
func shorten(s string) string {
	const most = 60
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "..."
}

// Get returns the value of an option. Of an option that repeats it is the
// last: that is the one which Kismet's server keeps (its capture tools look no
// further than the first).
func (d Definition) Get(name string) (value string, ok bool) {
	for _, o := range slices.Backward(d.Options) {
		if strings.EqualFold(o.Name, name) {
			return o.Value, true
		}
	}
	return "", false
}

// Values returns the values of an option that may repeat, in the order
// written; nil if there are none.
func (d Definition) Values(name string) []string {
	var vs []string
	for _, o := range d.Options {
		if strings.EqualFold(o.Name, name) {
			vs = append(vs, o.Value)
		}
	}
	return vs
}

// Bool returns an option that is true or false. As in Kismet it may be cut
// short (t, tr, tru) and its case does not matter; anything else, 1 and yes
// included, is def.
func (d Definition) Bool(name string, def bool) bool {
	value, _ := d.Get(name)
	if b, ok := ParseBool(value); ok {
		return b
	}
	return def
}

// ParseBool reads a truth value as Kismet does, and reports whether it is one.
func ParseBool(value string) (b, ok bool) {
	switch v := strings.ToLower(value); {
	case v == "":
		return false, false
	case strings.HasPrefix("true", v):
		return true, true
	default:
		return false, strings.HasPrefix("false", v)
	}
}

// With returns a copy of d in which the option occurs once, with this value:
// where it first stood, or at the end. Double quotes in the value are removed,
// since no definition can hold them.
func (d Definition) With(name, value string) Definition {
	o := Option{Name: strings.ToLower(name), Value: strings.ReplaceAll(value, `"`, "")}
	opts := make([]Option, 0, len(d.Options)+1)
	done := false
	for _, old := range d.Options {
		switch {
		case old.Name != o.Name:
			opts = append(opts, old)
		case !done:
			opts = append(opts, o)
			done = true
		}
	}
	if !done {
		opts = append(opts, o)
	}
	return Definition{Interface: d.Interface, Options: opts}
}

// Without returns the definition without any option of that name.
func (d Definition) Without(name string) Definition {
	opts := slices.Clone(d.Options)
	return Definition{Interface: d.Interface, Options: slices.DeleteFunc(opts, func(o Option) bool { return o.Name == name })}
}

// String returns the definition as one text, values with commas in quotes.
// ParseDefinition reads it back to the same value.
func (d Definition) String() string {
	var b strings.Builder
	b.WriteString(d.Interface)
	sep := byte(':')
	for _, o := range d.Options {
		b.WriteByte(sep)
		sep = ','
		b.WriteString(o.Name)
		b.WriteByte('=')
		if !strings.Contains(o.Value, ",") {
			b.WriteString(o.Value)
			continue
		}
		// A backslash in front of the closing quote would read as a shell's.
		body := strings.TrimRight(o.Value, `\`)
		b.WriteByte('"')
		b.WriteString(body)
		b.WriteByte('"')
		b.WriteString(o.Value[len(body):])
	}
	return b.String()
}

// UUID returns the UUID that the option uuid= asks for, and whether it is
// there. A value that is no UUID is an error with the code fault.ConfigSource.
func (d Definition) UUID() (UUID, bool, error) {
	text, ok := d.Get("uuid")
	if !ok {
		return UUID{}, false, nil
	}
	u, err := ParseUUID(text)
	if err != nil {
		return UUID{}, false, &fault.Error{
			Code: fault.ConfigSource, Object: "source " + shorten(d.Interface),
			Err:    fmt.Errorf("option uuid: %w", err),
			Advice: "correct uuid=, or leave it out: sensord makes the same one that Kismet's tool would",
		}
	}
	return u, true, nil
}
