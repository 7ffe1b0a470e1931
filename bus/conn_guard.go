package bus

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/nats-io/nats.go"
)

// What a server may send. Ours takes messages up to MaxPayload; NATS advises
// against more than maxIncoming.
const (
	maxLine     = 64 << 10 // of the protocol; what a server says of itself is the longest
	maxIncoming = 8 << 20

	// objectionPause is how long nothing is read for each thing that the server
	// objects to: the client queues them without a limit.
	objectionPause = 10 * time.Millisecond
)

var (
	errLine    = errors.New("it sends a line that does not end")
	errMessage = fmt.Errorf("it sends a message of more than %d MiB", maxIncoming>>20)
	errFormat  = errors.New("it sends what is not the protocol of NATS")
)

// guard is a connection to a server that need not be what it should. The client
// believes any length of a line and of a message, and ends the process where
// there is not as much memory, or no such number; the guard ends the connection
// before. It follows no more of the protocol than where lines and messages end,
// and is stricter than the client there, so that they always agree.
type guard struct {
	net.Conn
	forget func() bool
	once   sync.Once
	closed chan struct{}
	fresh  atomic.Bool // nothing has come since the server was greeted

	// What follows is of the goroutine that reads.
	ahead  []byte // what was read before, and not yet handed on
	secure bool   // TLS is spoken
	err    error
	line   []byte // what has come of one
	skip   int    // bytes of a message that are to come
	tail   bool   // a message's end of line is to come
}

// Read hands on what makes sense so far. It waits where the server objects to
// what it is told.
func (g *guard) Read(p []byte) (int, error) {
	if g.err != nil {
		return 0, g.err
	}
	n, err := g.read(p)
	objections := 0
	if objections, g.err = g.follow(p[:n]); g.err != nil {
		return 0, g.err
	}
	if objections > 0 {
		t := time.NewTimer(time.Duration(objections) * objectionPause)
		defer t.Stop()
		select {
		case <-t.C:
		case <-g.closed:
			return 0, net.ErrClosed
		}
	}
	return n, err
}

func (g *guard) read(p []byte) (n int, err error) {
	if len(g.ahead) > 0 {
		n = copy(p, g.ahead)
		g.ahead = g.ahead[n:]
		return n, nil
	}
	n, err = g.Conn.Read(p)
	if err != nil {
		err = g.refused(err)
	}
	if n > 0 {
		g.fresh.Store(false)
	}
	return n, err
}

// Write is net.Conn's.
func (g *guard) Write(p []byte) (int, error) {
	n, err := g.Conn.Write(p)
	if err != nil && g.fresh.Load() { // so nobody reads
		if _, _, said := readLine(g.Conn); errors.As(said, new(lastWords)) {
			err = said
		}
		err = g.refused(err)
	}
	return n, err
}

// refused tells of an end right after the handshake what it mostly means: it is
// by TLS that we are not let in. The alert can get lost with the connection.
func (g *guard) refused(err error) error {
	if g.secure && g.fresh.Load() && (errors.Is(err, io.EOF) || errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNRESET)) {
		return fmt.Errorf("%w: ended after the handshake: %w", nats.ErrTLS, err)
	}
	return err
}

// Close is net.Conn's; it also ends a Read that waits.
func (g *guard) Close() error {
	g.once.Do(func() { close(g.closed) })
	if g.forget != nil {
		g.forget()
	}
	return g.Conn.Close()
}

// follow follows the protocol through p, and counts what is objected to.
func (g *guard) follow(p []byte) (objections int, err error) {
	for len(p) > 0 {
		if g.skip > 0 {
			n := min(g.skip, len(p))
			g.skip -= n
			p = p[n:]
			continue
		}
		line, rest, ended := bytes.Cut(p, []byte("\n"))
		if len(g.line)+len(line) >= maxLine {
			return 0, errLine
		}
		if len(g.line) > 0 || !ended {
			g.line = append(g.line, line...)
			line = g.line
		}
		if !ended {
			return objections, nil
		}
		p, g.line = rest, nil
		if bytes.HasPrefix(line, []byte("-")) {
			objections++
		}
		if err := g.take(line); err != nil {
			return 0, err
		}
	}
	return objections, nil
}

// take follows a line, which may announce a message.
func (g *guard) take(line []byte) error {
	line, ok := bytes.CutSuffix(line, []byte("\r"))
	if !ok || bytes.IndexByte(line, '\r') >= 0 || g.tail && len(line) > 0 {
		return errFormat
	}
	if g.tail {
		g.tail = false
		return nil
	}
	if len(line) == 0 {
		return errFormat
	}
	switch line[0] {
	case 'M', 'm', 'H', 'h': // MSG and HMSG end with the message's size
		size, err := strconv.ParseUint(string(line[bytes.LastIndexAny(line, " \t")+1:]), 10, 31)
		switch {
		case errors.Is(err, strconv.ErrRange) || size > maxIncoming:
			return errMessage
		case err != nil:
			return errFormat
		}
		g.skip, g.tail = int(size), true
	}
	return nil
}
