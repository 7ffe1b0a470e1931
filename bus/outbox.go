package bus

import (
	"context"
	"sync"
)

// How many messages wait for the goroutine that publishes them: events, and the
// last status, for as long as there is no bus, the others only while it is busy.
const (
	maxEvents = 1024
	maxOthers = 128
)

// parcel is a message that waits to be published.
type parcel struct {
	kind     Kind
	subject  string
	data     []byte
	sequence uint64
}

// outbox is what waits to be published, in order. Nothing on it blocks but
// take.
type outbox struct {
	wake chan struct{} // of one, for take

	refusedNs int64 // CLOCK_BOOTTIME: when the store last did; of who takes, 0 is never

	mu      sync.Mutex
	queue   []parcel
	events  int  // of the queue
	others  int  // of the queue
	open    bool // there is a bus: messages that do not wait for one are taken
	closing bool // what waits goes out, and then take ends
	numbers map[Kind]uint64
}

func newOutbox() *outbox {
	return &outbox{wake: make(chan struct{}, 1), numbers: make(map[Kind]uint64)}
}

// put makes a message of kind k with the next sequence number and queues it. It
// returns how many messages, this one or older ones, are lost by that. write
// runs under the lock, so that the order is that of the numbers; it returns nil
// if there is nothing to publish.
func (o *outbox) put(k Kind, subject string, write func(sequence uint64) []byte) (lost uint64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.numbers[k]++
	n := o.numbers[k]
	if !o.open && !waits(k) {
		return 1
	}
	data := write(n)
	if data == nil {
		return 1
	}
	lost = o.room(k)
	o.queue = append(o.queue, parcel{kind: k, subject: subject, data: data, sequence: n})
	*o.count(k)++
	o.wakeUp()
	return lost
}

// waits reports whether a message of kind k waits for a bus.
func waits(k Kind) bool { return k == KindEvent || k == KindStatus }

func (o *outbox) count(k Kind) *int {
	if k == KindEvent {
		return &o.events
	}
	return &o.others
}

// room makes room for one of kind k at the expense of the oldest, and of a
// status that waits at the expense of a later one.
func (o *outbox) room(k Kind) (lost uint64) {
	limit := maxOthers
	if k == KindEvent {
		limit = maxEvents
	}
	full := *o.count(k) >= limit
	for i := range o.queue {
		old := o.queue[i].kind
		if k == KindStatus && old == KindStatus || full && (old == KindEvent) == (k == KindEvent) {
			o.queue = append(o.queue[:i], o.queue[i+1:]...)
			*o.count(k)--
			return 1
		}
	}
	return 0
}

// again puts an event back that could not be published, to the front.
func (o *outbox) again(p parcel) (lost uint64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.events >= maxEvents {
		return 1
	}
	o.queue = append([]parcel{p}, o.queue...)
	o.events++
	return 0
}

// setOpen says whether there is a bus. While there is none, few kinds wait.
// It returns how many others are lost by that.
func (o *outbox) setOpen(open bool) (lost uint64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.open = open
	if !open {
		kept := o.queue[:0]
		for _, p := range o.queue {
			if waits(p.kind) {
				kept = append(kept, p)
				continue
			}
			*o.count(p.kind)--
			lost++
		}
		clear(o.queue[len(kept):])
		o.queue = kept
	}
	o.wakeUp()
	return lost
}

// close makes take end when nothing waits any more; reopen takes that back.
func (o *outbox) close() { o.setClosing(true) }

func (o *outbox) reopen() { o.setClosing(false) }

func (o *outbox) setClosing(closing bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.closing = closing
	o.wakeUp()
}

// take waits for the next message while there is a bus. It reports false when
// ctx ends, or the outbox was closed and nothing waits that can go out.
func (o *outbox) take(ctx context.Context) (parcel, bool) {
	for ctx.Err() == nil {
		o.mu.Lock()
		if o.open && len(o.queue) > 0 {
			p := o.queue[0]
			o.queue[0] = parcel{}
			o.queue = o.queue[1:]
			*o.count(p.kind)--
			o.mu.Unlock()
			return p, true
		}
		if o.closing {
			o.mu.Unlock()
			return parcel{}, false
		}
		o.mu.Unlock()
		select {
		case <-o.wake:
		case <-ctx.Done():
		}
	}
	return parcel{}, false
}

func (o *outbox) wakeUp() {
	select {
	case o.wake <- struct{}{}:
	default:
	}
}
