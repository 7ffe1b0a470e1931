package meta_test

import (
	"context"
	"errors"
	"math"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/sensord/sensord/gps"
	"github.com/sensord/sensord/gps/meta"
)

// A rig runs a receiver in a bubble, on a clock that is 0 when it begins.
type rig struct {
	*meta.Receiver
	events chan gps.Event
	stop   func() error
}

func clock() func() int64 {
	began := time.Now()
	return func() int64 { return int64(time.Since(began)) }
}

func run(t *testing.T, o meta.Options) rig {
	t.Helper()
	o.Name, o.Now = "phone", clock()
	r := rig{Receiver: meta.New(o), events: make(chan gps.Event, 1000)}
	r.stop = r.start(t)
	return r
}

// start runs the receiver until the function that it returns is called.
func (r *rig) start(t *testing.T) func() error {
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx, func(e gps.Event) { r.events <- e }) }()
	return func() error { cancel(); return <-done }
}

func (r *rig) post(t *testing.T, u meta.Update) {
	t.Helper()
	if err := r.Post(u); err != nil {
		t.Fatal(err)
	}
	synctest.Wait()
}

// want compares the events since the last time.
func (r *rig) want(t *testing.T, want ...gps.Event) {
	t.Helper()
	if diff := cmp.Diff(want, r.told(), cmpopts.EquateNaNs(), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("events (-want +got)\n%s", diff)
	}
}

// told returns the events so far, and forgets them.
func (r *rig) told() []gps.Event {
	synctest.Wait()
	list := make([]gps.Event, len(r.events))
	for i := range list {
		list[i] = <-r.events
	}
	return list
}

func fix(received time.Duration, set func(*gps.Fix)) gps.Fix {
	f := gps.NewFix()
	f.ReceivedNs = int64(received)
	set(&f)
	return f
}

// place is the fix of an update with nothing but a place.
func place(received time.Duration, lat, lon float64) gps.Fix {
	return fix(received, func(f *gps.Fix) {
		f.Mode, f.Lat, f.Lon = gps.Mode2D, lat, lon
		f.AccuracyM, f.AccuracyOrigin = meta.AssumedAccuracyM, gps.OriginAssumed
	})
}

func none(received time.Duration) gps.Fix {
	return fix(received, func(f *gps.Fix) { f.Mode = gps.ModeNone })
}

func wait(d time.Duration) { <-time.After(d) }

func TestUpdateBecomesAFixAndExpiresOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := run(t, meta.Options{})
		r.post(t, update(1, 2))
		r.want(t, place(0, 1, 2))
		wait(4 * time.Second)
		r.post(t, update(3, 4, alt(50), speed(10), heading(90), accuracy(5), at(1790000000e9)))
		r.want(t, fix(4*time.Second, func(f *gps.Fix) {
			f.Mode, f.Lat, f.Lon, f.AltMSL, f.SpeedMPS, f.CourseDeg = gps.Mode3D, 3, 4, 50, 10, 90
			f.AccuracyM, f.AccuracyOrigin, f.TimeNs = 5, gps.OriginGiven, 1790000000e9
		}))
		wait(meta.DefaultExpire - 1)
		r.want(t)
		wait(1)
		r.want(t, none(14*time.Second))
		wait(time.Hour)
		r.want(t)
		r.post(t, update(5, 6))
		r.want(t, place(time.Hour+14*time.Second, 5, 6))
		if err := r.stop(); !errors.Is(err, context.Canceled) {
			t.Errorf("run ended with %v", err)
		}
	})
}

func TestExpireIsConfigured(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := run(t, meta.Options{Expire: time.Second})
		r.post(t, update(1, 2))
		wait(2 * time.Second)
		r.want(t, place(0, 1, 2), none(time.Second))
		_ = r.stop()
	})
}

func TestRunThatIsLateTellsWhatStillCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := run(t, meta.Options{})
		_ = r.stop()
		for i := range 100 { // more than wait
			r.post(t, update(1, float64(i)))
		}
		wait(9 * time.Second)
		r.post(t, update(1, 100))
		wait(5 * time.Second)
		r.stop = r.start(t)
		r.want(t, place(9*time.Second, 1, 100))
		wait(5 * time.Second)
		r.want(t, none(19*time.Second))
		_ = r.stop()
	})
}

