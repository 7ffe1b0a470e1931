package kismettest_test

import (
	"encoding/binary"
	"encoding/hex"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/gorilla/websocket"

	"github.com/sensord/sensord/uplink/kismet"
	"github.com/sensord/sensord/uplink/kismettest"
)

// frame3 makes a v3 frame of a type, code and payload in hex; blanks are for
// reading.
func frame3(t testing.TB, typ, code uint16, payload string) []byte {
	t.Helper()
	p, err := hex.DecodeString(strings.ReplaceAll(payload, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	b := binary.BigEndian.AppendUint32(nil, 0xDECAFBAD)
	b = binary.BigEndian.AppendUint32(b, 0xA9A90003)
	b = binary.BigEndian.AppendUint32(b, uint32(len(p)))
	b = binary.BigEndian.AppendUint16(b, typ)
	b = binary.BigEndian.AppendUint16(b, code)
	b = binary.BigEndian.AppendUint32(b, 9)
	return append(b, p...)
}

const (
	openReport3      = 13
	data3            = 16
	configureReport3 = 18
)

// What a real server drops a source for.
func TestUnacceptableMessageDropsTheSource(t *testing.T) {
	for _, tt := range []struct {
		name    string
		typ     uint16
		payload string
	}{
		{"negative signal as int8", data3, "81 02 81 01 d0c4"},
		{"GPS block without seconds", data3, "81 01 81 09 01"},
		{"GPS block without microseconds", data3, "81 01 81 08 01"},
		{"OPENREPORT without sequence number", openReport3, "81 02 7f"},
		{"channel names as bin", openReport3, "82 01 01 04 91 c40131"},
		{"shuffle as integer", configureReport3, "82 01 02 03 81 02 01"},
		{"duplicate key", openReport3, "82 01 01 01 01"},
		{"nil for a key that is read", openReport3, "82 01 01 02 c0"},
		{"empty payload", data3, ""},
		{"not a map", data3, "01"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				srv := start(t, kismettest.Config{Types: []string{"linuxwifi"}})
				c := dialWS(t, srv, kismet.V3)
				c.report(c.announce("linuxwifi", definition, uuid1), uuid1)
				if _, m := c.next(); m == nil {
					t.Fatal("no CONFIGREQ")
				}
				c.raw(frame3(t, tt.typ, 1, tt.payload))
				c.wantEnd()
				if reason := ended(t, srv, uuid1); !strings.HasPrefix(reason, "unparsable message") {
					t.Errorf("reason %q", reason)
				}
			})
		})
	}
}

func TestFrameOf16384BytesDropsTheSource(t *testing.T) {
	for _, tr := range transports() {
		t.Run(tr.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				srv := start(t, kismettest.Config{})
				c := tr.dial(t, srv, kismet.V3)
				c.open(uuid1)
				big := kismet.Data{Packet: &kismet.Packet{LinkType: 127, OrigLen: 20000, Content: make([]byte, 20000)}}
				c.send(big) // cut to 16383
				full := frame3(t, data3, 0, strings.Repeat("00", 16384-20))
				done := make(chan struct{})
				// The server hangs up before it has read all of it.
				go func() {
					defer close(done)
					if c.ws != nil {
						_ = c.ws.WriteMessage(websocket.BinaryMessage, full)
						return
					}
					_, _ = c.conn.Write(full)
				}()
				c.wantEnd()
				<-done
				if reason := ended(t, srv, uuid1); !strings.HasPrefix(reason, "frame too large") {
					t.Errorf("reason %q", reason)
				}
				if f := srv.Frames(uuid1); len(f) != 1 || f[0].OrigLen != 20000 || len(f[0].Content) < 16000 {
					t.Errorf("the frame of 16383 bytes did not arrive: %d frames", len(f))
				}
			})
		})
	}
}

func TestWebsocketMessageHoldsOneFrame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := start(t, kismettest.Config{})
		c := dialWS(t, srv, kismet.V3)
		c.open(uuid1)
		one := kismet.Append(nil, kismet.V3, 9, data(1))
		c.raw(append(append(one, kismet.Append(nil, kismet.V3, 10, data(2))...), make([]byte, 40000)...))
		c.frame(3)
		await(t, srv, func(s *kismettest.Server) bool { return len(s.Frames(uuid1)) == 2 })
		if f := srv.Frames(uuid1); f[0].Usec != 1 || f[1].Usec != 3 {
			t.Errorf("frames %+v; what is behind the first frame of a message is ignored", f)
		}
		c.raw(one[:len(one)/2])
		c.wantEnd()
		if reason := ended(t, srv, uuid1); !strings.HasPrefix(reason, "truncated frame") {
			t.Errorf("reason %q", reason)
		}
	})
}

