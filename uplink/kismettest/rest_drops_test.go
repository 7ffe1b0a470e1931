package kismettest_test

import (
	"encoding/json"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sensord/sensord/uplink/kismettest"
)

// The shape is that of a 2025-09 server.
func TestDropsOfTheLastMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := start(t, kismettest.Config{APIKeys: map[string]string{keyReadonly: kismettest.RoleReadonly, keyDatasource: kismettest.RoleDatasource}})
		const target = "/packetchain/packet_drop.json"
		if a := request(t, srv, http.MethodGet, target, cookie(keyDatasource), ""); a.status != http.StatusUnauthorized {
			t.Errorf("a datasource's key is answered %d", a.status)
		}
		ask := func() (drops map[int64]int) {
			t.Helper()
			a := request(t, srv, http.MethodGet, target, cookie(keyReadonly), "")
			var r struct {
				At     int64 `json:"kismet.common.rrd.serial_time"`
				Minute []int `json:"kismet.common.rrd.minute_vec"`
				Hour   []int `json:"kismet.common.rrd.hour_vec"`
				Day    []int `json:"kismet.common.rrd.day_vec"`
			}
			if err := json.Unmarshal([]byte(a.body), &r); err != nil || a.status != http.StatusOK {
				t.Fatalf("%d %s: %v", a.status, a.body, err)
			}
			if r.At != time.Now().Unix() || len(r.Minute) != 60 || len(r.Hour) != 60 || len(r.Day) != 24 {
				t.Fatalf("%+v", r)
			}
			drops = map[int64]int{}
			for ago := range int64(60) {
				if n := r.Minute[(r.At-ago)%60]; n > 0 {
					drops[ago] = n
				}
			}
			return drops
		}
		srv.AddDrops(5)
		<-time.After(3 * time.Second)
		srv.AddDrops(2)
		srv.AddDrops(2)
		if diff := cmp.Diff(map[int64]int{3: 5, 0: 4}, ask()); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
		<-time.After(58 * time.Second)
		if diff := cmp.Diff(map[int64]int{58: 4}, ask()); diff != "" {
			t.Errorf("a minute later (-want +got)\n%s", diff)
		}
	})
}
