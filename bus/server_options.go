//go:build !lite

package bus

import (
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// How a server of ours differs from nats-server's defaults.
const (
	defaultStore  = 64 << 20
	defaultMemory = 64 << 20

	// syncEvery bounds what a loss of power can take. A killed process loses
	// nothing, as everything is with the kernel before it is acknowledged; each
	// sync costs a flash disk an erase block or so.
	syncEvery = 10 * time.Second

	// pingEvery, times pingsOut, is how long a connection is believed in that has
	// gone without a word; nats-server's own is six minutes.
	pingEvery = 10 * time.Second
	pingsOut  = 2

	// maxControlLine holds credentials with all that they allow.
	maxControlLine = 32 << 10

	writeDeadline = 10 * time.Second
	handshakeTime = 10 * time.Second // a second by default: too short for a satellite or a busy router
	leafAgain     = time.Second      // between two attempts; nats-server adds up to as much again

	maxLocalClients = 64
	maxLocalSubs    = 4096 // of each
	maxPending      = 16 << 20
)

// baseOptions are what every server of ours has in common.
func baseOptions(name, domain string) *server.Options {
	return &server.Options{
		ServerName: name, NoSigs: true, NoLog: true,
		MaxControlLine:  maxControlLine,
		JetStreamDomain: domain, DisableJetStreamBanner: true,
		SyncInterval: syncEvery, PingInterval: pingEvery, MaxPingsOut: pingsOut, WriteDeadline: writeDeadline,
		ConnectErrorReports: 1, ReconnectErrorReports: 1, // told by serverLog, which leaves out repetitions
	}
}

// options are those of an embedded server.
func (o *ServerOptions) options(store *serverStore) (*server.Options, error) {
	opts := baseOptions(o.Name, o.Domain)
	opts.MaxPayload, opts.MaxPending, opts.MaxConn, opts.MaxSubs = MaxPayload, maxPending, maxLocalClients, maxLocalSubs
	opts.DontListen = o.Listen == ""
	if o.Listen != "" {
		var err error
		if opts.Host, opts.Port, err = hostPort(o.Listen); err != nil {
			return nil, err
		}
		opts.TLSConfig, opts.TLS = o.TLS, o.TLS != nil
		opts.TLSTimeout = handshakeTime.Seconds()
	}
	if o.Domain != "" && !store.off {
		opts.JetStream, opts.StoreDir = true, store.dir
		opts.JetStreamMaxStore, opts.JetStreamMaxMemory = o.limits(store)
	}
	if o.Leaf != nil {
		remote, err := o.Leaf.options()
		if err != nil {
			return nil, err
		}
		opts.LeafNode.Remotes = []*server.RemoteLeafOpts{remote}
		opts.LeafNode.ReconnectInterval, opts.LeafNode.DialTimeout = leafAgain, handshakeTime
	}
	return opts, nil
}

// limits are how much JetStream may keep. Streams reserve what they may grow to,
// and there are some beside the one that StoreBytes is for.
func (o *ServerOptions) limits(store *serverStore) (disk, memory int64) {
	disk, memory = o.StoreBytes*2, o.MemoryBytes
	if !store.onDisk() { // all is in memory then
		memory += o.StoreBytes * 2
	}
	return disk, memory
}

// options say how the hub is joined. nats-server takes the first URL that
// works, and reads the credentials at every attempt.
func (r *LeafRemote) options() (*server.RemoteLeafOpts, error) {
	remote := &server.RemoteLeafOpts{
		Credentials: r.CredsFile, TLSConfig: r.TLS, TLSTimeout: handshakeTime.Seconds(),
		FirstInfoTimeout: handshakeTime, DialTimeout: handshakeTime,
		IgnoreDiscoveredServers: true, // an address of the hub's own network does not help
	}
	for _, s := range r.URLs {
		u, err := url.Parse(s)
		if err != nil || u.Hostname() == "" || u.Scheme != "nats" && u.Scheme != "tls" {
			return nil, fmt.Errorf("hub %s: write nats://HOST[:PORT] or tls://HOST[:PORT]", safeURL(s))
		}
		remote.TLS = remote.TLS || u.Scheme == "tls"
		if u.Port() == "" {
			u.Host = net.JoinHostPort(u.Hostname(), strconv.Itoa(leafPort))
		}
		if r.User != "" {
			u.User = url.UserPassword(r.User, r.Password)
		}
		remote.URLs = append(remote.URLs, u)
	}
	if len(remote.URLs) == 0 {
		return nil, fmt.Errorf("hub: no URL is named")
	}
	return remote, nil
}

const leafPort = 7422

// safeURL is a URL without what is secret in it.
func safeURL(s string) string {
	if u, err := url.Parse(s); err == nil && u.Host != "" {
		return (&url.URL{Scheme: u.Scheme, Host: u.Host}).String()
	}
	if i := strings.LastIndexByte(s, '@'); i >= 0 {
		s = s[i+1:]
	}
	return s
}

// hostPort splits an address to listen on. nats-server takes port 0 for its
// default, and -1 for any.
func hostPort(addr string) (host string, port int, err error) {
	host, text, err := net.SplitHostPort(addr)
	if err != nil {
		return "", 0, err
	}
	n, err := strconv.ParseUint(text, 10, 16)
	if err != nil {
		return "", 0, fmt.Errorf("listen on %s: the port is no number from 0 to 65535", addr)
	}
	if n == 0 {
		return host, server.RANDOM_PORT, nil
	}
	return host, int(n), nil
}
