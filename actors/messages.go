package actors

import (
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/capture/hop"
	"github.com/sensord/sensord/capture/linuxwifi"
	"github.com/sensord/sensord/gps"
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

	// RadioLost says that a radio could not be opened, or was lost. The radio
	// tries again by itself; RadioOpened follows when it is back.
	RadioLost struct {
		Run Run
		Err error
	}

	// RadioNoticed says that something happened to a radio that captures on. It
	// has no Run, since a radio outlives the start of the source that opened it.
	RadioNoticed struct{ Notice linuxwifi.Notice }

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

// From a source to its hopper.
type (
	// RadioReady says that the radio may be tuned, or that the options which
	// decide over its channels changed.
	RadioReady struct {
		Anew bool // what was refused may not be any more
	}

	// RadioAway says that there is no radio to tune.
	RadioAway struct{}

	// Steer asks what the radio is tuned to, behind having done what Want says.
	// Steered answers it. For comes back with the answer.
	Steer struct {
		For  ServerAsked
		Want *kismet.Configure // nil changes nothing
	}
)

// From a hopper to its source.
type (
	// Steered says what the radio is tuned to: one channel, or the plan by which
	// it hops. It answers Steer, or comes by itself when something changed.
	Steered struct {
		For      ServerAsked // zero: nobody asked
		Channels []string    // all that the radio can be tuned to
		Channel  string      // empty while it hops
		Hop      *kismet.Hop
		Err      error // what is wrong with it
	}
)

// From a hopper to the rig, by way of its parent's parent: the splitting of
// one list over several radios.
type (
	// HopJoin says that a radio takes part in the split list.
	HopJoin struct {
		Source   *sourceState
		Hopper   *actor.PID
		Channels []capture.Channel // that it can be tuned to and should be
		Period   time.Duration     // from one hop to the next
		Switch   time.Duration     // mean time of a change of channel; 0 is unknown
	}

	// HopLeave says that it does not any more.
	HopLeave struct{ Source *sourceState }

	// HopShare gives a radio its part.
	HopShare struct{ Share hop.Share }
)

// From a source to the filter actor.
type (
	// Refilter says that the options that filter a source's frames changed.
	Refilter struct{ Source *sourceState }
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

	// ServerTold is written to whatever link streams. Without one it is dropped:
	// the next link begins with a report of how things are.
	ServerTold struct{ Message kismet.Message }

	// Hurry ends a wait before the next attempt at a link: the rig stops, and
	// what it captured should go out.
	Hurry struct{}
)

// From the rig to its sources, and from each to its uplink.
type (
	// NetworkChanged says that another network may be there, or that the machine
	// was asleep: what failed before may work now, and what worked may be dead.
	NetworkChanged struct{ Reason string }
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
		Source *sourceState
		Err    error
	}
)

// From a receiver to the navigator. They are sent by the receiver's goroutine.
type (
	// FixArrived hands over a fix. The receiver counts what is on its way.
	FixArrived struct {
		Receiver *receiverState
		Fix      gps.Fix
	}

	// PulseArrived says that a second of UTC began.
	PulseArrived struct {
		Receiver *receiverState
		From     string // as Fix.Receiver
		Pulse    gps.Pulse
	}
)
