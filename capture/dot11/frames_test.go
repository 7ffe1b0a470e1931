package dot11_test

import (
	"encoding/hex"
	"slices"
	"strings"

	"github.com/sensord/sensord/capture"
)

// mac is the BSSID of all frames made here.
const mac = "020000A1B2F0"

func unhex(s string) []byte {
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		panic(err)
	}
	return b
}

// element returns an element of hexadecimal bytes.
func element(id byte, body string) []byte {
	b := unhex(body)
	return append([]byte{id, byte(len(b))}, b...)
}

func ssid(s string) []byte { return append([]byte{0, byte(len(s))}, s...) }

func ds(channel byte) []byte { return []byte{3, 1, channel} }

// ht is an HT Operation element.
func ht(channel byte) []byte {
	return append([]byte{61, 22, channel}, make([]byte, 21)...)
}

// he6 is an HE Operation element with the part about 6 GHz.
func he6(channel byte) []byte {
	return append(unhex("FF 0C 24 000002 00 FCFF"), channel, 2, channel+2, 0, 6)
}

func rsn(body string) []byte { return element(48, body) }

func vendor(body string) []byte { return element(221, body) }

// management returns a management frame with the fixed fields of a beacon.
func management(subtype byte, capabilities string, elements ...[]byte) []byte {
	b := append([]byte{subtype << 4, 0, 0, 0}, unhex("FFFFFFFFFFFF"+mac+mac+"1000")...)
	b = append(b, unhex("0011223344556677 6400"+capabilities)...)
	return append(b, slices.Concat(elements...)...)
}

const (
	open    = "0104"
	private = "1104"
	adhoc   = "0204"
)

func beacon(capabilities string, elements ...[]byte) []byte {
	return management(8, capabilities, elements...)
}

// Suites as they stand in front of others.
const (
	groupCCMP = "0100 000FAC04"
	pairCCMP  = "0100 000FAC04"
	wpaTKIP   = "0050F201 0100 0050F202 0100 0050F202 0100 0050F202"
)

// frame wraps a frame as a radio delivers it.
func frame(link capture.LinkType, data []byte) capture.Frame {
	return capture.Frame{TimeNs: 1, OrigLen: uint32(len(data)), LinkType: link, Data: data}
}

// radiotapped puts a radiotap header with flags, channel and signal in front.
func radiotapped(flags byte, mhz int, dbm int8, b []byte) []byte {
	head := []byte{0, 0, 15, 0, 0x2A, 0, 0, 0, flags, 0, byte(mhz), byte(mhz >> 8), 0, 0, byte(dbm)}
	return append(head, b...)
}
