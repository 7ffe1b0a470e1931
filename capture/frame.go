package capture

// LinkType is the number of a capture format (DLT), as in pcap files.
// Source: https://www.tcpdump.org/linktypes.html
type LinkType uint32

// Link types that Kismet decodes as Wi-Fi. Others pass through.
const (
	LinkTypeIEEE80211 LinkType = 105 // 802.11 header and body, no FCS
	LinkTypeRadiotap  LinkType = 127 // radiotap header in front of 802.11
	LinkTypePPI       LinkType = 192 // per-packet information header in front
)

// MaxFrameBytes is how much of one frame is kept. What is longer is cut and
// keeps its original length: a whole Kismet message has to stay below 16 384
// bytes anyway, and no 802.11 frame is that long.
const MaxFrameBytes = 16 << 10

// A Frame is one captured frame, seen inside the Batch that holds it. It is a
// view: Data belongs to the batch and is valid until the batch is released.
type Frame struct {
	TimeNs   int64 // CLOCK_REALTIME at capture, nanoseconds since the Unix epoch
	OrigLen  uint32
	LinkType LinkType
	Data     []byte // captured bytes, link header included
}
