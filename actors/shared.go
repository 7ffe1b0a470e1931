package actors

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sensord/sensord/bus"
	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/capture/linuxwifi"
	"github.com/sensord/sensord/configs"
	"github.com/sensord/sensord/gps"
	"github.com/sensord/sensord/gps/clock"
	"github.com/sensord/sensord/internal/fault"
	"github.com/sensord/sensord/uplink"
	"github.com/sensord/sensord/uplink/export"
	"github.com/sensord/sensord/uplink/frames/spool"
	"github.com/sensord/sensord/web"
)

// shared is what every actor of a rig may use. It is immutable but for values
// that are safe for concurrent use.
type shared struct {
	cfg          configs.Config
	log          *slog.Logger
	version      string
	began        time.Time
	dialers      []*uplink.Dialer // by server, in the order in which they are tried
	pacer        *uplink.Pacer    // of late frames
	spool        *spool.Rig       // nil keeps frames in memory only
	recorder     *export.Recorder // nil records nothing
	recording    turn             // to write its files
	openSpool    func(spool.Options) (*spool.Rig, error)
	spoolErr     atomic.Pointer[error] // why frames are kept in memory only; nil if nothing is wrong
	report       func() web.Status     // what is told of the rig
	lender       *uplink.Lender
	tracker      *gps.Tracker
	bus          *bus.Bus // nil is none
	sources      []*sourceState
	restart      *restart
	open         opener
	watch        watcher
	watchNetwork func(ctx context.Context, tell func(reason string)) error
	claims       sync.Mutex

	now        func() int64                 // CLOCK_BOOTTIME, ns
	system     func() (clock.System, error) // what the kernel says of its clock
	navigation *navigation                  //
	logFrom    int64                        // UTC, ns, that the replayed log covers; both 0 without one
	logTo      int64                        //
	receivers  []*receiverState             // that have actors
	copies     []*copyState                 // of the position on the server
	webTLS     *tls.Config                  // nil is plain
	webToken   string                       //
	webErr     atomic.Pointer[error]        // of the last attempt
	webAddress atomic.Pointer[string]       // nil while nothing is served
}

// watcher tells the addresses of this machine's interfaces, and whether the
// server is reached over Wi-Fi, now and whenever they change, until ctx is done.
type watcher func(ctx context.Context, tell func(links []linuxwifi.LinkAddress, wifi bool)) error

// claim gives an opened radio the UUID of its address, if the configuration
// could not know it, and makes sure that no other source has it.
func (s *shared) claim(state *sourceState, d Details) error {
	if !d.Live {
		return nil
	}
	s.claims.Lock()
	defer s.claims.Unlock()
	if !state.uuid().IsZero() {
		return s.attach(state) // again, if what is kept could not be opened before
	}
	uuid := capture.WifiUUID(d.MAC)
	for _, other := range s.sources {
		if other.uuid() == uuid {
			return &fault.Error{
				Code: fault.ConfigSource, Object: "source " + state.cfg.Name, Advice: "give one of them another uuid=",
				Err: fmt.Errorf("%w: %s, which is %s", errTwin, uuid, other.cfg.Name),
			}
		}
	}
	state.id.Store(&uuid)
	return s.attach(state)
}

// props returns how an actor of this rig is made and supervised.
func (s *shared) props(make func() actor.Actor) *actor.Props {
	return actor.PropsFromProducer(make, actor.WithSupervisor(s.restart))
}
