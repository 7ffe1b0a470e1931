package bus

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/sensord/sensord/bus/pb"
	"github.com/sensord/sensord/internal/fault"
)

// How much waits for a listener that is busy.
const (
	maxHeard      = 1024
	maxHeardBytes = 4 << 20
)

// Filter says which messages are meant.
type Filter struct {
	Kind Kind
	Rig  string // token, or Any
	Name string // of KindMetaGPS: token, or Any
}

// subject is where the messages are that f means.
func (f Filter) subject(fleet string) string {
	return Address{Fleet: fleet, Rig: f.Rig, Kind: f.Kind, Name: f.Name}.Subject()
}

// Message is what another rig, or this one, has published.
type Message struct {
	Address          // from the subject, so it is what the server lets its sender say
	Data      []byte // its receiver may keep it; at most the kind's limit
	ArrivedNs int64  // CLOCK_BOOTTIME
	Self      bool   // it says to be of this rig
}

// hearing is who hears what. Run subscribes and unsubscribes, as that may wait.
type hearing struct {
	changed chan struct{} // of one
	mu      sync.Mutex
	all     map[*listener]struct{}
}

// listener is one caller of Hear.
type listener struct {
	filter  Filter
	heard   func(Message)
	stopped atomic.Bool

	calling sync.Mutex // one message at a time; no method of Bus takes it
	rates   rates
}

func (h *hearing) init() {
	h.changed = make(chan struct{}, 1)
	h.all = make(map[*listener]struct{})
}

// Hear calls heard for each message that f means, from one goroutine at a time,
// now and whenever there is a bus. heard may not block for long: what comes
// while 1024 wait is lost, and counted; so is what one sender sends beyond
// twice what is good. No call begins after stop.
func (b *Bus) Hear(f Filter, heard func(Message)) (stop func()) {
	one := &listener{filter: f, heard: heard, rates: rates{allowed: allowed(f.Kind)}}
	b.hearing.mu.Lock()
	b.hearing.all[one] = struct{}{}
	b.hearing.mu.Unlock()
	kick(b.hearing.changed)
	return func() {
		one.stopped.Store(true)
		kick(b.hearing.changed)
	}
}

// subscribe keeps a link subscribed to what is to be heard, until ctx ends.
func (b *Bus) subscribe(ctx context.Context, l *link) {
	subs := make(map[*listener]*nats.Subscription)
	for {
		for _, one := range b.listeners() {
			sub := subs[one]
			switch {
			case one.stopped.Load():
				b.forget(one)
				if sub != nil {
					_ = sub.Unsubscribe() // fails if the connection is closed, which is as well
					delete(subs, one)
				}
			case sub == nil:
				if sub = b.subscribeOne(l, one); sub != nil {
					subs[one] = sub
				}
			}
		}
		select {
		case <-b.hearing.changed:
		case <-ctx.Done():
			return
		}
	}
}

func (b *Bus) listeners() []*listener {
	b.hearing.mu.Lock()
	defer b.hearing.mu.Unlock()
	all := make([]*listener, 0, len(b.hearing.all))
	for one := range b.hearing.all {
		all = append(all, one)
	}
	return all
}

func (b *Bus) forget(one *listener) {
	b.hearing.mu.Lock()
	defer b.hearing.mu.Unlock()
	delete(b.hearing.all, one)
}

func (b *Bus) subscribeOne(l *link, one *listener) *nats.Subscription {
	subject := one.filter.subject(b.o.Fleet)
	sub, err := l.nc.Subscribe(subject, func(m *nats.Msg) { b.receive(one, m) })
	if err == nil {
		err = sub.SetPendingLimits(maxHeard, maxHeardBytes)
	}
	if err != nil { // a subject that is none; NATS subscribes again by itself
		b.o.Log.Debug("subject cannot be heard", "subject", subject, "err", err)
		return nil
	}
	return sub
}

// receive hands a message on, if it is one and not one too many.
func (b *Bus) receive(one *listener, m *nats.Msg) {
	now := b.o.Now()
	one.calling.Lock()
	defer one.calling.Unlock()
	if one.stopped.Load() {
		return
	}
	a, ok := ParseSubject(m.Subject)
	if !ok || redirected(m) { // the first, only what is no name can cause
		b.refused.Add(1)
		return
	}
	msg := Message{Address: a, Data: m.Data, ArrivedNs: now, Self: a.Rig == b.o.Rig}
	if most := maxBytes(a.Kind); len(m.Data) > most {
		b.Refuse(msg, fmt.Errorf("its %s of %d bytes is larger than %d", a.Kind, len(m.Data), most))
		return
	}
	if !one.rates.take(a, now) {
		b.refused.Add(1)
		b.trouble.show("flood/"+a.Rig, fault.BusFlood, "rig "+a.Rig, floodError(a.Kind), now+fadeNs)
		return
	}
	if !msg.Self {
		b.heard.Add(1)
	}
	one.heard(msg)
}

// redirected reports whether a message may have come to its subject by a way on
// which nobody asks whether its sender may speak there: a leaf's server can have
// nats-server deliver what looks like something of a stream to any subject of
// its fleet. What rigs publish looks like that never.
func redirected(m *nats.Msg) bool {
	return strings.HasPrefix(m.Reply, "$JS.ACK.") || m.Header.Get(jetstream.StreamHeader) != ""
}

func floodError(k Kind) error { return errors.New("it sends " + string(k) + " messages too often") }

// Refuse counts a message that makes no sense to who heard it, and tells it
// when a sender begins with such and when it has sent none for a minute.
func (b *Bus) Refuse(m Message, why error) {
	b.refused.Add(1)
	b.trouble.show("message/"+m.Rig, fault.BusMessage, "rig "+m.Rig, why, b.o.Now()+fadeNs)
}

func maxBytes(k Kind) int {
	switch k {
	case KindPosition:
		return pb.MaxPositionBytes
	case KindStatus:
		return pb.MaxStatusBytes
	case KindEvent:
		return pb.MaxEventBytes
	case KindMetaGPS:
		return pb.MaxMetaGPSBytes
	}
	return 0
}
