package bus

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/sensord/sensord/bus/pb"
	"github.com/sensord/sensord/internal/fault"
)

// How long the store may take to acknowledge a message, flash that erases a
// block included, and how long a message waits that the connection did not take.
const (
	ackTimeout = 10 * time.Second
	sendPause  = 200 * time.Millisecond
	// storeCalm is how long a store must not have refused anything to be well
	// again. One that is nearly full takes this and refuses that, and what is
	// told of it may be an event that it is given.
	storeCalm = 10 * time.Second
)

// PublishPosition publishes where the rig is. It is lost, and counted, while
// there is no bus. The message is the bus's own from here on, as those of the
// other Publish methods are; its head is filled in.
func (b *Bus) PublishPosition(m *pb.Position) {
	if m != nil {
		m.Follows = b.kin.of(b.o.Now())
		b.publish(KindPosition, b.subjects.position, m, &m.Head)
	}
}

// PublishMetaGPS publishes where the meta GPS m.Name, a token, is.
func (b *Bus) PublishMetaGPS(m *pb.MetaGPS) {
	if m == nil {
		return
	}
	if CheckToken("name", m.GetName()) != nil {
		b.failed.Add(1)
		return
	}
	b.publish(KindMetaGPS, MetaGPSSubject(b.o.Fleet, b.o.Rig, m.GetName()), m, &m.Head)
}

// PublishStatus publishes how the rig is, and keeps it as the rig's entry for
// those who come later.
func (b *Bus) PublishStatus(m *pb.Status) {
	if m == nil {
		return
	}
	m.Domain = b.domain
	if data := b.publish(KindStatus, b.subjects.status, m, &m.Head); data != nil {
		b.entry.set(data, m.GetLeaving())
	}
}

// PublishEvent publishes what happened. Up to 1024 wait for the bus, the
// oldest give way. Of more than 1024 at once, and then 10 a second, it is only
// told how many there were: a line that a rig logs again and again would push
// its positions out of its store.
func (b *Bus) PublishEvent(m *pb.Event) {
	if m == nil {
		return
	}
	left, ok := b.pace.take(b.o.Now())
	if !ok {
		b.failed.Add(1)
		return
	}
	if left > 0 {
		note := &pb.Event{Severity: pb.Event_WARN, Code: string(fault.BusFlood), TimeNs: m.TimeNs, Text: fmt.Sprintf("%d events were left out: more came than a rig may tell", left)}
		b.publish(KindEvent, b.subjects.event, note, &note.Head)
	}
	b.publish(KindEvent, b.subjects.event, m, &m.Head)
}

// pace is how often a rig tells what happens.
type pace struct {
	mu   sync.Mutex
	told tokens
	left uint64 // out, since the last that was told
}

// take reports whether one more may be told now, and how many were left out
// before.
func (p *pace) take(now int64) (left uint64, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.told.take(rate{perSecond: 10, burst: maxEvents}, now) {
		p.left++
		return 0, false
	}
	left, p.left = p.left, 0
	return left, true
}

// publish queues a message, and returns its bytes if it could be encoded.
func (b *Bus) publish(k Kind, subject string, m pb.Message, head **pb.Head) []byte {
	var data []byte
	lost := b.out.put(k, subject, func(sequence uint64) []byte {
		*head = b.head(sequence)
		var err error
		if data, err = pb.Encode(m); err != nil {
			return nil // and counted; not logged, as this may be a log's own message
		}
		return data
	})
	b.failed.Add(lost)
	return data
}

func (b *Bus) head(sequence uint64) *pb.Head {
	h := &pb.Head{
		Fleet: b.o.Fleet, Rig: b.o.Rig, RigId: b.o.RigID, Incarnation: b.incarnation, Sequence: sequence, Version: b.o.Version,
		BootNs: b.o.Now(),
	}
	if ns, known := b.o.UTC(); known {
		h.SentNs = ns
	}
	return h
}

// send publishes what waits, in order, until ctx ends or the outbox was closed
// and is empty. It is one goroutine: only the next message is ever under way,
// so that what is kept is in order, whatever fails.
func (b *Bus) send(ctx context.Context, l *link) {
	for {
		p, ok := b.out.take(ctx)
		if !ok {
			return
		}
		if err := b.sendOne(ctx, l, p); err != nil {
			if p.kind != KindEvent {
				b.failed.Add(1)
				continue
			}
			b.failed.Add(b.out.again(p))
			if !pause(ctx, sendPause) {
				return
			}
		}
	}
}

// sendOne publishes one message, into the rig's own store if there is one that
// works. An error means that nobody can have got it.
func (b *Bus) sendOne(ctx context.Context, l *link, p parcel) error {
	m := &nats.Msg{Subject: p.subject, Data: p.data}
	keep := b.o.Mode != Join && (p.kind == KindPosition || p.kind == KindEvent)
	if !keep || !l.keeping.Load() {
		if err := l.nc.PublishMsg(m); errors.Is(err, nats.ErrMaxPayload) {
			b.trouble.show("large", fault.BusMessage, string(p.kind), err, b.o.Now()+fadeNs)
			b.failed.Add(1)
			return nil
		} else if err != nil {
			return err
		}
		b.published.Add(1)
		if keep {
			b.failed.Add(1)
		}
		return nil
	}
	if p.kind == KindEvent { // which is published again when its fate is unknown
		m.Header = nats.Header{jetstream.MsgIDHeader: {fmt.Sprintf("%x-%d", b.incarnation, p.sequence)}}
	}
	ctx, cancel := context.WithTimeout(ctx, ackTimeout)
	defer cancel()
	_, err := l.js.PublishMsg(ctx, m)
	if notSent(err) {
		return err
	}
	b.published.Add(1)
	if err != nil {
		b.failed.Add(1)
		b.out.refusedNs = b.o.Now()
		b.notKept(l, err)
		return nil
	}
	b.kept.Add(1)
	if last := b.out.refusedNs; last == 0 || b.o.Now()-last > int64(storeCalm) {
		b.trouble.end(keyStore)
	}
	return nil
}

// notSent reports whether a message did not leave, because the connection did
// not take it.
func notSent(err error) bool {
	for _, e := range [...]error{
		nats.ErrConnectionClosed, nats.ErrConnectionDraining, nats.ErrReconnectBufExceeded, nats.ErrDisconnected,
		nats.ErrConnectionReconnecting, nats.ErrInvalidConnection,
	} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// pause waits, and reports whether it could wait for as long.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
