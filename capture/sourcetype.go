package capture

import "strings"

// Kismet's names for the types of source that sensord knows of.
const (
	TypeLinuxWifi = "linuxwifi"
	TypePcapFile  = "pcapfile"
)

// SourceType returns Kismet's type of the source that d defines: what type=
// says, in lower case; else pcapfile if the file exists; else linuxwifi if the
// interface exists; else pcapfile if it looks like a path, so that the user
// reads "no such file"; else linuxwifi, whose interface may still come.
//
// The machine is asked through the two functions: fileExists reports whether
// path is there and no directory, interfaceExists whether a network interface
// has that name.
func SourceType(d Definition, fileExists, interfaceExists func(string) bool) string {
	if t, _ := d.Get("type"); t != "" {
		return strings.ToLower(t)
	}
	switch {
	case fileExists(d.Interface):
		return TypePcapFile
	case interfaceExists(d.Interface):
		return TypeLinuxWifi
	case looksLikePath(d.Interface):
		return TypePcapFile
	default:
		return TypeLinuxWifi
	}
}

func looksLikePath(s string) bool {
	s = strings.ToLower(s)
	return strings.Contains(s, "/") || strings.HasSuffix(s, ".pcap") ||
		strings.HasSuffix(s, ".pcapng") || strings.HasSuffix(s, ".gz")
}
