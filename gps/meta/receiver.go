// Package meta is the receiver that is fed by others: a phone or a script posts
// positions to it under a name, as it would to a meta GPS of Kismet.
package meta

import (
	"context"
	"time"

	"github.com/sensord/sensord/gps"
)

// Options say what receiver to be.
type Options struct {
	Name   string        // as in /gps/meta/NAME/update.cmd
	Expire time.Duration // how long an update counts; 0 is DefaultExpire
	Now    func() int64  // CLOCK_BOOTTIME, ns
}

// DefaultExpire is how long an update counts.
const DefaultExpire = 10 * time.Second

// A Receiver turns posted updates into fixes. Its methods may be called from
// any goroutine.
type Receiver struct{ o Options }

// New returns a receiver; its Run tells what is posted.
func New(o Options) *Receiver { return &Receiver{o} }

// Post takes an update.
func (r *Receiver) Post(u Update) error { panic("meta: not built yet") }

// Run tells the updates as fixes until ctx is done, and then returns its error.
func (r *Receiver) Run(ctx context.Context, tell func(gps.Event)) error { panic("meta: not built yet") }

// Object names the receiver in errors and in the status: "meta phone".
func (r *Receiver) Object() string { return "meta " + r.o.Name }

// Detail says more of the receiver for the status; it may be "".
func (r *Receiver) Detail() string { panic("meta: not built yet") }
