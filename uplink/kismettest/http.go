package kismettest

import (
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/gorilla/websocket"
)

// A route is what the server serves under a path, and for whom.
type route struct {
	methods []string // nil is any
	roles   []string // besides admin; roleAny for every login, none for admins only
	open    bool     // no login needed
	serve   func(*Server, http.ResponseWriter, *http.Request)
}

// roleAny is the role of routes that take every valid login.
const roleAny = "any"

// serveHTTP is the HTTP side: the route is looked up before the login is
// tested, so that 404 always means a wrong path, and 405 that there is one.
func (s *Server) serveHTTP(w http.ResponseWriter, r *http.Request) {
	if !s.enter() {
		return
	}
	defer s.goroutines.Done()
	if s.fault.Load().NotKismet {
		serveOther(w, r)
		return
	}
	w.Header().Set("Server", "Kismet")
	path, query, _ := strings.Cut(r.RequestURI, "?")
	path = s.normalize(path)
	if path == EndpointPath && websocket.IsWebSocketUpgrade(r) {
		s.upgrade(w, r, query)
		return
	}
	rt, ok := routes()[path]
	if !ok {
		rt, ok = s.metaRoute(path)
	}
	if !ok || websocket.IsWebSocketUpgrade(r) {
		refuse(w, http.StatusNotFound)
		return
	}
	if rt.methods != nil && !slices.Contains(rt.methods, r.Method) {
		refuse(w, http.StatusMethodNotAllowed)
		return
	}
	login := s.login(r, query)
	if !rt.open && !login.may(rt.roles...) {
		refuse(w, http.StatusUnauthorized)
		return
	}
	if login.fresh {
		s.setCookie(w, login)
	}
	rt.serve(s, w, r)
}

// upgrade starts a session over a websocket.
func (s *Server) upgrade(w http.ResponseWriter, r *http.Request, query string) {
	if !s.login(r, query).may(RoleDatasource) {
		refuse(w, http.StatusUnauthorized)
		return
	}
	c := below(r.Context().Value(connKey{}))
	defer func() { _ = c.Close() }()
	up := websocket.Upgrader{
		ReadBufferSize:  readBuffer,
		WriteBufferSize: 32 << 10, // more than any frame: never two websocket frames for one message
		CheckOrigin:     func(*http.Request) bool { return true },
	}
	ws, err := up.Upgrade(w, r, http.Header{"Server": {"Kismet"}})
	if err != nil {
		s.cfg.Logger.Info("websocket upgrade refused", "err", err)
		return
	}
	// In a goroutine of its own, because net/http would hide a panic.
	var session sync.WaitGroup
	session.Go(func() { s.serveWebsocket(c, ws) })
	session.Wait()
}

// normalize returns the path that routes are looked up by: repeated slashes
// collapsed, the prefix taken off if it is there.
func (s *Server) normalize(path string) string {
	for strings.Contains(path, "//") {
		path = strings.ReplaceAll(path, "//", "/")
	}
	return strings.TrimPrefix(path, s.cfg.Prefix)
}

// refuse answers as Kismet does: an HTML body, and the connection is closed.
func refuse(w http.ResponseWriter, status int) {
	w.Header().Set("Content-Type", "text/html")
	w.Header().Set("Connection", "close")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, "<html><head><title>"+http.StatusText(status)+"</title></head></html>\n")
}

// serveOther is the web server of Faults.NotKismet.
func serveOther(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/" {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "text/html")
	_, _ = io.WriteString(w, "<html><body>It works!</body></html>\n")
}
