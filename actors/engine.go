package actors

import (
	"context"
	"fmt"
	"sync"

	"github.com/sensord/sensord/capture"
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

// Details is what the server is told of an opened source.
type Details struct {
	LinkType         capture.LinkType
	CaptureInterface string
	Hardware         string
	Text             string // one line for the server's log
	Waits            bool   // the engine can wait: better not read than dropped
}

// engineSlot holds a source's opened engine, so that a radio that starts again
// goes on where the last one was. Opening may block for as long as it likes, as
// with a FIFO that nobody writes: closing does not wait for it.
type engineSlot struct {
	mu      sync.Mutex
	engine  engine
	details Details
	closed  bool
}

// open returns the engine, opening it if it is not. One radio calls it at a
// time.
func (s *engineSlot) open(cfg configs.Source) (engine, Details, error) {
	if e, d, ok := s.opened(); ok {
		return e, d, nil
	}
	e, d, err := openEngine(cfg)
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
	return e, d, nil
}

func (s *engineSlot) opened() (engine, Details, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.engine, s.details, s.engine != nil
}

func (s *engineSlot) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	if s.engine != nil {
		_ = s.engine.Close()
	}
}

func openEngine(cfg configs.Source) (engine, Details, error) {
	if cfg.Type != "pcapfile" {
		return nil, Details{}, fault.Newf(fault.SourceType, "source "+cfg.Name, "type %s is not captured by this version", cfg.Type)
	}
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
		Waits:            true,
	}, nil
}
