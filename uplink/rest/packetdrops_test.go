package rest_test

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sensord/sensord/internal/fault"
	"github.com/sensord/sensord/uplink/kismettest"
	"github.com/sensord/sensord/uplink/rest"
)

const (
	keyReadonly = "44444444444444444444444444444444"
	kismetURL   = serverURL + "/kismet"
)

// looking is a client whose login may look.
func looking(t testing.TB, srv *kismettest.Server) *rest.Client {
	return client(t, rest.Options{URL: kismetURL, APIKey: keyReadonly, NetDial: srv.DialContext})
}

func TestPacketDropsGrowWithTheServers(t *testing.T) {
	both(t, func(t *testing.T, srv *kismettest.Server) {
		c := looking(t, srv)
		var got []uint64
		ask := func() {
			t.Helper()
			n, err := c.PacketDrops(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, n)
		}
		srv.AddDrops(1000) // before anybody asked
		<-time.After(time.Second)
		ask()
		srv.AddDrops(7)
		<-time.After(2 * time.Second)
		srv.AddDrops(5)
		<-time.After(3 * time.Second)
		ask()
		ask()
		<-time.After(time.Hour)
		srv.AddDrops(1)
		<-time.After(time.Second)
		ask()
		if diff := cmp.Diff([]uint64{0, 12, 12, 13}, got); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	})
}

func TestPacketDropsNeedTheRole(t *testing.T) {
	both(t, func(t *testing.T, srv *kismettest.Server) {
		const advice = "give the server rest: {apikey_file: …} with a key of the role readonly to let sensord watch what it drops; without, it keeps to replay: {rate: …}"
		for key, want := range map[string]string{
			keyDatasource: "server kismet.test:2501: ask what it dropped: the API key has not the role readonly or admin (401)",
			"nobody's":    "server kismet.test:2501: API key refused (401)",
		} {
			c := client(t, rest.Options{URL: kismetURL, APIKey: key, NetDial: srv.DialContext})
			_, err := c.PacketDrops(t.Context())
			wantFault(t, err, fault.RESTRole, want)
			if got := fault.RemedyOf(err); got != advice {
				t.Errorf("remedy %q", got)
			}
		}
	})
}

func TestPacketDropsOfSomethingElse(t *testing.T) {
	const object = "server kismet.test:2501: "
	for _, tt := range []struct {
		name   string
		answer http.HandlerFunc
		want   string
	}{
		{"no record", status(200, `{"kismet.common.rrd.minute_vec":[1,2]}`), object + "ask what it dropped: the answer is no record of drops"},
		{"no JSON", status(200, "It works!"), object + "ask what it dropped: the answer is no record of drops"},
		{"another server", status(404, ""), object + "no Kismet at http://kismet.test:2501 (404)"},
		{"older than the record", func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/session/check_session" {
				http.NotFound(w, r)
			}
		}, object + "ask what it dropped: the server answered 404"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := client(t, rest.Options{NetDial: pipes(t, tt.answer)})
				_, err := c.PacketDrops(t.Context())
				wantFault(t, err, fault.RESTRefused, tt.want)
			})
		})
	}
}
