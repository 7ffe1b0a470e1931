package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"syscall"

	"github.com/sensord/sensord/internal/fault"
)

// ErrDead says that a socket was left behind.
var ErrDead = errors.New("the sensord that had this socket has died")

var (
	errNoSocketThere = errors.New("no sensord has a socket there")
	errForeign       = errors.New("what answers there is no sensord")
)

// AskStatus asks the sensord behind a socket how it is. The error is a
// *fault.Error status.absent.
func AskStatus(ctx context.Context, path string) (Status, error) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	s, err := askStatus(ctx, path)
	if err != nil {
		return Status{}, absent(path, err)
	}
	return s, nil
}

func askStatus(ctx context.Context, path string) (Status, error) {
	transport := &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, "unix", path)
		},
		DisableKeepAlives: true,
	}
	defer transport.CloseIdleConnections()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://sensord"+statusPath, http.NoBody)
	if err != nil {
		return Status{}, err
	}
	response, err := (&http.Client{Transport: transport}).Do(request)
	if err != nil {
		return Status{}, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return Status{}, fmt.Errorf("%w: %s", errForeign, response.Status)
	}
	var s Status
	if err := json.NewDecoder(io.LimitReader(response.Body, maxStatusBytes)).Decode(&s); err != nil {
		if ctx.Err() != nil {
			return Status{}, ctx.Err()
		}
		return Status{}, fmt.Errorf("%w: %w", errForeign, err)
	}
	if s.Schema < 1 {
		return Status{}, errForeign
	}
	return s, nil
}

// absent says why nobody answered, and what to do.
func absent(path string, err error) error {
	e := &fault.Error{Code: fault.StatusAbsent, Object: "status socket " + path, Err: err}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		e.Err = errNoSocketThere
	case errors.Is(err, syscall.ECONNREFUSED):
		e.Err = ErrDead
	case errors.Is(err, fs.ErrPermission):
		e.Err, e.Advice = fs.ErrPermission, "ask with sudo, or as the user who runs it"
	case errors.Is(err, context.DeadlineExceeded):
		e.Err, e.Advice = fmt.Errorf("no answer within %v", askTimeout), "see its log; if it is stuck, end it and start it again"
	case errors.Is(err, errForeign):
		e.Advice = "name the socket of a sensord, or the directory with them"
	}
	return e
}

// StatusSockets returns the sockets in a directory that may be those of
// sensords, by name. A directory that is not there has none; one that may not
// be read is the error.
func StatusSockets(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir) // by name
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, absent(dir, err)
	}
	var found []string
	for _, e := range entries {
		if e.Type() == fs.ModeSocket && filepath.Ext(e.Name()) == ".sock" {
			found = append(found, filepath.Join(dir, e.Name()))
		}
	}
	return found, nil
}
