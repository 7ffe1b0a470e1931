package capture

import (
	"encoding/hex"
	"fmt"
	"net"
	"strings"
)

// A UUID identifies one datasource on a Kismet server. It is a comparable
// value; the zero value is no UUID.
type UUID [16]byte

// Names of Kismet's capture tools, whose checksum is the first group of a
// datasource's UUID.
const (
	ToolLinuxWifi = "kismet_cap_linux_wifi"
	ToolPcapFile  = "kismet_cap_pcapfile"
)

// ParseUUID reads 8-4-4-4-12 hex digits in either case. Kismet's server reads
// more loosely, and turns what it cannot read into a broken source, so sensord
// is strict.
func ParseUUID(s string) (UUID, error) {
	var u UUID
	if len(s) != 36 || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
		return UUID{}, fmt.Errorf("%.60q is no UUID: want 8-4-4-4-12 hex digits, as in 5FE308BD-0000-0000-0000-020000000001", s)
	}
	if _, err := hex.Decode(u[:], []byte(s[:8]+s[9:13]+s[14:18]+s[19:23]+s[24:])); err != nil {
		return UUID{}, fmt.Errorf("%.60q is no UUID: want 8-4-4-4-12 hex digits, as in 5FE308BD-0000-0000-0000-020000000001", s)
	}
	if u.IsZero() {
		return UUID{}, fmt.Errorf("%.60q is no UUID: all digits are zero", s)
	}
	return u, nil
}

// IsZero reports whether u is no UUID.
func (u UUID) IsZero() bool { return u == UUID{} }

// String returns the upper-case text that Kismet identifies sources by.
func (u UUID) String() string {
	s := strings.ToUpper(hex.EncodeToString(u[:]))
	return s[:8] + "-" + s[8:12] + "-" + s[12:16] + "-" + s[16:20] + "-" + s[20:]
}

// WifiUUID is the UUID that Kismet's Wi-Fi tool gives to the interface with
// this MAC address (6 bytes).
func WifiUUID(mac net.HardwareAddr) UUID {
	u := toolUUID(ToolLinuxWifi)
	copy(u[10:], mac)
	return u
}

// FileUUID is the UUID that Kismet's pcap tool gives to a file, from its name
// as the definition spells it.
func FileUUID(name string) UUID {
	u := toolUUID(ToolPcapFile)
	putChecksum(u[12:], name)
	return u
}

func toolUUID(tool string) UUID {
	var u UUID
	putChecksum(u[:], tool)
	return u
}

func putChecksum(dst []byte, text string) {
	c := Checksum([]byte(text))
	dst[0], dst[1], dst[2], dst[3] = byte(c>>24), byte(c>>16), byte(c>>8), byte(c)
}

// Checksum is Kismet's variant of Adler-32: both sums start at 0 and are
// reduced modulo 65 536, and inputs of fewer than 4 bytes give 0. Kismet uses
// it for UUIDs and for the oldest wire generation's frames.
func Checksum(p []byte) uint32 {
	if len(p) < 4 {
		return 0
	}
	var a, b uint32
	for _, c := range p {
		a += uint32(c)
		b += a
	}
	return a&0xffff | b<<16
}
