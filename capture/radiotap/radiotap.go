// Package radiotap reads the radiotap header that a driver prepends to a frame
// and the 802.11 header behind it, as far as a filter, a hopper and statistics
// need them. It allocates nothing and believes no length.
//
// All functions are pure and safe for concurrent use.
package radiotap

// A Header is what a radiotap header says of its frame.
type Header struct {
	Length    int  // bytes of the whole header; the 802.11 frame begins there
	FreqMHz   int  // middle of the channel the frame was heard on; 0 if not told
	SignalDBm int  // antenna signal; valid if HasSignal
	NoiseDBm  int  // antenna noise; valid if HasNoise
	HasSignal bool //
	HasNoise  bool //
	HasFCS    bool // the frame's last four bytes are its checksum
	BadFCS    bool // the checksum was wrong
	Padded    bool // the 802.11 header is padded to a multiple of four bytes
	Malformed bool // fields go on past Length; those before it are set
}

// Parse reads the header in front of frame.
func Parse(frame []byte) (Header, error) { panic("soon") }
