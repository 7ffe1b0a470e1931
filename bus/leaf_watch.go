//go:build !lite

package bus

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/sensord/sensord/internal/fault"
)

// A leafWatch knows how it stands with the hub. nats-server tells nobody: it
// can be asked whether a leaf is connected, and it logs why one is not. The
// texts are those of the version that go.mod pins, and each has its test.
type leafWatch struct {
	remote *LeafRemote
	login  login
	log    logger
	notify func()
	wake   chan struct{} // a line was heard

	mu    sync.Mutex
	state LeafState
	lines []string // heard and not yet judged; bounded

	// Of run: the number of the last connection that began TLS and got no
	// further, and of the last one that it was said of why it ended.
	handshake, judged string

	// Of run: when the file of credentials is to be looked at again, and whether
	// the connection was ended because it has others now.
	renew    time.Time
	renewing bool
}

const (
	leafLook     = 250 * time.Millisecond // how often it is looked whether there is a connection
	leafSilence  = 15 * time.Second       // without connection and without a reason
	leafStays    = time.Minute            // how long a reason outlives the connections between that it ends
	maxLeafLines = 64
)

func newLeafWatch(r *LeafRemote, log logger, notify func()) *leafWatch {
	w := &leafWatch{remote: r, log: log, notify: notify, wake: make(chan struct{}, 1)}
	if r != nil {
		w.login.file, w.login.fleet, w.login.rig = r.CredsFile, r.Fleet, r.Rig
		w.state = LeafState{Wanted: true, URL: safeURL(r.URLs[0]), Since: time.Now()}
	}
	return w
}

