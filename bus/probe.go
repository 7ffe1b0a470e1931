package bus

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"time"

	"github.com/sensord/sensord/internal/fault"
)

// probeEvery is how often a probe looks how it is.
const probeEvery = 50 * time.Millisecond

// Probe joins a bus as a rig with these options would, and leaves it: it says
// nothing there, keeps nothing, and is in nobody's way, not even in that of the
// same rig that runs. It returns what it joined, a URL without secrets or
// "embedded", or why it could not until ctx ended.
func Probe(ctx context.Context, o Options) (joined string, err error) {
	o.Listen, o.StoreDir, o.Claims = "", "", false
	o.Log, o.Notify = slog.New(slog.DiscardHandler), nil
	if o.Mode == Leaf {
		return probeLeaf(ctx, o)
	}
	// The server takes those of another rig, and only drops what they do not allow.
	if o.CredsFile != "" {
		if err := checkFile(o.CredsFile, o.Fleet, o.Rig); err != nil {
			return "", err
		}
	}
	o.RigID = rand.Text()
	b, err := New(o)
	if err != nil {
		return "", err
	}
	running, cancel := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- b.Run(running) }()
	joined, err = await(ctx, b.object(), func() (string, bool, error) {
		s := b.State()
		return s.Server, s.Connected, s.Err
	})
	cancel()
	// What kept Run from starting says more than that nothing came of it.
	if why := <-ended; why != nil && err != nil && !errors.Is(why, running.Err()) {
		err = why
	}
	return joined, err
}

// probeLeaf joins a hub with a server of another name, without JetStream: the
// hub would end the other leaf of one with the same.
func probeLeaf(ctx context.Context, o Options) (joined string, err error) {
	s, err := StartServer(ctx, ServerOptions{
		Name: "check-" + rand.Text(), Log: o.Log,
		Leaf: &LeafRemote{
			URLs: o.URLs, CredsFile: o.CredsFile, User: o.User, Password: o.Password, TLS: o.TLS, Fleet: o.Fleet, Rig: o.Rig,
		},
	})
	if err != nil {
		return "", err
	}
	defer s.Close()
	return await(ctx, "hub "+withoutSecrets(o.URLs[0]), func() (string, bool, error) {
		leaf := s.Leaf()
		return leaf.URL, leaf.Connected, leaf.Err
	})
}

// await looks until there is a connection or an error.
func await(ctx context.Context, object string, look func() (server string, connected bool, err error)) (string, error) {
	tick := time.NewTicker(probeEvery)
	defer tick.Stop()
	for {
		switch server, connected, err := look(); {
		case err != nil:
			return "", err
		case connected:
			return server, nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return "", fault.New(fault.BusRefused, object, errors.New("no answer in time"))
		}
	}
}
