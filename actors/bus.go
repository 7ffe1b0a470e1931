package actors

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sensord/sensord/bus"
	"github.com/sensord/sensord/bus/pb"
	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/configs"
	"github.com/sensord/sensord/internal/fault"
	"github.com/sensord/sensord/web"
)

// busModes are the configuration's, as the bus knows them.
var busModes = map[configs.BusMode]bus.Mode{
	configs.BusEmbedded: bus.Embedded,
	configs.BusLeaf:     bus.Leaf,
	configs.BusJoin:     bus.Join,
}

// BusOptions are the configuration's of a bus that is on, as package bus knows
// them: who the rig is, by its id, and its clocks are left to the caller.
func BusOptions(c configs.Bus, version string) (bus.Options, error) {
	o := bus.Options{
		Fleet: c.Fleet, Rig: c.Rig, Version: version, Mode: busModes[c.Mode],
		URLs: c.URLs, CredsFile: c.CredsFile, User: c.User, Password: c.Password.Reveal(),
		Listen: c.Listen, StoreDir: c.StoreDir, StoreBytes: c.StoreBytes, StoreAge: c.StoreAge,
		Claims: c.Claims != configs.ClaimOff, ClaimMode: string(c.Claims),
	}
	if c.CAFile == "" && c.ServerName == "" && c.CertFile == "" {
		return o, nil
	}
	var err error
	if o.TLS, err = tlsTo(c.ServerName, c.CAFile); err == nil {
		err = showCertificate(o.TLS, c.CertFile, c.KeyFile)
	}
	return o, err
}

// prepareBus makes the rig's place on the bus, if it is to have one. From here
// on what the rig logs is told there too.
// Who hears only says nothing, and joins for receivers that follow somebody.
func (s *shared) prepareBus(hearOnly bool) error {
	c := s.cfg.Bus
	follows := slices.ContainsFunc(s.cfg.GPS.Receivers, func(r configs.Receiver) bool { return r.Type == configs.ReceiverBus })
	if !c.On() || hearOnly && !follows {
		return nil
	}
	own := s.log
	if hearOnly { // another sensord may run here, whose these are
		c.Listen, c.StoreDir, c.Claims = "", "", configs.ClaimOff
		s.cfg.Bus.Bridge = nil
	}
	o, err := BusOptions(c, s.version)
	if err != nil {
		return err
	}
	o.RigID, o.Now, o.UTC, o.Log, o.Notify = rigID(s.cfg.StateDir, own), s.now, s.utc, own, s.busChanged
	if s.bus, err = bus.New(o); err != nil {
		return err
	}
	if hearOnly {
		return nil
	}
	s.log = slog.New(&eventLog{Handler: own.Handler(), publish: func(e *pb.Event) {
		e.TimeNs, _ = s.utc()
		s.bus.PublishEvent(e)
	}})
	return nil
}

// rigID returns the rig's id on the bus, which stays when the rig is renamed,
// moved, or has another address. Without a place to keep it, it is this run's.
func rigID(stateDir string, log *slog.Logger) string {
	fresh := hex.EncodeToString(randomBytes(16))
	if stateDir == "" {
		return fresh
	}
	path := filepath.Join(stateDir, "rig-id")
	if b, err := os.ReadFile(path); err == nil {
		if id := strings.TrimSpace(string(b)); bus.CheckToken("rig id", id) == nil {
			return id
		}
	}
	err := os.MkdirAll(stateDir, 0o700)
	if err == nil {
		err = os.WriteFile(path, []byte(fresh+"\n"), 0o600)
	}
	if err != nil {
		log.Warn("the rig's id cannot be kept: the fleet takes it for another rig after the next start", "err", err)
	}
	return fresh
}

func randomBytes(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	return b
}

// utc is the time by the best clock there is, and whether that is one to believe.
func (s *shared) utc() (ns int64, known bool) {
	if c := s.tracker.Track().Clock(); c.Known() {
		return s.now() + c.OffsetNs, true
	}
	return 0, false
}

