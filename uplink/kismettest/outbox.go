package kismettest

import "sync"

// An ending is how a connection ends.
type ending uint8

const (
	endFlush      ending = iota // half-close behind what is queued to be sent
	endNow                      // half-close without waiting for the queue
	endFlushReset               // reset behind what is queued
	endReset                    // reset at once
)

// A stop is the end of a session, as an error.
type stop struct {
	how    ending
	reason string
}

func (e *stop) Error() string { return e.reason }

// maxQueued is how many frames may wait for a sensor that does not read. The
// server sends a frame per frame it gets, so only a sensor that floods it with
// PINGs gets there.
const maxQueued = 1 << 16

// An outbox holds what is to be sent. Who fills it never waits; the session's
// writing goroutine empties it.
type outbox struct {
	bell chan struct{} // holds a token when there is something to take

	mu     sync.Mutex
	frames [][]byte
	end    *ending
}

func newOutbox() *outbox { return &outbox{bell: make(chan struct{}, 1)} }

// push queues a frame; it reports false when the queue is full.
func (o *outbox) push(frame []byte) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.frames) >= maxQueued {
		return false
	}
	if o.end == nil {
		o.frames = append(o.frames, frame)
		o.ring()
	}
	return true
}

// finish queues the end of the connection. Only the first call counts.
func (o *outbox) finish(how ending) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.end == nil {
		o.end = &how
		o.ring()
	}
}

// take waits for something to send or for the end, or both.
func (o *outbox) take() (frames [][]byte, end *ending) {
	<-o.bell
	o.mu.Lock()
	defer o.mu.Unlock()
	frames, o.frames = o.frames, nil
	return frames, o.end
}

func (o *outbox) ring() {
	select {
	case o.bell <- struct{}{}:
	default:
	}
}
