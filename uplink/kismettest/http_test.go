package kismettest_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/gorilla/websocket"

	"github.com/sensord/sensord/uplink/kismet"
	"github.com/sensord/sensord/uplink/kismettest"
)

const (
	keyDatasource = "0123456789ABCDEF0123456789ABCDEF"
	keyReadonly   = "11111111111111111111111111111111"
	keyAdmin      = "22222222222222222222222222222222"
)

func locked(t testing.TB) *kismettest.Server {
	return start(t, kismettest.Config{
		Logins: map[string]string{"joe": "a&b=c+d", "eve": "x+y"},
		APIKeys: map[string]string{
			keyDatasource: kismettest.RoleDatasource, keyReadonly: kismettest.RoleReadonly, keyAdmin: kismettest.RoleAdmin,
		},
		Prefix: "kismet/",
	})
}

// An answer is what is of interest in an HTTP response.
type answer struct {
	status  int
	server  string
	cookies []*http.Cookie
	body    string
}

func get(t testing.TB, srv *kismettest.Server, target string, h http.Header) answer {
	t.Helper()
	return request(t, srv, http.MethodGet, target, h, "")
}

func request(t testing.TB, srv *kismettest.Server, method, target string, h http.Header, body string) answer {
	t.Helper()
	client := http.Client{Transport: &http.Transport{DialContext: srv.DialContext, DisableKeepAlives: true}}
	r, err := http.NewRequestWithContext(t.Context(), method, "http://kismet.test:2501"+target, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header = h
	resp, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{resp.StatusCode, resp.Header.Get("Server"), resp.Cookies(), string(text)}
}

func cookie(key string) http.Header { return http.Header{"Cookie": {"KISMET=" + key}} }

func TestUpgradeNeedsRouteThenLogin(t *testing.T) {
	for _, tt := range []struct {
		name   string
		target string
		header http.Header
		want   int
	}{
		{"API key in the cookie", kismettest.EndpointPath, cookie(keyDatasource), 101},
		{"API key in the query", kismettest.EndpointPath + "?KISMET=" + keyDatasource, nil, 101},
		{"query is not looked at with any cookie", kismettest.EndpointPath + "?KISMET=" + keyDatasource, http.Header{"Cookie": {"a=b"}}, 401},
		{"admin's key", kismettest.EndpointPath, cookie(keyAdmin), 101},
		{"readonly key", kismettest.EndpointPath, cookie(keyReadonly), 401},
		{"unknown key", kismettest.EndpointPath, cookie("X"), 401},
		{"user and password", kismettest.EndpointPath, basic("joe", "a&b=c+d"), 101},
		{"wrong password", kismettest.EndpointPath, basic("joe", "a"), 401},
		{"basic in lower case", kismettest.EndpointPath, http.Header{"Authorization": {"basic am9lOmEmYj1jK2Q="}}, 401},
		{"password with & cannot go into the query", kismettest.EndpointPath + "?user=joe&password=a%26b%3Dc%2Bd", nil, 401},
		{"plus stays plus in the query", kismettest.EndpointPath + "?user=eve&password=x+y", nil, 101},
		{"query is not looked at with a wrong header", kismettest.EndpointPath + "?user=eve&password=x+y", basic("eve", "z"), 401},
		{"wrong token, right header", kismettest.EndpointPath, http.Header{"Cookie": {"KISMET=X"}, "Authorization": basic("eve", "x+y")["Authorization"]}, 101},
		{"nobody", kismettest.EndpointPath, nil, 401},
		{"with the prefix", "/kismet" + kismettest.EndpointPath, cookie(keyDatasource), 101},
		{"repeated slashes", "//kismet//datasource/remote//remotesource.ws", cookie(keyDatasource), 101},
		{"no suffix, no login: the route comes first", "/datasource/remote/remotesource", nil, 404},
		{"directory", "/datasource/remote/", cookie(keyDatasource), 404},
		{"other prefix", "/wifi" + kismettest.EndpointPath, cookie(keyDatasource), 404},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				srv := locked(t)
				d := websocket.Dialer{NetDialContext: srv.DialContext, Subprotocols: []string{"kismet-remote"}}
				ws, resp, err := d.Dial("ws://kismet.test:2501"+tt.target, tt.header)
				if resp == nil {
					t.Fatal(err)
				}
				defer func() { _ = resp.Body.Close() }()
				if resp.StatusCode != tt.want {
					t.Errorf("status %d, want %d", resp.StatusCode, tt.want)
				}
				if got := resp.Header.Get("Server"); got != "Kismet" {
					t.Errorf("server %q", got)
				}
				if ws != nil {
					if ws.Subprotocol() != "" {
						t.Errorf("selected subprotocol %q", ws.Subprotocol())
					}
					_ = ws.Close()
				}
			})
		})
	}
}