// busChanged says what began and what ended on the bus.
func (s *shared) busChanged(c bus.Change) {
	if c.Err != nil {
		s.log.Warn("trouble on the bus", "object", c.Object, "err", c.Err, "code", c.Code, "remedy", fault.RemedyOf(c.Err))
		return
	}
	s.log.Info("trouble on the bus is over", "object", c.Object, "code", c.Code)
}

// startBus starts what joins the rig to its fleet, and what says there how it is.
func (r *rig) startBus(ctx actor.Context) {
	if r.bus == nil {
		return
	}
	r.startWorker(ctx, "bus", r.log, r.joinBus)
}

// joinBus is on the bus until ctx is done, and says there how the rig is: last of
// all, that it leaves.
func (s *shared) joinBus(ctx context.Context) error {
	joined, leave := context.WithCancel(context.WithoutCancel(ctx))
	defer leave()
	telling, silent := context.WithCancel(ctx)
	var reports sync.WaitGroup
	reports.Go(func() {
		if s.sources != nil {
			s.reportOnBus(telling)
		}
		<-telling.Done()
		leave()
	})
	err := s.bus.Run(joined)
	silent()
	reports.Wait()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// claimEvery is how often it is looked whether a radio has got its UUID.
const claimEvery = 250 * time.Millisecond

// reportOnBus tells the fleet where the rig is and how it is, until ctx is done.
func (s *shared) reportOnBus(ctx context.Context) {
	position := time.NewTicker(time.Duration(float64(time.Second) / s.cfg.Bus.Rate))
	sample := time.NewTicker(time.Second) // rates are those of the last seconds
	status := time.NewTicker(s.cfg.Bus.Every)
	claims := time.NewTicker(claimEvery)
	defer position.Stop()
	defer sample.Stop()
	defer status.Stop()
	defer claims.Stop()
	look := web.NewObserver(s.report)
	var told toldPlace
	joined := false
	s.claimSources()
	s.bus.PublishStatus(s.busStatus(look.Now(time.Now())))
	for {
		select {
		case now := <-position.C:
			s.tellPlace(&told, now)
		case now := <-sample.C:
			look.Now(now)
			joined = joined || s.saysJoined()
		case now := <-status.C:
			s.bus.PublishStatus(s.busStatus(look.Now(now)))
		case <-claims.C:
			s.claimSources()
		case <-ctx.Done():
			last := s.busStatus(look.Now(time.Now()))
			last.Leaving = true
			s.bus.PublishStatus(last)
			return
		}
	}
}

// saysJoined says when the rig has joined the bus, a leaf its hub. What ends that,
// and when it is over, is told as trouble.
func (s *shared) saysJoined() bool {
	st := s.bus.State()
	if !st.Connected || st.Mode == bus.Leaf && !st.Leaf.Connected {
		return false
	}
	server := st.Server
	if st.Mode == bus.Leaf {
		server = st.Leaf.URL
	}
	s.log.Info("bus joined", "server", server, "fleet", s.cfg.Bus.Fleet, "rig", s.cfg.Bus.Rig)
	return true
}

// claimSources says which UUIDs are this rig's. Those of files are too: two rigs
// that replay one file take each other's place on the server.
func (s *shared) claimSources() {
	if s.cfg.Bus.Claims == configs.ClaimOff {
		return
	}
	var list []bus.ClaimRequest
	for _, src := range s.sources {
		if uuid := src.uuid(); !uuid.IsZero() {
			list = append(list, bus.ClaimRequest{UUID: uuid.String(), Source: src.cfg.Name})
		}
	}
	s.bus.Claim(list)
}

// rival is why a source may not be announced: another rig had its UUID before,
// and this one is to give way. nil lets it.
func (s *shared) rival(uuid capture.UUID, name string) error {
	if s.bus == nil || s.cfg.Bus.Claims != configs.ClaimRefuse {
		return nil
	}
	c, ok := s.bus.Rival(uuid.String())
	if !ok || c.First {
		return nil
	}
	return fault.Newf(fault.BusClaimed, "source "+name, "rig %s has a source with the UUID %s, and had it first; what is captured is kept", c.Rig, c.UUID)
}
