package bus

import (
	"context"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// A fickleStore takes every other message.
type fickleStore struct {
	jetstream.JetStream
	asked int
	well  bool
}

func (s *fickleStore) PublishMsg(context.Context, *nats.Msg, ...jetstream.PublishOpt) (*jetstream.PubAck, error) {
	if s.asked++; s.asked%2 == 0 || s.well {
		return &jetstream.PubAck{}, nil
	}
	return nil, &jetstream.APIError{Code: 503, ErrorCode: 10077, Description: "insufficient storage"}
}

// What is told of a store is an event, which is given to the store: that does
// not go on for ever.
func TestAStoreThatIsNearlyFullIsToldOnce(t *testing.T) {
	now := int64(time.Hour)
	b := quietBus(t, &now)
	b.o.Mode = Embedded
	told := 0
	b.trouble.notify = func(Change) {
		told++
		put(b.out, KindEvent)
	}
	store := &fickleStore{}
	l := &link{js: store, mend: make(chan struct{}, 1)}
	l.keeping.Store(true)
	b.out.setOpen(true)
	give := func(seconds int) {
		for range seconds {
			now += int64(time.Second)
			put(b.out, KindPosition)
			for range 10 { // and what came of it
				b.out.close()
				p, ok := b.out.take(t.Context())
				if !ok {
					break
				}
				if err := b.sendOne(t.Context(), l, p); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	give(60)
	if told != 1 || b.trouble.err(keyStore) == nil {
		t.Errorf("told %d times in a minute, now %v", told, b.trouble.err(keyStore))
	}
	store.well = true
	give(20)
	if told != 2 || b.trouble.err(keyStore) != nil {
		t.Errorf("told %d times, now %v", told, b.trouble.err(keyStore))
	}
	if s := b.State(); s.Kept+s.Failed != s.Published || s.Published != 82 {
		t.Errorf("%+v", s)
	}
}
