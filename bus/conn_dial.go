package bus

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
)

// dialer makes connections for the client, up to where the server has said that
// it is one and TLS is spoken. NATS would read all that comes, whatever its
// size, and would not tell of what fails after the dial.
type dialer struct {
	ctx    context.Context // NATS dials without one
	tls    *tls.Config     // nil takes the system's authorities
	must   bool            // TLS is spoken, or nothing
	dialed *atomic.Pointer[error]
}

// SkipTLSHandshake tells the client that TLS is spoken already.
func (d dialer) SkipTLSHandshake() bool { return true }

// Dial connects within the time that there is for it, or until d.ctx ends.
func (d dialer) Dial(network, address string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(d.ctx, connectTimeout)
	defer cancel()
	conn, err := d.dial(ctx, network, address)
	d.dialed.Store(&err)
	if err != nil {
		return nil, err
	}
	return conn, nil
}

func (d dialer) dial(ctx context.Context, network, address string) (*guard, error) {
	conn, err := new(net.Dialer).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	deadline, _ := ctx.Deadline()
	stop := context.AfterFunc(d.ctx, func() { _ = conn.Close() })
	g := &guard{Conn: conn, closed: make(chan struct{})}
	if err = conn.SetDeadline(deadline); err == nil {
		err = d.greet(ctx, g, address)
	}
	if err == nil {
		err = conn.SetDeadline(time.Time{})
	}
	stop()
	if err != nil {
		_ = conn.Close()
		return nil, err
	}
	// An attempt that goes on after this, as it does until the server has taken
	// the login, ends with the context, too.
	g.forget = context.AfterFunc(d.ctx, func() { _ = g.Close() })
	return g, nil
}

// greet reads what a server says first, and speaks TLS where one of both wants
// it.
func (d dialer) greet(ctx context.Context, g *guard, address string) error {
	line, rest, err := readLine(g.Conn)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return &plainError{noServer, err}
	}
	if err != nil {
		return err
	}
	var info struct {
		Required  bool `json:"tls_required"`
		Available bool `json:"tls_available"`
	}
	text, ok := bytes.CutPrefix(line, []byte("INFO "))
	if !ok || json.Unmarshal(text, &info) != nil {
		return &plainError{noServer, nats.ErrNoInfoReceived}
	}
	switch {
	case d.must && !info.Required && !info.Available:
		return nats.ErrSecureConnWanted
	case !d.must && !info.Required:
		if _, _, said := readLine(bytes.NewReader(rest)); errors.As(said, new(lastWords)) {
			return said
		}
		g.ahead = line[:len(line)+len(rest)]
		g.fresh.Store(true)
		return nil
	case len(rest) > 0: // somebody else's, who wants it to seem to be TLS's
		return fmt.Errorf("%w: it goes on without TLS", nats.ErrTLS)
	}
	c := d.tls.Clone()
	if c == nil {
		c = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	if c.ServerName == "" {
		if c.ServerName, _, err = net.SplitHostPort(address); err != nil {
			return err
		}
	}
	secure := tls.Client(g.Conn, c)
	if err := secure.HandshakeContext(ctx); err != nil {
		return fmt.Errorf("%w: %w", nats.ErrTLS, err)
	}
	g.Conn, g.secure, g.ahead = secure, true, line
	g.fresh.Store(true)
	return nil
}

const noServer = "what answers there is no NATS server"

// lastWords are what a server says before it ends a connection.
type lastWords string

func (w lastWords) Error() string { return "nats: " + string(w) }

// readLine reads a line, and what has come with it. The error may be lastWords.
func readLine(r io.Reader) (line, rest []byte, err error) {
	buf := make([]byte, 0, maxLine)
	for len(buf) < maxLine {
		n, err := r.Read(buf[len(buf):maxLine])
		buf = buf[:len(buf)+n]
		if line, rest, ended := bytes.Cut(buf, []byte("\n")); ended {
			if text, ok := strings.CutPrefix(string(line), "-ERR "); ok {
				return nil, nil, lastWords(strings.Trim(text, " '\r"))
			}
			return buf[:len(line)+1], rest, nil
		}
		if err != nil {
			return nil, nil, err
		}
	}
	return nil, nil, errLine
}
