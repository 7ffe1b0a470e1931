package bus

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sensord/sensord/bus/pb"
	"github.com/sensord/sensord/gps"
)

// A meta GPS may be said by any rig, by this one as well, and by hand.
func TestAMetaGPSIsFollowedWhoeverSaysIt(t *testing.T) {
	p := newPair(FollowOptions{From: Heard{MetaGPS: "phone"}})
	start := p.nowNs
	sec := int64(time.Second)
	for i, tt := range []struct {
		second int64
		s      said
		want   bool
	}{
		{0, said{rig: "rover-1", id: "1", incarnation: 1, sequence: 1, boot: hour, meta: true}, true},
		{1, said{rig: "base", id: "b", incarnation: 3, sequence: 1, boot: hour, meta: true, self: true}, false}, // the other one speaks
		{5, said{rig: "base", id: "b", incarnation: 3, sequence: 2, boot: hour + 4*sec, meta: true, self: true}, true},
		{6, said{rig: "base", id: "b", incarnation: 3, sequence: 3, boot: hour + 5*sec, meta: true, self: true, follows: []string{"base"}}, false},
		{10, said{rig: "x", meta: true}, true},
	} {
		tt.s.lat = 47
		if _, got := p.at(t, start+tt.second*sec, tt.s); got != tt.want {
			t.Errorf("message %d: %t instead of %t", i, got, tt.want)
		}
	}
	if f := p.fixes[len(p.fixes)-1]; f.AccuracyM < AssumedAccuracyM || f.AccuracyOrigin != gps.OriginAssumed {
		t.Errorf("%+v", f)
	}
	if got := p.kin.of(p.nowNs); got != nil {
		t.Errorf("made of %v", got)
	}
}

func TestHeard(t *testing.T) {
	got := fmt.Sprint(Heard{Rig: "a"}, Heard{MetaGPS: "phone"}, Heard{Rig: "a", MetaGPS: "phone"})
	if want := "a metagps phone metagps phone of a"; got != want {
		t.Errorf("%q instead of %q", got, want)
	}
}

// Run tells what comes, and that nothing comes any more; bridges can ask where it
// is between.
func TestRunOfAFollower(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		now := func() int64 { return 10*hour + int64(time.Since(began)) }
		b := &earshot{}
		f := newFollower(b, "base", new(lineage), now, func() (int64, bool) { return 0, false }, FollowOptions{From: Heard{Rig: "rover-1"}, Expire: 6 * time.Second})
		ctx, cancel := context.WithCancel(t.Context())
		var got []string
		ended := make(chan error)
		go func() {
			ended <- f.Run(ctx, func(e gps.Event) {
				fix := e.(gps.Fix)
				got = append(got, fmt.Sprintf("%v %v", time.Since(began), fix.HasPosition()))
			})
		}()
		synctest.Wait()
		if diff := cmp.Diff([]Filter{{Kind: KindPosition, Rig: "rover-1"}}, b.filters); diff != "" {
			t.Error(diff)
		}
		if _, ok := f.Position(now()); ok {
			t.Error("there is a position")
		}
		speed := 30.0
		for i := range uint64(2) {
			b.say(said{rig: "rover-1", incarnation: 1, sequence: i + 1, boot: now(), lat: 47, speed: &speed, age: int64(time.Second)}.message(t, now()))
			<-time.After(2 * time.Second)
			synctest.Wait()
		}
		p, ok := f.Position(now())
		if !ok || p.Lat != 47 || p.SpeedMPS != 30 { // without a heading it is not moved on
			t.Errorf("%+v, %t", p, ok)
		}
		<-time.After(10 * time.Second)
		if _, ok := f.Position(now()); ok {
			t.Error("there still is a position")
		}
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		if diff := cmp.Diff([]string{"0s true", "2s true", "7s false"}, got); diff != "" {
			t.Error(diff)
		}
		if len(b.heard) != 0 {
			t.Error("it still hears")
		}
		b.away = true
		if d := f.Detail(); !strings.HasSuffix(d, "the bus is not connected") {
			t.Error(d)
		}
	})
}

// Who has no track of his own gets the position where it is now.
func TestPositionIsMovedOn(t *testing.T) {
	p := newPair(FollowOptions{HandOn: true})
	course, speed, lat, lon := 90.0, 30.0, 47.0, 8.0
	data, err := pb.Encode(&pb.Position{Lat: &lat, Lon: &lon, SpeedMps: &speed, CourseDeg: &course, AgeNs: int64(500 * time.Millisecond)})
	if err != nil {
		t.Fatal(err)
	}
	if !p.take(Message{Address: Address{Rig: "rover-1", Kind: KindPosition}, Data: data, ArrivedNs: p.nowNs}, func(gps.Event) {}) {
		t.Fatal("not followed")
	}
	plane := gps.NewPlane(gps.LLA{Lat: 47, Lon: 8})
	for after, want := range map[time.Duration]float64{0: 15, time.Second: 45, 8 * time.Second: 90} {
		got, ok := p.Position(p.nowNs + int64(after))
		at := plane.ToENU(gps.LLA{Lat: got.Lat, Lon: got.Lon})
		if !ok || math.Abs(at.E-want) > 0.1 || math.Abs(at.N) > 0.1 {
			t.Errorf("after %v: %+v, %t", after, at, ok)
		}
	}
}

func BenchmarkFollow(b *testing.B) {
	p := newPair(FollowOptions{})
	speed := 30.0
	m := said{rig: "rover-1", id: "1", lat: 47, speed: &speed}.message(b, p.nowNs)
	b.ReportAllocs()
	for b.Loop() {
		p.nowNs += int64(100 * time.Millisecond)
		m.ArrivedNs = p.nowNs
		p.take(m, func(gps.Event) {})
	}
}
