package web_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sensord/sensord/web"
)

// login logs in by password, and returns the status.
func (r *rig) login(password string) int {
	r.t.Helper()
	return r.do(http.MethodGet, "/session/check_session", basic("joe", password), "").status
}

// A phone with an old token comes once a second, and another with the right one
// from behind the same address.
func TestWrongLoginsAreLoggedOnceAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t)
		for i := range 3600 {
			if got := r.do(http.MethodPost, update+"?KISMET=old", nil, full); got.status != 401 || got.body != "this is not sensord's token\n" {
				t.Fatalf("%+v", got)
			}
			if i%10 == 0 {
				if got := r.post(update, full); got.status != 200 {
					t.Fatalf("the right one: %+v", got)
				}
				r.fix()
			}
			<-time.After(time.Second)
		}
		lines := strings.Split(strings.TrimSuffix(r.log.String(), "\n"), "\n")
		if len(lines) != 60 {
			t.Fatalf("%d lines of log", len(lines))
		}
		for i, line := range lines {
			others := 59
			if i == 0 {
				others = 0
			}
			want := fmt.Sprintf(`level=WARN msg="web login refused: wrong token" remote=192.0.2.7:4444 others_since_last=%d remedy="give it sensord's token: `+
				`what web: {token_file} or SENSORD_WEB_TOKEN says, else the file web.token in the state directory"`, others)
			if _, rest, _ := strings.Cut(line, " "); rest != want {
				t.Errorf("line %d: %s", i, line)
			}
		}
	})
}

func TestWrongLoginsAreLimitedPerAddress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t)
		evil := r.from("192.0.2.66:1")
		for range 50 { // to come without a login is no guess
			if got := evil.do(http.MethodGet, "/session/check_session", nil, "").status; got != 401 {
				t.Fatalf("status %d", got)
			}
		}
		for range 10 {
			if got := evil.login("x"); got != 401 {
				t.Errorf("status %d", got)
			}
		}
		if got := r.log.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, "remote=192.0.2.66:1 others_since_last=0") {
			t.Errorf("log: %s", got)
		}
		began := time.Now()
		if got := r.login("x"); got != 401 {
			t.Errorf("status %d of another address", got)
		}
		if got := evil.login(token); got != 200 || time.Since(began) != 0 {
			t.Errorf("status %d of the right token, after %v", got, time.Since(began))
		}
		if got := evil.login("x"); got != 429 || time.Since(began) != web.RefusalDelay {
			t.Errorf("status %d of the 11th, after %v", got, time.Since(began))
		}
		if got := evil.login("x"); got != 401 {
			t.Errorf("status %d after a while", got)
		}

		// A machine has all addresses of a network of IPv6.
		for _, tt := range []struct {
			addr string
			want int
		}{{"[2001:db8::1]:1", 401}, {"[2001:db8::2]:1", 429}, {"[2001:db8:0:1::1]:1", 401}, {"[fe80::1%eth0]:1", 401}, {"@", 401}, {"@", 429}} {
			here := r.from(tt.addr)
			if got := here.login("x"); got != tt.want {
				t.Errorf("%s: status %d, want %d", tt.addr, got, tt.want)
			}
			if tt.want == 401 {
				for range 9 {
					here.login("x")
				}
			}
		}
	})
}

// Ten wrong logins a second for some minutes, over the limit all the time.
func TestWrongLoginsDoNotLockOutWhoHasTheToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t)
		var wrong sync.WaitGroup
		var limited atomic.Int32
		for i := range 3600 {
			wrong.Go(func() {
				if r.login("x") == 429 {
					limited.Add(1)
				}
			})
			if i%20 == 0 {
				began := time.Now()
				if got := r.post(update, full); got.status != 200 || time.Since(began) != 0 {
					t.Fatalf("%+v after %v", got, time.Since(began))
				}
				r.fix()
			}
			<-time.After(100 * time.Millisecond)
		}
		wrong.Wait()
		if n := limited.Load(); n != 3600-720-9 {
			t.Errorf("%d limited", n)
		}
		if n := strings.Count(r.log.String(), "\n"); n != 6 {
			t.Errorf("%d lines of log", n)
		}
	})
}

func TestLateRefusalsEndWithServe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t)
		for range 10 {
			r.login("x")
		}
		late := make(chan int, 1)
		go func() { late <- r.login("x") }()
		synctest.Wait()
		began := time.Now()
		if err := r.stop(); err != nil {
			t.Error(err)
		}
		if took := time.Since(began); <-late != 429 || took >= web.RefusalDelay {
			t.Errorf("ended after %v", took)
		}
	})
}

func TestManyAddressesAreNotAllRemembered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _, log := newServer(t)
		h := s.Handler()
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
		var limited atomic.Int32
		var more sync.WaitGroup
		for i := range 100 { // they share
			more.Go(func() {
				if guess(web.MaxBuckets+i) == 429 {
					limited.Add(1)
				}
			})
		}
		more.Wait()
		if limited.Load() != 90 {
			t.Errorf("%d of 100 more are limited", limited.Load())
		}
		if n := strings.Count(log.String(), "\n"); n != web.MaxBuckets+1 {
			t.Errorf("%d lines of log", n)
		}
		<-time.After(time.Minute) // all are forgotten
		for i := range web.MaxBuckets {
			if got := guess(2*web.MaxBuckets + i); got != 401 {
				t.Fatalf("address %d: status %d", i, got)
			}
		}
	})
}
