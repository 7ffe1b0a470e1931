package web_test

import (
	"encoding/base64"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/sensord/sensord/web"
)

func TestCredentialCarriers(t *testing.T) {
	kismet := func(v string) http.Header { return http.Header{"Cookie": {"a=b; KISMET=" + v}} }
	asIs := http.Header{"Cookie": {`KISMET="` + strings.TrimSuffix(token, "ä") + `"`}}
	for _, tt := range []struct {
		name   string
		query  string
		header http.Header
		want   int
	}{
		{"cookie, encoded", "", kismet(url.QueryEscape(token)), 200},
		{"cookie, encoded the other way", "", kismet(url.PathEscape(token)), 200},
		{"cookie, not all of it", "", asIs, 401},
		{"query", "?KISMET=" + url.QueryEscape(token), nil, 200},
		{"query, encoded the other way", "?x=y&KISMET=" + strings.ReplaceAll(url.QueryEscape(token), "+", "%20"), nil, 200},
		{"query beside a strange cookie", "?KISMET=" + url.QueryEscape(token), http.Header{"Cookie": {"a=b"}}, 200},
		{"user and password in the query", "?user=joe&password=" + url.QueryEscape(token), nil, 200},
		{"basic, any user", "", basic("joe", token), 200},
		{"basic without a user", "", basic("", token), 200},
		{"basic in lower case", "", http.Header{"Authorization": {"basic " + base64.StdEncoding.EncodeToString([]byte("x:"+token))}}, 200},
		{"bearer", "", http.Header{"Authorization": {"Bearer " + token}}, 200},
		{"bearer in lower case", "", http.Header{"Authorization": {"bearer  " + token}}, 200},
		{"wrong cookie, right password", "", http.Header{"Cookie": {"KISMET=x"}, "Authorization": basic("", token)["Authorization"]}, 200},

		{"nothing", "", nil, 401},
		{"empty cookie", "", kismet(""), 401},
		{"wrong cookie", "", kismet("x"), 401},
		{"half a token", "", kismet(url.QueryEscape(token[:5])), 401},
		{"token as the user", "", basic(token, ""), 401},
		{"token as a user in the query", "?user=" + url.QueryEscape(token), nil, 401},
		{"not base64", "", http.Header{"Authorization": {"Basic !"}}, 401},
		{"another scheme", "", http.Header{"Authorization": {"Digest " + token}}, 401},
		{"another field", "?kismet=" + url.QueryEscape(token), nil, 401},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := start(t)
				got := r.do(http.MethodGet, "/session/check_session"+tt.query, tt.header, "")
				if got.status != tt.want {
					t.Errorf("status %d, want %d", got.status, tt.want)
				}
				if challenge := got.header.Get("WWW-Authenticate"); (challenge == `Basic realm="sensord", charset="UTF-8"`) != (tt.want == 401) {
					t.Errorf("challenge %q", challenge)
				}
				if got := r.do(http.MethodPost, update+tt.query, tt.header, full); got.status != tt.want {
					t.Errorf("update: status %d, want %d", got.status, tt.want)
				}
				ws, refusal := r.socket("/gps/web/update.ws"+tt.query, tt.header)
				if (ws != nil) != (tt.want == 200) || ws == nil && refusal.status != tt.want {
					t.Errorf("websocket: status %d, want %d", refusal.status, tt.want)
				}
				for _, secret := range []string{"to&ken", url.QueryEscape(token), "KISMET=", "password="} {
					if strings.Contains(r.log.String(), secret) {
						t.Errorf("log holds %q: %s", secret, r.log)
					}
				}
			})
		})
	}
}

func TestOrderOfTheTests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t)
		for _, tt := range []struct {
			method, target string
			want           int
		}{
			{"GET", "/nowhere", 404},
			{"GET", update, 405}, // before the login, as Kismet does
			{"POST", update, 401},
			{"POST", "/gps/meta/nobody/update.cmd", 401}, // names are for who is logged in
		} {
			if got := r.do(tt.method, tt.target, nil, ""); got.status != tt.want {
				t.Errorf("%s %s: status %d, want %d", tt.method, tt.target, got.status, tt.want)
			}
		}
	})
}

