package uplink

import (
	"fmt"
	"time"

	"github.com/sensord/sensord/internal/fault"
	"github.com/sensord/sensord/uplink/kismet"
)

// read is the link's reading goroutine: it cuts Kismet's frames out of what
// comes, whatever the boundaries of the transport's messages are, and handles
// them until the connection ends. PINGs are answered and PONGs taken here and
// in the writer, so that no actor and no radio can delay them.
func (k *Link) read() {
	// What a server sends is decoded here: a mistake in that must cost this link
	// and nothing else.
	defer func() {
		if p := recover(); p != nil {
			k.end(fault.Newf(fault.Internal, k.object, "panic: %v", p))
		}
	}()
	var cut kismet.Splitter
	for {
		p, err := k.conn.Read()
		if err != nil {
			k.end(err)
			return
		}
		cut.Write(p)
		for {
			frame, err := cut.Next()
			if err != nil {
				k.end(fault.New(fault.LinkNotKismet, k.object, err))
				return
			}
			if frame == nil {
				break
			}
			if err := k.handle(frame); err != nil {
				k.end(err)
				return
			}
		}
	}
}

func (k *Link) handle(frame []byte) error {
	h, m, err := kismet.Decode(frame)
	if err != nil {
		return fault.Newf(fault.LinkProtocol, k.object, "the server sent what is no Kismet message: %w", err)
	}
	k.heardOf.Store(true)
	k.words.Add(1)
	switch m := m.(type) {
	case kismet.Ping:
		k.mark(&k.lastServerPing)
		k.Answer(kismet.Pong{Seq: h.Seq})
	case kismet.Pong:
		return k.acknowledge(m)
	case kismet.OpenSource:
		if k.advance(announced, asked) {
			k.mark(&k.lastServerPing)
			k.tell(OpenAsked{Seq: h.Seq, Definition: m.Definition})
		}
	case kismet.Configure:
		if k.inPhase() >= asked {
			k.tell(ConfigureAsked{Seq: h.Seq, Want: m})
		}
	}
	return nil
}

// advance moves from one phase to the next, and reports false, doing nothing,
// in any other: a server asks once.
func (k *Link) advance(from, to phase) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.phase != from {
		return false
	}
	k.phase = to
	return true
}

func (k *Link) acknowledge(m kismet.Pong) error {
	if k.window.outstanding() == 0 {
		return nil // unasked: as harmless as ours to the server
	}
	upTo, ok := k.window.pong(m.Seq, time.Now())
	if !ok {
		return fault.New(fault.LinkProtocol, k.object, fmt.Errorf("PONG %d answers no PING of ours", m.Seq))
	}
	k.mu.Lock()
	log := k.log
	k.mu.Unlock()
	if log != nil {
		log.Ack(upTo)
		k.tell(Acked{})
	}
	return nil
}
