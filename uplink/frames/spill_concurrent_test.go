package frames_test

import (
	"encoding/binary"
	"sync"
	"testing"
	"time"

	"github.com/sensord/sensord/uplink/frames"
	"github.com/sensord/sensord/uplink/frames/spool"
)

// All goroutines at once, with memory and segments so small that frames take
// every way there is; the link breaks now and then.
func TestEverybodyAtOnce(t *testing.T) {
	const total = 30_000
	r := start(t, t.TempDir(), func(s *spool.Options, f *frames.Options) {
		s.SegmentBytes, s.SyncEvery = 64<<10, 2*time.Millisecond
		f.MemoryBytes, f.After = 1<<20, time.Millisecond
	})
	var all sync.WaitGroup
	all.Go(func() {
		for n := 0; n < total; {
			if r.log.Room() == 0 { // as credit has it
				<-time.After(time.Millisecond)
				continue
			}
			k := min(1+n%60, total-n)
			r.log.Append(batchOf(n, k, 200))
			n += k
		}
		r.log.Close()
	})
	acks := make(chan frames.Seq, 100)
	all.Go(func() {
		for to := range acks {
			r.log.Ack(to)
		}
	})
	next, links := 0, 0
	for !r.log.Confirmed() {
		c, ok := r.log.Next()
		if !ok {
			select {
			case <-r.log.Wake():
			case <-time.After(time.Millisecond):
			}
			continue
		}
		for i := range c.Len() {
			n := int(binary.BigEndian.Uint64(c.Frame(i).Data))
			if n > next || n != int(c.Seq(i)) {
				t.Fatalf("frame %d with number %d, want %d at most", n, c.Seq(i), next)
			}
			next = max(next, n+1)
		}
		to := c.Seq(c.Len())
		r.log.Sent(c, c.Len())
		if links < 20 && next > (links+1)*1000 {
			links++
			r.log.Rewind()
			continue
		}
		acks <- to
	}
	close(acks)
	all.Wait()
	if s := r.log.Stats(); s.Acked != total || s.Dropped != 0 || s.Waiting != 0 {
		t.Errorf("%+v", s)
	}
	r.end()
}
