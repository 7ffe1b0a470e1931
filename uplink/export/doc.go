// Package export writes located frames where no server is: pcapng with Kismet's
// GPS option, recordings of a rig that rotate, GPX tracks and WiGLE's CSV. It
// reads such files back.
//
// Writers and readers belong to one goroutine at a time. A Recorder is told of
// frames by several, and writes in the one that runs it.
package export