func TestSpeedZeroIsBelievedOfWhoHasMoved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := run(t, meta.Options{})
		for _, mps := range []float64{0, 0, 3, 0} {
			r.post(t, update(1, 2, speed(mps)))
		}
		var speeds []float64
		for _, e := range r.told() {
			speeds = append(speeds, e.(gps.Fix).SpeedMPS)
		}
		if diff := cmp.Diff([]float64{math.NaN(), math.NaN(), 3, 0}, speeds, cmpopts.EquateNaNs()); diff != "" {
			t.Errorf("speeds (-want +got)\n%s", diff)
		}
		_ = r.stop()
	})
}

func TestLateUpdatesArePassedOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := run(t, meta.Options{})
		const now = int64(1790000000e9)
		timed := func(received time.Duration, lat float64, ns int64) gps.Fix {
			f := place(received, lat, 0)
			f.TimeNs = ns
			return f
		}
		r.post(t, update(1, 0, at(now)))
		r.want(t, timed(0, 1, now))
		wait(time.Second)
		r.post(t, update(2, 0, at(now-9e9))) // 10 s late: a slow phone, and not too slow
		r.want(t, timed(time.Second, 2, now-9e9))
		r.post(t, update(3, 0, at(now-300e9)))
		r.post(t, update(4, 0, at(now-200e9)))
		r.want(t, gps.Notice{Text: "an update came 5m1s late, and is passed over"})
		r.post(t, update(5, 0, at(now+1e9)))
		r.want(t, timed(time.Second, 5, now+1e9))
		wait(5 * time.Second)
		// A clock that was set back is believed after a while.
		r.post(t, update(6, 0, at(now-300e9)))
		r.want(t, gps.Notice{Text: "an update came 5m6s late, and is passed over"})
		wait(time.Minute)
		r.post(t, update(7, 0, at(now-240e9)))
		r.want(t, none(11*time.Second), timed(66*time.Second, 7, now-240e9))
		wait(time.Second)
		r.post(t, update(8, 0, at(now-239e9)))
		r.want(t, timed(67*time.Second, 8, now-239e9))
		_ = r.stop()
	})
}

func TestFieldsNotUnderstoodAreToldOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := run(t, meta.Options{})
		r.post(t, update(1, 2, ignored("time")))
		r.post(t, update(1, 2, ignored("time")))
		r.want(t, gps.Notice{Text: "time of the updates is not understood, and passed over"}, place(0, 1, 2), place(0, 1, 2))
		_ = r.stop()
	})
}

func TestPostRefuses(t *testing.T) {
	r := meta.New(meta.Options{Name: "phone", Now: func() int64 { return 0 }})
	for _, tt := range []struct {
		u    meta.Update
		want string
	}{
		{update(math.NaN(), math.NaN()), "lat and lon are missing"},
		{update(91, 2), "lat 91 is not within -90 to 90"},
		{update(1, math.Inf(-1)), "lon -Inf is not within -180 to 180"},
		{update(1, 2, speed(-1)), "spd -3.6 is not within 0 to 3600"},
		{update(1, 2, accuracy(-1)), "accuracy -1 is not within 0 to 20000000"},
		{update(1, 2, at(1)), "time 1970-01-01T00:00:00Z is no time of a measurement"},
	} {
		if err := r.Post(tt.u); err == nil || err.Error() != tt.want {
			t.Errorf("%+v: error %v, want %q", tt.u, err, tt.want)
		}
	}
	if got := r.Detail(); got != "no update yet" {
		t.Errorf("detail %q", got)
	}
}

func TestNames(t *testing.T) {
	r := meta.New(meta.Options{Name: "phone", Now: func() int64 { return 0 }})
	if got := r.Object(); got != "meta phone" {
		t.Errorf("object %q", got)
	}
	for _, want := range []string{"1 update", "2 updates"} {
		if err := r.Post(update(1, 2)); err != nil {
			t.Fatal(err)
		}
		if got := r.Detail(); got != want {
			t.Errorf("detail %q, want %q", got, want)
		}
	}
}
