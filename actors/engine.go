package actors

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/capture/bpf"
	"github.com/sensord/sensord/capture/hop"
	"github.com/sensord/sensord/capture/linuxwifi"
	"github.com/sensord/sensord/capture/pcapfile"
	"github.com/sensord/sensord/configs"
	"github.com/sensord/sensord/internal/fault"
)

// engine captures frames. ReadBatch blocks until there are some, ctx is done
// or capture has ended (io.EOF at the clean end of a file); the batch is the
// caller's. Close may be called from another goroutine.
type engine interface {
	ReadBatch(ctx context.Context) (*capture.Batch, error)
	Close() error
}

var _ engine = (*pcapfile.Reader)(nil)

// liveRadio is an engine that can be tuned and filtered: a *linuxwifi.Radio.
type liveRadio interface {
	engine
	hop.Tuner
	Tuned() capture.Channel
	Bands() []capture.BandCapability
	SetFilter(*bpf.Program) error
	Stats() linuxwifi.SocketStats
}

// Details is what the server is told of an opened source.
type Details struct {
	LinkType         capture.LinkType
	CaptureInterface string
	Hardware         string
	Text             string // one line for the server's log
	Live             bool   // a radio: it can be tuned, may go and come back, and cannot wait to be read
	MAC              net.HardwareAddr
	Notes            []string // what went not as wished
}

// engineSlot holds a source's opened engine, so that a radio that starts again
// goes on where the last one was. Opening may block for as long as it likes, as
// with a FIFO that nobody writes: closing does not wait for it.
type engineSlot struct {
	mu      sync.Mutex
	engine  engine
	details Details
	closed  bool
	filter  *bpf.Program
	ready   chan struct{} // closed once there is a filter
	work    chan struct{} // full while a radio is opened, or closed behind its loss
}

// opener opens what a source captures from. What happens to it meanwhile, and
// does not end it, notice hears from any goroutine.
type opener func(ctx context.Context, cfg configs.Source, filter *bpf.Program, notice func(linuxwifi.Notice)) (engine, Details, error)

