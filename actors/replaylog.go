package actors

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"time"

	"github.com/sensord/sensord/configs"
	"github.com/sensord/sensord/gps"
	"github.com/sensord/sensord/gps/fusion"
	"github.com/sensord/sensord/gps/replay"
	"github.com/sensord/sensord/internal/fault"
)

// replayLog makes the track of a log, by which the frames of capture files are
// located. It is read whole before the first frame is sent.
func (s *shared) replayLog(c configs.Receiver) error {
	object := "replay " + c.File
	// A pipe might never end, and the rig would not start.
	if info, err := os.Stat(c.File); err == nil && !info.Mode().IsRegular() {
		return fault.New(fault.GPSFile, object, errNoFile)
	}
	f, err := os.Open(c.File)
	if err != nil {
		return fault.New(fault.GPSFile, object, rootError(err))
	}
	defer f.Close()
	points, err := logTrack(f, c, s.cfg.GPS, s.log)
	if err != nil && (len(points) == 0 || fault.CodeOf(err) != fault.GPSFile) {
		return err
	}
	if len(points) == 0 {
		return fault.New(fault.GPSFile, object, errNoFix)
	}
	if err != nil {
		s.log.Warn("the log is damaged: what is before that counts", "err", err, "code", fault.CodeOf(err))
	}
	s.navigation.track.SetLog(points)
	s.logFrom, s.logTo = points[0].TimeNs, points[len(points)-1].TimeNs
	s.log.Info("frames of capture files are located by a log", "file", c.File, "positions", len(points),
		"from", dateText(s.logFrom), "to", dateText(s.logTo))
	return nil
}

var errNoFile = errors.New("it is no regular file")

var errNoFix = errors.New("it holds no fix with a date; give start_date if it has times only")

func dateText(utcNs int64) string { return time.Unix(0, utcNs).UTC().Format(time.DateTime) }

// outside warns of a capture that begins at another time than the log, as one
// with a wrong date does.
func (s *shared) outside(first int64, log *slog.Logger) {
	spare := int64(s.cfg.GPS.Predict)
	if s.logTo == 0 || first >= s.logFrom-spare && first <= s.logTo+spare {
		return
	}
	log.Warn("the capture does not begin within the log that is to locate it: frames outside of the log have no position",
		"first_frame", dateText(first), "log_from", dateText(s.logFrom), "log_to", dateText(s.logTo),
		"remedy", "name the log of the same drive, or give start_date if the log has no dates")
}

// logTrack is what fusion makes of a log, on UTC. What is wrong with the log is
// said in ours.
func logTrack(f *os.File, c configs.Receiver, g configs.GPS, ours *slog.Logger) ([]gps.Point, error) {
	filter := fusion.New(fusionOptions(g))
	var points []gps.Point
	o := replay.Options{StartDate: c.StartDate, NoChecksum: c.NoChecksum}
	err := replay.Read(context.Background(), f, o, func(e gps.Event) error {
		if n, ok := e.(gps.Notice); ok {
			ours.Warn("of the log that locates capture files", "says", n.Text, "file", c.File)
		}
		fix, ok := e.(gps.Fix)
		if !ok || !fix.HasPosition() || fix.TimeNs == 0 {
			return nil
		}
		fix.Receiver = c.Name
		points = joinPoints(points, filter.Add(fix, fix.TimeNs).Points)
		return nil
	})
	return points, err
}

// joinPoints puts changed points in the place of those from the first of them on.
func joinPoints(points, changed []gps.Point) []gps.Point {
	if len(changed) == 0 {
		return points
	}
	n := len(points)
	for n > 0 && points[n-1].TimeNs >= changed[0].TimeNs {
		n--
	}
	return append(points[:n], changed...)
}
