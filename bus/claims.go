package bus

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/sensord/sensord/bus/pb"
	"github.com/sensord/sensord/internal/fault"
)

// Times of claims. One that is put every claimEvery outlives two that get lost.
// When nothing was heard for claimAlone, a rig does as if it were alone: a hub
// that is started again takes less.
const (
	claimEvery = 3 * time.Second
	claimTick  = time.Second
	claimPause = time.Second
	claimAlone = time.Minute
)

// maxClaims is how many sources a rig claims, and maxRivals how many others are
// told apart for each.
const (
	maxClaims = 64
	maxRivals = 8
)

// ClaimRequest is a source of this rig.
type ClaimRequest struct {
	UUID   string // of the source, as Kismet writes it
	Source string // its name
}

// Claim says which sources the rig has, in place of what it said before. It has
// no effect without Options.Claims.
func (b *Bus) Claim(sources []ClaimRequest) {
	if !b.o.Claims {
		return
	}
	changed, over := b.claims.set(sources, b.o.Now())
	for _, key := range over {
		b.trouble.end(key)
	}
	if changed {
		kick(b.claims.changed)
	}
}

// claimLoop claims what Claim says, and looks who else does, until ctx ends.
// Then it takes the claims back.
func (b *Bus) claimLoop(ctx context.Context, l *link) {
	var kv jetstream.KeyValue
	var held []ClaimRequest
	for ctx.Err() == nil {
		mine := b.claims.list()
		if kv != nil {
			b.release(ctx, kv, held, mine)
		}
		if held = kept(held, mine); len(mine) == 0 {
			select {
			case <-b.claims.changed:
			case <-ctx.Done():
			}
			continue
		}
		var ok bool
		if kv, ok = b.open(ctx, l, l.claimsAgain, claimsConfig(b.o.Fleet)); !ok {
			break
		}
		held = mine
		select {
		case <-l.claimsAgain: // which open has made use of
		default:
		}
		err := b.hold(ctx, kv, mine, l.claimsAgain)
		b.claims.cut(b.o.Now())
		if err != nil && ctx.Err() == nil {
			b.o.Log.Debug("claims are not watched", "err", err)
			pause(ctx, claimPause)
		}
	}
	if kv != nil && b.reachable() {
		b.release(context.WithoutCancel(ctx), kv, held, nil)
	}
}

