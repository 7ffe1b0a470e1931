package export_test

import (
	"math"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/gps"
	"github.com/sensord/sensord/uplink/export"
)

// A gate decides by what is known when a frame comes; a fix that follows can
// say that the frame was heard inside all the same.
func TestRecorderDoesNotWriteWhatTurnsOutToBeOfAZone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		tracker, builder := new(gps.Tracker), gps.NewBuilder(gps.TrackOptions{})
		builder.SetPace(time.Second, 100*time.Millisecond)
		began := wall()
		clock := func() int64 { return wall() - began + 1000e9 } // the machine runs for 1000 s
		fix := func(seconds int64, lat float64) {
			builder.Add([]gps.Point{{
				TimeNs: (1000 + seconds) * 1e9, Lat: lat, Lon: 4, AltMSL: math.NaN(), AccuracyM: 3, VelAccuracyMPS: 0.3, AccelMPS2: 1,
			}})
			tracker.Publish(builder.Track())
		}
		r := export.NewRecorder(export.RecorderOptions{
			Dir: dir, Rig: "rover", Tracker: tracker, Now: clock, Log: quiet(),
			Zones: []gps.Zone{{Lat: 52, Lon: 4, RadiusM: 200}},
		})
		fix(0, 52.0020)
		end := begin(t, r)
		b := capture.NewBatch()
		b.Live, b.ClockOffsetNs = true, start-1000e9
		b.Append(start, capture.LinkTypeRadiotap, 0, beacon())
		b.Append(start+900e6, capture.LinkTypeRadiotap, 0, beacon())
		add(r, roofSource, b)
		<-time.After(time.Second)
		fix(1, 52.0016)
		<-time.After(time.Second)
		if err := end(); err != nil {
			t.Fatal(err)
		}
		if all := recorded(t, dir); len(all) != 1 || all[0].TimeNs != start {
			t.Errorf("recorded %+v", all)
		}
		if s := r.Stats(); s.Frames != 1 || s.Hidden != 1 || s.Waiting != 0 || s.Dropped != 0 {
			t.Errorf("%+v", s)
		}
	})
}