// open returns the engine, opening it if it is not. One radio calls it at a
// time.
func (s *engineSlot) open(ctx context.Context, cfg configs.Source, open opener, notice func(linuxwifi.Notice)) (engine, Details, error) {
	if e, d, ok := s.opened(); ok {
		return e, d, nil
	}
	filter, err := s.firstFilter(ctx, cfg)
	if err != nil {
		return nil, Details{}, err
	}
	if cfg.Type == capture.TypeLinuxWifi {
		select {
		case s.work <- struct{}{}:
			defer func() { <-s.work }()
		case <-ctx.Done():
			return nil, Details{}, errStopped
		}
	}
	e, d, err := open(ctx, cfg, filter, notice)
	if err != nil {
		return nil, Details{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		_ = e.Close()
		return nil, Details{}, errStopped
	}
	s.engine, s.details = e, d
	if live, ok := e.(liveRadio); ok && s.filter != filter {
		err = live.SetFilter(s.filter) // it changed while the radio opened
	}
	return e, d, err
}

// firstFilter waits until the filter actor knows what to filter: a frame that
// slips in before would be one that somebody did not want captured.
func (s *engineSlot) firstFilter(ctx context.Context, cfg configs.Source) (*bpf.Program, error) {
	if cfg.Type != capture.TypeLinuxWifi {
		return nil, nil
	}
	select {
	case <-s.ready:
	case <-ctx.Done():
		return nil, errStopped
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.filter, nil
}

// setFilter makes p the filter of the radio that is open, and of all that come.
func (s *engineSlot) setFilter(p *bpf.Program) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.filter == nil {
		close(s.ready)
	}
	s.filter = p
	if live, ok := s.engine.(liveRadio); ok {
		return live.SetFilter(p)
	}
	return nil
}

func (s *engineSlot) opened() (engine, Details, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.engine, s.details, s.engine != nil
}

// live returns the radio, nil while there is none.
func (s *engineSlot) live() liveRadio {
	e, _, _ := s.opened()
	live, _ := e.(liveRadio)
	return live
}

// Tune implements hop.Tuner on whatever radio is open.
func (s *engineSlot) Tune(ctx context.Context, ch capture.Channel) error {
	live := s.live()
	if live == nil {
		return errNoRadio
	}
	return live.Tune(ctx, ch)
}

var errNoRadio = errors.New("the radio is not open")

// lose forgets a radio that ended, so that the next open begins anew. What it
// returns closes it.
func (s *engineSlot) lose() (closeIt func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.engine
	s.engine = nil
	return func() {
		if e != nil {
			s.work <- struct{}{}
			defer func() { <-s.work }()
			_ = e.Close()
		}
	}
}

// closeGrace is how long the end waits for a radio that is being opened or
// closed: somewhat longer than a radio takes to be put back.
const closeGrace = 20 * time.Second

// close closes what is open, and waits for a radio that is being put back: the
// end of the process would be the end of that too.
func (s *engineSlot) close() {
	s.mu.Lock()
	s.closed = true
	e := s.engine
	s.mu.Unlock()
	if e != nil {
		_ = e.Close()
	}
	timer := time.NewTimer(closeGrace)
	defer timer.Stop()
	select {
	case s.work <- struct{}{}:
		<-s.work
	case <-timer.C:
	}
}

// openEngine returns the opener of a rig that keeps its state in stateDir.
// What a killed run left of its radios is undone before the first one opens.
func openEngine(stateDir string, log *slog.Logger) opener {
	var restored sync.Once
	return func(ctx context.Context, cfg configs.Source, filter *bpf.Program, notice func(linuxwifi.Notice)) (engine, Details, error) {
		switch cfg.Type {
		case capture.TypePcapFile:
			return openFile(cfg)
		case capture.TypeLinuxWifi:
			restored.Do(func() {
				if err := linuxwifi.Restore(ctx, stateDir, log); err != nil {
					log.Warn("what an earlier run left could not be put back", "err", err, "remedy", fault.RemedyOf(err))
				}
			})
			return openRadio(ctx, cfg, linuxwifi.Options{
				Interface: cfg.Definition.Interface, Definition: cfg.Definition, RingBytes: cfg.RingBytes,
				Filter: filter, StateDir: stateDir, Log: log.With("source", cfg.Name), Notify: notice,
			})
		}
		return nil, Details{}, fault.Newf(fault.SourceType, "source "+cfg.Name, "type %s is not captured by this version", cfg.Type)
	}
}

func openFile(cfg configs.Source) (engine, Details, error) {
	opts, err := pcapfile.ParseOptions(cfg.Definition)
	if err != nil {
		return nil, Details{}, fault.New(fault.ConfigSource, "source "+cfg.Name, err)
	}
	r, err := pcapfile.Open(cfg.Definition.Interface, opts)
	if err != nil {
		return nil, Details{}, err
	}
	return r, Details{
		LinkType:         r.LinkType(),
		CaptureInterface: cfg.Definition.Interface,
		Hardware:         "pcapfile",
		Text:             fmt.Sprintf("sensord replays %s", cfg.Definition.Interface),
	}, nil
}

func openRadio(ctx context.Context, cfg configs.Source, opts linuxwifi.Options) (engine, Details, error) {
	r, err := linuxwifi.Open(ctx, opts)
	if err != nil {
		return nil, Details{}, err
	}
	d := r.Details()
	return r, Details{
		LinkType:         d.LinkType,
		CaptureInterface: d.CaptureInterface,
		Hardware:         d.Driver,
		Text:             fmt.Sprintf("sensord captures from %s (%s)", cfg.Definition.Interface, d.Driver),
		Live:             true,
		MAC:              d.MAC,
		Notes:            d.Notes,
	}, nil
}
