package actors

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sensord/sensord/configs"
	"github.com/sensord/sensord/gps/meta"
	"github.com/sensord/sensord/internal/fault"
	"github.com/sensord/sensord/web"
)

// webSide keeps the HTTP side up: positions that others post come in there. An
// address that is taken is tried again.
type webSide struct {
	rig   *shared
	task  *task
	timer *time.Timer
	code  fault.Code  // of the last trouble, said once
	up    atomic.Bool // it has listened since
}

// What the web side's goroutine and timer tell it.
type (
	webEnded struct {
		task *task
		err  error
	}
	listenNow struct{}
)

const listenAgain = 5 * time.Second

// Receive implements actor.Actor.
func (w *webSide) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case *actor.Started, listenNow:
		if w.task.ended() { // else it is that of before a restart
			w.listen(ctx)
		}
	case webEnded:
		if m.task == w.task {
			w.ended(ctx, m.err)
		}
	case *actor.Stopping, *actor.Restarting:
		if w.timer != nil {
			w.timer.Stop()
		}
		w.task.stop()
	}
}

func (w *webSide) listen(ctx actor.Context) {
	self, send := ctx.Self(), ctx.ActorSystem().Root.Send
	w.task = startTask(func(work context.Context, t *task) {
		if err := w.serve(work); work.Err() == nil {
			send(self, webEnded{t, err})
		}
	})
}

func (w *webSide) serve(ctx context.Context) (err error) {
	object := "web " + w.rig.cfg.Web.Listen
	defer func() {
		if p := recover(); p != nil {
			err = fault.New(fault.Internal, object, fmt.Errorf("panic: %v", p))
		}
	}()
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", w.rig.cfg.Web.Listen)
	if err != nil {
		return fault.New(fault.WebListen, object, rootError(err))
	}
	address := l.Addr().String()
	scheme := "http"
	if w.rig.webTLS != nil {
		scheme = "https"
		l = tls.NewListener(l, w.rig.webTLS)
	}
	w.up.Store(true)
	w.rig.webAddress.Store(&address)
	defer w.rig.webAddress.Store(nil)
	w.rig.log.Info("positions can be posted", "to", scheme+"://"+address, "receivers", w.rig.metaNames(), "token_file", w.rig.cfg.Web.TokenFile)
	server := web.New(web.Options{Token: w.rig.webToken, Meta: w.rig.metaReceiver, Web: w.rig.webReceiver, Log: w.rig.log})
	if err := server.Serve(ctx, l); err != nil {
		return fault.New(fault.WebListen, object, err)
	}
	return nil
}

// rootError is an error without what Go says around it.
func rootError(err error) error {
	for next := err; next != nil; next = errors.Unwrap(next) {
		err = next
	}
	return err
}

func (w *webSide) ended(ctx actor.Context, err error) {
	w.rig.webErr.Store(&err)
	if code := fault.CodeOf(err); code != w.code || code == "" || w.up.Swap(false) {
		w.code = code
		w.rig.log.Error("the web side is down, and tried again", "err", err, "code", code, "remedy", fault.RemedyOf(err))
	}
	self, send := ctx.Self(), ctx.ActorSystem().Root.Send
	w.timer = time.AfterFunc(listenAgain, func() { send(self, listenNow{}) })
}

// metaReceiver finds the receiver that positions for a name are posted to.
func (s *shared) metaReceiver(name string) (*meta.Receiver, bool) {
	for _, r := range s.receivers {
		if m, ok := r.fixer.(*meta.Receiver); ok && r.cfg.Type == configs.ReceiverMeta && r.cfg.Name == name {
			return m, true
		}
	}
	return nil, false
}

// webReceiver finds the receiver behind /gps/web.
func (s *shared) webReceiver() (*meta.Receiver, bool) {
	for _, r := range s.receivers {
		if m, ok := r.fixer.(*meta.Receiver); ok && r.cfg.Type == configs.ReceiverWeb {
			return m, true
		}
	}
	return nil, false
}

func (s *shared) metaNames() string {
	var names []string
	for _, r := range s.receivers {
		if _, ok := r.fixer.(*meta.Receiver); ok {
			names = append(names, r.cfg.Name)
		}
	}
	return strings.Join(names, ", ")
}

// prepareWeb reads what the web side needs, so that what is wrong with it is
// said at the start.
func (s *shared) prepareWeb() error {
	c := s.cfg.Web
	if c.Listen == "" {
		return nil
	}
	if c.CertFile != "" {
		cert, err := tls.LoadX509KeyPair(c.CertFile, c.KeyFile)
		if err != nil {
			return fault.New(fault.ConfigInvalid, "web: tls", err)
		}
		s.webTLS = &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}
	}
	token, err := webToken(c)
	s.webToken = token
	return err
}

// tokenBytes are enough that nobody guesses.
const (
	tokenBytes   = 16
	tokenMaxSize = 4096
)

// webToken returns what who posts has to know. Without one it makes one, and
// keeps it for the next start.
func webToken(c configs.Web) (string, error) {
	if c.Token != "" {
		return c.Token.Reveal(), nil
	}
	object := "token file " + c.TokenFile
	switch data, err := os.ReadFile(c.TokenFile); {
	case err == nil:
		token := strings.TrimSpace(string(data))
		if token == "" || len(token) > tokenMaxSize {
			return "", fault.Newf(fault.WebToken, object, "it holds no token")
		}
		return token, nil
	case !errors.Is(err, fs.ErrNotExist):
		return "", fault.New(fault.WebToken, object, rootError(err))
	}
	var b [tokenBytes]byte
	_, _ = rand.Read(b[:]) // never fails
	token := hex.EncodeToString(b[:])
	err := os.MkdirAll(filepath.Dir(c.TokenFile), 0o700)
	if err == nil {
		err = os.WriteFile(c.TokenFile, []byte(token+"\n"), 0o600)
	}
	return token, fault.New(fault.WebToken, object, rootError(err))
}
