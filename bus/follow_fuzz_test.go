package bus

import (
	"testing"
	"time"

	"github.com/sensord/sensord/gps"
)

// Whatever is on the bus, a position is one that can be, of the last seconds.
func FuzzFollow(f *testing.F) {
	speed := 30.0
	for _, s := range []said{
		{rig: "rover-1", id: "1", incarnation: 1, sequence: 1, boot: hour, lat: 47, speed: &speed},
		{rig: "rover-1", lat: 90, age: int64(365 * 24 * time.Hour)},
		{rig: "rover-1", lat: -90, sent: 1 << 60, time: 1 << 60, follows: []string{"base"}},
		{rig: "rover-1", lat: -90, boot: -1 << 63, sequence: 1 << 63},
	} {
		f.Add(s.message(f, 0).Data, s.message(f, 0).Data, int64(time.Second))
	}
	f.Add([]byte(`{"lat":47,"lon":8,"age_ns":"1000"}`), []byte("{}"), int64(0))
	f.Fuzz(func(t *testing.T, first, second []byte, after int64) {
		p := newPair(FollowOptions{})
		for _, data := range [][]byte{first, second, first} {
			p.nowNs += min(max(after, 0), hour)
			p.take(Message{Address: Address{Rig: "rover-1", Kind: KindPosition}, Data: data, ArrivedNs: p.nowNs}, func(e gps.Event) {
				fix, ok := e.(gps.Fix)
				if !ok {
					return
				}
				if !(fix.Lat >= -90 && fix.Lat <= 90 && fix.Lon >= -180 && fix.Lon <= 180 && fix.AccuracyM > 0 && fix.AccuracyM < 1e9) {
					t.Errorf("%+v", fix)
				}
				if fix.MeasuredNs > fix.ReceivedNs || fix.ReceivedNs-fix.MeasuredNs > int64(DefaultExpire) {
					t.Errorf("measured at %d, received at %d", fix.MeasuredNs, fix.ReceivedNs)
				}
				if at, ok := p.Position(p.nowNs); ok && !(at.Lat >= -90 && at.Lat <= 90) {
					t.Errorf("%+v", at)
				}
			})
		}
	})
}
