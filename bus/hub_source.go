//go:build !lite

package bus

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// Times of asking rigs. The server hears each one that is asked once a second,
// even if there is nothing new.
const (
	sourceLook  = 2 * time.Second  // between two looks at who is asked
	sourceQuiet = 3 * time.Second  // without a word of its stream, from a rig that speaks: it is not being asked
	sourceHere  = 15 * time.Second // since a rig's last status: it is there
	sourceWait  = 5 * time.Second  // between two times of asking a rig anew, at first
	sourceLater = time.Minute      // the same, at most: a rig that never answers
)

// A fleetSourcing is which rigs the fleet's stream asks for theirs. nats-server
// asks all of them by itself, as it starts and as leaves come. But whom it asked
// while there was no way, it waits half a minute for, and then up to two before
// it tries again, so whoever is there and not being asked is asked anew.
type fleetSourcing struct {
	js     jetstream.JetStream
	cfg    jetstream.StreamConfig // as the server has it
	more   []*jetstream.StreamSource
	rigs   map[string]*askedRig // of this run, by the prefix of its API
	looked time.Time
	log    *slog.Logger
}

// An askedRig is a rig that was heard of since the hub has started.
type askedRig struct {
	last time.Time     // when its status came
	next time.Time     // not to be asked anew before
	wait time.Duration // between two times of that
}

// hear takes that a rig is there.
func (f *fleetSourcing) hear(s *jetstream.StreamSource, rig string, now time.Time) {
	prefix := s.External.APIPrefix
	if h := f.rigs[prefix]; h != nil {
		h.last = now
		return
	}
	if len(f.rigs) >= fleetSources {
		return
	}
	f.rigs[prefix] = &askedRig{last: now}
	if !slices.ContainsFunc(f.cfg.Sources, func(s *jetstream.StreamSource) bool { return prefixOf(s) == prefix }) {
		f.more = append(f.more, s)
		f.log.Info("rig is asked for what it keeps", "rig", rig)
	}
}

// look asks the rigs that are new, and anew those that are there and are not
// being asked.
func (f *fleetSourcing) look(ctx context.Context, now time.Time) error {
	if len(f.more) == 0 && (now.Sub(f.looked) < sourceLook || !f.anyHere(now)) {
		return nil
	}
	f.looked = now
	active, err := f.active(ctx)
	if err != nil {
		return err
	}
	var keep, ask []*jetstream.StreamSource
	for _, src := range f.cfg.Sources {
		h := f.rigs[prefixOf(src)]
		switch {
		case h == nil && len(f.rigs)+len(keep) >= fleetSources: // whose place is needed
		case h != nil && now.Sub(h.last) <= sourceHere && h.due(active[prefixOf(src)], now):
			ask = append(ask, src)
		default:
			keep = append(keep, src)
		}
	}
	ask = append(ask, f.more...)
	if len(ask) == 0 {
		return nil
	}
	f.more = nil
	return f.ask(ctx, keep, ask)
}

func (f *fleetSourcing) anyHere(now time.Time) bool {
	for _, h := range f.rigs {
		if now.Sub(h.last) <= sourceHere {
			return true
		}
	}
	return false
}

// active returns since when nothing has come of each rig that is asked, by the
// prefix of its API. Below 0 is never.
func (f *fleetSourcing) active(ctx context.Context) (map[string]time.Duration, error) {
	all := make(map[string]time.Duration, len(f.cfg.Sources))
	if len(f.cfg.Sources) == 0 {
		return all, nil
	}
	s, err := f.js.Stream(ctx, f.cfg.Name)
	if err != nil {
		return nil, err
	}
	for _, src := range s.CachedInfo().Sources {
		if src.External != nil {
			all[src.External.APIPrefix] = src.Active
		}
	}
	return all, nil
}

// due reports whether a rig that is there is to be asked anew, when the last word
// of its stream came so long ago. It is when its status came well behind that,
// and two looks have found it so; at once when it is heard of for the first time;
// less and less often when it does not help.
func (h *askedRig) due(quiet time.Duration, now time.Time) bool {
	first := h.wait == 0
	if first {
		h.wait = sourceWait
	}
	switch {
	case quiet >= 0 && h.last.Sub(now.Add(-quiet)) < sourceQuiet:
		if quiet < sourceQuiet {
			h.wait, h.next = sourceWait, time.Time{}
		}
		return false
	case !first && h.next.IsZero():
		h.next = now
		return false
	case now.Before(h.next):
		return false
	}
	h.next = now.Add(h.wait)
	h.wait = min(2*h.wait, sourceLater)
	return true
}

// ask makes the stream ask the rigs to keep as it does, the others from the
// beginning.
func (f *fleetSourcing) ask(ctx context.Context, keep, ask []*jetstream.StreamSource) error {
	// nats-server names what it makes at a rig otherwise when that is the only
	// one, and loses the first when a second one comes.
	if len(keep) < 2 {
		keep, ask = nil, append(keep, ask...)
	}
	if len(keep) < len(f.cfg.Sources) {
		if err := f.set(ctx, keep); err != nil {
			return err
		}
	}
	all := slices.Clone(keep)
	for _, src := range ask {
		all = append(all, sourceToAsk(src))
	}
	return f.set(ctx, all)
}

// set makes the stream ask these rigs, and no others.
func (f *fleetSourcing) set(ctx context.Context, sources []*jetstream.StreamSource) error {
	cfg := f.cfg
	cfg.Sources = sources
	s, err := f.js.UpdateStream(ctx, cfg)
	if err != nil {
		return err
	}
	f.cfg = s.CachedInfo().Config
	return nil
}

// sourceToAsk is a source without what the server has noted in it.
func sourceToAsk(s *jetstream.StreamSource) *jetstream.StreamSource {
	return &jetstream.StreamSource{
		Name: s.Name, FilterSubject: s.FilterSubject, External: s.External,
		// Where nothing of a rig is in the stream, all that it has is asked for.
		// Left to itself, nats-server takes what is newer than the stream's last
		// message once that has dropped its first.
		OptStartSeq: 1,
	}
}

func prefixOf(s *jetstream.StreamSource) string {
	if s.External == nil {
		return ""
	}
	return s.External.APIPrefix
}
