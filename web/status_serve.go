package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/sensord/sensord/internal/fault"
)

const (
	statusPath = "/status"

	sampleEvery = time.Second
	askTimeout  = 5 * time.Second // for a whole question
	probeTime   = time.Second     // for whoever has the socket to take a connection

	maxStatusBytes = 8 << 20

	// maxSocketPath is what struct sockaddr_un has room for on Linux, with its
	// final zero (sys/un.h).
	maxSocketPath = 107
)

var (
	errServed   = errors.New("another sensord answers there")
	errNoSocket = errors.New("there is something that is no socket")
	errLongPath = errors.New("the path is too long for a socket")
)

// ServeStatus answers GET /status on a unix socket with what look returns, until
// ctx is done; then it removes the socket and returns nil. Its directory is made
// if it is missing. The socket is for its user and group only. What a sensord
// that died has left there is removed; one that lives is not touched, and is the
// error, a *fault.Error web.listen.
//
// look is called once a second, and for each question, from any goroutine, one
// call at a time; it must not block. What it returns is completed: with rates,
// from the calls before, and with the answer to "am I recording?".
func ServeStatus(ctx context.Context, path string, look func() Status) error {
	l, err := listenStatus(ctx, path)
	if err != nil {
		return statusFault(path, err)
	}
	o := NewObserver(look)
	o.Now(time.Now())
	handler := http.NewServeMux()
	handler.HandleFunc("GET "+statusPath, o.answer)
	srv := &http.Server{
		Handler: handler, ReadTimeout: askTimeout, WriteTimeout: askTimeout, IdleTimeout: askTimeout, MaxHeaderBytes: maxHeaderBytes,
		ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelDebug), // of clients that end in the middle of something
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		err = srv.Serve(l)
	}()
	tick := time.NewTicker(sampleEvery)
	defer tick.Stop()
	for {
		select {
		case now := <-tick.C:
			o.Now(now)
		case <-ended:
			l.remove()
			return statusFault(path, err)
		case <-ctx.Done():
			l.remove() // first, so that nobody comes any more
			drain, stop := context.WithTimeout(context.WithoutCancel(ctx), drainTimeout)
			defer stop()
			if srv.Shutdown(drain) != nil {
				_ = srv.Close()
			}
			<-ended
			return nil
		}
	}
}

// statusFault is an error of the socket as people read it.
func statusFault(path string, err error) error {
	advice := "name another with status: {socket: PATH}, or switch it off with status: {socket: off}; frames go on"
	if errors.Is(err, errServed) {
		advice = "stop the other one, or give this one another socket with status: {socket: PATH}; frames go on"
	}
	return &fault.Error{Code: fault.WebListen, Object: "status socket " + path, Err: innermostPath(err), Advice: advice}
}

// innermostPath is what the kernel said, without a path that is told already.
func innermostPath(err error) error {
	if e, ok := errors.AsType[*net.OpError](err); ok {
		err = e.Err
	}
	if e, ok := errors.AsType[*os.SyscallError](err); ok {
		return e.Err
	}
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err
	}
	return err
}

// A statusSocket listens, and knows its file from another of the same name.
type statusSocket struct {
	*net.UnixListener
	path string
	file os.FileInfo
}

// listenStatus makes the socket.
func listenStatus(ctx context.Context, path string) (*statusSocket, error) {
	if len(path) > maxSocketPath {
		return nil, fmt.Errorf("%w: %d bytes, and %d are possible", errLongPath, len(path), maxSocketPath)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, err
	}
	sweep(ctx, path)
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "unix", path)
	if errors.Is(err, syscall.EADDRINUSE) { // bind never takes a name that exists
		if err := removeDead(ctx, path); err != nil {
			return nil, err
		}
		l, err = lc.Listen(ctx, "unix", path)
	}
	if err != nil {
		return nil, err
	}
	s := &statusSocket{UnixListener: l.(*net.UnixListener), path: path}
	s.SetUnlinkOnClose(false) // by then the name may be another's
	if s.file, err = os.Lstat(path); err == nil {
		err = os.Chmod(path, 0o660)
	}
	if err != nil {
		_ = s.Close()
		_ = os.Remove(path)
		return nil, err
	}
	return s, nil
}

// remove removes the socket, unless another process has its name by now.
func (s *statusSocket) remove() {
	if file, err := os.Lstat(s.path); err == nil && os.SameFile(file, s.file) {
		_ = os.Remove(s.path)
	}
}

// removeDead removes a socket on which nobody listens.
func removeDead(ctx context.Context, path string) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case info.Mode().Type() != fs.ModeSocket:
		return errNoSocket
	}
	d := net.Dialer{Timeout: probeTime}
	c, err := d.DialContext(ctx, "unix", path)
	if err == nil {
		_ = c.Close()
		return errServed
	}
	if !errors.Is(err, syscall.ECONNREFUSED) {
		return err
	}
	return os.Remove(path)
}

// numbered is the name of a socket with the id of its process.
var numbered = regexp.MustCompile(`^(?:.+-)?([0-9]+)\.sock$`)

// sweep removes what processes that died have left beside path, if that has its
// process in its name: then nobody else removes it.
func sweep(ctx context.Context, path string) {
	if m := numbered.FindStringSubmatch(filepath.Base(path)); m == nil || m[1] != strconv.Itoa(os.Getpid()) {
		return
	}
	dir := filepath.Dir(path)
	entries, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	for _, e := range entries {
		if e.Type() == fs.ModeSocket && numbered.MatchString(e.Name()) {
			_ = removeDead(ctx, filepath.Join(dir, e.Name()))
		}
	}
}

// An Observer looks at a rig again and again, and so knows what one look does
// not tell: rates, and what was lost lately. Its method may be called from any
// goroutine.
type Observer struct {
	mu   sync.Mutex
	look func() Status
	past history
}

// NewObserver returns an Observer of what look returns.
func NewObserver(look func() Status) *Observer { return &Observer{look: look} }

// Now looks at the rig, at a time by this machine's clock.
func (o *Observer) Now(at time.Time) Status {
	o.mu.Lock()
	defer o.mu.Unlock()
	s := o.look()
	o.past.complete(&s, at)
	s.Judge()
	return s
}

func (o *Observer) answer(w http.ResponseWriter, _ *http.Request) {
	s := o.Now(time.Now())
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(s) // who asked may be gone
}
