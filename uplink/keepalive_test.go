package uplink_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	"github.com/sensord/sensord/uplink/kismet"
	"github.com/sensord/sensord/uplink/kismettest"
)

// A websocket server pings when it has not heard anything, also while a source
// is still being announced.
func TestWebsocketPingIsAnsweredBeforeFramesFlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ponged := make(chan string, 1)
		serve := func(w http.ResponseWriter, req *http.Request) {
			ws, err := (&websocket.Upgrader{}).Upgrade(w, req, nil)
			if err != nil {
				t.Error(err)
				return
			}
			defer ws.Close()
			ws.SetPongHandler(func(data string) error { ponged <- data; return nil })
			for {
				_, p, err := ws.ReadMessage()
				if err != nil {
					return
				}
				h, m, err := kismet.Decode(p)
				if err != nil {
					t.Error(err)
				}
				switch m.(type) {
				case kismet.Ping:
					_ = ws.WriteMessage(websocket.BinaryMessage, kismet.AppendServer(nil, kismet.V3, 1, kismet.Pong{Seq: h.Seq}))
				case kismet.NewSource:
					_ = ws.WriteControl(websocket.PingMessage, []byte("there?"), time.Now().Add(time.Second))
				}
			}
		}
		r := newRig(t, kismettest.Config{}, false)
		r.dialer.NetDial = func(context.Context, string, string) (net.Conn, error) {
			ours, theirs := net.Pipe()
			go func() { _ = (&http.Server{Handler: http.HandlerFunc(serve)}).Serve(&oneConn{conn: theirs}) }()
			return ours, nil
		}
		ctx, cancel := context.WithCancel(t.Context())
		result := make(chan error, 1)
		go func() { result <- r.link(ctx) }()
		select {
		case data := <-ponged:
			if data != "there?" {
				t.Errorf("pong carries %q", data)
			}
		case <-time.After(5 * time.Second):
			t.Error("no pong")
		}
		cancel()
		if err := <-result; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
}
