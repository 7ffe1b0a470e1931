package spool_test

import (
	"math"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sensord/sensord/gps"
	"github.com/sensord/sensord/uplink/frames/spool"
)

// track has a point each second, from a second on and before another.
func track(from, to int) (points []gps.Point) {
	for i := from; i < to; i++ {
		points = append(points, gps.Point{TimeNs: int64(i) * 1e9, Lat: 1, Lon: float64(i) / 1e4, AccuracyM: 3})
	}
	return points
}

// Points that a full disk refused are given again, and none is missing then.
func TestPointsThatTheDiskRefusedAreKeptLater(t *testing.T) {
	for _, before := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			disk, dir := &spool.Faults{}, t.TempDir()
			rig := open(t, spool.Options{Dir: dir}.WithFaults(disk))
			s := source(t, rig, roof)
			s.State(spool.State{Options: gps.TrackOptions{Predict: time.Second, LimitM: 80}})
			n, given := uint64(0), 1
			give := func(to int, full bool) error {
				b := batch(n, 10, 100)
				defer b.Release()
				if err := s.Write(n, b, 0); err != nil {
					return err
				}
				if full {
					disk.Writes.Store(spool.Full())
				}
				s.Points(track(int(s.PointNs()/1e9)+1, to))
				if err := s.Commit(); err != nil {
					return err
				}
				n, given = n+10, to
				return nil
			}
			if before {
				if err := give(11, false); err != nil {
					t.Fatal(err)
				}
			}
			if give(30, true) == nil {
				t.Error("a full disk took frames")
			}
			disk.Writes.Store(nil)
			<-time.After(4 * time.Second)
			if err := give(40, false); err != nil {
				t.Fatal(err)
			}
			owned(s, 0, n)
			first, _, _ := s.Take(n - 10) // of the newest segment
			e, ok, err := s.Next(first)
			if !ok || err != nil {
				t.Fatal(ok, err)
			}
			defer e.Batch.Release()
			from := 1
			if before {
				from = 10 // the segment before has the others
			}
			for at := from; at < given; at++ {
				if p, ok := e.Place.At(int64(at) * 1e9); !ok || math.Abs(p.Lon-float64(at)/1e4) > 1e-9 {
					t.Errorf("at %d s: %v %v", at, ok, p.Lon)
				}
			}
			if err := rig.Close(); err != nil {
				t.Fatal(err)
			}
		})
	}
}
