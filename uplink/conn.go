package uplink

import (
	"bufio"
	"bytes"
	"errors"
	"net"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// conn is a transport that carries Kismet frames. Written frames gather until
// Flush, so that many leave in one system call and one TLS record.
type conn interface {
	WriteFrame(frame []byte) error
	Flush() error
	// Read returns the next bytes that came, at most once per call and valid
	// until the next.
	Read() ([]byte, error)
	SetWriteDeadline(t time.Time) error
	// Pings delivers the transport's own pings, nil if it has none. The writer
	// answers them.
	Pings() <-chan string
	AnswerPing(data string) error
	// Farewell says that the connection ends on purpose, if the transport can.
	Farewell() error
	Close() error
	LocalAddr() net.Addr
}

const (
	writeBufferBytes = 64 << 10 // at least a whole frame, so that no message is cut into fragments
	readBufferBytes  = 16 << 10
	readLimitBytes   = 1 << 20 // of one websocket message; a Kismet server's are far below
)

// tcpConn is Kismet's legacy transport: frames back to back.
type tcpConn struct {
	net.Conn
	w   *bufio.Writer
	buf []byte
}

func newTCPConn(c net.Conn) *tcpConn {
	return &tcpConn{Conn: c, w: bufio.NewWriterSize(c, writeBufferBytes), buf: make([]byte, readBufferBytes)}
}

func (c *tcpConn) WriteFrame(frame []byte) error { _, err := c.w.Write(frame); return err }
func (c *tcpConn) Flush() error                  { return c.w.Flush() }

func (c *tcpConn) Read() ([]byte, error) {
	n, err := c.Conn.Read(c.buf)
	if n > 0 {
		return c.buf[:n], nil
	}
	return nil, err
}

func (c *tcpConn) Pings() <-chan string    { return nil }
func (c *tcpConn) AnswerPing(string) error { return nil }
func (c *tcpConn) Farewell() error         { return nil }

// gatherConn gathers what the websocket library writes until Flush. The
// library would make one system call and one TLS record of every message.
type gatherConn struct {
	net.Conn
	mu sync.Mutex // the library's reader may answer a protocol error by itself
	w  *bufio.Writer
	up bool // the upgrade is done; before, a read flushes what asks for its answer
	n  int  // bytes read before
}

// maxUpgradeBytes bounds the answer to an upgrade; the library does not.
const maxUpgradeBytes = 64 << 10

var errLongAnswer = errors.New("the answer has no end")

func newGatherConn(c net.Conn) *gatherConn {
	return &gatherConn{Conn: c, w: bufio.NewWriterSize(c, writeBufferBytes)}
}

func (c *gatherConn) Read(p []byte) (int, error) {
	if !c.up {
		if err := c.Flush(); err != nil {
			return 0, err
		}
		if c.n > maxUpgradeBytes {
			return 0, errLongAnswer
		}
	}
	n, err := c.Conn.Read(p)
	c.n += n
	return n, err
}

func (c *gatherConn) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.w.Write(p)
}

func (c *gatherConn) Flush() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.w.Flush()
}

// SetWriteDeadline does nothing: the library calls it for every message, which
// only reaches this buffer. The link sets the socket's own before it flushes.
func (c *gatherConn) SetWriteDeadline(time.Time) error { return nil }

// wsConn is one Kismet frame per binary websocket message.
type wsConn struct {
	ws     *websocket.Conn
	gather *gatherConn
	pings  chan string
	buf    []byte
}

func newWSConn(ws *websocket.Conn, gather *gatherConn) *wsConn {
	c := &wsConn{ws: ws, gather: gather, pings: make(chan string, 4)}
	gather.up = true
	ws.SetReadLimit(readLimitBytes)
	// The library's own handlers write from the reader's goroutine, where a
	// slow line would hold up the reading of acknowledgements.
	ws.SetPingHandler(func(data string) error {
		select {
		case c.pings <- data:
		default: // four unanswered already: one answer is as good
		}
		return nil
	})
	ws.SetCloseHandler(func(int, string) error { return nil })
	return c
}

func (c *wsConn) WriteFrame(frame []byte) error {
	return c.ws.WriteMessage(websocket.BinaryMessage, frame)
}

func (c *wsConn) Flush() error { return c.gather.Flush() }

func (c *wsConn) Pings() <-chan string { return c.pings }

func (c *wsConn) AnswerPing(data string) error {
	return c.ws.WriteControl(websocket.PongMessage, []byte(data), time.Time{})
}

func (c *wsConn) Read() ([]byte, error) {
	_, r, err := c.ws.NextReader()
	if err != nil {
		return nil, err
	}
	b := bytes.NewBuffer(c.buf[:0])
	_, err = b.ReadFrom(r)
	c.buf = b.Bytes()
	return c.buf, err
}

func (c *wsConn) SetWriteDeadline(t time.Time) error { return c.gather.Conn.SetWriteDeadline(t) }

func (c *wsConn) Farewell() error {
	bye := websocket.FormatCloseMessage(websocket.CloseNormalClosure, "")
	if err := c.ws.WriteControl(websocket.CloseMessage, bye, time.Time{}); err != nil {
		return err
	}
	return c.gather.Flush()
}

func (c *wsConn) Close() error { return c.ws.Close() }

func (c *wsConn) LocalAddr() net.Addr { return c.gather.LocalAddr() }
