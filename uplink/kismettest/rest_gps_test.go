package kismettest_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sensord/sensord/uplink/kismet"
	"github.com/sensord/sensord/uplink/kismettest"
)

const keyWebGPS = "33333333333333333333333333333333"

func withMetaGPS(t testing.TB, p kismettest.Profile) *kismettest.Server {
	srv := start(t, kismettest.Config{Profile: p, APIKeys: map[string]string{
		keyWebGPS: kismettest.RoleWebGPS, keyDatasource: kismettest.RoleDatasource,
		keyReadonly: kismettest.RoleReadonly, keyAdmin: kismettest.RoleAdmin,
	}})
	srv.AddMetaGPS("phone")
	return srv
}

// command posts JSON, as whoever has the key.
func command(t testing.TB, srv *kismettest.Server, target, key, body string) answer {
	t.Helper()
	h := http.Header{"Content-Type": {"application/json"}}
	maps.Copy(h, cookie(key))
	return request(t, srv, http.MethodPost, target, h, body)
}

// The answers are those of real servers of both releases.
func TestMetaGPSAnswers(t *testing.T) {
	const (
		update = "/gps/meta/phone/update.cmd"
		add    = "/gps/add_gps.cmd"
		full   = `{"lat":1.5,"lon":2.5,"alt":3,"spd":36}`
		more   = `{"definition":"meta:name=roof,dataonly=true"}`
	)
	for _, tt := range []struct {
		name, target, key, body string
		want                    int
	}{
		{"WEBGPS updates", update, keyWebGPS, full, 200},
		{"admin updates", update, keyAdmin, full, 200},
		{"datasource does not update", update, keyDatasource, full, 401},
		{"readonly does not update", update, keyReadonly, full, 401},
		{"nobody does not update", update, "", full, 401},
		{"unknown name comes before the login", "/gps/meta/nobody/update.cmd", "", full, 404},
		{"directory", "/gps/meta/phone", keyAdmin, full, 404},
		{"absent fields are 0", update, keyWebGPS, `{}`, 200},
		{"text for a number", update, keyWebGPS, `{"lat":"1"}`, 500},
		{"null for a number", update, keyWebGPS, `{"alt":null}`, 500},
		{"no object", update, keyWebGPS, `[1]`, 500},
		{"no JSON", update, keyWebGPS, `x`, 500},
		{"admin adds", add, keyAdmin, more, 200},
		{"WEBGPS does not add", add, keyWebGPS, more, 401},
		{"datasource does not add", add, keyDatasource, more, 401},
		{"no definition", add, keyAdmin, `{}`, 500},
		{"number for a definition", add, keyAdmin, `{"definition":5}`, 500},
		{"another type", add, keyAdmin, `{"definition":"foo:name=x"}`, 500},
		{"readonly lists", "/gps/all_gps.json", keyReadonly, "{}", 200},
		{"WEBGPS does not list", "/gps/all_gps.json", keyWebGPS, "{}", 401},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, p := range []kismettest.Profile{kismettest.T25, kismettest.T23} {
				synctest.Test(t, func(t *testing.T) {
					got := command(t, withMetaGPS(t, p), tt.target, tt.key, tt.body)
					if got.status != tt.want {
						t.Errorf("%v: status %d, want %d: %s", p, got.status, tt.want, got.body)
					}
					if tt.want == 200 && tt.target == update && got.body != "Updated\n" {
						t.Errorf("%v: body %q", p, got.body)
					}
				})
			}
		})
	}
}

func TestMetaGPSMethodComesBeforeTheLogin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := withMetaGPS(t, kismettest.T25)
		for target, want := range map[string]int{
			"/gps/meta/phone/update.cmd": 405, "/gps/meta/nobody/update.cmd": 404, "/gps/add_gps.cmd": 405,
		} {
			if got := get(t, srv, target, nil); got.status != want {
				t.Errorf("%s: status %d, want %d", target, got.status, want)
			}
		}
	})
}

func TestMetaUpdatesAreKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := withMetaGPS(t, kismettest.T25)
		command(t, srv, "/gps/meta/phone/update.cmd", keyWebGPS, `{"lat":1.5,"lon":-2.5,"alt":3,"spd":36}`)
		first := time.Now()
		<-time.After(time.Second)
		form := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
		maps.Copy(form, cookie(keyWebGPS))
		request(t, srv, http.MethodPost, "/gps/meta/phone/update.cmd", form, `json=%7B%22lat%22%3A+1%2C%22lon%22%3A2%7D`)
		request(t, srv, http.MethodPost, "/gps/meta/phone/update.cmd", cookie(keyWebGPS), `{"lat":9,"lon":9}`) // of no type
		want := []kismettest.MetaUpdate{
			{At: first, Lat: 1.5, Lon: -2.5, Alt: 3, Spd: 36},
			{At: first.Add(time.Second), Lat: 1, Lon: 2},
		}
		if diff := cmp.Diff(want, srv.MetaUpdates("phone")); diff != "" {
			t.Errorf("updates (-want +got)\n%s", diff)
		}
		if got := srv.MetaUpdates("nobody"); got != nil {
			t.Errorf("updates of nobody: %v", got)
		}

		var list []map[string]any
		if err := json.Unmarshal([]byte(get(t, srv, "/gps/all_gps.json", cookie(keyReadonly)).body), &list); err != nil {
			t.Fatal(err)
		}
		if len(list) != 1 {
			t.Fatalf("list %v", list)
		}
		location := list[0]["kismet.gps.location"].(map[string]any)
		if diff := cmp.Diff([]any{2.0, 1.0}, location["kismet.common.location.geopoint"]); diff != "" {
			t.Errorf("geopoint (-want +got)\n%s", diff)
		}
		if list[0]["kismet.gps.name"] != "phone" || list[0]["kismet.gps.data_only"] != 1.0 || location["kismet.common.location.fix"] != 2.0 {
			t.Errorf("list %v", list)
		}
	})
}

func TestAddedTwiceGetsANumber(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := withMetaGPS(t, kismettest.T25)
		for _, want := range []string{"phone1", "phone2"} {
			var made map[string]any
			body := command(t, srv, "/gps/add_gps.cmd", keyAdmin, `{"definition":"meta:name=phone,dataonly=true"}`).body
			if err := json.Unmarshal([]byte(body), &made); err != nil || made["kismet.gps.name"] != want {
				t.Errorf("made %v, %v; want %s", made, err, want)
			}
			if got, ok := srv.MetaGPS(want); !ok || got != "meta:name=phone,dataonly=true" {
				t.Errorf("%s: %q, %t", want, got, ok)
			}
		}
		srv.AddMetaGPS("phone")
		if _, ok := srv.MetaGPS("phone3"); ok {
			t.Error("AddMetaGPS made a second one")
		}
	})
}

func TestMetaGPSOfADefinition(t *testing.T) {
	for _, tt := range []struct {
		profile kismettest.Profile
		version kismet.Version
	}{{kismettest.T25, kismet.V3}, {kismettest.T23, kismet.V2}} {
		synctest.Test(t, func(t *testing.T) {
			srv := start(t, kismettest.Config{Profile: tt.profile})
			srv.AddMetaGPS("roof")
			for i, name := range []string{"roof", "phone", "phone"} {
				c := dialWS(t, srv, tt.version)
				uuid := uuid1[:len(uuid1)-1] + string(rune('1'+i))
				c.announce("pcapfile", "x.pcap:metagps="+name+",uuid="+uuid, uuid)
			}
			if got, ok := srv.MetaGPS("phone"); !ok || got != "meta:name=phone" {
				t.Errorf("phone: %q, %t", got, ok)
			}
			if got, _ := srv.MetaGPS("roof"); got != "meta:name=roof,dataonly=true" {
				t.Errorf("roof: %q", got)
			}
			for _, name := range []string{"phone1", "roof1"} {
				if _, ok := srv.MetaGPS(name); ok {
					t.Errorf("there is a %s", name)
				}
			}
		})
	}
}
