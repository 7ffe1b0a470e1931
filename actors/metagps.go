package actors

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/cenkalti/backoff/v5"

	"github.com/sensord/sensord/gps"
	"github.com/sensord/sensord/internal/fault"
	"github.com/sensord/sensord/uplink/rest"
)

// metaClient is what a server's REST is asked for.
type metaClient interface {
	MetaGPS(ctx context.Context, name string) (bool, error)
	CreateMetaGPS(ctx context.Context, name string) error
	UpdateMetaGPS(ctx context.Context, name string, p gps.Position) error
	Close()
}

var _ metaClient = (*rest.Client)(nil)

// metaCopy keeps one server's copy of a position fresh: of ours for the sources
// that have its name in metagps=, of another's for a bridge. It stops when the
// position is stale; the server itself never forgets one.
type metaCopy struct {
	state *copyState
	rig   *shared
	log   *slog.Logger
	task  *task
	hears *task      // whose position it is, if it is not ours
	zone  bool       // the position is inside one: not to be told
	code  fault.Code // of the last trouble, said once
	stale bool       // said
}

func newMetaCopy(state *copyState, rig *shared) *metaCopy {
	return &metaCopy{state: state, rig: rig, log: rig.log.With("metagps", state.name)}
}

// Receive implements actor.Actor.
func (m *metaCopy) Receive(ctx actor.Context) {
	switch ctx.Message().(type) {
	case *actor.Started:
		if from := m.state.origin.from; from != nil {
			m.log.Info("positions from the bus keep this meta GPS of the server fresh", "from", from.Object())
			m.hears = startTask(func(work context.Context, _ *task) { m.hear(work) })
		} else {
			m.log.Info("the server keeps its own copy of the position for this name: that is as old as its last update, and never expires there; without metagps= each frame has its own position")
		}
		m.task = startTask(func(work context.Context, _ *task) { m.run(work) })
	case *actor.Stopping, *actor.Restarting:
		m.hears.stop()
		m.task.stop()
	}
}

// Waits behind an update that did not get through.
const (
	copyMin = time.Second
	copyMax = 30 * time.Second
)

// run updates the copy until ctx is done, and at once when a source is about to
// be announced.
func (m *metaCopy) run(ctx context.Context) {
	wait := &backoff.ExponentialBackOff{InitialInterval: copyMin, MaxInterval: copyMax, Multiplier: 2, RandomizationFactor: 0.25}
	wait.Reset()
	for {
		updated, err := m.update(ctx)
		if ctx.Err() != nil {
			return
		}
		next := m.state.origin.every
		if err != nil {
			next = wait.NextBackOff()
		} else {
			wait.Reset()
		}
		m.state.known(updated || settled(err))
		m.tell(err)
		select {
		case <-time.After(next):
		case <-m.state.wanted:
			m.state.set(func(s *CopyStatus) { s.Exists = false }) // look again
		case <-ctx.Done():
			return
		}
	}
}

// settled reports whether a refusal is the server's last word. Then the
// announcement says what the user wrote: others may keep the copy fresh.
func settled(err error) bool {
	switch fault.CodeOf(err) {
	case fault.RESTRole, fault.MetaGPSAbsent:
		return true
	}
	return false
}

// update tells the server where the sensor is, if that is known, and creates
// what it has to say it to.
func (m *metaCopy) update(ctx context.Context) (updated bool, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fault.New(fault.Internal, "metagps "+m.state.name, fmt.Errorf("panic: %v", p))
		}
	}()
	position, known := m.state.origin.at(m.rig.now())
	m.zone = known && gps.Hidden(m.rig.cfg.Privacy.Zones, position)
	m.state.set(func(s *CopyStatus) { s.Stale = !known || m.zone })
	if !m.state.now().Exists {
		if err := m.create(ctx); err != nil {
			return false, err
		}
	}
	if !known || m.zone {
		return false, nil
	}
	err = m.state.client.UpdateMetaGPS(ctx, m.state.name, position)
	m.state.set(func(s *CopyStatus) {
		switch {
		case err == nil:
			s.Exists = true
			s.Updates++
		case fault.CodeOf(err) == fault.MetaGPSAbsent: // the server was started again
			s.Exists = false
		}
	})
	return err == nil, err
}

// create makes the meta GPS, if the server has none of that name and the user
// lets us: one that is made before a source asks for it serves that source only.
func (m *metaCopy) create(ctx context.Context) error {
	exists, err := m.state.client.MetaGPS(ctx, m.state.name)
	if err == nil && !exists && m.state.origin.create { // else the update will say that there is none
		if err = m.state.client.CreateMetaGPS(ctx, m.state.name); err == nil {
			exists = true
			m.log.Info("created on the server")
		}
	}
	m.state.set(func(s *CopyStatus) { s.Exists = exists })
	return err
}

// tell says what changed, the same trouble once.
func (m *metaCopy) tell(err error) {
	m.state.set(func(s *CopyStatus) { s.Err = err })
	if code := fault.CodeOf(err); code != m.code {
		m.code = code
		if err != nil {
			m.log.Warn("the server's copy of the position is not updated", "err", err, "code", code, "remedy", fault.RemedyOf(err))
		} else {
			m.log.Info("the server's copy of the position is updated again")
		}
	}
	if stale := m.state.now().Stale; stale != m.stale {
		m.stale = stale
		if m.zone {
			m.log.Info("inside a zone of privacy: the server keeps the last position that it was told")
		} else if stale {
			m.log.Warn("no position: the server keeps the last one that it was told", "code", fault.GPSStale)
		}
	}
}

// prepareCopies makes the state of each copy that the sources ask for, and no
// bridge keeps.
func (s *shared) prepareCopies() error {
	for _, src := range s.cfg.Sources {
		name, ok := src.Definition.Get("metagps")
		if !ok || name == "" || s.copyOf(name) != nil || len(s.cfg.Servers) == 0 || s.cfg.Servers[0].REST.URL == "" {
			continue // without REST the user keeps it fresh by other means
		}
		client, err := s.newRESTClient()
		if err != nil {
			return err
		}
		s.copies = append(s.copies, newCopyState(name, client, origin{
			at:    func(nowNs int64) (gps.Position, bool) { return s.tracker.Track().At(nowNs) },
			every: s.cfg.GPS.MetaGPS.Interval, create: s.cfg.GPS.MetaGPS.Create,
		}))
	}
	return nil
}

// newRESTClient returns a client of the first server's REST.
func (s *shared) newRESTClient() (*rest.Client, error) {
	c := s.cfg.Servers[0]
	tls, err := tlsTo(c.REST.ServerName, c.CAFile)
	if err != nil {
		return nil, err
	}
	if err := showCertificate(tls, c.CertFile, c.KeyFile); err != nil {
		return nil, err
	}
	return rest.New(rest.Options{
		Name: c.Name, URL: c.REST.URL, User: c.REST.User, Password: c.REST.Password.Reveal(), APIKey: c.REST.APIKey.Reveal(), TLS: tls,
		UserAgent: s.dialers[0].UserAgent, NetDial: s.dialers[0].DialContext,
	})
}

// copyOf returns the copy of that name, nil if no source asks for it.
func (s *shared) copyOf(name string) *copyState {
	if i := slices.IndexFunc(s.copies, func(c *copyState) bool { return c.name == name }); i >= 0 {
		return s.copies[i]
	}
	return nil
}
