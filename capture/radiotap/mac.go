package radiotap

import (
	"encoding/hex"
	"fmt"
	"strings"
)

// A MAC is a 48-bit address. It is comparable; the zero value is no device's.
type MAC [6]byte

// ParseMAC reads six bytes of two hexadecimal digits each, with colons or
// dashes between them. The error quotes s.
func ParseMAC(s string) (MAC, error) {
	if m, ok := parseMAC(s); ok {
		return m, nil
	}
	const most = 40 // of a hostile text
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "..."
	}
	return MAC{}, fmt.Errorf("%q is no address: want six bytes as in 00:1A:2B:3C:4D:5E", s)
}

func parseMAC(s string) (m MAC, ok bool) {
	if len(s) != 17 || s[2] != ':' && s[2] != '-' {
		return MAC{}, false
	}
	for i := range m {
		at := 3 * i
		if i > 0 && s[at-1] != s[2] {
			return MAC{}, false
		}
		if _, err := hex.Decode(m[i:i+1], []byte(s[at:at+2])); err != nil {
			return MAC{}, false
		}
	}
	return m, true
}

// String returns the address as Kismet writes it, 00:1A:2B:3C:4D:5E.
func (m MAC) String() string {
	const digits = "0123456789ABCDEF"
	var b [17]byte
	for i, c := range m {
		b[3*i], b[3*i+1] = digits[c>>4], digits[c&15]
		if i < 5 {
			b[3*i+2] = ':'
		}
	}
	return string(b[:])
}
