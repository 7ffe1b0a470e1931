//go:build !lite

package bus

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// A fleetSourcing is which rigs the fleet's stream asks for theirs.
type fleetSourcing struct {
	js    jetstream.JetStream
	cfg   jetstream.StreamConfig // as the server has it
	more  []*jetstream.StreamSource
	heard map[string]time.Time // when a rig's status last came, by the prefix of its API
	back  map[string]time.Time // of rigs that were silent, when they came back
	log   *slog.Logger
}

// hear takes that a rig is there.
func (f *fleetSourcing) hear(s *jetstream.StreamSource, rig string, now time.Time) {
	prefix := s.External.APIPrefix
	last, known := f.heard[prefix]
	switch {
	case !known && len(f.heard) >= fleetSources:
		return
	case !known:
		f.more = append(f.more, s)
		f.log.Info("rig is asked for what it keeps", "rig", rig)
	case now.Sub(last) > sourceGone:
		f.back[prefix] = now
	}
	f.heard[prefix] = now
}

// add asks the rigs that are new.
func (f *fleetSourcing) add(ctx context.Context) error {
	if len(f.more) == 0 {
		return nil
	}
	more := f.more
	f.more = nil
	return f.set(ctx, append(slices.Clone(f.cfg.Sources), more...))
}

// again asks rigs anew that have come back, and that nats-server still waits
// for: it would do so for minutes.
func (f *fleetSourcing) again(ctx context.Context, now time.Time) error {
	due := false
	for _, since := range f.back {
		due = due || now.Sub(since) > sourceGrace
	}
	if !due {
		return nil
	}
	s, err := f.js.Stream(ctx, f.cfg.Name)
	if err != nil {
		return err
	}
	stuck := map[string]bool{}
	for _, src := range s.CachedInfo().Sources {
		if src.External != nil && (src.Active < 0 || src.Active > sourceGrace) {
			stuck[src.External.APIPrefix] = true
		}
	}
	var keep, ask []*jetstream.StreamSource
	for _, src := range f.cfg.Sources {
		prefix := src.External.APIPrefix
		if since, ok := f.back[prefix]; ok && now.Sub(since) > sourceGrace && stuck[prefix] {
			ask = append(ask, rigSourceAt(src))
			continue
		}
		keep = append(keep, src)
	}
	clear(f.back)
	if len(ask) == 0 {
		return nil
	}
	if err := f.set(ctx, keep); err != nil {
		return err
	}
	return f.set(ctx, append(slices.Clone(keep), ask...))
}

// set makes the stream ask these rigs, and no others.
func (f *fleetSourcing) set(ctx context.Context, sources []*jetstream.StreamSource) error {
	if len(sources) == 0 && len(f.cfg.Sources) == 0 {
		return nil
	}
	cfg := f.cfg
	cfg.Sources = sources
	s, err := f.js.UpdateStream(ctx, cfg)
	if err != nil {
		return err
	}
	f.cfg = s.CachedInfo().Config
	return nil
}

// rigSourceAt is a source without what the server has noted in it.
func rigSourceAt(s *jetstream.StreamSource) *jetstream.StreamSource {
	return &jetstream.StreamSource{Name: s.Name, FilterSubject: s.FilterSubject, External: s.External}
}
