package bus

import (
	"cmp"
	"context"
	"errors"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/sensord/sensord/internal/fault"
)

// endTimeout is how long what waits may take to go out at the end.
const endTimeout = 2 * time.Second

// lookEvery is how often the server is asked how it is, and tidyEvery how often
// it is looked what has changed without being told.
const (
	lookEvery = 10 * time.Second
	tidyEvery = time.Second
)

// Run joins the bus and stays on it until ctx ends; whatever can fail is tried
// again for ever. It returns ctx's error, or why the rig's own server could not
// start (bus.listen, bus.lite); then it may be called again, and everything
// else goes on working.
func (b *Bus) Run(ctx context.Context) error {
	if !b.running.CompareAndSwap(false, true) {
		return errors.New("the bus runs already")
	}
	defer b.running.Store(false)
	changed := make(chan struct{}, 1)
	server, err := b.startServer(ctx, changed)
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		b.trouble.begin(b.why(keyServer, err))
		return err
	}
	if server != nil {
		b.tellLeft()
		defer func() {
			server.Close()
			b.leaf.Store(&LeafState{Wanted: b.o.Mode == Leaf})
		}()
	}
	for again := (redials{}); ctx.Err() == nil; again.pause(ctx) {
		if err := b.stay(ctx, server, changed); err != nil {
			b.trouble.begin(b.why(keyServer, err))
			return err
		}
	}
	return ctx.Err()
}

// stay connects, and does all that there is to do until ctx ends, or the
// connection does for good. The error is one of the options.
func (b *Bus) stay(ctx context.Context, server *Server, changed <-chan struct{}) error {
	l, err := b.connect(ctx, server)
	if err != nil {
		return err
	}
	defer b.disconnect(l)
	on, leave := context.WithCancel(ctx)
	defer leave()
	// What waits goes out after everything else has ended.
	last, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	work, sending := b.begin(on, last, l, changed)

	select {
	case <-ctx.Done():
		late := time.AfterFunc(endTimeout, cancel)
		defer late.Stop()
	case <-l.closed:
		b.disconnected(l, cmp.Or(l.nc.LastError(), errEnded))
		leave()
	}
	b.out.close()
	sending.Wait()
	work.Wait()
	if b.connection.Load().connected {
		flush, done := context.WithTimeout(last, endTimeout)
		_ = l.nc.FlushWithContext(flush) // the server has it, or is gone
		done()
	}
	return nil
}

// begin begins what there is to do with a link until ctx ends, and the sending
// of what waits, which ends with last or when the outbox is closed and nothing
// waits that can go out.
func (b *Bus) begin(ctx, last context.Context, l *link, changed <-chan struct{}) (work, sending *sync.WaitGroup) {
	work, sending = new(sync.WaitGroup), new(sync.WaitGroup)
	b.out.reopen()
	if data, _ := b.entry.get(); data != nil {
		kick(b.entry.changed) // another link may not have put it
	}
	work.Go(func() { b.subscribe(ctx, l) })
	work.Go(func() { b.keepEntry(ctx, l) })
	work.Go(func() { b.tidy(ctx, l) })
	if b.o.Claims {
		work.Go(func() { b.claimLoop(ctx, l) })
	}
	if l.server != nil {
		work.Go(func() { b.keep(ctx, l) })
		work.Go(func() { b.watchServer(ctx, l, changed) })
	} else {
		close(l.settled)
	}
	sending.Go(func() {
		select {
		case <-l.settled:
		case <-ctx.Done():
		}
		b.send(last, l)
	})
	return work, sending
}

// tellLeft says what was kept under another name and does not go to the hub: it
// is in another directory, and of another domain.
func (b *Bus) tellLeft() {
	if b.o.Mode != Leaf || filepath.Base(b.o.StoreDir) != b.o.Rig { // else names say nothing
		return
	}
	left := leftBehind(b.o.StoreDir, b.o.StoreAge)
	if len(left) == 0 {
		return
	}
	args := []any{
		"dir", left[0],
		"remedy", "if this rig had that name, start it once more with rig: " + filepath.Base(left[0]) +
			" and its credentials, until the hub has what is there; then remove the directory",
	}
	if more := left[1:]; len(more) > 0 {
		args = append(args, "more", strings.Join(more[:min(len(more), 8)], ", "))
	}
	b.o.Log.Warn("what was kept under another name is not sent", args...)
}

// startServer starts the rig's own server, if it is to have one. changed is
// kicked when there is something to look at.
func (b *Bus) startServer(ctx context.Context, changed chan struct{}) (*Server, error) {
	if b.o.Mode == Join {
		return nil, nil
	}
	o := ServerOptions{
		Name: b.domain, Domain: b.domain, StoreDir: b.o.StoreDir, Listen: b.o.Listen, Log: b.o.Log,
		StoreBytes: b.o.StoreBytes + min(rigsBytes, b.o.StoreBytes), MemoryBytes: claimsBytes + 1<<20,
		Notify: func() { kick(changed) },
	}
	if b.o.StoreDir == "" {
		o.MemoryBytes += o.StoreBytes
	}
	if b.o.Mode == Leaf {
		o.Leaf = &LeafRemote{
			URLs: b.o.URLs, CredsFile: b.o.CredsFile, User: b.o.User, Password: b.o.Password, TLS: b.o.TLS,
			Fleet: b.o.Fleet, Rig: b.o.Rig,
		}
	}
	return StartServer(ctx, o)
}

// watchServer takes over how the rig's own server is, until ctx ends.
func (b *Bus) watchServer(ctx context.Context, l *link, changed <-chan struct{}) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		b.look(l)
		select {
		case <-tick.C:
		case <-changed:
		case <-ctx.Done():
			return
		}
	}
}

func (b *Bus) look(l *link) {
	store := l.server.Store()
	b.store.Store(&store)
	if store.Err != nil {
		said := &fault.Error{Code: fault.BusStore, Object: b.storeObject(), Err: storeCause(store.Err), Advice: fault.RemedyOf(store.Err)}
		b.trouble.add(keyDisk, trouble{change: Change{Code: said.Code, Object: said.Object, Err: said}, shown: true})
	} else {
		b.trouble.end(keyDisk)
	}
	leaf := l.server.Leaf()
	was := b.leaf.Swap(&leaf)
	switch {
	case leaf.Err != nil:
		object, cause := "hub "+leaf.URL, leaf.Err
		if e, ok := errors.AsType[*fault.Error](leaf.Err); ok {
			object, cause = e.Object, e.Err
		}
		b.trouble.beginShown(keyHub, fault.CodeOf(leaf.Err), object, cause)
	default:
		b.trouble.end(keyHub)
	}
	if leaf.Connected && !was.Connected {
		kick(l.claimsAgain)
		kick(l.entryAgain)
	}
}

// tidy ends what is over by itself, and looks why there is no link, until ctx
// ends.
func (b *Bus) tidy(ctx context.Context, l *link) {
	tick, renew := time.NewTicker(tidyEvery), time.NewTicker(renewEvery)
	defer tick.Stop()
	defer renew.Stop()
	for {
		select {
		case <-tick.C:
			b.trouble.fade(b.o.Now())
			b.lookAt(l)
		case <-renew.C:
			b.renew(l)
		case <-ctx.Done():
			return
		}
	}
}
