package kismettest

import (
	"encoding/hex"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// parseDefinition reads a source definition as the server does: an option
// without "=" swallows the text up to the next one, quotes are removed, a last
// option without value is dropped, and of a repeated name the last wins.
func parseDefinition(text string) (iface string, options map[string]string) {
	iface, rest, _ := strings.Cut(text, ":")
	options = map[string]string{}
	for rest != "" {
		name, after, ok := strings.Cut(rest, "=")
		if !ok {
			break
		}
		var value string
		value, rest = cutValue(after)
		if value != "" || rest != "" {
			options[strings.ToLower(name)] = value
		}
	}
	return iface, options
}

// cutValue returns the value at the start of text, without quotes, and what is
// behind its comma.
func cutValue(text string) (value, rest string) {
	var b strings.Builder
	quoted := false
	for i := range len(text) {
		switch c := text[i]; {
		case c == '"':
			quoted = !quoted
		case c == ',' && !quoted:
			return b.String(), text[i+1:]
		default:
			b.WriteByte(c)
		}
	}
	return b.String(), ""
}

// regenerate writes a definition as OPENREQ carries it: options in alphabetical
// order, and no quotes.
func regenerate(iface string, options map[string]string) string {
	var list []string
	for _, name := range slices.Sorted(maps.Keys(options)) {
		list = append(list, name+"="+options[name])
	}
	if len(list) == 0 {
		return iface
	}
	return iface + ":" + strings.Join(list, ",")
}

// optionBool reads a boolean option; all but true, t, false and f is the
// default.
func optionBool(text string, def bool) bool {
	switch strings.ToLower(text) {
	case "true", "t":
		return true
	case "false", "f":
		return false
	}
	return def
}

// hopRate reads N/sec, N/min or N/dwell as hops per second.
func hopRate(text string, def float64) float64 {
	number, unit, _ := strings.Cut(text, "/")
	n, err := strconv.ParseFloat(number, 64)
	if err != nil || n <= 0 {
		return def
	}
	switch unit {
	case "sec":
		return n
	case "min":
		return n / 60
	case "dwell":
		return 1 / n
	}
	return def
}

// noUUID is what unreadable text becomes.
const noUUID = "00000000-0000-0000-0000-000000000000"

// looseUUID reads a UUID as the server does: hex digits of either case, with
// anything behind them.
func looseUUID(text string) string {
	if len(text) < len(noUUID) {
		return noUUID
	}
	text = strings.ToUpper(text[:len(noUUID)])
	for i, group := range strings.Split(text, "-") {
		if i > 4 || len(group) != []int{8, 4, 4, 4, 12}[i] {
			return noUUID
		}
		if _, err := hex.DecodeString(group); err != nil {
			return noUUID
		}
	}
	return text
}
