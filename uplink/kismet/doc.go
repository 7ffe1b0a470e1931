// Package kismet reads and writes the frames of Kismet's remote capture
// protocol in its three generations: bytes in, values out, and back. It holds
// no connection, no clock and no state between frames, except what a Splitter
// buffers of a byte stream.
//
// The same [Message] values stand for all generations. [Append] writes what a
// sensor sends, [AppendServer] what a server sends, [AppendData] is the path of
// captured frames and allocates nothing. [Decode] reads what either side sends:
// strictly what comes from sensors, as a real server would, since that drops
// the source for one wrong type; leniently what comes from servers, whose
// versions differ.
//
// A frame that this package writes is never longer than [MaxFrame]. What does
// not fit is cut: the captured bytes of a data report, free text, and channel
// lists, in this order of likelihood.
//
// Functions may be called from any goroutine; a Splitter belongs to one.
package kismet
