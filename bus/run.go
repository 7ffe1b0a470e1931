package bus

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/sensord/sensord/internal/fault"
)

// endTimeout is how long what waits may take to go out at the end.
const endTimeout = 2 * time.Second

// lookEvery is how often the server is asked how it is, and tidyEvery how often
// what is over by itself is ended.
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
		defer func() {
			server.Close()
			b.leaf.Store(&LeafState{Wanted: b.o.Mode == Leaf})
			b.trouble.end(keyHub)
		}()
	}
	l, err := b.connect(ctx, server)
	if err != nil {
		b.trouble.begin(b.why(keyServer, err))
		return err
	}
	defer b.disconnect(l)

	var work, sending sync.WaitGroup
	b.out.reopen()
	work.Go(func() { b.subscribe(ctx, l) })
	work.Go(func() { b.keepEntry(ctx, l) })
	work.Go(func() { b.tidy(ctx) })
	work.Go(func() { b.watchAttempts(ctx, l) })
	if b.o.Claims {
		work.Go(func() { b.claimLoop(ctx, l) })
	}
	if server != nil {
		work.Go(func() { b.keep(ctx, l) })
		work.Go(func() { b.watchServer(ctx, l, changed) })
	} else {
		close(l.settled)
	}
	// What waits goes out after everything else has ended.
	last, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	sending.Go(func() {
		select {
		case <-l.settled:
		case <-ctx.Done():
		}
		b.send(last, l)
	})

	<-ctx.Done()
	late := time.AfterFunc(endTimeout, cancel)
	defer late.Stop()
	b.out.close()
	sending.Wait()
	work.Wait()
	if b.connection.Load().connected {
		flush, done := context.WithTimeout(last, endTimeout)
		_ = l.nc.FlushWithContext(flush) // the server has it, or is gone
		done()
	}
	return ctx.Err()
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
		b.trouble.beginShown(keyDisk, fault.BusStore, b.storeObject(), storeCause(store.Err))
	} else {
		b.trouble.end(keyDisk)
	}
	leaf := l.server.Leaf()
	was := b.leaf.Swap(&leaf)
	switch {
	case leaf.Err != nil:
		b.trouble.beginShown(keyHub, fault.CodeOf(leaf.Err), "hub "+leaf.URL, errors.Unwrap(leaf.Err))
	default:
		b.trouble.end(keyHub)
	}
	if leaf.Connected && !was.Connected {
		kick(l.claimsAgain)
		kick(l.entryAgain)
	}
}

// tidy ends what is over by itself, until ctx ends.
func (b *Bus) tidy(ctx context.Context) {
	tick := time.NewTicker(tidyEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			b.trouble.fade(b.o.Now())
		case <-ctx.Done():
			return
		}
	}
}
