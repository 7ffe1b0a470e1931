package web

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/gorilla/websocket"

	"github.com/sensord/sensord/gps/meta"
)

// A place is what a path stands for.
type place int

const (
	nowhere place = iota
	session       // asks whether the login is good
	command       // one update
	socket        // a websocket of updates
)

// find returns what a path stands for, and the receiver's name; "" is that of
// /gps/web.
func find(path string) (place, string) {
	for strings.Contains(path, "//") { // as Kismet reads it
		path = strings.ReplaceAll(path, "//", "/")
	}
	switch path {
	case "/session/check_session", "/session/check_login":
		return session, ""
	case "/gps/web/update.cmd":
		return command, ""
	case "/gps/web/update.ws":
		return socket, ""
	}
	rest, ok := strings.CutPrefix(path, "/gps/meta/")
	name, last, _ := strings.Cut(rest, "/")
	switch {
	case !ok || name == "":
		return nowhere, ""
	case last == "update.cmd":
		return command, name
	case last == "update.ws":
		return socket, name
	}
	return nowhere, ""
}

// ServeHTTP answers a request. The order of the tests is Kismet's: path, method,
// login.
func (v *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !v.enter() {
		panic(http.ErrAbortHandler) // no answer: who asks has to come again
	}
	defer v.active.Done()
	defer v.survive()
	h := w.Header()
	h.Set("Server", "sensord")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Connection", "close") // without a login there is one request per connection
	where, name := find(r.URL.EscapedPath())
	allow := ""
	switch {
	case where == nowhere:
		say(w, http.StatusNotFound, "there is nothing at this path")
		return
	case where == socket && !websocket.IsWebSocketUpgrade(r):
		say(w, http.StatusNotFound, "this path is a websocket; single updates are posted to update.cmd")
		return
	case where == command && r.Method != http.MethodPost:
		allow = http.MethodPost
	case where == session && r.Method != http.MethodGet && r.Method != http.MethodHead:
		allow = "GET, HEAD"
	}
	if allow != "" {
		h.Set("Allow", allow)
		say(w, http.StatusMethodNotAllowed, "this path takes "+allow)
		return
	}
	if !v.admit(w, r) {
		return
	}
	h.Del("Connection")
	switch where {
	case session:
		say(w, http.StatusOK, "Session valid")
	case command:
		v.command(w, r, name)
	case socket:
		v.socket(w, r, name)
	}
}

// survive ends a request that panicked: without an answer, and with a line in
// the log.
func (v *service) survive() {
	switch cause := recover(); cause {
	case nil:
	case http.ErrAbortHandler:
		panic(cause)
	default:
		v.o.Log.Error("request panicked", "err", fmt.Sprint(cause))
		panic(http.ErrAbortHandler)
	}
}

// command takes one update.
func (v *service) command(w http.ResponseWriter, r *http.Request, name string) {
	receiver, err := v.receiver(name)
	if err != nil {
		say(w, http.StatusNotFound, err.Error())
		return
	}
	if _, ok := v.posts.take(name); !ok {
		tooMany(w, fmt.Sprintf("more than %d updates per second", postsPerSecond))
		return
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBodyBytes+1))
	if err != nil {
		say(w, http.StatusBadRequest, "the body ended in the middle")
		return
	}
	if len(body) > maxBodyBytes {
		say(w, http.StatusRequestEntityTooLarge, fmt.Sprintf("an update has at most %d bytes", maxBodyBytes))
		return
	}
	if err := post(receiver, body, r.Header.Get("Content-Type")); err != nil {
		say(w, http.StatusInternalServerError, "ERROR: "+err.Error())
		return
	}
	say(w, http.StatusOK, "Updated")
}

// post gives an update to a receiver.
func post(r *meta.Receiver, body []byte, contentType string) error {
	u, err := meta.ParseUpdate(body, contentType)
	if err != nil {
		return err
	}
	return r.Post(u)
}

// receiver returns the receiver of that name; "" is that of /gps/web.
func (s *Server) receiver(name string) (*meta.Receiver, error) {
	if name == "" {
		if s.o.Web != nil {
			if r, ok := s.o.Web(); ok {
				return r, nil
			}
		}
		return nil, errors.New("no receiver for /gps/web is configured")
	}
	if s.o.Meta != nil {
		if r, ok := s.o.Meta(name); ok {
			return r, nil
		}
	}
	const most = 64
	if len(name) > most {
		name = name[:most] + "..."
	}
	return nil, fmt.Errorf("no receiver of type meta has the name %q", name)
}

// say answers in words.
func say(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	// A client that went away is no concern of ours.
	_, _ = io.WriteString(w, text+"\n")
}

func tooMany(w http.ResponseWriter, text string) {
	w.Header().Set("Retry-After", "1")
	say(w, http.StatusTooManyRequests, text)
}
