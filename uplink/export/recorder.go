package export

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/gps"
	"github.com/sensord/sensord/uplink/frames"
)

// RecorderOptions say where a rig records, and how much.
type RecorderOptions struct {
	Dir     string // is made if it is not there
	Rig     string // begins the files' names
	Program string // that writes, with its version

	SizeBytes   int64         // of one file at most; 0 is 100 MiB
	Every       time.Duration // a new file so often; 0 is never
	TotalBytes  int64         // of all files of the rig in Dir: the oldest are deleted; 0 is no bound
	SyncEvery   time.Duration // what was written is safe against power loss after so long; 0 is 1 s
	MemoryBytes int           // of what waits for a fix or for the disk, of all sources; 0 is 16 MiB

	Tracker *gps.Tracker // where frames were heard, and what the clock is worth; nil knows nothing
	Zones   []gps.Zone   // what turns out to have been heard inside, behind a gate that did not know yet, is not written
	Now     func() int64 // CLOCK_BOOTTIME, ns
	Log     *slog.Logger
}

// Defaults of RecorderOptions.
const (
	defaultFileBytes   = 100 << 20
	defaultSyncEvery   = time.Second
	defaultMemoryBytes = 16 << 20
)

// RecordSource is whose frames are recorded.
type RecordSource struct {
	UUID capture.UUID
	Name string
}

// RecorderStats is what a Recorder has done since it began. The frames that were
// added are Frames + Waiting + Dropped + Hidden.
type RecorderStats struct {
	Files   uint64 // begun
	Deleted uint64 // to stay within TotalBytes
	Frames  uint64 // written to files
	Bytes   uint64 // likewise
	Waiting uint64 // frames that wait for a fix, or for the disk
	Dropped uint64 // frames that had no room to wait, or were left when it ended
	Hidden  uint64 // frames that turned out to have been heard inside a zone
	File    string // that is written now; "" while there is none
	Err     error  // a *fault.Error why nothing can be written; nil while that works
}

// A Recorder writes the frames of a rig's sources to pcapng files in one
// directory, whether or not there is a server. Each file is complete by itself.
//
// The file that is written has the name's ending .part until it is closed. It
// can be read at any time up to its last whole block; what a crash or the loss
// of power has left is made whole by the next Recorder of the same rig, which
// says what was lost. Files that another process writes are left alone.
//
// Nothing that goes wrong with the disk ends a Recorder: frames wait in memory,
// are dropped and counted when that is full, and are written when the disk works
// again.
type Recorder struct {
	opts   RecorderOptions
	create func(path string) (diskFile, error)
	bell   chan struct{}

	mu      sync.Mutex // of what is below, and held for an instant only
	inputs  []*input
	stats   RecorderStats
	refused uint64        // frames dropped by Add
	eased   chan struct{} // closed when something has changed; nil while nobody waits for that
}

// input is what a source has handed over. Its log has room for what all sources
// may hold together, so that it never drops anything by itself.
type input struct {
	src RecordSource
	log *frames.Log
}

// NewRecorder returns a Recorder, which writes as long as it runs. Frames may be
// added before.
func NewRecorder(o RecorderOptions) *Recorder {
	if o.SizeBytes == 0 {
		o.SizeBytes = defaultFileBytes
	}
	if o.SyncEvery == 0 {
		o.SyncEvery = defaultSyncEvery
	}
	if o.MemoryBytes == 0 {
		o.MemoryBytes = defaultMemoryBytes
	}
	if o.Tracker == nil {
		o.Tracker = new(gps.Tracker)
	}
	return &Recorder{opts: o, create: createFile, bell: make(chan struct{}, 1)}
}

// Add copies the frames of b, which stays the caller's. It never blocks. The
// batches of one source come from one goroutine at a time, those of several
// from as many as there are.
func (r *Recorder) Add(src RecordSource, b *capture.Batch) {
	if b.Len() == 0 {
		return
	}
	in, held := r.input(src)
	own := capture.NewBatchSize(b.DataBytes())
	if held > 0 && held+own.MemBytes() > r.opts.MemoryBytes {
		own.Release()
		r.mu.Lock()
		r.refused += uint64(b.Len())
		r.mu.Unlock()
		return
	}
	own.Live, own.ClockOffsetNs = b.Live, b.ClockOffsetNs
	for i := range b.Len() {
		f := b.Frame(i)
		own.Append(f.TimeNs, f.LinkType, f.OrigLen, f.Data)
	}
	in.log.Append(own)
	select {
	case r.bell <- struct{}{}:
	default:
	}
}

