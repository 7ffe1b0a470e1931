package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/sensord/sensord/gps"
	"github.com/sensord/sensord/gps/fusion"
	gpsreplay "github.com/sensord/sensord/gps/replay"
	"github.com/sensord/sensord/internal/fault"
)

// logPrinter prints a log of a receiver while it is read: an epoch a line, and
// below it, if fuser is set, what fusion makes of it.
type logPrinter struct {
	json  *json.Encoder // nil prints a table
	table *epochTable
	fuser *logFuser // nil does without
	warn  func(text string)

	epochs  int
	fixes   int // of those, with a position
	undated int // of those, without a date
	notices int // of damage
}

// replayGPS prints what a receiver would have given for a log.
func (a *app) replayGPS(v *gpsFlags, o gpsreplay.Options) error {
	// Whoever reads may have enough: that is an error of writing, and an end in
	// order.
	signal.Ignore(syscall.SIGPIPE)
	in, object := a.in, "standard input"
	if v.replay != "-" {
		object = "replay " + v.replay
		f, err := openLog(v.replay)
		if err != nil {
			return &fault.Error{Code: fault.GPSFile, Object: object, Err: err, Advice: "check the path, and whether you may read it"}
		}
		defer f.Close()
		in = f
	}
	p := &logPrinter{warn: func(text string) { _, _ = io.WriteString(a.errs, "sensord: warning: "+harmless(object+": "+text)+"\n") }}
	if v.json {
		p.json = jsonEncoder(a.out)
	} else {
		p.table = &epochTable{out: a.out}
	}
	if v.fused {
		p.fuser = newLogFuser()
	}
	err := gpsreplay.Read(context.Background(), in, o, p.tell)
	f, ofLog := errors.AsType[*fault.Error](err)
	switch {
	case errors.Is(err, syscall.EPIPE):
		return nil
	case ofLog:
		f = &fault.Error{Code: f.Code, Object: object, Err: f.Err, Advice: f.Advice}
		if p.epochs == 0 && p.notices > 0 && !v.noChecksum {
			f.Advice = "if its sentences end without *, and two digits, add --no-checksum; else copy it again"
		}
		return f
	case err == nil && p.fixes > 0 && p.undated == p.fixes:
		return a.undated(object, v.fused)
	}
	return err
}

// undated tells of a log whose fixes have no date: what it says is as good
// without, but fusion goes by times.
func (a *app) undated(object string, fused bool) error {
	const what, right = "its fixes have no date", "add --start-date YYYY-MM-DD, the day on which it begins"
	if fused {
		return &fault.Error{Code: fault.GPSFile, Object: object, Err: errors.New(what + ", and nothing can be fused without times"), Advice: right}
	}
	var b strings.Builder
	writeLines(&b, "sensord: warning: ", harmless(object+": "+what), right)
	_, _ = io.WriteString(a.errs, b.String())
	return nil
}

func openLog(file string) (*os.File, error) {
	f, err := os.Open(file)
	if p, ok := errors.AsType[*os.PathError](err); ok {
		return nil, p.Err
	}
	if info, err := f.Stat(); err == nil && info.IsDir() {
		_ = f.Close()
		return nil, errors.New("it is a directory")
	}
	return f, nil
}

func jsonEncoder(w io.Writer) *json.Encoder {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc
}

// tell prints an epoch. What is damaged is said where people read it, and does
// not stand between results.
func (p *logPrinter) tell(e gps.Event) error {
	switch e := e.(type) {
	case gps.Notice:
		p.notices++
		p.warn(e.Text)
	case gps.Fix:
		p.epochs++
		if e.HasPosition() {
			p.fixes++
			if e.TimeNs == 0 {
				p.undated++
			}
		}
		return p.epoch(e)
	}
	return nil
}

func (p *logPrinter) epoch(f gps.Fix) error {
	var fused *fusedEpoch
	if p.fuser != nil && f.TimeNs != 0 {
		fused = p.fuser.add(f)
	}
	if p.table != nil {
		return p.table.add(&f, fused)
	}
	line := epochOf(&f)
	if fused != nil {
		line.Fused = fused.json()
	}
	return p.json.Encode(line)
}

// logFuser makes of a log what the sensor would: filter and track, on UTC.
type logFuser struct {
	filter *fusion.Filter
	track  *gps.Builder
}

// fusedEpoch is what fusion knows at the time of an epoch, from that and those
// before.
type fusedEpoch struct {
	gps.Position
	known    bool   // the position
	rejected string // why the epoch was not believed, "" if it was
}

func newLogFuser() *logFuser {
	return &logFuser{fusion.New(fusion.Options{}), gps.NewBuilder(gps.TrackOptions{})}
}

func (l *logFuser) add(f gps.Fix) *fusedEpoch {
	f.Receiver = f.Device
	result := l.filter.Add(f, f.TimeNs)
	l.track.Add(result.Points)
	out := &fusedEpoch{rejected: result.Why}
	if !result.Rejected {
		out.rejected = ""
	}
	out.Position, out.known = l.track.Track().At(f.TimeNs)
	return out
}

// epochTable prints epochs for people.
type epochTable struct {
	out io.Writer
	day string // of the last line
}

const (
	tableHead = "time         fix    latitude    longitude alt (m)  km/h track accuracy      sats\n"
	tableLine = "%-12s %-3s %11s %12s %7s %5s %5s %-13s %4s\n"
)

func (t *epochTable) add(f *gps.Fix, fused *fusedEpoch) error {
	text, clock := "", "-"
	if t.day == "" {
		text = tableHead
		t.day = "unknown"
	}
	if f.TimeNs != 0 {
		at := time.Unix(0, f.TimeNs).UTC()
		clock = at.Format("15:04:05.000")
		if day := at.Format(time.DateOnly); day != t.day {
			t.day = day
			text += day + "\n"
		}
	}
	sats := "-"
	if f.Satellites >= 0 {
		sats = fmt.Sprint(f.Satellites)
	}
	if f.HasPosition() {
		text += fmt.Sprintf(tableLine, clock, fixText(f), decimal(f.Lat, 7), decimal(f.Lon, 7), decimal(f.AltMSL, 1),
			decimal(f.SpeedMPS*gps.KMHPerMPS, 1), bearing(f.CourseDeg), accuracyText(f), sats)
	} else {
		text += fmt.Sprintf(tableLine, clock, fixText(f), "-", "-", "-", "-", "-", "-", sats)
	}
	if fused != nil {
		text += fused.line()
	}
	_, err := io.WriteString(t.out, text)
	return err
}

// line is the table's line below that of the epoch.
func (f *fusedEpoch) line() string {
	text := "  fused: nowhere\n"
	if f.known {
		text = fmt.Sprintf(tableLine, "  fused", "", decimal(f.Lat, 7), decimal(f.Lon, 7), decimal(f.AltMSL, 1),
			decimal(f.SpeedMPS*gps.KMHPerMPS, 1), bearing(f.Heading), decimal(f.AccuracyM, 1)+" m", "")
		text = strings.TrimRight(text, " \n") + "\n"
	}
	if f.rejected != "" {
		text += "  not believed: " + f.rejected + "\n"
	}
	return text
}

// decimal is a number with so many digits, "-" if it is not known.
func decimal(x float64, digits int) string {
	if math.IsNaN(x) {
		return "-"
	}
	return fmt.Sprintf("%.*f", digits, x)
}

// bearing is an angle from 0.0 up to 359.9 degrees, "-" if it is not known.
func bearing(degrees float64) string {
	return decimal(math.Mod(math.Round(degrees*10)/10, 360), 1)
}
