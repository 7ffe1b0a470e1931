package kismet

import (
	"bytes"
	"strings"
)

// openEnvelope reads the payload of v0: name (1), sequence number (2) and
// content (3), which it returns.
func openEnvelope(h *Header, payload []byte) ([]byte, error) {
	const name, seq, content = 1<<3 | wireBytes, 2<<3 | wireVarint, 3<<3 | wireBytes
	f := fields{name: "v0 envelope", b: payload}
	var inner []byte
	for f.next() {
		switch f.tag {
		case name:
			h.Command = commandName(f.bytes)
		case seq:
			h.Seq = f.uint32()
		case content:
			inner = f.bytes
		}
	}
	f.require(name, seq, content)
	return inner, f.err
}

// commandName reads a name up to its first NUL: servers leave the last byte of
// the field uninitialised. A name that we know costs no allocation. Names of
// what servers send match in any case, as in Kismet's tools; names of what only
// sensors send match exactly, as in servers.
func commandName(field []byte) string {
	if i := bytes.IndexByte(field, 0); i >= 0 {
		field = field[:i]
	}
	for _, known := range [...]string{
		commandData, commandPing, commandPong, commandText, commandNewSource, commandOpenSource, commandOpenReport,
		commandConfigure, commandConfigureReport, commandError, commandShutdown,
	} {
		if string(field) == known {
			return known
		}
	}
	for _, known := range [...]string{commandPing, commandPong, commandOpenSource, commandConfigure} {
		if len(field) == len(known) && strings.EqualFold(string(field), known) {
			return known
		}
	}
	return string(field)
}