func TestNoTokenLetsNobodyIn(t *testing.T) {
	for _, h := range []http.Header{{}, basic("", ""), {"Cookie": {"KISMET="}}, {"Authorization": {"Bearer "}}} {
		w := httptest.NewRecorder()
		r := httptest.NewRequest(http.MethodGet, "/session/check_session?KISMET=&password=", http.NoBody)
		r.Header = h
		web.New(web.Options{}).Handler().ServeHTTP(w, r)
		if w.Code != 401 {
			t.Errorf("%v: status %d", h, w.Code)
		}
	}
}

func TestLoginByPasswordGetsASessionCookie(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t)
		resp := http.Response{Header: r.do(http.MethodGet, "/session/check_session", basic("joe", token), "").header}
		cookies := resp.Cookies()
		if len(cookies) != 1 || cookies[0].Name != "KISMET" || !cookies[0].HttpOnly || cookies[0].SameSite != http.SameSiteStrictMode || strings.Contains(cookies[0].Value, "ken") {
			t.Fatalf("cookies %v", cookies)
		}
		got := r.do(http.MethodPost, update, http.Header{"Cookie": {"KISMET=" + cookies[0].Value}}, full)
		if got.status != 200 || got.header.Get("Set-Cookie") != "" {
			t.Errorf("with the cookie: %+v", got)
		}
		if got := r.post(update, full); got.header.Get("Set-Cookie") != "" {
			t.Error("a cookie for a bearer")
		}
	})
}

func TestOtherSitesCannotUseAKeptLogin(t *testing.T) {
	cookie := http.Header{"Cookie": {"KISMET=" + url.QueryEscape(token)}}
	query := "?KISMET=" + url.QueryEscape(token)
	for _, tt := range []struct {
		name   string
		query  string
		login  http.Header
		header http.Header
		want   int
	}{
		{"this site", "", cookie, http.Header{"Origin": {"http://sensor.test:2510"}}, 200},
		{"this site, as the browser says", "", cookie, http.Header{"Sec-Fetch-Site": {"same-origin"}, "Origin": {"null"}}, 200},
		{"typed", "", basic("", token), http.Header{"Sec-Fetch-Site": {"none"}}, 200},
		{"another site", "", cookie, http.Header{"Origin": {"http://evil.test"}}, 403},
		{"another port", "", basic("", token), http.Header{"Origin": {"http://sensor.test:80"}}, 403},
		{"another site, as the browser says", "", basic("", token), http.Header{"Sec-Fetch-Site": {"cross-site"}}, 403},
		{"a file", "", cookie, http.Header{"Origin": {"null"}}, 403},
		{"another site that knows the token", query, cookie, http.Header{"Origin": {"http://map.test"}}, 200},
		{"wrong login", "", basic("", "x"), http.Header{"Origin": {"http://evil.test"}}, 401},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := start(t)
				h := maps.Clone(tt.login)
				maps.Copy(h, tt.header)
				if got := r.do(http.MethodPost, update+tt.query, h, full); got.status != tt.want {
					t.Errorf("status %d, want %d", got.status, tt.want)
				}
				ws, refusal := r.socket("/gps/web/update.ws"+tt.query, h)
				if (ws != nil) != (tt.want == 200) || ws == nil && refusal.status != tt.want {
					t.Errorf("websocket: status %d, want %d", refusal.status, tt.want)
				}
			})
		})
	}
}

func FuzzLogin(f *testing.F) {
	f.Add("KISMET=x&password=%zz", "KISMET=%41+b", "Basic eDp5")
	f.Add("KISMET=%", `KISMET="x`, "Bearer")
	f.Add("&=&KISMET&password", ";", "Basic ")
	const secret = "01234567-a secret that no fuzzer finds-89ABCDEF"
	f.Fuzz(func(t *testing.T, query, cookie, authorization string) {
		r := httptest.NewRequest(http.MethodGet, "/session/check_session", http.NoBody)
		r.URL.RawQuery = query
		r.Header = http.Header{"Cookie": {cookie}, "Authorization": {authorization}}
		w := httptest.NewRecorder()
		web.New(web.Options{Token: secret}).Handler().ServeHTTP(w, r)
		if w.Code != 401 {
			t.Errorf("status %d", w.Code)
		}
	})
}
