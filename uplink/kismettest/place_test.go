package kismettest_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sensord/sensord/uplink/kismet"
	"github.com/sensord/sensord/uplink/kismettest"
)

// Where a frame's place comes from, best first: its own data report, the meta
// GPS that its source names, the server's own position.
func TestPlaceOfAFrame(t *testing.T) {
	const phone = `{"lat":1.5,"lon":2.5,"alt":3,"spd":36}`
	block := &kismet.GPS{Lat: 10, Lon: 20, AltM: 30, Fix: 3, SpeedKMH: 40, Name: "puck"}
	fromMeta := kismettest.Place{Lat: 1.5, Lon: 2.5, AltM: 3, SpeedKMH: 36, Fix: 3, From: kismettest.PlaceOfMeta, Name: "phone", Age: time.Hour}
	for _, tt := range []struct {
		name, options, posted string
		after                 time.Duration
		block                 *kismet.GPS
		want                  *kismettest.Place
	}{
		{name: "nowhere"},
		{
			name: "its own wins", options: "metagps=phone,", posted: phone, block: block,
			want: &kismettest.Place{Lat: 10, Lon: 20, AltM: 30, SpeedKMH: 40, Fix: 3, From: kismettest.PlaceOfFrame, Name: "puck"},
		},
		{name: "the meta GPS however old", options: "metagps=phone,", posted: phone, after: time.Hour, want: &fromMeta},
		{
			name: "without an altitude", options: "metagps=phone,", posted: `{"lat":1.5,"lon":2.5}`,
			want: &kismettest.Place{Lat: 1.5, Lon: 2.5, Fix: 2, From: kismettest.PlaceOfMeta, Name: "phone"},
		},
		{name: "a meta GPS that nobody has updated", options: "metagps=phone,", want: &kismettest.Place{From: kismettest.PlaceOfMeta, Name: "phone"}},
		{name: "another's", posted: phone},
		{
			name: "made by the announcement, and so the server's", options: "metagps=roof,", posted: phone,
			want: &kismettest.Place{From: kismettest.PlaceOfMeta, Name: "roof"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, p := range kismettest.Profiles() {
				synctest.Test(t, func(t *testing.T) {
					srv := withPhone(t, p)
					if tt.posted != "" {
						command(t, srv, "/gps/meta/phone/update.cmd", keyWebGPS, tt.posted)
					}
					<-time.After(tt.after)
					want := []*kismettest.Place{tt.want}
					if diff := cmp.Diff(want, places(t, srv, p, uuid1, tt.options, tt.block)); diff != "" {
						t.Errorf("%v: place (-want +got)\n%s", p, diff)
					}
				})
			}
		})
	}
}

// A meta GPS that was not made for its sources alone is everybody's for 30 s.
func TestPlaceOfTheServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := withPhone(t, kismettest.T25)
		places(t, srv, kismettest.T25, uuid2, "metagps=roof,", nil)
		command(t, srv, "/gps/meta/roof/update.cmd", keyWebGPS, `{"lat":5,"lon":6,"alt":7}`)
		<-time.After(29 * time.Second)
		want := []*kismettest.Place{{Lat: 5, Lon: 6, AltM: 7, Fix: 3, From: kismettest.PlaceOfServer, Name: "roof", Age: 29 * time.Second}}
		if diff := cmp.Diff(want, places(t, srv, kismettest.T25, uuid1, "", nil)); diff != "" {
			t.Errorf("place (-want +got)\n%s", diff)
		}
		<-time.After(time.Second)
		if got := places(t, srv, kismettest.T25, uuid1, "", nil); got[1] != nil {
			t.Errorf("after 30 s: %+v", got[1])
		}
	})
}

// withPhone starts a server that has a meta GPS phone.
func withPhone(t *testing.T, p kismettest.Profile) *kismettest.Server {
	t.Helper()
	srv := start(t, kismettest.Config{
		Profile: p, Logins: map[string]string{"kismet": "kismet"}, APIKeys: map[string]string{keyWebGPS: kismettest.RoleWebGPS},
	})
	srv.AddMetaGPS("phone")
	return srv
}

// places sends a frame of a source and returns where all of its frames are.
func places(t *testing.T, srv *kismettest.Server, p kismettest.Profile, uuid, options string, block *kismet.GPS) []*kismettest.Place {
	t.Helper()
	v := kismet.V3
	if p == kismettest.T23 {
		v = kismet.V2
	}
	before := len(srv.Frames(uuid))
	c := dialWS(t, srv, v)
	c.report(c.announce("pcapfile", "x.pcap:"+options+"uuid="+uuid, uuid), uuid)
	frame := data(1)
	frame.GPS = block
	c.send(frame)
	await(t, srv, func(s *kismettest.Server) bool { return len(s.Frames(uuid)) > before })
	var list []*kismettest.Place
	for _, f := range srv.Frames(uuid) {
		list = append(list, f.Place)
	}
	return list
}
