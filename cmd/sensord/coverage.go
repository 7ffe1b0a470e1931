package main

import (
	"log/slog"
	"math"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/sensord/sensord/actors"
	"github.com/sensord/sensord/internal/fault"
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

// tell writes an entry for each source, behind that of a radio one for each
// channel that it was told to visit, then one for each receiver, and one for
// where the rig is and what its clock is worth.
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
	tellPosition(st, log)
}

func tellPosition(st actors.Status, log *slog.Logger) {
	for i := range st.GPS.Receivers {
		r := &st.GPS.Receivers[i]
		what := []any{"receiver", r.Name, "state", r.State.String(), "from", r.Object, "detail", r.Detail, "fixes", r.Fixes, "skipped", r.Skipped}
		if r.Fixes > 0 {
			what = append(what, "age", r.Age.Round(100*time.Millisecond).String(), "interval", r.Interval.Round(time.Millisecond).String(), "satellites", r.Fix.Satellites)
			what = append(withMetres(what, "accuracy_m", r.Fix.AccuracyM), "accuracy_from", string(r.Fix.AccuracyOrigin))
		}
		if r.LatencyKnown {
			what = append(what, "latency", r.Latency.Round(time.Millisecond).String())
		}
		if f, heard := st.GPS.Fused(r.Name); heard {
			what = append(what, "rejected", f.Rejected, "last_rejected", f.Why)
		}
		if r.Err != nil {
			what = append(what, "err", r.Err, "code", fault.CodeOf(r.Err))
		}
		log.Info("receiver", what...)
	}
	c := st.GPS.Clock
	what := []any{"known", st.HasPosition}
	if err := st.GPS.Unplaced; err != nil {
		what = append(what, "err", err, "code", fault.CodeOf(err))
	}
	if p := st.Position; st.HasPosition {
		what = append(what, "by", p.Receiver, "lat", p.Lat, "lon", p.Lon)
		what = withMetres(what, "accuracy_m", p.AccuracyM)
	}
	what = append(what, "clock", string(c.Source))
	if c.HasSystemOffset {
		what = append(what, "system_clock_off", time.Duration(c.SystemOffsetNs).Round(time.Millisecond).String(),
			"give_or_take", time.Duration(c.SystemErrorNs).Round(time.Millisecond).String())
	}
	log.Info("position", what...)
}

// withMetres appends a length to what an entry says, if it is known.
func withMetres(what []any, key string, metres float64) []any {
	if math.IsNaN(metres) {
		return what
	}
	return append(what, key, math.Round(metres*10)/10)
}
