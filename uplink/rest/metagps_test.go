package rest_test

import (
	"math"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/sensord/sensord/internal/fault"
	"github.com/sensord/sensord/uplink/kismettest"
	"github.com/sensord/sensord/uplink/rest"
)

const (
	keyWebGPS     = "33333333333333333333333333333333"
	keyDatasource = "0123456789ABCDEF0123456789ABCDEF"
	keyAdmin      = "22222222222222222222222222222222"
)

// kismet starts a server in a bubble.
func kismet(t testing.TB, p kismettest.Profile) *kismettest.Server {
	srv := kismettest.New(kismettest.Config{
		Profile: p, Prefix: "/kismet", Logins: map[string]string{"joe": "a&b c"},
		APIKeys: map[string]string{keyWebGPS: kismettest.RoleWebGPS, keyDatasource: kismettest.RoleDatasource, keyAdmin: kismettest.RoleAdmin, keyReadonly: kismettest.RoleReadonly},
	})
	t.Cleanup(srv.Close)
	return srv
}

// both runs a test against both releases.
func both(t *testing.T, test func(*testing.T, *kismettest.Server)) {
	for _, p := range []kismettest.Profile{kismettest.T25, kismettest.T23} {
		t.Run(p.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { test(t, kismet(t, p)) })
		})
	}
}

func TestMetaGPSIsCreatedAndUpdated(t *testing.T) {
	both(t, func(t *testing.T, srv *kismettest.Server) {
		c := client(t, rest.Options{NetDial: srv.DialContext, User: "joe", Password: "a&b c"})
		exists := func(want bool) {
			t.Helper()
			if got, err := c.MetaGPS(t.Context(), "van"); got != want || err != nil {
				t.Errorf("exists %t, %v; want %t", got, err, want)
			}
		}
		exists(false)
		for range 2 { // the second does nothing
			if err := c.CreateMetaGPS(t.Context(), "van"); err != nil {
				t.Fatal(err)
			}
			exists(true)
		}
		if got, _ := srv.MetaGPS("van"); got != "meta:name=van,dataonly=true" {
			t.Errorf("definition %q", got)
		}
		if _, ok := srv.MetaGPS("van1"); ok {
			t.Error("there is a second one")
		}

		began := time.Now()
		for _, p := range []struct {
			lat, lon, alt, mps float64
		}{{-33.5, 151.25, 12, 10}, {1, 2, math.NaN(), math.NaN()}, {0, 0, 0, 0}} {
			pos := here(p.lat, p.lon, p.alt)
			pos.SpeedMPS = p.mps
			if err := c.UpdateMetaGPS(t.Context(), "van", pos); err != nil {
				t.Fatal(err)
			}
		}
		want := []kismettest.MetaUpdate{
			{At: began, Lat: -33.5, Lon: 151.25, Alt: 12, Spd: 36},
			{At: began, Lat: 1, Lon: 2},
			{At: began, Alt: 0.001}, // 0 would be no altitude
		}
		if diff := cmp.Diff(want, srv.MetaUpdates("van"), cmpopts.EquateApprox(0, 1e-9)); diff != "" {
			t.Errorf("updates (-want +got)\n%s", diff)
		}
	})
}