// heard takes a line of the log. It only notes it: nats-server holds locks.
func (w *leafWatch) heard(text string) {
	if w.remote == nil || leafFault("", text) == nil && !strings.Contains(text, leafTLS) && !strings.Contains(text, leafGreets) && !strings.Contains(text, leafHangsUp) {
		return
	}
	w.mu.Lock()
	if len(w.lines) < maxLeafLines {
		w.lines = append(w.lines, text)
	}
	w.mu.Unlock()
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// run looks after the connection until ctx ends.
func (w *leafWatch) run(ctx context.Context, s *server.Server) {
	tick := time.NewTicker(leafLook)
	defer tick.Stop()
	for {
		if w.look(s, time.Now()) && w.notify != nil {
			w.notify()
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-w.wake:
		}
	}
}

// look brings the state up to date and reports whether it changed.
func (w *leafWatch) look(s *server.Server, now time.Time) bool {
	up := s.NumLeafNodes() > 0
	w.mu.Lock()
	old, lines := w.state, w.lines
	w.lines = nil
	w.mu.Unlock()
	state := old
	for _, text := range lines {
		if host := triedHost(text); host != "" {
			state.URL = w.urlOf(host)
		}
		if err := w.judge("hub "+state.URL, text, old.Connected); err != nil {
			state.Err = err
		}
	}
	switch {
	case up && !old.Connected:
		state.URL = w.connectedTo(s, state.URL)
		state.Connected = true
		if w.renewing || !persists(state.Err) {
			state.Err = w.login.wrong()
		}
		w.renewing = false
	case up && state.Err != nil && now.Sub(old.Since) > leafStays:
		state.Err = w.login.wrong()
	case up: // goes on
	case old.Connected && w.renewing: // what was wrong is until there is another one
		state.Connected = false
	case old.Connected:
		state.Connected = false
		if state.Err == nil || errorCode(state.Err) == fault.BusDenied {
			state.Err = fault.New(fault.BusRefused, "hub "+state.URL, errors.New("the connection ended"))
		}
	case state.Err == nil && now.Sub(old.Since) > leafSilence:
		state.Err = fault.New(fault.BusRefused, "hub "+state.URL, errors.New("it does not answer"))
	}
	if !state.Connected && errorCode(state.Err) != fault.BusTLS {
		// What is wrong with the file says more than that the hub does not take it.
		if err := w.creds(now); err != nil && (errorCode(err) == fault.BusAuth || errorCode(state.Err) == fault.BusAuth) {
			state.Err = err
		}
	}
	if up && errorCode(state.Err) == fault.BusDenied {
		w.joinAnew(s, now)
	}
	changed := state.Connected != old.Connected || state.URL != old.URL || errorText(state.Err) != errorText(old.Err)
	if !changed {
		return false
	}
	if state.Connected != old.Connected || (state.Err == nil) != (old.Err == nil) {
		state.Since = now
	}
	w.mu.Lock()
	w.state = state
	w.mu.Unlock()
	return true
}

// judge says what a line means after those before it.
func (w *leafWatch) judge(object, text string, connected bool) error {
	id := connectionID(text)
	if err := leafFault(object, text); err != nil {
		w.judged = id
		return err
	}
	switch {
	case strings.Contains(text, leafTLS):
		w.handshake = id
	case strings.Contains(text, leafGreets):
		w.handshake = ""
	case connected || id == w.judged: // it is known why
	case id == w.handshake:
		return fault.New(fault.BusTLS, object, errors.New("it ends the connection after the TLS handshake: it may want a certificate of this rig"))
	default:
		return fault.New(fault.BusRefused, object, errors.New("it does not answer as a hub does"))
	}
	return nil
}

// connectionID returns what tells a connection from others in the log, "" of a
// line about none.
func connectionID(text string) string {
	_, rest, _ := strings.Cut(text, " - lid:")
	id, _, _ := strings.Cut(rest, " ")
	return id
}

func (w *leafWatch) get() LeafState {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.state
}

// urlOf returns the configured URL of a host and port, as far as it is one.
func (w *leafWatch) urlOf(host string) string {
	for _, s := range w.remote.URLs {
		if u, err := url.Parse(s); err == nil && (u.Host == host || net.JoinHostPort(u.Hostname(), strconv.Itoa(leafPort)) == host) {
			return safeURL(s)
		}
	}
	return "nats://" + host
}

// connectedTo returns the URL of the hub that has taken us.
func (w *leafWatch) connectedTo(s *server.Server, last string) string {
	if len(w.remote.URLs) == 1 {
		return safeURL(w.remote.URLs[0])
	}
	z, err := s.Leafz(nil)
	if err != nil || len(z.Leafs) == 0 {
		return last
	}
	return w.urlOf(net.JoinHostPort(z.Leafs[0].IP, strconv.Itoa(z.Leafs[0].Port)))
}

// persists reports whether an error outlives a connection: the hub ends it
// right after it has taken us, and again.
func persists(err error) bool {
	return errorCode(err) == fault.BusReplaced || errorCode(err) == fault.BusDenied && strings.Contains(errorText(err), "violation")
}

func errorCode(err error) fault.Code { return fault.CodeOf(err) }

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// What nats-server says of an attempt, in this order.
const (
	leafTLS     = "Starting TLS leafnode client handshake"
	leafGreets  = "Remote leafnode connect msg sent"
	leafHangsUp = "Leafnode connection closed: "
)

const leafTries = "Error trying to connect as leafnode to remote server"

// triedHost returns host:port of a line about an attempt, or "".
func triedHost(text string) string {
	_, rest, ok := strings.Cut(text, leafTries+` "`)
	if !ok {
		return ""
	}
	host, _, _ := strings.Cut(rest, `"`)
	return host
}

// leafFault says what a line of nats-server's log means for the connection to
// the hub; nil is nothing.
func leafFault(object, text string) error {
	lower := strings.ToLower(text)
	has := func(s string) bool { return strings.Contains(lower, s) }
	refused := func(why string) error { return fault.New(fault.BusRefused, object, errors.New(why)) }
	switch {
	case strings.Contains(text, leafTries):
		_, why, _ := strings.Cut(text, "): ")
		return refused(dialCause(why))
	case has("tls leaf") && has("handshake error"):
		_, why, _ := strings.Cut(text, "handshake error: ")
		return fault.New(fault.BusTLS, object, errors.New(tlsCause(why)))
	case has("leafnode error") && has("permissions violation"):
		_, what, _ := strings.Cut(lower, "permissions violation ")
		return fault.New(fault.BusDenied, object, fmt.Errorf("permissions violation %s", strings.Trim(what, `' `)))
	case has("error signing the nonce"):
		return fault.New(fault.BusAuth, object, errors.New("the credentials cannot be read"))
	case has("leafnode error") && has("expired"):
		return fault.New(fault.BusAuth, object, errors.New("the credentials have expired"))
	case has("leafnode error") && has("revoked"):
		return fault.New(fault.BusAuth, object, errors.New("the credentials were revoked"))
	case has("leafnode error") && has("auth"):
		return fault.New(fault.BusAuth, object, errors.New("it does not take the credentials"))
	case has("leafnode error") && has("duplicate"):
		return fault.New(fault.BusReplaced, object, errors.New("another leaf has joined under the name of this rig"))
	case has("leafnode error") && has("maximum"):
		return refused("it has as many connections as it takes")
	case has("wrong port") || has("leafnode port") || has("connected to leaf"):
		return refused("this is not its port for leaves, which is 7422 unless it was told otherwise")
	case has("loop detected"):
		return refused("it is this rig's own leaf, or joined to it: a loop")
	}
	return nil
}
