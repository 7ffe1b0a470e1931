package uplink

import (
	"time"

	"github.com/sensord/sensord/uplink/frames"
	"github.com/sensord/sensord/uplink/kismet"
)

// maxSeq keeps our sequence numbers away from 0, which servers skip.
const maxSeq = 1<<32 - 1

// write appends one message to what leaves with the next flush.
func (k *Link) write(m kismet.Message) error {
	seq := uint32(0)
	if _, ok := m.(kismet.Ping); !ok {
		k.seq = k.seq%maxSeq + 1
		seq = k.seq
	}
	k.buf = kismet.Append(k.buf[:0], k.version, seq, m)
	if err := k.conn.WriteFrame(k.buf); err != nil {
		return err
	}
	return k.flush()
}

// writePing asks the server for the acknowledgement of all frames below upTo.
func (k *Link) writePing(upTo frames.Seq, now time.Time) error {
	k.buf = kismet.Append(k.buf[:0], k.version, k.window.ping(upTo, now), kismet.Ping{})
	return k.conn.WriteFrame(k.buf)
}

// flush gives what was written to the kernel.
func (k *Link) flush() error {
	now := time.Now()
	if err := k.conn.SetWriteDeadline(now.Add(writeTimeout)); err != nil {
		return err
	}
	k.window.flushing(now)
	if err := k.conn.Flush(); err != nil {
		return err
	}
	k.window.flushed(time.Now())
	return nil
}
