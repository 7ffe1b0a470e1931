package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/sensord/sensord/configs"
	"github.com/sensord/sensord/gps"
	gpsreplay "github.com/sensord/sensord/gps/replay"
	"github.com/sensord/sensord/internal/fault"
)

// logTimes are the times of a log's fixes. The zero logTimes locate no files.
type logTimes struct {
	object      string // "replay drive.nmea"
	fixes       int    // with a position
	first, last int64  // of those that have a date, UTC in ns; 0 if none has
}

func (l *logTimes) add(f *gps.Fix) {
	l.fixes++
	switch {
	case f.TimeNs == 0:
	case l.first == 0:
		l.first, l.last = f.TimeNs, f.TimeNs
	default:
		l.first, l.last = min(l.first, f.TimeNs), max(l.last, f.TimeNs)
	}
}

var errEnough = errors.New("the first fix is enough")

// replayStep reads a log: as far as its first fix if it is played, whole if it
// is to locate captures.
func replayStep(ctx context.Context, r configs.Receiver) receiverStep {
	step, err := patiently(ctx, func() receiverStep { return readLog(ctx, r) })
	if err != nil {
		return receiverStep{err: err}
	}
	return step
}

func readLog(ctx context.Context, r configs.Receiver) receiverStep {
	object := "replay " + r.File
	if info, err := os.Stat(r.File); err == nil && !info.Mode().IsRegular() {
		return irregularLog(object, r, info)
	}
	f, err := os.Open(r.File)
	if err != nil {
		return receiverStep{err: &fault.Error{Code: fault.GPSFile, Object: object, Err: innermost(err), Advice: "check the path, and whether you may read it"}}
	}
	defer f.Close()
	times := logTimes{object: object}
	said := "" // of the log, at last
	err = gpsreplay.Read(ctx, f, gpsreplay.Options{StartDate: r.StartDate, NoChecksum: r.NoChecksum}, func(e gps.Event) error {
		switch e := e.(type) {
		case gps.Notice:
			said = "; " + e.Text
		case gps.Fix:
			if e.HasPosition() {
				times.add(&e)
			}
			if e.HasPosition() && r.Realtime {
				return errEnough
			}
		}
		return nil
	})
	switch {
	case errors.Is(err, errEnough):
		return receiverStep{text: object + ": it has fixes, and is played as if it happened now"}
	case err != nil && (times.fixes == 0 || fault.CodeOf(err) != fault.GPSFile):
		return receiverStep{err: err}
	case times.fixes == 0:
		return receiverStep{err: fault.Newf(fault.GPSFile, object, "it holds no fix")}
	case times.first == 0:
		return receiverStep{err: &fault.Error{
			Code: fault.GPSFile, Object: object, Err: errors.New("its fixes have no date"),
			Advice: "add start_date: YYYY-MM-DD (start_date=YYYY-MM-DD with --gps), the day on which it begins",
		}}
	case err != nil:
		return receiverStep{warn: true, text: err.Error() + "; what stands before that counts", remedy: "copy it again if the original is whole", covers: times}
	}
	return receiverStep{text: object + ": the first fix is of " + momentText(times.first) + ", the last of " + momentText(times.last) + said, covers: times}
}

// irregularLog refuses what a rig would not read. It may be a pipe, and what a
// check took out of that would be gone.
func irregularLog(object string, r configs.Receiver, info os.FileInfo) receiverStep {
	e := &fault.Error{Code: fault.GPSFile, Object: object, Err: errors.New("it is no regular file"), Advice: "write it into a file first: a log is read whole before the first frame is sent"}
	switch {
	case info.IsDir():
		e.Err, e.Advice = errors.New("it is a directory"), ""
	case r.Realtime:
		return receiverStep{text: "replay " + r.File + notOpened}
	}
	return receiverStep{err: e}
}

// covered warns of capture files that do not begin within the log that is to
// locate them. When a capture ends is not looked for: that would take reading
// it.
func (c *gpsCheck) covered(l logTimes, spare time.Duration) {
	if l.first == 0 {
		return
	}
	for _, f := range c.captures {
		whole := "none of its frames gets a position from that"
		switch {
		case f.timeNs > l.last+int64(spare):
		case f.timeNs < l.first:
			whole = "its frames before that get no position from it"
		default:
			continue
		}
		c.warn("receiver", 0, "", fmt.Sprintf("%s begins at %s, and %s is of %s to %s: %s",
			f.file, momentText(f.timeNs), l.object, momentText(l.first), momentText(l.last), whole),
			"name the log of the same drive; if the log has no dates of its own, correct start_date")
	}
}
