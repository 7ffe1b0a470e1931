// Package pcapfile replays capture files: pcap and pcapng, plain or gzip, as
// fast as they can be read, at their own pace or at a given rate. Frames keep
// the times and link types that the file gives them.
//
// Files are hostile input: whatever they claim, memory stays bounded, and what
// was readable before a damage is delivered before the damage is reported.
//
// A Reader belongs to one goroutine at a time.
package pcapfile
