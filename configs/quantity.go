package configs

import "time"

// size reads a size from least up, or returns the default.
func (l *loader) size(t text, path string, otherwise, least int64) int64 {
	if !t.given() {
		return otherwise
	}
	right := "write a size from " + FormatSize(least) + " up, as in " + FormatSize(max(otherwise, 2*least))
	n, err := ParseSize(t.value)
	switch {
	case err != nil:
		l.wrong(t.from, path, right, "%v", err)
	case n < least:
		l.wrong(t.from, path, right, "%s is too little", quote(t.value))
	}
	return n
}

// duration reads a duration within bounds, or returns the default. The word
// never, where there is one, is 0.
func (l *loader) duration(t text, path string, otherwise, least, most time.Duration, never string) time.Duration {
	switch {
	case !t.given():
		return otherwise
	case never != "" && t.value == never:
		return 0
	}
	d, m := parseDuration(t.value, least, most)
	if m.made() {
		right := m.right
		if never != "" {
			right += ", or " + never
		}
		l.wrong(t.from, path, right, "%s", m.what)
	}
	return d
}