func TestRoles(t *testing.T) {
	const object = "server kismet.test:2501: "
	both(t, func(t *testing.T, srv *kismettest.Server) {
		srv.AddMetaGPS("van")
		for _, tt := range []struct {
			name           string
			o              rest.Options
			exists, absent string // what MetaGPS says of one that exists, and of one that does not
			create, update string
		}{
			{"WEBGPS", rest.Options{APIKey: keyWebGPS}, "", "", object + "create meta GPS new: the API key has not the role admin (401)", ""},
			{
				"datasource",
				rest.Options{APIKey: keyDatasource},
				"", "",
				object + "create meta GPS new: the API key has not the role admin (401)",
				object + "update meta GPS van: the API key has not the role WEBGPS or admin (401)",
			},
			{"unknown key", rest.Options{APIKey: "X"}, "", object + "API key refused (401)", object + "API key refused (401)", object + "API key refused (401)"},
			{
				"wrong password",
				rest.Options{User: "joe", Password: "secret"},
				"",
				object + `login of user "joe" refused (401)`, object + `login of user "joe" refused (401)`, object + `login of user "joe" refused (401)`,
			},
			{"nobody", rest.Options{}, "", object + "the server wants a login (401)", object + "the server wants a login (401)", object + "the server wants a login (401)"},
			{"admin's key", rest.Options{APIKey: keyAdmin}, "", "", "", ""}, // the last: it creates
		} {
			tt.o.NetDial = srv.DialContext
			c := client(t, tt.o)
			want := func(what string, err error, text string) {
				t.Helper()
				if text != "" {
					wantFault(t, err, fault.RESTRole, text)
				} else if err != nil {
					t.Errorf("%s, %s: %v", tt.name, what, err)
				}
			}
			exists, err := c.MetaGPS(t.Context(), "van")
			if want("exists", err, tt.exists); !exists {
				t.Errorf("%s: it does not exist", tt.name)
			}
			exists, err = c.MetaGPS(t.Context(), "new")
			if want("absent", err, tt.absent); exists {
				t.Errorf("%s: it exists", tt.name)
			}
			want("update", c.UpdateMetaGPS(t.Context(), "van", here(1, 2, 3)), tt.update)
			want("create", c.CreateMetaGPS(t.Context(), "new"), tt.create)
		}
	})
}

func TestUpdateOfOneThatIsAbsent(t *testing.T) {
	both(t, func(t *testing.T, srv *kismettest.Server) {
		c := client(t, rest.Options{NetDial: srv.DialContext, APIKey: keyWebGPS, Name: "home", URL: serverURL + "/kismet/"})
		err := c.UpdateMetaGPS(t.Context(), "van", here(1, 2, 3))
		wantFault(t, err, fault.MetaGPSAbsent, "server home (kismet.test:2501): no meta GPS van")
	})
}

func TestWrongPrefix(t *testing.T) {
	both(t, func(t *testing.T, srv *kismettest.Server) {
		srv.AddMetaGPS("van")
		c := client(t, rest.Options{NetDial: srv.DialContext, APIKey: keyWebGPS, URL: serverURL + "/wifi"})
		const text = "server kismet.test:2501: no Kismet at http://kismet.test:2501/wifi (404)"
		wantFault(t, c.UpdateMetaGPS(t.Context(), "van", here(1, 2, 3)), fault.RESTRefused, text)
		_, err := c.MetaGPS(t.Context(), "van")
		wantFault(t, err, fault.RESTRefused, text)
	})
}

func TestNames(t *testing.T) {
	for name, want := range map[string]bool{
		"van": true, "Van_2-b": true, "": false, "a b": false, "a/b": false, "ä": false, "a.b": false, "..": false, "a?b": false, "a%62": false,
		"0123456789012345678901234567890123456789012345678901234567890123": true, "01234567890123456789012345678901234567890123456789012345678901234": false,
	} {
		if got := rest.ValidName(name); got != want {
			t.Errorf("%q is valid: %t", name, got)
		}
	}
	c := client(t, rest.Options{NetDial: nil})
	const text = `meta GPS "a/b": not a name that Kismet can serve`
	_, err := c.MetaGPS(t.Context(), "a/b")
	wantFault(t, err, fault.ConfigInvalid, text)
	wantFault(t, c.CreateMetaGPS(t.Context(), "a/b"), fault.ConfigInvalid, text)
	wantFault(t, c.UpdateMetaGPS(t.Context(), "a/b", here(1, 2, 3)), fault.ConfigInvalid, text)
}

func TestPositionThatIsNone(t *testing.T) {
	c := client(t, rest.Options{})
	if err := c.UpdateMetaGPS(t.Context(), "van", here(math.NaN(), 2, 3)); fault.CodeOf(err) != fault.Internal {
		t.Errorf("error %v", err)
	}
}
