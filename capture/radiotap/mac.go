package radiotap

// A MAC is a 48-bit address.
type MAC [6]byte

// ParseMAC reads six hexadecimal bytes with colons or dashes between them.
func ParseMAC(s string) (MAC, error) { panic("soon") }

// String returns the address as AA:BB:CC:DD:EE:FF.
func (m MAC) String() string { panic("soon") }
