package main

import (
	"context"
	"math"
	"os"
	"testing"
	"time"

	"github.com/sensord/sensord/capture/pcapfile"
	"github.com/sensord/sensord/gps"
	gpsreplay "github.com/sensord/sensord/gps/replay"
)

// The log is all that sensord gets of a drive: it has to have a fix for every
// second of the capture, and one that is a receiver's.
func TestDriveHasAFixForEverySecond(t *testing.T) {
	d, err := newDrive(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(d.log)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	last, fixes, worst := d.from-2*time.Second, 0, 0.0
	slowest, fastest := math.Inf(1), 0.0
	err = gpsreplay.Read(context.Background(), f, gpsreplay.Options{}, func(e gps.Event) error {
		fix, ok := e.(gps.Fix)
		if !ok {
			return nil
		}
		at := time.Unix(0, fix.TimeNs).Sub(d.start)
		if at < d.from-2*time.Second || at > d.to+2*time.Second {
			return nil
		}
		if !fix.HasPosition() || at-last > 1500*time.Millisecond {
			t.Errorf("no fix between %v and %v", last, at)
		}
		truth := d.truth.At(at)
		last, fixes, worst = at, fixes+1, max(worst, apart(truth.Lat, truth.Lon, fix.Lat, fix.Lon))
		slowest, fastest = min(slowest, truth.SpeedMPS), max(fastest, truth.SpeedMPS)
		return nil
	})
	if err != nil || last < d.to || d.length() < 5*time.Minute {
		t.Errorf("%v; the log ends at %v, the capture at %v", err, last, d.to)
	}
	if worst < 0.5 || worst > 20 {
		t.Errorf("fixes are up to %.2f m off: that is no receiver", worst)
	}
	if slowest > 0.1 || fastest < 100/3.6 {
		t.Errorf("it goes with %.0f to %.0f m/s: no red light, or no motorway", slowest, fastest)
	}
}

// However long a demo is, its capture has the whole drive, and no more.
func TestCaptureIsAsLongAsTheDrive(t *testing.T) {
	for _, length := range []time.Duration{demoShortest, 30 * time.Second, demoLongest} {
		d := demo{length: length}
		r, err := d.replay()
		if err != nil {
			t.Fatal(err)
		}
		file, err := pcapfile.Open(r.path, pcapfile.Options{})
		if err != nil {
			t.Fatal(err)
		}
		var first, last int64
		for {
			batch, err := file.ReadBatch(context.Background())
			if batch == nil {
				break
			}
			if first == 0 {
				first = batch.Frame(0).TimeNs
			}
			last = batch.Frame(batch.Len() - 1).TimeNs
			batch.Release()
			if err != nil {
				break
			}
		}
		from, to := time.Unix(0, first).Sub(r.drive.start), time.Unix(0, last).Sub(r.drive.start)
		if from < r.drive.from || from > r.drive.from+time.Second || to > r.drive.to || to < r.drive.to-5*time.Second {
			t.Errorf("a demo of %v is heard from %v to %v, the drive goes from %v to %v", length, from, to, r.drive.from, r.drive.to)
		}
		_ = file.Close()
		r.remove()
		if _, err := os.Stat(r.drive.log); !os.IsNotExist(err) {
			t.Errorf("the log is left behind: %v", err)
		}
	}
}
