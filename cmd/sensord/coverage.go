package main

import (
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/sensord/sensord/actors"
)

// tellOnSignal writes to the log how the rig is doing whenever SIGUSR1 comes,
// until stop is called.
func tellOnSignal(rig interface{ Status() actors.Status }, log *slog.Logger) (stop func()) {
	asked, done := make(chan os.Signal, 1), make(chan struct{})
	signal.Notify(asked, syscall.SIGUSR1)
	go func() {
		for {
			select {
			case <-asked:
				tell(rig.Status(), log)
			case <-done:
				return
			}
		}
	}()
	return func() {
		signal.Stop(asked)
		close(done)
	}
}

// tell writes an entry for each source, and behind that of a radio one for each
// channel that it was told to visit.
func tell(st actors.Status, log *slog.Logger) {
	for _, s := range st.Sources {
		l := log.With("source", s.Name)
		l.Info("status", "capture", s.Capture.String(), "link", s.Link.State.String(),
			"captured", s.Frames.Captured, "confirmed", s.Frames.Acked, "waiting", s.Frames.Waiting, "dropped", s.Frames.Dropped)
		if s.Radio == nil {
			continue
		}
		r := s.Radio
		l.Info("radio", "tuned", r.Tuned.String(), "hopping", r.Hop.Hopping, "hops_per_second", r.Hop.Rate, "cycle", r.Hop.Cycle.Round(time.Millisecond).String(),
			"kernel_dropped", r.Socket.KernelDropped, "left_out_by_kernel", r.Socket.Filtered, "left_out_behind", r.Socket.UserFiltered,
			"bytes_saved", r.Socket.FilteredBytes+r.Socket.UserFilteredBytes+r.Socket.CutBytes)
		for _, c := range r.Coverage.Channels {
			l.Info("channel", "channel", c.Channel.String(), "visits", c.Visits, "dwell", c.Dwell.Round(time.Millisecond).String(),
				"frames", c.Frames, "transmitters", c.Transmitters, "switch_mean", c.MeanSwitch.Round(10*time.Microsecond).String(),
				"switch_max", c.MaxSwitch.Round(10*time.Microsecond).String(), "refused", c.Refused, "failed", c.Failed, "last_error", c.LastError)
		}
	}
}
