package pb_test

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"google.golang.org/protobuf/proto"

	"github.com/sensord/sensord/bus/pb"
	"github.com/sensord/sensord/gps"
)

func TestPositionsThereAndBack(t *testing.T) {
	nan := math.NaN()
	whole := gps.Position{Lat: 52.5, Lon: 13.4, AltMSL: 35, SpeedMPS: 0, Heading: 84, AccuracyM: 2, Kind: gps.Kind, Receiver: "fusion"}
	bare := gps.Position{Lat: 0, Lon: 0, AltMSL: nan, SpeedMPS: nan, Heading: nan, AccuracyM: nan, Kind: gps.Kind, Receiver: "puck"}
	for _, p := range []gps.Position{whole, bare} {
		position := pb.FromPosition(p, 1_790_000_000_000_000_000, 5)
		meta := pb.FromMetaGPS("phone", p, 1_790_000_000_000_000_000, 5)
		place := pb.FromPlace(p, 1_790_000_000_000_000_000, 5)
		for name, got := range map[string]gps.Position{"position": position.ToPosition(), "metagps": meta.ToPosition(), "place": place.ToPosition()} {
			if diff := cmp.Diff(p, got, cmpopts.EquateNaNs()); diff != "" {
				t.Errorf("%s (-want +got)\n%s", name, diff)
			}
		}
		if meta.Name != "phone" || position.AgeNs != 5 || place.TimeNs != 1_790_000_000_000_000_000 {
			t.Errorf("%v %v %v", position, meta, place)
		}
		want := gps.NewFix()
		want.Mode, want.TimeNs, want.ReceivedNs, want.Lat, want.Lon = gps.Mode2D, 1_790_000_000_000_000_000, 77, p.Lat, p.Lon
		want.AltMSL, want.SpeedMPS, want.CourseDeg, want.AccuracyM = p.AltMSL, p.SpeedMPS, p.Heading, p.AccuracyM
		if p.Receiver == "fusion" {
			want.Mode, want.AccuracyOrigin = gps.Mode3D, gps.OriginGiven
		}
		for name, got := range map[string]gps.Fix{"position": position.ToFix(77), "metagps": meta.ToFix(77)} {
			if diff := cmp.Diff(want, got, cmpopts.EquateNaNs()); diff != "" {
				t.Errorf("%s (-want +got)\n%s", name, diff)
			}
		}
	}
}

// The track of a rig that nobody has a position of is no position.
func TestNoPositionIsNotPublished(t *testing.T) {
	nan := math.NaN()
	m := pb.FromPosition(gps.Position{Lat: nan, Lon: nan, AltMSL: nan, SpeedMPS: nan, Heading: nan, AccuracyM: nan}, 0, 0)
	if _, err := pb.Encode(m); err == nil || err.Error() != "lat is missing" || !proto.Equal(m, &pb.Position{}) {
		t.Errorf("error %v of %v", err, m)
	}
}
