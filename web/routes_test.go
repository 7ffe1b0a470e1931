package web_test

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sensord/sensord/gps"
	"github.com/sensord/sensord/gps/meta"
	"github.com/sensord/sensord/web"
)

// The status of each answer is what Kismet gives to the same request, unless
// the name says that it is ours.
func TestAnswers(t *testing.T) {
	const form = "application/x-www-form-urlencoded"
	for _, tt := range []struct {
		name   string
		method string
		target string
		kind   string // Content-Type
		body   string
		status int
		want   string
	}{
		{"JSON", "POST", update, "application/json", full, 200, "Updated\n"},
		{"JSON with a charset", "POST", update, "application/json; charset=utf-8", full, 200, "Updated\n"},
		{"form", "POST", update, form, "json=" + full, 200, "Updated\n"},
		{"form, encoded", "POST", update, form, "json=%7B%22lat%22%3A+1.5%2C+%22lon%22%3A2.5%7D", 200, "Updated\n"},
		{"web", "POST", "/gps/web/update.cmd", "application/json", full, 200, "Updated\n"},
		{"repeated slashes", "POST", "//gps//meta/phone//update.cmd", "application/json", full, 200, "Updated\n"},
		{"array", "POST", update, "application/json", "[1]", 500, "ERROR: the body is not a JSON object\n"},
		{"garbage", "POST", update, "application/json", "x", 500, "ERROR: the body is not a JSON object\n"},
		{"nothing", "POST", update, "application/json", "", 500, "ERROR: the body is not a JSON object\n"},
		{"text for a number", "POST", update, "application/json", `{"lat":"1","lon":2}`, 500, "ERROR: lat is not a number\n"},
		{"GET", "GET", update, "", "", 405, "this path takes POST\n"},
		{"PUT", "PUT", update, "application/json", full, 405, "this path takes POST\n"},
		{"DELETE", "DELETE", update, "", "", 405, "this path takes POST\n"},
		{"POST of a session", "POST", "/session/check_session", "", "", 405, "this path takes GET, HEAD\n"},
		{"session", "GET", "/session/check_session", "", "", 200, "Session valid\n"},
		{"login", "GET", "/session/check_login", "", "", 200, "Session valid\n"},
		{"unknown name", "POST", "/gps/meta/nobody/update.cmd", "application/json", full, 404, "no receiver of type meta has the name \"nobody\"\n"},
		{"name that would have to be decoded", "POST", "/gps/meta/ph%6fne/update.cmd", "application/json", full, 404, "no receiver of type meta has the name \"ph%6fne\"\n"},
		{"long name", "POST", "/gps/meta/" + strings.Repeat("x", 70) + "/update.cmd", "application/json", full, 404, "no receiver of type meta has the name \"" + strings.Repeat("x", 64) + "...\"\n"},
		{"capitals", "POST", "/gps/META/phone/update.cmd", "application/json", full, 404, "there is nothing at this path\n"},
		{"slash behind", "POST", update + "/", "application/json", full, 404, "there is nothing at this path\n"},
		{"no name", "POST", "/gps/meta//update.cmd", "application/json", full, 404, "there is nothing at this path\n"},
		{"root", "GET", "/", "", "", 404, "there is nothing at this path\n"},
		{"other REST", "GET", "/system/status.json", "", "", 404, "there is nothing at this path\n"},
		{"POST to the websocket", "POST", "/gps/meta/phone/update.ws", "application/json", full, 404, "this path is a websocket; single updates are posted to update.cmd\n"},
		{"GET of the websocket", "GET", "/gps/web/update.ws", "", "", 404, "this path is a websocket; single updates are posted to update.cmd\n"},

		{"ours: no position", "POST", update, "application/json", `{}`, 500, "ERROR: lat and lon are missing\n"},
		{"ours: out of range", "POST", update, "application/json", `{"lat":91,"lon":2}`, 500, "ERROR: lat 91 is not within -90 to 90\n"},
		{"ours: JSON by curl -d", "POST", update, form, full, 200, "Updated\n"},
		{"ours: too long", "POST", update, "application/json", full + strings.Repeat(" ", web.MaxBodyBytes), 413, "an update has at most 16384 bytes\n"},
		{"as long as may be", "POST", update, "application/json", full + strings.Repeat(" ", web.MaxBodyBytes-len(full)), 200, "Updated\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := bearer()
				h.Del("Content-Type")
				if tt.kind != "" {
					h.Set("Content-Type", tt.kind)
				}
				got := start(t).do(tt.method, tt.target, h, tt.body)
				if got.status != tt.status || got.body != tt.want {
					t.Errorf("%d %q, want %d %q", got.status, got.body, tt.status, tt.want)
				}
				if got.header.Get("Server") != "sensord" || got.header.Get("Content-Type") != "text/plain; charset=utf-8" {
					t.Errorf("header %v", got.header)
				}
				if allow := got.header.Get("Allow"); (got.status == 405) != (allow != "") {
					t.Errorf("status %d allows %q", got.status, allow)
				}
			})
		})
	}
}

func TestUpdatesReachTheirReceivers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t)
		for target, name := range map[string]string{update: "phone", "/gps/web/update.cmd": "browser"} {
			r.post(target, full)
			f := r.fix()
			if f.Receiver != name || f.Mode != gps.Mode3D || f.Lat != 1.5 || f.Lon != 2.5 || f.AltMSL != 3 || f.SpeedMPS != 10 {
				t.Errorf("%s: fix %+v", target, f)
			}
		}
		r.post(update, `{"lat":1,"lon":2,"alt":0}`)
		if f := r.fix(); f.Mode != gps.Mode2D {
			t.Errorf("fix %+v", f)
		}
	})
}

func TestServerWithoutReceivers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		none := func() (*meta.Receiver, bool) { return nil, false }
		for _, o := range []web.Options{{Token: token}, {Token: token, Web: none}} {
			l := newPipe()
			r := &rig{t: t, dial: l.dial, stop: serve(t, web.New(o), l)}
			if got := r.post(update, full); got.status != 404 {
				t.Errorf("meta: %+v", got)
			}
			if got := r.post("/gps/web/update.cmd", full); got.status != 404 || got.body != "no receiver for /gps/web is configured\n" {
				t.Errorf("web: %+v", got)
			}
		}
	})
}

func TestUpdatesAreLimitedPerReceiver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t)
		count := func(n int, target string) (ok int) {
			for range n {
				switch got := r.post(target, full); {
				case got.status == 200:
					ok++
				case got.status != 429 || got.header.Get("Retry-After") != "1":
					t.Errorf("%+v", got)
				}
			}
			return ok
		}
		if ok := count(60, update); ok != 40 {
			t.Errorf("%d of a burst", ok)
		}
		if ok := count(1, "/gps/web/update.cmd"); ok != 1 {
			t.Error("another receiver is limited, too")
		}
		<-time.After(time.Second)
		if ok := count(60, update); ok != 20 {
			t.Errorf("%d of a second", ok)
		}
	})
}

func TestChunkedBodyIsLimited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t)
		req, err := http.NewRequest(http.MethodPost, "http://sensor.test"+update, struct{ *strings.Reader }{strings.NewReader(strings.Repeat(" ", 100<<10))})
		if err != nil {
			t.Fatal(err)
		}
		req.Header = bearer()
		client := http.Client{Transport: &http.Transport{DialContext: r.dial, DisableKeepAlives: true}}
		resp, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != 413 {
			t.Errorf("status %d", resp.StatusCode)
		}
	})
}