func TestLegacyTCPTakesFramesHoweverTheyAreChopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := start(t, kismettest.Config{})
		c := dialTCP(t, srv, kismet.V3)
		c.open(uuid1)
		var stream []byte
		for i := range 100 {
			stream = kismet.Append(stream, kismet.V3, uint32(i), data(i))
		}
		c.raw(stream[:1000])
		for _, b := range stream[1000:2000] {
			c.raw([]byte{b})
		}
		c.raw(stream[2000:])
		await(t, srv, func(s *kismettest.Server) bool { return len(s.Frames(uuid1)) == 100 })
		for i, f := range srv.Frames(uuid1) {
			if f.Usec != uint64(i) || f.Content[3] != byte(i) {
				t.Fatalf("frame %d: %+v", i, f)
			}
		}
	})
}

func TestNoSignatureEndsTheConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := start(t, kismettest.Config{})
		c := dialTCP(t, srv, kismet.V3)
		c.raw([]byte("GET / HTTP/1.1\r\n\r\n"))
		c.wantEnd()
		if got := srv.Rejected(); len(got) != 1 || got[0] != "frame without signature" {
			t.Errorf("rejected: %q", got)
		}
	})
}

func TestReportsOfFailureDropTheSource(t *testing.T) {
	for _, tt := range []struct {
		name string
		v    kismet.Version
		send func(c *sensor, open uint32)
		want string
	}{
		{"OPENREPORT v3", kismet.V3, func(c *sensor, open uint32) { c.send(kismet.OpenReport{Seq: open, Text: "no such file"}) }, "no such file"},
		{"OPENREPORT v2", kismet.V2, func(c *sensor, open uint32) { c.send(kismet.OpenReport{Seq: open, Text: "no such file"}) }, "no such file"},
		{"CONFIGREPORT v3", kismet.V3, func(c *sensor, open uint32) {
			c.report(open, uuid1)
			c.send(kismet.ConfigureReport{Text: "radio gone"})
		}, "radio gone"},
		{"CONFIGREPORT v2", kismet.V2, func(c *sensor, open uint32) {
			c.report(open, uuid1)
			c.send(kismet.ConfigureReport{Text: "radio gone"})
		}, "radio gone"},
		{"ERRORREPORT v2", kismet.V2, func(c *sensor, open uint32) {
			c.report(open, uuid1)
			c.send(kismet.ErrorReport{Text: "radio gone"})
		}, "radio gone"},
		{"SHUTDOWN v3", kismet.V3, func(c *sensor, open uint32) {
			c.report(open, uuid1)
			c.send(kismet.Shutdown{Reason: "bye"})
		}, "bye"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				srv := start(t, kismettest.Config{Profile: kismettest.T25PB})
				c := dialWS(t, srv, tt.v)
				tt.send(c, c.announce("pcapfile", "x:uuid="+uuid1, uuid1))
				c.wantEnd()
				if reason := ended(t, srv, uuid1); reason != tt.want {
					t.Errorf("reason %q, want %q", reason, tt.want)
				}
			})
		})
	}
}

// A v3 ERROR has no handler in the server, and what it does not know it skips.
func TestUnknownMessagesAreIgnored(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := start(t, kismettest.Config{})
		c := dialWS(t, srv, kismet.V3)
		c.raw(frame3(t, 99, 0, ""))
		c.open(uuid1)
		c.send(kismet.ErrorReport{Text: "all is lost"})
		c.raw(frame3(t, 99, 0, "c1"))
		c.send(kismet.NewSource{Definition: "y", Type: "pcapfile", UUID: uuid2})
		c.send(kismet.Text{Severity: kismet.Info, Text: "still here"})
		c.frame(1)
		await(t, srv, func(s *kismettest.Server) bool { return len(s.Frames(uuid1)) == 1 })
		src := source(t, srv, uuid1)
		if len(src.Messages) != 1 || src.Messages[0].Text != "still here" || !src.Running {
			t.Errorf("source: %+v", src)
		}
		if n := len(srv.Sources()); n != 1 {
			t.Errorf("%d sources, want 1", n)
		}
	})
}
