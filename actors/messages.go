package actors

import (
	"time"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/uplink"
	"github.com/sensord/sensord/uplink/kismet"
)

// The messages between actors, by sender. A message is immutable once sent;
// the batch inside Batch belongs to the receiver. What an actor sends only to
// itself stands in that actor's file.

// From the radio to its source.
type (
	// RadioOpened says that capture has begun, or, behind a restart, goes on.
	RadioOpened struct {
		Run     Run
		Details Details
	}

	// Batch hands over captured frames, and uses up one credit. The source owns
	// the frames from here on.
	Batch struct {
		Run    Run
		Frames *capture.Batch
	}

	// RadioEnded is a radio's last message: no batch follows. Err is nil at the
	// end of a file and errStopped when the source asked for it.
	RadioEnded struct {
		Run Run
		Err error
	}
)

// Run numbers the starts of a source. What the radio of an earlier start sent
// may still wait in the source's mailbox.
type Run uint64

// From a source to its radio.
type (
	// Credit allows the radio to send so many more batches.
	Credit struct{ Batches int }

	// StopCapture ends the radio's reading. RadioEnded answers it.
	StopCapture struct{}
)

// From the uplink to its source.
type (
	// LinkUp says that the server has opened the source and frames flow.
	LinkUp struct{}

	// LinkLost says that a link could not be made, or ended. The uplink tries
	// again by itself after Retry; it gave up when Retry is negative.
	LinkLost struct {
		Err   error
		Retry time.Duration
	}

	// Acked says that the server has confirmed frames: the log has room.
	Acked struct{}

	// ServerAsked hands on a request of the server: uplink.OpenAsked or
	// uplink.ConfigureAsked. ServerAnswer answers it.
	ServerAsked struct {
		Link  *uplink.Link
		Event uplink.Event
	}

	// Drained says that the log is closed and the server has confirmed its last
	// frame.
	Drained struct{}
)

// From a source to its uplink.
type (
	// ServerAnswer is written to the link that asked, if it still lives.
	ServerAnswer struct {
		Link    *uplink.Link
		Message kismet.Message
	}

	// Hurry ends a wait before the next attempt at a link: the rig stops, and
	// what it captured should go out.
	Hurry struct{}
)

// From the rig to a source.
type (
	// Drain asks a source to stop capturing and to send what it has.
	// SourceEnded answers it.
	Drain struct{}
)

// From a source to the rig.
type (
	// SourceEnded is a source's last message. Err says why when it is not
	// because all was captured, sent and confirmed.
	SourceEnded struct {
		UUID capture.UUID
		Err  error
	}
)
