package web

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

const (
	pingEvery     = 30 * time.Second
	socketTimeout = 75 * time.Second // without a word, or an answer to two pings
	answerTimeout = 5 * time.Second  // for a client to read an answer
	maxRefused    = 100              // updates over the rate, one behind the other
)

// Kismet's answers to updates.
const (
	answerOK    = `{"update": "ok"}`
	answerError = `{"update": "error"}`
)

// socket takes updates from a websocket, one per message, until it ends.
func (v *service) socket(w http.ResponseWriter, r *http.Request, name string) {
	if _, err := v.receiver(name); err != nil {
		say(w, http.StatusNotFound, err.Error())
		return
	}
	select {
	case v.sockets <- struct{}{}:
		defer func() { <-v.sockets }()
	default:
		w.Header().Set("Retry-After", "10")
		say(w, http.StatusServiceUnavailable, "too many websockets")
		return
	}
	up := websocket.Upgrader{
		HandshakeTimeout: writeTimeout,
		ReadBufferSize:   1 << 10,
		WriteBufferSize:  1 << 10,
		CheckOrigin:      func(*http.Request) bool { return true }, // admit did
		Error:            func(w http.ResponseWriter, _ *http.Request, status int, err error) { say(w, status, err.Error()) },
	}
	ws, err := up.Upgrade(w, r, w.Header())
	if err != nil {
		return
	}
	ctx, cancel := context.WithCancel(v.ctx)
	var watch sync.WaitGroup
	watch.Go(func() { keepAlive(ctx, ws) })
	defer watch.Wait() // it closes ws
	defer cancel()
	v.talk(ws, name)
}

// keepAlive pings, and ends the websocket with ctx.
func keepAlive(ctx context.Context, ws *websocket.Conn) {
	tick := time.NewTicker(pingEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			bye(ws, websocket.CloseGoingAway, "")
			_ = ws.Close() // wakes who reads
			return
		case <-tick.C:
			// An error ends the reading, too.
			_ = ws.WriteControl(websocket.PingMessage, nil, time.Now().Add(answerTimeout))
		}
	}
}

// bye says why a websocket ends, if the client takes it at once.
func bye(ws *websocket.Conn, code int, text string) {
	_ = ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, text), time.Now().Add(time.Second))
}

// talk reads updates and answers them.
func (v *service) talk(ws *websocket.Conn, name string) {
	ws.SetReadLimit(maxBodyBytes)
	alive := func(string) error { return ws.SetReadDeadline(time.Now().Add(socketTimeout)) }
	ws.SetPongHandler(alive)
	refused := 0
	for {
		if alive("") != nil {
			return
		}
		_, body, err := ws.ReadMessage()
		if err != nil {
			return
		}
		answer := answerOK
		if _, ok := v.posts.take(name); !ok {
			answer = answerError
			if refused++; refused == maxRefused {
				bye(ws, websocket.ClosePolicyViolation, "too many updates")
				return
			}
		} else if refused = 0; v.update(name, body) != nil {
			answer = answerError
		}
		if ws.SetWriteDeadline(time.Now().Add(answerTimeout)) != nil || ws.WriteMessage(websocket.TextMessage, []byte(answer)) != nil {
			return
		}
	}
}

// update takes one message. The receiver is looked up for each: it may have
// been restarted.
func (v *service) update(name string, body []byte) error {
	receiver, err := v.receiver(name)
	if err != nil {
		return err
	}
	return post(receiver, body, "application/json")
}
