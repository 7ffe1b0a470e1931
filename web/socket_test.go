package web_test

import (
	"errors"
	"io"
	"log/slog"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	"github.com/sensord/sensord/gps/meta"
	"github.com/sensord/sensord/web"
)

const (
	stream = "/gps/meta/phone/update.ws"
	isOK   = `{"update": "ok"}`
	isBad  = `{"update": "error"}`
)

func TestWebsocketAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for target, name := range map[string]string{stream: "phone", "/gps/web/update.ws": "browser"} {
			r := start(t)
			ws, _ := r.socket(target, bearer())
			for _, tt := range []struct{ text, want string }{
				{full, isOK},
				{full, isOK},
				{`x`, isBad},
				{`[1]`, isBad},
				{`{"lat":"a","lon":1}`, isBad},
				{`{"lat":200,"lon":1}`, isBad},
				{``, isBad},
				{`{"lat":1,"lon":2}`, isOK},
			} {
				if got := r.say(ws, websocket.TextMessage, tt.text); got != tt.want {
					t.Errorf("%s: %s", tt.text, got)
				}
				if tt.want == isOK {
					if f := r.fix(); f.Receiver != name {
						t.Errorf("fix of %s", f.Receiver)
					}
				}
			}
			// Kismet ends the connection at a binary message; we read it.
			if got := r.say(ws, websocket.BinaryMessage, full); got != isOK {
				t.Errorf("binary: %s", got)
			}
		}
	})
}

func TestWebsocketOfAnUnknownName(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		if ws, got := start(t).socket("/gps/meta/nobody/update.ws", bearer()); ws != nil || got.status != 404 {
			t.Errorf("%+v", got)
		}
	})
}

func TestBadUpgrade(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := bearer()
		h.Set("Connection", "Upgrade")
		h.Set("Upgrade", "websocket")
		if got := start(t).do(http.MethodGet, stream, h, ""); got.status != 400 {
			t.Errorf("%+v", got)
		}
	})
}

func TestWebsocketUpdatesAreLimited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t)
		ws, _ := r.socket(stream, bearer())
		count := map[string]int{}
		for range 60 {
			count[r.say(ws, websocket.TextMessage, full)]++
		}
		if count[isOK] != 40 || count[isBad] != 20 {
			t.Errorf("answers %v", count)
		}
		if got := r.post(update, full); got.status != 429 {
			t.Errorf("a post: %+v", got) // of the same receiver
		}
		<-time.After(time.Second)
		for range 20 {
			if got := r.say(ws, websocket.TextMessage, full); got != isOK {
				t.Error(got)
			}
		}
		// One that goes on is shown the door.
		var err error
		refused := 0
		for err == nil {
			if err = ws.WriteMessage(websocket.TextMessage, []byte(full)); err == nil {
				_, _, err = ws.ReadMessage()
				refused++
			}
		}
		if refused != 100 || !websocket.IsCloseError(err, websocket.ClosePolicyViolation) {
			t.Errorf("%v after %d", err, refused)
		}
	})
}

func TestWebsocketMessageIsLimited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t)
		ws, _ := r.socket(stream, bearer())
		if got := r.say(ws, websocket.TextMessage, full+strings.Repeat(" ", web.MaxBodyBytes-len(full))); got != isOK {
			t.Error(got)
		}
		go func() { _ = ws.WriteMessage(websocket.TextMessage, make([]byte, web.MaxBodyBytes+1)) }()
		if _, _, err := ws.ReadMessage(); !websocket.IsCloseError(err, websocket.CloseMessageTooBig) {
			t.Errorf("error %v", err)
		}
		_ = ws.Close()
	})
}

func TestWebsocketsAreCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t)
		var first *websocket.Conn
		for range web.MaxSockets {
			ws, _ := r.socket(stream, bearer())
			if ws == nil {
				t.Fatal("refused")
			}
			first = ws
		}
		if ws, got := r.socket(stream, bearer()); ws != nil || got.status != 503 || got.header.Get("Retry-After") == "" {
			t.Errorf("one more: %+v", got)
		}
		_ = first.Close()
		synctest.Wait()
		if ws, got := r.socket(stream, bearer()); ws == nil {
			t.Errorf("after one has ended: %+v", got)
		}
	})
}

func TestSilentClientIsPingedAndGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t)
		began := time.Now()
		// One that answers pings stays.
		alive, _ := r.socket(stream, bearer())
		pings := 0
		answer := alive.PingHandler()
		alive.SetPingHandler(func(s string) error { pings++; return answer(s) })
		go func() { _, _, _ = alive.ReadMessage() }()
		// One that does not is gone.
		dead, _ := r.socket(stream, bearer())
		dead.SetPingHandler(func(string) error { return nil })
		_, _, err := dead.ReadMessage()
		if took := time.Since(began); err == nil || took != web.SocketTimeout {
			t.Errorf("ended after %v with %v", took, err)
		}
		<-time.After(time.Hour)
		if err := alive.WriteMessage(websocket.TextMessage, []byte(full)); err != nil {
			t.Errorf("the one that answers: %v", err)
		}
		r.fix()
		_ = alive.Close()
		synctest.Wait()
		if pings < 100 {
			t.Errorf("%d pings", pings)
		}
	})
}

func TestWebsocketsEndWithServe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t)
		ws, _ := r.socket(stream, bearer())
		idle, _ := r.socket(stream, bearer()) // reads nothing
		ended := make(chan error, 1)
		go func() { _, _, err := ws.ReadMessage(); ended <- err }()
		if err := r.stop(); err != nil {
			t.Errorf("serve ended with %v", err)
		}
		if err := <-ended; !websocket.IsCloseError(err, websocket.CloseGoingAway) {
			t.Errorf("websocket ended with %v", err)
		}
		if _, _, err := idle.ReadMessage(); err == nil {
			t.Error("the other goes on")
		}
	})
}

func TestClientThatReadsNoAnswersIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t)
		ws, _ := r.socket(stream, bearer())
		var err error
		began := time.Now()
		for err == nil { // the pipe holds nothing: the first answer blocks
			err = ws.WriteMessage(websocket.TextMessage, []byte(full))
		}
		if took := time.Since(began); took > 10*time.Second || errors.Is(err, websocket.ErrCloseSent) {
			t.Errorf("%v after %v", err, took)
		}
	})
}

func TestWebsocketByPasswordGetsASessionCookie(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ws, got := start(t).socket(stream, basic("joe", token))
		if cookie := got.header.Get("Set-Cookie"); ws == nil || !strings.HasPrefix(cookie, "KISMET=") {
			t.Errorf("status %d, cookie %q", got.status, cookie)
		}
	})
}

// A panic ends what it happened in, and nothing else.
func TestPanicEndsOneRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &lockedBuffer{}
		bad := false
		l := newPipe()
		r := &rig{t: t, dial: l.dial, stop: serve(t, web.New(web.Options{
			Token: token,
			Web: func() (*meta.Receiver, bool) {
				if bad {
					panic("of a test")
				}
				return meta.New(meta.Options{}), true
			},
			Log: slog.New(slog.NewTextHandler(log, nil)),
		}), l)}
		ws, _ := r.socket("/gps/web/update.ws", bearer())
		bad = true
		if err := ws.WriteMessage(websocket.TextMessage, []byte(full)); err != nil {
			t.Fatal(err)
		}
		if _, _, err := ws.ReadMessage(); err == nil {
			t.Error("the websocket goes on")
		}
		_ = ws.Close()
		synctest.Wait()
		stacks := make([]byte, 1<<20)
		if got := string(stacks[:runtime.Stack(stacks, true)]); strings.Contains(got, "web.keepAlive") {
			t.Errorf("the websocket is still pinged: %s", got)
		}
		c := r.silent()
		_, _ = io.WriteString(c, "POST /gps/web/update.cmd HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "+token+"\r\nContent-Length: 0\r\n\r\n")
		if closed([]*link{c}) != 1 || len(c.answers) != 0 {
			t.Error("a post that panics is answered")
		}
		if got := log.String(); strings.Count(got, `level=ERROR msg="request panicked" err="of a test"`) != 2 {
			t.Errorf("log: %s", got)
		}
		if got := r.do(http.MethodGet, "/session/check_session", bearer(), ""); got.status != 200 {
			t.Errorf("another request: %+v", got)
		}
	})
}
