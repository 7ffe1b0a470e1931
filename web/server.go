package web

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/sensord/sensord/gps/meta"
	"github.com/sensord/sensord/internal/fault"
)

// Limits of what is taken from whom.
const (
	maxBodyBytes   = 16 << 10
	maxHeaderBytes = 8 << 10
	maxSockets     = 32

	readTimeout  = 10 * time.Second // for TLS's handshake, and for a request
	writeTimeout = 10 * time.Second
	idleTimeout  = 30 * time.Second // of connections with a login; the others end with the answer
	drainTimeout = 2 * time.Second  // for requests that run when Serve ends

	postsPerSecond = 20 // per receiver
	postsBurst     = 40

	// Wrong logins, per remote address.
	failureEvery  = time.Second / 2
	failuresBurst = 10
	refusalDelay  = time.Second // of the answer to more
	warningEvery  = time.Minute
)

// Options say what to serve, and for whom.
type Options struct {
	// Token is what every request must carry. With an empty one none is let in.
	Token string
	// Meta returns the receiver of that name, as it stands in a URL. It is called
	// for each update, from any goroutine; nil is none.
	Meta func(name string) (*meta.Receiver, bool)
	// Web returns the receiver behind /gps/web, as Meta does; nil is none.
	Web func() (*meta.Receiver, bool)
	// Log hears of refused logins; nil is none.
	Log *slog.Logger
}

// A Server serves HTTP on listeners that it is given. Its limits hold for all of
// them together, but for that of connections.
type Server struct {
	o        Options
	keys     keyring
	posts    *limiter[string] // by receiver, "" is that of /gps/web
	failures *limiter[netip.Prefix]
	warnings *limiter[netip.Prefix]
	sockets  chan struct{} // has a value per websocket
}

// New returns a server.
func New(o Options) *Server {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Server{
		o:        o,
		keys:     newKeyring(o.Token),
		posts:    newLimiter[string](time.Second/postsPerSecond, postsBurst),
		failures: newLimiter[netip.Prefix](failureEvery, failuresBurst),
		warnings: newLimiter[netip.Prefix](warningEvery, 1),
		sockets:  make(chan struct{}, maxSockets),
	}
}

// Serve serves l until ctx is done, and then lets requests that run end, closes
// websockets and returns nil; every goroutine has ended then. l has TLS around
// it already if that is wanted (without HTTP/2: websockets need HTTP/1.1). Serve
// closes l. Its error is a *fault.Error web.listen: l ended by itself.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	v := &service{Server: s, ctx: ctx}
	conns := &connections{Listener: l}
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	srv := &http.Server{
		Handler:        v,
		ReadTimeout:    readTimeout,
		WriteTimeout:   writeTimeout,
		IdleTimeout:    idleTimeout,
		MaxHeaderBytes: maxHeaderBytes,
		Protocols:      &protocols,
		ConnState:      conns.state,
		ConnContext:    conns.context,
		// OPTIONS * is a request like others.
		DisableGeneralOptionsHandler: true,
		// What it says is of clients that end in the middle of something.
		ErrorLog: slog.NewLogLogger(s.o.Log.Handler(), slog.LevelDebug),
	}
	var err error
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		err = srv.Serve(conns)
	}()
	byItself := false
	select {
	case <-ctx.Done():
	case <-ended:
		byItself = ctx.Err() == nil
		cancel() // ends the websockets
	}
	drain, stop := context.WithTimeout(context.WithoutCancel(ctx), drainTimeout)
	defer stop()
	if srv.Shutdown(drain) != nil {
		_ = srv.Close()
	}
	<-ended
	v.wait()
	if byItself {
		return fault.New(fault.WebListen, "web "+l.Addr().String(), err)
	}
	return nil
}

// A service is one run of Serve.
type service struct {
	*Server
	ctx context.Context // done when the service ends

	mu     sync.Mutex
	over   bool
	active sync.WaitGroup // handlers that run
}

// enter counts a handler; false if the service is over.
func (v *service) enter() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	if !v.over {
		v.active.Add(1)
	}
	return !v.over
}

// wait waits for the handlers that run, and lets no more in.
func (v *service) wait() {
	v.mu.Lock()
	v.over = true
	v.mu.Unlock()
	v.active.Wait()
}
