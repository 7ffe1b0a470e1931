package meta

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/sensord/sensord/gps"
)

// DefaultExpire is how long an update counts.
const DefaultExpire = 10 * time.Second

// AssumedAccuracyM is the 95 % radius of a position whose accuracy was not
// given: what a phone does among houses. Under an open sky it does about 10 m
// (4.9 m for 68 % according to gps.gov's page on accuracy).
const AssumedAccuracyM = 20

// maxWaiting is how many updates wait for a Run that is late; then the oldest
// go.
const maxWaiting = 64

// Options say what receiver to be.
type Options struct {
	Name   string        // as in /gps/meta/NAME/update.cmd
	Expire time.Duration // how long an update counts; 0 is DefaultExpire
	Now    func() int64  // CLOCK_BOOTTIME, ns
}

// A Receiver turns posted updates into fixes. Its methods may be called from
// any goroutine, but only one Run at a time.
type Receiver struct {
	o    Options
	bell chan struct{} // has a value while something waits

	mu      sync.Mutex
	waiting []posted
	count   uint64 // of posts
}

// posted is an update and when it came, on CLOCK_BOOTTIME.
type posted struct {
	Update
	atNs int64
}

// New returns a receiver; its Run tells what is posted.
func New(o Options) *Receiver {
	if o.Expire <= 0 {
		o.Expire = DefaultExpire
	}
	return &Receiver{o: o, bell: make(chan struct{}, 1)}
}

// Post takes an update. It does not block, whether there is a Run or not: what
// is not told while it counts is forgotten. The error says what is wrong with
// the update, to who posted it.
func (r *Receiver) Post(u Update) error {
	if err := u.check(); err != nil {
		return err
	}
	p := posted{u, r.o.Now()}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.waiting) == maxWaiting {
		r.waiting = slices.Delete(r.waiting, 0, 1)
	}
	r.waiting = append(r.waiting, p)
	r.count++
	select {
	case r.bell <- struct{}{}:
	default:
	}
	return nil
}

// take returns what waits.
func (r *Receiver) take() []posted {
	r.mu.Lock()
	defer r.mu.Unlock()
	list := r.waiting
	r.waiting = nil
	return list
}

// Run tells a fix for each update, in the order of the posts, and one without a
// position when the last has expired, until ctx is done; it returns ctx's error.
// A fix has no receiver's name. Its TimeNs is 0 when the update had no time:
// then it is as old as the post, ReceivedNs. A position without an accuracy gets
// AssumedAccuracyM. tell is called from Run's goroutine.
func (r *Receiver) Run(ctx context.Context, tell func(gps.Event)) error {
	s := stream{expire: r.o.Expire}
	expire := time.NewTimer(math.MaxInt64)
	defer expire.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-r.bell:
			for _, p := range r.take() {
				left := r.o.Expire - time.Duration(r.o.Now()-p.atNs)
				if left <= 0 || s.late(p, tell) {
					continue
				}
				s.tell(p, tell)
				expire.Reset(left)
			}
		case <-expire.C:
			none := gps.NewFix()
			none.Mode, none.ReceivedNs = gps.ModeNone, r.o.Now()
			tell(none)
		}
	}
}

// Object names the receiver in errors and in the status: "meta phone".
func (r *Receiver) Object() string { return "meta " + r.o.Name }

// Detail says how many updates there were.
func (r *Receiver) Detail() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch r.count {
	case 0:
		return "no update yet"
	case 1:
		return "1 update"
	}
	return fmt.Sprintf("%d updates", r.count)
}
