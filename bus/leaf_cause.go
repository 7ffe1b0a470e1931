//go:build !lite

package bus

import "strings"

// dialCause keeps what a person needs of a dial's error.
func dialCause(why string) string {
	for _, known := range [...]string{"connection refused", "no such host", "i/o timeout", "no route to host", "network is unreachable", "server misbehaving"} {
		if strings.Contains(why, known) {
			return known
		}
	}
	if why == "" {
		return "cannot be reached"
	}
	return why
}

// tlsCause says in words what Go says of a handshake that was met by plain NATS.
func tlsCause(why string) string {
	if strings.Contains(why, "does not look like a TLS handshake") {
		return "there is no TLS there"
	}
	return strings.TrimSpace(why)
}
