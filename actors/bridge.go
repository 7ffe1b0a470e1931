package actors

import (
	"context"
	"fmt"
	"time"

	"github.com/sensord/sensord/bus"
	"github.com/sensord/sensord/configs"
	"github.com/sensord/sensord/gps"
	"github.com/sensord/sensord/internal/fault"
)

// bridged is whose position a bridge hands on to a server: Run hears it.
type bridged interface {
	fixer
	Position(nowNs int64) (p gps.Position, known bool)
}

var _ bridged = (*bus.Follower)(nil)

// followBus returns a receiver of what others say on the rig's bus.
func (s *shared) followBus(o bus.FollowOptions) (*bus.Follower, error) {
	if s.bus == nil {
		return nil, fault.Newf(fault.ConfigInvalid, "bus "+o.From.String(), "there is no bus to hear others on")
	}
	return s.bus.Follow(o), nil
}

// heardOn is the configuration's, as the bus knows it.
func heardOn(h configs.Heard) bus.Heard { return bus.Heard{Rig: h.Rig, MetaGPS: h.MetaGPS} }

// newBusReceiver makes what a receiver of type bus runs.
func newBusReceiver(c configs.Receiver, s *shared) (fixer, error) {
	f, err := s.followBus(bus.FollowOptions{From: heardOn(c.From), Expire: c.Expire, Log: s.log.With("receiver", c.Name)})
	if err != nil {
		return nil, err
	}
	return f, nil
}

// prepareBridges makes the state of each meta GPS of the first server that is
// kept fresh from the bus. It comes before prepareCopies: a source with the
// bridge's name in metagps= waits for the bridge's.
func (s *shared) prepareBridges() error {
	for _, b := range s.cfg.Bus.Bridge {
		f, err := s.followBus(bus.FollowOptions{From: heardOn(b.From), Expire: b.Expire, HandOn: true, Log: s.log.With("metagps", b.Name)})
		if err != nil {
			return err
		}
		if err := s.addBridge(b, f); err != nil {
			return err
		}
	}
	return nil
}

func (s *shared) addBridge(b configs.Bridge, from bridged) error {
	if len(s.cfg.Servers) == 0 || s.cfg.Servers[0].REST.URL == "" {
		return fault.Newf(fault.ConfigInvalid, "bridge "+b.Name, "the first server has no rest: to tell it positions")
	}
	client, err := s.newRESTClient()
	if err != nil {
		return err
	}
	every := time.Second
	if b.Rate > 0 {
		every = time.Duration(float64(time.Second) / b.Rate)
	}
	s.copies = append(s.copies, newCopyState(b.Name, client, origin{at: from.Position, from: from, every: every, create: b.Create}))
	return nil
}

// hear hears whose position it is until ctx is done, whatever happens to that.
func (m *metaCopy) hear(ctx context.Context) {
	for {
		if err := m.listen(ctx); ctx.Err() == nil {
			m.log.Warn("the bus is not heard for a while", "err", err, "code", fault.CodeOf(err))
		}
		select {
		case <-time.After(workAgainIn):
		case <-ctx.Done():
			return
		}
	}
}

// listen is one Run. A panic in it is its end, and of nothing else.
func (m *metaCopy) listen(ctx context.Context) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fault.New(fault.Internal, m.state.origin.from.Object(), fmt.Errorf("panic: %v", p))
		}
	}()
	return m.state.origin.from.Run(ctx, func(gps.Event) {})
}
