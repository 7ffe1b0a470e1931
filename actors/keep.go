package actors

import (
	"context"
	"errors"
	"syscall"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/gps/clock"
	"github.com/sensord/sensord/internal/fault"
	"github.com/sensord/sensord/uplink/export"
	"github.com/sensord/sensord/uplink/frames/spool"
)

// prepareRecorder makes what writes every frame to files, if that is wanted.
func (s *shared) prepareRecorder() {
	c := s.cfg.Record
	if c.Dir == "" {
		return
	}
	s.recorder = export.NewRecorder(export.RecorderOptions{
		Dir: c.Dir, Rig: s.cfg.Rig, Program: "sensord " + s.version,
		SizeBytes: c.SizeBytes, Every: c.Every, TotalBytes: c.TotalBytes, SyncEvery: c.SyncEvery,
		Tracker: s.tracker, Zones: s.cfg.Privacy.Zones, Now: s.now, Log: s.log,
	})
}

// prepareSpool opens the directory in which frames are kept, and the store of
// each source whose UUID is known.
func (s *shared) prepareSpool() error {
	c := s.cfg.Spool
	if c.Dir == "" || len(s.cfg.Servers) == 0 {
		return nil
	}
	rig, err := s.openSpool(spool.Options{
		Dir: c.Dir, SizeBytes: c.SizeBytes, MaxAge: c.MaxAge,
		Sync: spool.Sync(c.Sync), SyncEvery: c.SyncEvery, Drop: spool.Drop(c.Drop), Log: s.log,
	})
	s.spool = rig
	if err != nil {
		for _, state := range s.sources {
			state.unkept.Store(s.wants(state))
		}
		return s.withoutSpool(err)
	}
	for _, state := range s.sources {
		if err := s.attach(state); err != nil {
			_ = rig.Close() // nothing is in it that was not there before
			return err
		}
	}
	s.tellOrphans()
	return nil
}

// wants reports whether a source's frames are to be kept on disk: those of
// radios. A file is read again, and who writes a pipe waits.
func (s *shared) wants(state *sourceState) bool {
	return s.spool != nil && state.cfg.Type == capture.TypeLinuxWifi
}

// keeps reports whether a source's frames are kept on disk.
func (s *shared) keeps(state *sourceState) bool { return state.attached.Load() }

// withoutSpool says that frames wait in memory only, until what could not be
// opened can be, if it is the disk's fault: a vehicle whose card has died still
// captures. What the user has to settle is returned.
func (s *shared) withoutSpool(err error) error {
	if !diskTrouble(err) {
		return err
	}
	s.spoolErr.Store(&err)
	s.log.Error("frames are kept in memory only, until the spool can be opened", "err", err, "code", fault.CodeOf(err), "remedy", fault.RemedyOf(err))
	return nil
}

func diskTrouble(err error) bool {
	for _, e := range []error{syscall.ENOSPC, syscall.EDQUOT, syscall.EROFS, syscall.EIO, syscall.ENODEV, syscall.ENXIO} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// attach gives a source's log its store, once its UUID is known. What the disk
// does not let be opened is left to openLate.
func (s *shared) attach(state *sourceState) error {
	if !s.wants(state) || state.uuid().IsZero() || state.attached.Load() || state.unkept.Load() || state.late.Load() != nil {
		return nil
	}
	store, err := s.spool.Source(state.uuid(), state.cfg.Name, state.cfg.Type, true)
	if err != nil {
		if err = s.withoutSpool(err); err == nil {
			state.unkept.Store(true)
			select {
			case state.missed <- struct{}{}:
			default: // it knows
			}
		}
		return err
	}
	state.log.Attach(store) // which tells what an earlier run kept
	state.attached.Store(true)
	return nil
}

// tellOrphans says whose frames are kept that this rig has no source for. While
// the UUID of a radio is not known, they may be its.
func (s *shared) tellOrphans() {
	var known []capture.UUID
	for _, state := range s.sources {
		if s.wants(state) && state.uuid().IsZero() {
			return
		}
		known = append(known, state.uuid())
	}
	orphans, bad := s.spool.Orphans(known)
	unreadable := 0
	for _, o := range orphans {
		if o.Err != nil {
			unreadable++
			bad = o.Err
		}
		if o.Frames > 0 && !o.Locked {
			s.log.Warn("frames are kept of a source that is not configured", "name", o.Name, "uuid", o.UUID.String(), "frames", o.Frames,
				"remedy", "sensord spool --spool "+s.cfg.Spool.Dir+" exports or empties it")
		}
	}
	if bad != nil { // which keeps none of ours from anything
		s.log.Warn("in the spool is something that is not configured and cannot be read", "sources", unreadable, "err", bad, "code", fault.CodeOf(bad),
			"remedy", "sensord spool --spool "+s.cfg.Spool.Dir+" tells what it is, as the user whose it is or as root")
	}
}

// plausible reports whether this machine's clock may be right: one that was
// never set is in the past.
func (s *shared) plausible() bool {
	now, err := s.system()
	return err == nil && s.now()+now.OffsetNs >= clock.Earliest().UnixNano()
}

// A turn is had by one at a time. What hangs in a slow disk is left behind by its
// worker, and nothing else may write there until it has come to its end.
type turn chan struct{}

func newTurn() turn { return make(turn, 1) }

// do does work that ends with ctx, unless that is done while it waits for its
// turn. Where it need not wait it is done in any case: what came before ctx was
// done is written.
func (t turn) do(ctx context.Context, work func(context.Context) error) error {
	select {
	case t <- struct{}{}:
	default:
		select {
		case t <- struct{}{}:
		case <-ctx.Done():
			return nil
		}
	}
	defer func() { <-t }()
	return work(ctx)
}

// last does work behind everybody's, and is nobody's turn any more.
func (t turn) last(work func()) {
	t <- struct{}{}
	work()
}

// spill writes the log to disk until ctx is done.
func (s *sourceState) spill(ctx context.Context) error { return s.writing.do(ctx, s.log.Spill) }

// record writes the recording until ctx is done.
func (s *shared) record(ctx context.Context) error { return s.recording.do(ctx, s.recorder.Run) }

// settle writes what is not confirmed to disk, if it is to be kept there, and
// counts what is lost. No actor uses the log any more.
func (s *shared) settle(state *sourceState) (lost, kept uint64) {
	s.lastAttempt(state)
	if s.keeps(state) {
		done, cancel := context.WithCancel(context.Background())
		cancel()
		state.writing.last(func() { _ = state.log.Spill(done) }) // what goes wrong with it is in the log's counters
	}
	if lost = state.log.Audit(); lost > 0 {
		s.log.Warn("somebody deleted the files in which frames were kept", "source", state.cfg.Name, "frames", lost)
	}
	lost += state.log.Discard()
	kept = state.log.Stats().Kept
	if kept > 0 {
		s.log.Info("frames are kept on disk for the next start", "source", state.cfg.Name, "frames", kept)
	}
	return lost, kept
}

// watchDrops asks the server what it drops for want of time, and lets kept
// frames leave more slowly when it does.
func (s *shared) watchDrops(ctx context.Context) error {
	client, err := s.newRESTClient()
	if err != nil {
		return err
	}
	defer client.Close()
	err = s.pacer.Watch(ctx, client.PacketDrops, s.paceChanged)
	if fault.CodeOf(err) == fault.RESTRole {
		s.log.Debug("the server does not tell this login what it drops; the limits of replay hold as configured", "err", err)
		<-ctx.Done()
	}
	return err
}
