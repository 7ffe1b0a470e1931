package web_test

import (
	"encoding/base64"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

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

func TestWrongLoginsAreLimitedPerAddress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _, log := newServer(t)
		from := func(addr string) *rig {
			l := &pipeListener{conns: make(chan net.Conn), done: make(chan struct{}), remote: addr}
			return &rig{t: t, dial: l.dial, stop: serve(t, s, l)}
		}
		evil := from("192.0.2.66:1")
		guess := func(r *rig, password string) int {
			return r.do(http.MethodGet, "/session/check_session", basic("joe", password), "").status
		}
		for range 50 { // to come without a login is no guess
			if got := evil.do(http.MethodGet, "/session/check_session", nil, "").status; got != 401 {
				t.Fatalf("status %d", got)
			}
		}
		for range 10 {
			if got := guess(evil, "x"); got != 401 {
				t.Errorf("status %d", got)
			}
		}
		if got := guess(evil, token); got != 429 {
			t.Errorf("status %d of the 11th", got)
		}
		if got := guess(from("192.0.2.67:1"), token); got != 200 {
			t.Errorf("status %d of another address", got)
		}
		if got := strings.Count(log.String(), "\n"); got != 2 {
			t.Errorf("%d lines of log: %s", got, log)
		}
		<-time.After(2 * time.Second)
		if got := guess(evil, token); got != 200 {
			t.Errorf("status %d after a while", got)
		}

		// A machine has all addresses of a network of IPv6.
		for _, tt := range []struct {
			addr string
			want int
		}{{"[2001:db8::1]:1", 401}, {"[2001:db8::2]:1", 429}, {"[2001:db8:0:1::1]:1", 401}, {"[fe80::1%eth0]:1", 401}, {"@", 401}, {"@", 429}} {
			r := from(tt.addr)
			if got := guess(r, "x"); got != tt.want {
				t.Errorf("%s: status %d, want %d", tt.addr, got, tt.want)
			}
			for range 9 {
				guess(r, "x")
			}
		}
	})
}

func TestManyAddressesAreNotAllRemembered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := web.New(web.Options{Token: token}).Handler()
		guess := func(i int) int {
			w := httptest.NewRecorder()
			r := httptest.NewRequest(http.MethodGet, "/session/check_session", http.NoBody)
			r.RemoteAddr = fmt.Sprintf("10.0.%d.%d:1", i/256, i%256)
			r.SetBasicAuth("", "x")
			h.ServeHTTP(w, r)
			return w.Code
		}
		for i := range web.MaxBuckets {
			if got := guess(i); got != 401 {
				t.Fatalf("address %d: status %d", i, got)
			}
		}
		var limited int
		for i := range 100 { // they share
			if guess(web.MaxBuckets+i) == 429 {
				limited++
			}
		}
		if limited != 90 {
			t.Errorf("%d of 100 more are limited", limited)
		}
		<-time.After(time.Minute) // all are forgotten
		for i := range web.MaxBuckets {
			if got := guess(2*web.MaxBuckets + i); got != 401 {
				t.Fatalf("address %d: status %d", i, got)
			}
		}
	})
}

func FuzzLogin(f *testing.F) {
	f.Add("KISMET=x&password=%zz", "KISMET=%41+b", "Basic eDp5")
	f.Add("KISMET=%", `KISMET="x`, "Bearer")
	f.Add("&=&KISMET&password", ";", "Basic ")
	const secret = "01234567-a secret that no fuzzer finds-89ABCDEF"
	h := web.New(web.Options{Token: secret}).Handler()
	f.Fuzz(func(t *testing.T, query, cookie, authorization string) {
		r := httptest.NewRequest(http.MethodGet, "/session/check_session", http.NoBody)
		r.URL.RawQuery = query
		r.Header = http.Header{"Cookie": {cookie}, "Authorization": {authorization}}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != 401 && w.Code != 429 {
			t.Errorf("status %d", w.Code)
		}
	})
}
