package bus

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"math/rand/v2"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
)

// Times of a connection: a cut line shows after two pings without an answer.
const (
	connectTimeout = 5 * time.Second
	pingInterval   = 10 * time.Second
	writeTimeout   = 10 * time.Second
	firstReconnect = 250 * time.Millisecond
	lastReconnect  = 10 * time.Second
	steady         = time.Minute // for which a connection was there that is made again at once
)

// clientOptions are those of every client of ours: it connects again for ever.
func clientOptions(name, inbox string) []nats.Option {
	return []nats.Option{
		nats.Name(name), nats.CustomInboxPrefix(inbox),
		nats.Timeout(connectTimeout), nats.PingInterval(pingInterval), nats.MaxPingsOutstanding(2),
		nats.FlusherTimeout(writeTimeout), nats.ReconnectOnFlusherError(),
		nats.RetryOnFailedConnect(true), nats.MaxReconnects(-1), nats.IgnoreAuthErrorAbort(),
		nats.CustomReconnectDelay(reconnectDelay),
		nats.ReconnectBufSize(-1), // what waits, waits in the outbox, with rules of its own
	}
}

// remote is a server that is not our own, and as whom it is connected to.
type remote struct {
	urls           []string
	login          login
	user, password string                // "" is none
	tls            *tls.Config           // what is named here is meant, so there has to be TLS; nil takes the system's authorities
	dialed         atomic.Pointer[error] // what the last attempt to dial came to
}

// options say how it is reached. Attempts end with ctx, what has come of them
// does not.
//
// Of other addresses that a server names nothing is taken: whoever speaks for it
// would else be given the login, and who is elsewhere cannot be known by them.
func (r *remote) options(ctx context.Context) []nats.Option {
	must := r.tls != nil || slices.ContainsFunc(r.urls, func(s string) bool { return schemeOf(s) == "tls" })
	opts := []nats.Option{
		nats.SetCustomDialer(dialer{ctx: ctx, tls: r.tls, must: must, dialed: &r.dialed}),
		nats.DontRandomize(), nats.SkipHostLookup(), nats.IgnoreDiscoveredServers(),
	}
	if r.login.file != "" {
		opts = append(opts, r.login.option())
	}
	if r.user != "" {
		opts = append(opts, nats.UserInfo(r.user, r.password))
	}
	return opts
}

// url is what nats.Connect takes.
func (r *remote) url() string { return strings.Join(r.urls, ",") }

// reason is what to say of an error that ended a connection, or kept one from
// being made: nil where that was us, or where it says less than what is known.
func (r *remote) reason(err error, known bool) error {
	if err == nil || known && errors.Is(err, io.EOF) {
		return nil
	}
	if dialed := r.dialed.Load(); errors.Is(err, nats.ErrNoServers) && dialed != nil && *dialed != nil {
		return *dialed
	}
	return err
}

// unmade is why the last attempt to connect came to nothing after it had reached
// somebody, or nil: of those the client does not tell.
func unmade(nc *nats.Conn) error {
	err := nc.LastError()
	if err == nil || nc.IsConnected() || errors.Is(err, nats.ErrPermissionViolation) || errors.Is(err, nats.ErrSlowConsumer) {
		return nil // the two are of the time before
	}
	return err
}

var errEnded = errors.New("the server has ended the connection")

// credsInbox returns where these credentials let their owner get answers, or ""
// if they say nothing of that.
func credsInbox(file string) string {
	var o nats.Options
	if nats.UserCredentials(file)(&o) != nil {
		return ""
	}
	token, err := o.UserJWT()
	if err != nil {
		return ""
	}
	_, rest, _ := strings.Cut(token, ".")
	payload, _, _ := strings.Cut(rest, ".")
	data, err := base64.RawURLEncoding.DecodeString(payload)
	if err != nil {
		return ""
	}
	var claims struct {
		NATS struct {
			Sub struct {
				Allow []string `json:"allow"`
			} `json:"sub"`
		} `json:"nats"`
	}
	if json.Unmarshal(data, &claims) != nil {
		return ""
	}
	for _, s := range claims.NATS.Sub.Allow {
		if prefix, ok := strings.CutSuffix(s, ".>"); ok && strings.HasPrefix(prefix, inboxPrefix("")) {
			return prefix
		}
	}
	return ""
}

// reconnectDelay returns how long to wait after all servers were tried attempts
// times.
func reconnectDelay(attempts int) time.Duration {
	d := min(firstReconnect<<min(max(attempts-1, 0), 10), lastReconnect)
	return d/2 + rand.N(d/2)
}

// redials are the pauses between connections that were ended for good, as the
// client understands it: by words of the server that it does not know.
type redials struct {
	n     int
	since time.Time
}

// pause waits until the next connection is to be made. It reports false when
// ctx ends.
func (r *redials) pause(ctx context.Context) bool {
	if time.Since(r.since) > steady {
		r.n = 0
	}
	r.n++
	waited := pause(ctx, reconnectDelay(r.n))
	r.since = time.Now()
	return waited
}

// schemeOf is that of a URL, in small letters.
func schemeOf(s string) string {
	u, err := url.Parse(s)
	if err != nil {
		return ""
	}
	return u.Scheme
}

// withoutSecrets is a URL as it may be shown.
func withoutSecrets(s string) string {
	u, err := url.Parse(s)
	if err != nil {
		return ""
	}
	u.User = nil
	return u.String()
}

// kick wakes who waits on a channel of one.
func kick(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
