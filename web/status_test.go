package web_test

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sensord/sensord/internal/fault"
	"github.com/sensord/sensord/web"
)

// serveStatus runs ServeStatus until the test or stop ends it.
func serveStatus(t *testing.T, path string, look func() web.Status) (stop func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- web.ServeStatus(ctx, path, look) }()
	answers(t, path)
	var err error
	stopped := false
	stop = func() error {
		if !stopped {
			stopped = true
			cancel()
			err = <-ended
		}
		return err
	}
	t.Cleanup(func() { _ = stop() })
	return stop
}

// answers waits until somebody does.
func answers(t *testing.T, path string) web.Status {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		s, err := web.AskStatus(ctx, path)
		if err == nil {
			return s
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatal(err)
		}
	}
}

func rover(rig string) func() web.Status {
	return func() web.Status {
		return web.Status{Schema: web.StatusSchema, Rig: rig, PID: os.Getpid(), Sources: []web.Source{{Name: "roof", Capture: "capturing"}}}
	}
}

func TestStatusIsAskedOverASocket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run", "rover-1.sock") // the directory is made
	stop := serveStatus(t, path, rover("rover"))
	s := answers(t, path)
	if s.Rig != "rover" || s.Schema != web.StatusSchema || !s.Recording || s.State != web.StateRecording || s.Sentence != "RECORDING: 1 source" && !strings.HasPrefix(s.Sentence, "RECORDING: 1 source") {
		t.Errorf("%+v", s)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode() != fs.ModeSocket|0o660 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the socket is left: %v", err)
	}
}

func TestStatusSocketAnswersNothingElse(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.sock")
	serveStatus(t, path, rover("rover"))
	client := http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "unix", path)
	}, DisableKeepAlives: true}}
	for _, tt := range []struct {
		method, path string
		code         int
	}{
		{http.MethodGet, "/status", 200},
		{http.MethodHead, "/status", 200},
		{http.MethodPost, "/status", 405},
		{http.MethodGet, "/", 404},
		{http.MethodGet, "/status/", 404},
	} {
		r, err := http.NewRequestWithContext(t.Context(), tt.method, "http://x"+tt.path, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		a, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = a.Body.Close()
		if a.StatusCode != tt.code {
			t.Errorf("%s %s: %d, want %d", tt.method, tt.path, a.StatusCode, tt.code)
		}
	}
}

// dead leaves a socket as a process does that is killed.
func dead(t *testing.T, path string) {
	t.Helper()
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestStatusSocketOfADeadProcessIsTaken(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.sock")
	dead(t, path)
	serveStatus(t, path, rover("rover"))
}

func TestStatusSocketSweepsBesideItself(t *testing.T) {
	dir := t.TempDir()
	left, other, alive := filepath.Join(dir, "rover-1.sock"), filepath.Join(dir, "gpsd.sock"), filepath.Join(dir, "van-2.sock")
	dead(t, left)
	dead(t, other)
	serveStatus(t, alive, rover("van"))
	serveStatus(t, filepath.Join(dir, "rover-"+strconv.Itoa(os.Getpid())+".sock"), rover("rover"))
	found, err := web.StatusSockets(dir)
	if want := []string{other, filepath.Join(dir, "rover-"+strconv.Itoa(os.Getpid())+".sock"), alive}; err != nil || !cmp.Equal(want, found) {
		t.Errorf("%v, %v", found, err)
	}
	answers(t, alive)
}

func TestStatusSocketThatCannotBe(t *testing.T) {
	dir := t.TempDir()
	taken, file := filepath.Join(dir, "taken.sock"), filepath.Join(dir, "file")
	serveStatus(t, taken, rover("first"))
	if err := os.WriteFile(file, []byte("kept"), 0o600); err != nil {
		t.Fatal(err)
	}
	long := filepath.Join(dir, strings.Repeat("x", 200))
	for path, want := range map[string]string{
		taken:                       "another sensord answers there",
		file:                        "there is something that is no socket",
		long:                        "the path is too long for a socket: " + strconv.Itoa(len(long)) + " bytes, and 107 are possible",
		filepath.Join(file, "s"):    "not a directory",
		"/proc/" + "no/such/s.sock": "no such file or directory",
	} {
		err := web.ServeStatus(t.Context(), path, rover("second"))
		if fault.CodeOf(err) != fault.WebListen || err.Error() != "status socket "+path+": "+want || fault.RemedyOf(err) == fault.WebListen.Remedy() {
			t.Errorf("%v (%s), want %s", err, fault.RemedyOf(err), want)
		}
	}
	if s := answers(t, taken); s.Rig != "first" {
		t.Errorf("%s answers", s.Rig)
	}
	if text, err := os.ReadFile(file); err != nil || string(text) != "kept" {
		t.Errorf("%s, %v", text, err)
	}
}

// A sensord that ends leaves alone what another has put in the place of its
// socket.
func TestStatusSocketOfAnotherIsLeft(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.sock")
	stop := serveStatus(t, path, rover("first"))
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	serveStatus(t, path, rover("second"))
	if err := stop(); err != nil {
		t.Error(err)
	}
	if s := answers(t, path); s.Rig != "second" {
		t.Errorf("%s answers", s.Rig)
	}
}

func TestStatusOfNobody(t *testing.T) {
	dir := t.TempDir()
	gone, html, foreign, broken := filepath.Join(dir, "gone.sock"), filepath.Join(dir, "html"), filepath.Join(dir, "foreign"), filepath.Join(dir, "broken")
	dead(t, gone)
	for path, answer := range map[string]string{html: "<html>", foreign: "{}", broken: `{"schema":1,"rig":"ro`} {
		l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
		if err != nil {
			t.Fatal(err)
		}
		srv := &http.Server{ReadHeaderTimeout: time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(answer)) })}
		go func() { _ = srv.Serve(l) }()
		t.Cleanup(func() { _ = srv.Close() })
	}
	for path, want := range map[string]string{
		filepath.Join(dir, "none"): "no sensord has a socket there",
		gone:                       "the sensord that had this socket has died",
		html:                       "what answers there is no sensord: invalid character '<' looking for beginning of value",
		foreign:                    "what answers there is no sensord",
		broken:                     "what answers there is no sensord: unexpected EOF",
	} {
		_, err := web.AskStatus(t.Context(), path)
		if fault.CodeOf(err) != fault.StatusAbsent || err.Error() != "status socket "+path+": "+want || fault.RemedyOf(err) == "" {
			t.Errorf("%v, want %s", err, want)
		}
	}
	found, err := web.StatusSockets(filepath.Join(dir, "none"))
	if found != nil || err != nil {
		t.Errorf("%v, %v", found, err)
	}
}

// Who is asked and does not answer is not waited for.
func TestStatusOfSomebodyStuck(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := web.AskStatus(ctx, path); fault.CodeOf(err) != fault.StatusAbsent || !strings.Contains(err.Error(), "no answer within") {
		t.Error(err)
	}
}

// A status is read back as it was written, by a later version too.
func TestStatusOfALaterVersion(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	srv := &http.Server{ReadHeaderTimeout: time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(map[string]any{"schema": 7, "rig": "rover", "news": []int{1}, "state": "dancing"})
	})}
	go func() { _ = srv.Serve(l) }()
	defer srv.Close()
	s, err := web.AskStatus(t.Context(), path)
	if err != nil || s.Rig != "rover" || s.State != "dancing" {
		t.Errorf("%+v, %v", s, err)
	}
}
