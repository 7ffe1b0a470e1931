package export

import "context"

// WaitRoom returns when the recorder has room for more: when less than half of
// what it may hold waits, or when ctx is done. It is for sources that can wait,
// as files can: these would be read faster than any disk writes. While nothing
// can be written it does not wait, as there is no telling for how long.
func (r *Recorder) WaitRoom(ctx context.Context) {
	for {
		eased := r.full()
		if eased == nil {
			return
		}
		select {
		case <-eased:
		case <-ctx.Done():
			return
		}
	}
}

// full returns what is closed when something has changed, nil if there is room.
func (r *Recorder) full() <-chan struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.stats.Err != nil || r.held() < r.opts.MemoryBytes/2 {
		return nil
	}
	if r.eased == nil {
		r.eased = make(chan struct{})
	}
	return r.eased
}