func TestREST(t *testing.T) {
	for _, tt := range []struct {
		path   string
		header http.Header
		want   int
	}{
		{kismettest.EndpointPath, cookie(keyAdmin), 404},
		{"/session/check_session", cookie(keyDatasource), 200},
		{"/kismet/session/check_session", cookie(keyReadonly), 200},
		{"/session/check_session", nil, 401},
		{"/session/check_login", cookie(keyDatasource), 401},
		{"/session/check_login", basic("eve", "x+y"), 200},
		{"/session/check_setup_ok", nil, 200},
		{"/system/user_status.json", nil, 200},
		{"/system/status.json", cookie(keyDatasource), 401},
		{"/system/status.json", cookie(keyReadonly), 200},
		{"/system/timestamp.json", cookie(keyReadonly), 200},
		{"/system/timestamp.json", cookie(keyDatasource), 401},
		{"/datasource/all_sources.json", cookie(keyDatasource), 401},
		{"/datasource/all_sources.json", cookie(keyAdmin), 200},
		{"/datasource/types.json", cookie(keyReadonly), 200},
		{"/", cookie(keyAdmin), 404},
	} {
		t.Run(tt.path, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				if got := get(t, locked(t), tt.path, tt.header); got.status != tt.want || got.server != "Kismet" {
					t.Errorf("status %d of server %q, want %d", got.status, got.server, tt.want)
				}
			})
		})
	}
}

func TestLoginByPasswordGetsASessionCookie(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := locked(t)
		got := get(t, srv, "/session/check_session", basic("eve", "x+y")).cookies
		if len(got) != 1 || got[0].Name != "KISMET" {
			t.Fatalf("cookies %v", got)
		}
		if again := get(t, srv, "/session/check_login", cookie(got[0].Value)); again.status != 200 {
			t.Errorf("status %d with the cookie", again.status)
		}
	})
}

func TestStatusTellsTheRelease(t *testing.T) {
	for profile, want := range map[kismettest.Profile]string{kismettest.T23: "2023-07-R2", kismettest.T25: "2025.09.0-b5d5a2d04"} {
		synctest.Test(t, func(t *testing.T) {
			body := get(t, start(t, kismettest.Config{Profile: profile}), "/system/status.json", basic("kismet", "kismet")).body
			var status map[string]any
			if err := json.Unmarshal([]byte(body), &status); err != nil {
				t.Fatal(err)
			}
			if got := status["kismet.system.version"]; got != want {
				t.Errorf("version %v, want %v", got, want)
			}
		})
	}
}

func TestSourcesOverREST(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := start(t, kismettest.Config{})
		c := dialWS(t, srv, kismet.V3)
		c.open(uuid1)
		dialWS(t, srv, kismet.V3).announce("pcapfile", "y", uuid2) // never opened, never listed
		c.frame(1)
		await(t, srv, func(s *kismettest.Server) bool { return len(s.Frames(uuid1)) == 1 })
		body := get(t, srv, "/datasource/all_sources.json", basic("kismet", "kismet")).body
		var list []map[string]any
		if err := json.Unmarshal([]byte(body), &list); err != nil {
			t.Fatal(err)
		}
		if len(list) != 1 || list[0]["kismet.datasource.uuid"] != uuid1 || list[0]["kismet.datasource.num_packets"] != 1.0 || list[0]["kismet.datasource.running"] != 1.0 {
			t.Errorf("sources %s", body)
		}
	})
}