// input returns the source's, and how much memory all of them hold.
func (r *Recorder) input(src RecordSource) (in *input, held int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, i := range r.inputs {
		if i.src == src {
			in = i
		}
	}
	held = r.held()
	if in == nil {
		in = &input{src: src, log: newLog(r.opts.MemoryBytes)}
		r.inputs = append(r.inputs, in)
	}
	return in, held
}

// held is how much memory all sources hold; mu is locked.
func (r *Recorder) held() (bytes int) {
	for _, i := range r.inputs {
		bytes += i.log.Stats().MemBytes
	}
	return bytes
}

// newLog returns a log of which memory is the bound of all logs together: each
// may go beyond by the batch that is added last.
func newLog(memory int) *frames.Log {
	return frames.NewLog(frames.Options{MemoryBytes: memory + 2*capture.MaxBatchMemBytes})
}

// Stats returns the counters as they are now, from any goroutine.
func (r *Recorder) Stats() RecorderStats {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.stats
	for _, in := range r.inputs {
		l := in.log.Stats()
		s.Waiting += l.Waiting
		s.Dropped += l.Dropped
	}
	s.Dropped += r.refused
	return s
}

// update changes the counters.
func (r *Recorder) update(change func(*RecorderStats)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	change(&r.stats)
	if r.eased != nil {
		close(r.eased)
		r.eased = nil
	}
}

// sources returns the inputs that there are by now.
func (r *Recorder) sources() []*input {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.inputs
}

// name returns a source's, for the interfaces of a file.
func (r *Recorder) name(source capture.UUID) string {
	for _, in := range r.sources() {
		if in.src.UUID == source {
			return in.src.Name
		}
	}
	return ""
}

// Run writes until ctx is done, each frame once it need not wait for a fix any
// more; then what is left, and closes the file. It returns an error only if
// frames were left that could not be written then.
func (r *Recorder) Run(ctx context.Context) error {
	t := newTape(r)
	t.adopt()
	fixes, stop := r.opts.Tracker.Subscribe()
	defer stop()
	ticks := time.NewTicker(r.opts.SyncEvery)
	defer ticks.Stop()
	again := time.NewTimer(0)
	defer again.Stop()
	for {
		t.retry()
		if wait := r.write(t, false); wait > 0 {
			again.Reset(wait)
		}
		select {
		case <-ctx.Done():
			return r.end(t)
		case <-r.bell:
		case <-fixes:
		case <-again.C:
		case <-ticks.C:
			t.tick()
		}
	}
}

// write takes the frames that need not wait, or all, from every source, as long
// as the disk works. It returns how long the next ones have to, 0 if there are
// none.
func (r *Recorder) write(t *tape, all bool) (wait time.Duration) {
	track := r.opts.Tracker.Track()
	for _, in := range r.sources() {
		left := r.writeSource(t, in, track, all)
		if left > 0 && (wait == 0 || left < wait) {
			wait = left
		}
	}
	if t.err != nil {
		return retryEvery
	}
	return wait
}

func (r *Recorder) writeSource(t *tape, in *input, track *gps.Track, all bool) (wait time.Duration) {
	for wait == 0 && t.err == nil {
		c, ok := in.log.Next()
		if !ok {
			return 0
		}
		n := c.Len()
		if !all {
			n, wait = c.Ready(0, track, r.opts.Now())
		}
		done, hidden := 0, uint64(0)
		for at := c.Locator(in.src.UUID, track, false); done < n; done++ {
			f := at.Locate(done)
			if f.HasPosition && gps.Hidden(r.opts.Zones, f.Position) {
				hidden++
			} else if !t.add(&f) {
				break
			}
		}
		in.log.Sent(c, done)
		in.log.Ack(in.log.SentTo())
		r.update(func(s *RecorderStats) { s.Waiting = t.frames; s.Hidden += hidden })
	}
	return wait
}

// end writes what is left.
func (r *Recorder) end(t *tape) error {
	t.retryAtNs = 0
	t.retry()
	r.write(t, true)
	t.close()
	for _, in := range r.sources() {
		in.log.Discard() // which counts
	}
	return t.err
}
