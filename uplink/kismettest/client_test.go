package kismettest_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/gorilla/websocket"

	"github.com/sensord/sensord/uplink/kismet"
	"github.com/sensord/sensord/uplink/kismettest"
)

const (
	uuid1      = "5FE308BD-0000-0000-0000-020000000001"
	uuid2      = "5FE308BD-0000-0000-0000-020000000002"
	definition = "wlan0:name=sensor1,uuid=" + uuid1
)

// A sensor is a test's end of a connection to the server.
type sensor struct {
	t    testing.TB
	v    kismet.Version
	seq  uint32
	conn net.Conn
	ws   *websocket.Conn // nil on legacy TCP
	cut  kismet.Splitter
	sent []byte // scratch
}

type transport struct {
	name string
	dial func(testing.TB, *kismettest.Server, kismet.Version) *sensor
}

func transports() []transport {
	return []transport{{"websocket", dialWS}, {"tcp", dialTCP}}
}

func basic(user, password string) http.Header {
	r := http.Request{Header: http.Header{}}
	r.SetBasicAuth(user, password)
	return r.Header
}

// dialWS connects to a server's websocket through a pipe, or through a socket
// if it listens.
func dialWS(t testing.TB, srv *kismettest.Server, v kismet.Version) *sensor {
	t.Helper()
	d := websocket.Dialer{Subprotocols: []string{"kismet-remote"}}
	if srv.Addr == "" {
		d.NetDialContext = srv.DialContext
	}
	ws, _, err := d.Dial(srv.Endpoint(), basic("kismet", "kismet"))
	if err != nil {
		t.Fatalf("dial: %v", err)
	}
	t.Cleanup(func() { _ = ws.Close() })
	return &sensor{t: t, v: v, conn: ws.NetConn(), ws: ws}
}

// dialTCP connects to a server's legacy transport.
func dialTCP(t testing.TB, srv *kismettest.Server, v kismet.Version) *sensor {
	t.Helper()
	var c net.Conn
	var err error
	if srv.TCPAddr == "" {
		c, err = srv.DialTCP(t.Context(), "tcp", "kismet.test:3501")
	} else {
		c, err = net.Dial("tcp", srv.TCPAddr)
	}
	if err != nil {
		t.Fatalf("dial: %v", err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return &sensor{t: t, v: v, conn: c}
}

// raw sends bytes as one websocket message, or just so.
func (c *sensor) raw(p []byte) {
	c.t.Helper()
	var err error
	if c.ws != nil {
		err = c.ws.WriteMessage(websocket.BinaryMessage, p)
	} else {
		_, err = c.conn.Write(p)
	}
	if err != nil {
		c.t.Fatalf("send: %v", err)
	}
}

// send sends a message with the sensor's next number, which it returns.
func (c *sensor) send(m kismet.Message) uint32 {
	c.t.Helper()
	c.seq++
	c.sent = kismet.Append(c.sent[:0], c.v, c.seq, m)
	c.raw(c.sent)
	return c.seq
}

// read returns the next frame of the server.
func (c *sensor) read() ([]byte, error) {
	buf := make([]byte, 64<<10)
	for {
		frame, err := c.cut.Next()
		if frame != nil || err != nil {
			return frame, err
		}
		if c.ws != nil {
			_, p, err := c.ws.ReadMessage()
			if err != nil {
				return nil, err
			}
			c.cut.Write(p)
			continue
		}
		n, err := c.conn.Read(buf)
		if err != nil {
			return nil, err
		}
		c.cut.Write(buf[:n])
	}
}

// next returns the server's next message.
func (c *sensor) next() (kismet.Header, kismet.Message) {
	c.t.Helper()
	frame, err := c.read()
	if err != nil {
		c.t.Fatalf("read: %v", err)
	}
	h, m, err := kismet.Decode(frame)
	if err != nil {
		c.t.Fatalf("the server sent %x: %v", frame, err)
	}
	return h, m
}

// want reads the server's next message and compares it.
func (c *sensor) want(m kismet.Message) kismet.Header {
	c.t.Helper()
	h, got := c.next()
	if d := cmp.Diff(m, got); d != "" {
		c.t.Fatalf("message of the server (-want +got):\n%s", d)
	}
	return h
}

// wantEnd reads until the server ends the connection, without a close frame.
func (c *sensor) wantEnd() {
	c.t.Helper()
	for {
		frame, err := c.read()
		if err == nil {
			if _, m, _ := kismet.Decode(frame); m == (kismet.Ping{}) {
				continue
			}
			c.t.Fatalf("the server sent %x, want the end", frame)
		}
		var ce *websocket.CloseError
		if errors.As(err, &ce) && ce.Code != websocket.CloseAbnormalClosure {
			c.t.Fatalf("the server closed the websocket properly: %v", err)
		}
		_ = c.conn.Close()
		return
	}
}

// announce sends NEWSOURCE and returns the number of the OPENREQ.
func (c *sensor) announce(typ, def, uuid string) uint32 {
	c.t.Helper()
	c.send(kismet.NewSource{Definition: def, Type: typ, UUID: uuid})
	h, m := c.next()
	if _, ok := m.(kismet.OpenSource); !ok {
		c.t.Fatalf("the server answered NEWSOURCE with %#v", m)
	}
	return h.Seq
}

// open announces a pcapfile source and opens it.
func (c *sensor) open(uuid string) {
	c.t.Helper()
	c.report(c.announce("pcapfile", "x.pcap:uuid="+uuid, uuid), uuid)
}

func (c *sensor) report(seq uint32, uuid string) {
	c.t.Helper()
	c.send(kismet.OpenReport{Seq: seq, OK: true, LinkType: 127, UUID: uuid, Version: "sensord-test"})
}

// frame sends a data report whose content is n.
func (c *sensor) frame(n int) {
	c.t.Helper()
	c.send(data(n))
}

func data(n int) kismet.Data {
	return kismet.Data{Packet: &kismet.Packet{
		LinkType: 127, Sec: 1750000000, Usec: uint64(n), OrigLen: 4,
		Content: []byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)},
	}}
}

// await waits until the server has what cond asks for.
func await(t testing.TB, srv *kismettest.Server, cond func(*kismettest.Server) bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := srv.Wait(ctx, cond); err != nil {
		t.Fatal(err)
	}
}

// ended waits for the end of a source and returns its reason.
func ended(t testing.TB, srv *kismettest.Server, uuid string) string {
	t.Helper()
	await(t, srv, func(s *kismettest.Server) bool {
		src, ok := s.Source(uuid)
		return ok && !src.Running
	})
	return source(t, srv, uuid).Error
}

func source(t testing.TB, srv *kismettest.Server, uuid string) kismettest.Source {
	t.Helper()
	src, ok := srv.Source(uuid)
	if !ok {
		t.Fatalf("the server knows no source %s", uuid)
	}
	return src
}

// start returns a server without sockets that is closed when the test ends.
// Inside a synctest bubble the cleanup runs there.
func start(t testing.TB, cfg kismettest.Config) *kismettest.Server {
	srv := kismettest.New(cfg)
	t.Cleanup(srv.Close)
	return srv
}
