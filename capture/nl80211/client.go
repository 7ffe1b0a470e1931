package nl80211

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/mdlayher/genetlink"
	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

// DefaultTimeout is how long a request may take whose context has no deadline.
const DefaultTimeout = 5 * time.Second

// maxInterrupted is how often a dump is asked for again that something changed
// in the middle of.
const maxInterrupted = 8

// A Client asks the kernel and tells it what to do. Safe for concurrent use:
// requests take turns, in no particular order.
//
// A request whose context ends returns at once, whatever the kernel is doing.
// It may have taken effect by then, or may still do so. The next request waits
// for the kernel to be done with it, and starts on a new connection, on which
// no late answer can arrive.
type Client struct {
	dial func() (*genetlink.Conn, error)

	// turn holds a token for as long as the kernel works on a request, even
	// one that its caller has given up: a driver that hangs costs one
	// goroutine, not one for each attempt.
	turn chan struct{}

	closing context.Context // ends with Close
	close   context.CancelCauseFunc

	mu   sync.Mutex
	link *link // in step with the kernel; nil while in use, or to be dialled
}

// Dial connects to the kernel's nl80211. Without Wi-Fi in the kernel the error
// is ENOENT.
func Dial() (*Client, error) {
	return DialWith(func() (*genetlink.Conn, error) { return genetlink.Dial(nil) })
}

// DialWith is Dial over connections that dial makes: a new one at first and
// after each that was given up. It is for tests, see package nl80211test.
func DialWith(dial func() (*genetlink.Conn, error)) (*Client, error) {
	c := &Client{dial: dial, turn: make(chan struct{}, 1)}
	c.closing, c.close = context.WithCancelCause(context.Background())
	if _, err := c.do(context.Background(), request{op: "connect to nl80211"}); err != nil {
		_ = c.Close()
		return nil, err
	}
	return c, nil
}

// Close ends the connection, and a request under way with net.ErrClosed. It
// does not wait for the kernel. The error is always nil.
func (c *Client) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.close(net.ErrClosed)
	if c.link != nil {
		_ = c.link.conn.Close()
		c.link = nil
	}
	return nil
}

// do asks and returns what the kernel answers, without the acknowledgement.
// The error is an *Error if the kernel refused.
func (c *Client) do(ctx context.Context, r request) ([]genetlink.Message, error) {
	ctx, cancel := c.bound(ctx, r.op)
	defer cancel(nil)
	for range maxInterrupted {
		answer, err := c.once(ctx, r)
		if err != nil || !answer.interrupted {
			return answer.messages, err
		}
	}
	return nil, &opError{op: r.op, err: errMixed}
}

// bound returns ctx with a deadline, ended also by Close.
func (c *Client) bound(parent context.Context, op string) (context.Context, context.CancelCauseFunc) {
	var timer context.CancelFunc = func() {}
	if _, limited := parent.Deadline(); !limited {
		parent, timer = context.WithTimeoutCause(parent, DefaultTimeout, &Error{
			Op: op, Errno: unix.ETIMEDOUT, Message: fmt.Sprintf("no answer from the kernel within %s", DefaultTimeout),
		})
	}
	ctx, cancel := context.WithCancelCause(parent)
	stop := context.AfterFunc(c.closing, func() { cancel(context.Cause(c.closing)) })
	return ctx, func(cause error) {
		stop()
		cancel(cause)
		timer()
	}
}

// once sends the request once and waits for the answer or the end of ctx.
func (c *Client) once(ctx context.Context, r request) (answer, error) {
	if c.closing.Err() != nil { // of which ctx may not have heard yet
		return answer{}, &opError{op: r.op, err: net.ErrClosed}
	}
	if ctx.Err() != nil {
		return answer{}, ended(ctx, r.op)
	}
	select {
	case c.turn <- struct{}{}:
	case <-ctx.Done():
		return answer{}, ended(ctx, r.op)
	}
	// The kernel works on a request inside of sendmsg, where no deadline
	// reaches: with its locks held by a driver that hangs, forever.
	type outcome struct {
		answer answer
		err    error
	}
	done := make(chan outcome, 1)
	go func() {
		defer func() { <-c.turn }()
		a, err := c.ask(ctx, r)
		done <- outcome{a, err}
	}()
	select {
	case o := <-done:
		return o.answer, o.err
	case <-ctx.Done():
	}
	select {
	case o := <-done: // at the same moment
		return o.answer, o.err
	default:
		return answer{}, ended(ctx, r.op)
	}
}

// ask does the work of once, in the turn.
func (c *Client) ask(ctx context.Context, r request) (answer, error) {
	l := c.take()
	if l == nil {
		conn, err := c.dial()
		if err != nil {
			return answer{}, broken(r.op, err)
		}
		l = &link{conn: conn}
	}
	// A failure to set the deadline means a closed connection, which does not
	// block anyone either.
	stop := context.AfterFunc(ctx, func() { _ = l.conn.SetDeadline(time.Unix(1, 0)) })
	a, inStep, err := l.ask(r)
	if !stop() {
		// The deadline has passed, or is about to: too late for this answer
		// or not, nothing can be asked on this connection any more.
		inStep = false
	}
	c.giveBack(l, inStep)
	if _, answered := errors.AsType[*Error](err); err != nil && !answered && ctx.Err() != nil {
		err = ended(ctx, r.op)
	}
	return a, err
}

// take returns the connection, nil if there is none.
func (c *Client) take() *link {
	c.mu.Lock()
	defer c.mu.Unlock()
	l := c.link
	c.link = nil
	return l
}

// giveBack keeps the connection for the next request, or closes it.
func (c *Client) giveBack(l *link, inStep bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !inStep || c.closing.Err() != nil {
		_ = l.conn.Close()
		return
	}
	c.link = l
}

// ended says why ctx has ended.
func ended(ctx context.Context, op string) error {
	cause := context.Cause(ctx)
	if e, ok := errors.AsType[*Error](cause); ok && e.Errno == unix.ETIMEDOUT {
		return e
	}
	return &opError{op: op, err: cause}
}

// setOptions makes the kernel say why it refuses. CAP_ACK would be cheaper, but
// netlink v1.11.2 looks for the words behind the whole request, which the
// kernel then leaves out. Kernels before 4.12 have no words: no matter.
func setOptions(conn *genetlink.Conn) {
	_ = conn.SetOption(netlink.ExtendedAcknowledge, true)
}