// hold claims mine and looks who else does. It returns nil when it is to be done
// again, because what is to be claimed has changed or the way to the bucket is
// another one, and an error when the bucket does not do as told.
func (b *Bus) hold(ctx context.Context, kv jetstream.KeyValue, mine []ClaimRequest, again <-chan struct{}) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	w, err := kv.WatchFiltered(ctx, claimKeys(mine, Any, Any))
	if err != nil {
		return err
	}
	defer unwatch(w)
	if err := b.learn(ctx, w); err != nil {
		return err
	}
	b.claims.settle(b.utc())
	failed := make(chan error, 1)
	var putting sync.WaitGroup
	defer putting.Wait()
	defer cancel()
	putting.Go(func() { failed <- b.putClaims(ctx, kv, mine) })
	tick := time.NewTicker(claimTick)
	defer tick.Stop()
	echoed := b.o.Now()
	for {
		select {
		case e, ok := <-w.Updates():
			if !ok {
				return errors.New("the watch has ended")
			}
			if e != nil && b.heardClaim(e, true) {
				echoed = b.o.Now()
			}
		case <-tick.C:
			// Without our own claims coming back, others do not come either.
			b.tellRivals(b.claims.expire(echoed - int64(claimLease)))
			if b.o.Now()-echoed > int64(claimLease) {
				return errors.New("the watch is silent")
			}
		case err := <-failed:
			return err
		case <-b.claims.changed:
			return nil
		case <-again:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// learn reads which claims there are already. Who is not there, as after a new
// start of the server, has as long as a claim holds to claim again.
func (b *Bus) learn(ctx context.Context, w jetstream.KeyWatcher) error {
	limit := time.NewTimer(bucketTimeout)
	defer limit.Stop()
	begun := b.o.Now()
	for {
		select {
		case e, ok := <-w.Updates():
			if !ok {
				return errors.New("the watch has ended")
			}
			if e == nil {
				b.claims.learned(begun)
				return nil
			}
			b.heardClaim(e, false)
		case <-limit.C:
			return errors.New("the watch does not begin")
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// putClaims puts all claims at once and then every 3 s, until ctx ends or none
// can be put.
func (b *Bus) putClaims(ctx context.Context, kv jetstream.KeyValue, mine []ClaimRequest) error {
	tick := time.NewTicker(claimEvery)
	defer tick.Stop()
	for {
		errs := make([]error, len(mine))
		var all sync.WaitGroup
		for i := range mine {
			all.Go(func() { errs[i] = b.putClaim(ctx, kv, mine[i]) })
		}
		all.Wait()
		if err := errors.Join(errs...); err != nil {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (b *Bus) putClaim(ctx context.Context, kv jetstream.KeyValue, mine ClaimRequest) error {
	since, heldNs := b.claims.since(mine.UUID, b.o.Now())
	data, err := pb.Encode(&pb.Claim{
		Head: b.head(0), Uuid: mine.UUID, Source: mine.Source, SinceNs: since, HeldNs: heldNs, Mode: b.o.ClaimMode,
	})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, bucketTimeout)
	defer cancel()
	_, err = kv.Put(ctx, claimKey(mine.UUID, b.o.Rig, b.o.RigID), data)
	return err
}

// release takes back what was held and is not kept.
func (b *Bus) release(ctx context.Context, kv jetstream.KeyValue, held, keep []ClaimRequest) {
	ctx, cancel := context.WithTimeout(ctx, leaveTimeout)
	defer cancel()
	staying := kept(held, keep)
	var all sync.WaitGroup
	for _, c := range held {
		if !slices.Contains(staying, c) {
			// A claim that stays behind ends by itself.
			all.Go(func() { _ = kv.Delete(ctx, claimKey(c.UUID, b.o.Rig, b.o.RigID)) })
		}
	}
	all.Wait()
}

// kept are those of held whose UUIDs are among keep's.
func kept(held, keep []ClaimRequest) []ClaimRequest {
	var both []ClaimRequest
	for _, h := range held {
		if slices.ContainsFunc(keep, func(k ClaimRequest) bool { return k.UUID == h.UUID }) {
			both = append(both, h)
		}
	}
	return both
}

func claimKeys(mine []ClaimRequest, rig, rigID string) []string {
	keys := make([]string, len(mine))
	for i, c := range mine {
		keys[i] = claimKey(c.UUID, rig, rigID)
	}
	return keys
}

// heardClaim notes a claim, and reports whether it is our own. now says that it
// was put just now, not before we looked.
func (b *Bus) heardClaim(e jetstream.KeyValueEntry, now bool) (own bool) {
	parts := strings.Split(e.Key(), ".")
	if len(parts) != 3 || !isToken(parts[0]) || !isToken(parts[1]) || !isToken(parts[2]) {
		return false
	}
	uuid, rig, rigID := parts[0], parts[1], parts[2]
	self := rig == b.o.Rig && rigID == b.o.RigID
	if e.Operation() != jetstream.KeyValuePut {
		if !self {
			b.tellRivals(b.claims.drop(uuid, rig, rigID))
		}
		return false
	}
	c, err := pb.DecodeClaim(e.Value())
	if err != nil {
		b.Refuse(Message{Address: Address{Fleet: b.o.Fleet, Rig: rig}}, fmt.Errorf("its claim: %w", err))
		return false
	}
	if self {
		// What the run before this one has claimed is not put again.
		if own = c.GetHead().GetIncarnation() == b.incarnation; !own && now {
			b.replaced(rigID, errTwice, b.o.Now()+fadeNs/2)
		}
		return own
	}
	state := ClaimState{UUID: uuid, Source: c.GetSource(), Rig: rig, RigID: rigID, SinceNs: c.GetSinceNs()}
	b.tellRivals(b.claims.note(state, b.o.Now()))
	return false
}

// tellRivals tells what of the rivals has changed. A rival may be none any more
// by then, because we have let go of the source: who did that was too early to
// say so.
func (b *Bus) tellRivals(began, ended []ClaimState) {
	for _, c := range ended {
		b.trouble.end(rivalKey(c))
	}
	for _, c := range began {
		b.trouble.beginShown(rivalKey(c), fault.BusClaimed, "uuid "+c.UUID, rivalCause(c))
		if !b.claims.isRival(c) {
			b.trouble.end(rivalKey(c))
		}
	}
}

func rivalKey(c ClaimState) string { return "claim/" + c.UUID + "/" + c.RigID + "/" + c.Rig }

func rivalCause(c ClaimState) error {
	return fmt.Errorf("rig %s has a source with it, %q, as this one has with %q", c.Rig, c.Source, c.Ours)
}

func (b *Bus) utc() int64 {
	ns, known := b.o.UTC()
	if !known {
		return 0
	}
	return ns
}
