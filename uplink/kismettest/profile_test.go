package kismettest_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sensord/sensord/uplink/kismet"
	"github.com/sensord/sensord/uplink/kismettest"
)

// What each kind of server makes of the other generation, see docs/wire.md.
func TestProbeIsAnsweredInItsGenerationOrNotAtAll(t *testing.T) {
	for _, tt := range []struct {
		profile kismettest.Profile
		v       kismet.Version
		want    bool
	}{
		{kismettest.T23, kismet.V3, false},
		{kismettest.T23, kismet.V2, true},
		{kismettest.T23, kismet.V0, true},
		{kismettest.T25, kismet.V3, true},
		{kismettest.T25, kismet.V2, false},
		{kismettest.T25, kismet.V0, false},
		{kismettest.T25PB, kismet.V3, true},
		{kismettest.T25PB, kismet.V2, true},
		{kismettest.T25PB, kismet.V0, false},
		{kismettest.Split, kismet.V3, true},
		{kismettest.Split, kismet.V2, false},
	} {
		for _, tr := range transports() {
			t.Run(tt.profile.String()+" "+tt.v.String()+" "+tr.name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					srv := start(t, kismettest.Config{Profile: tt.profile})
					c := tr.dial(t, srv, tt.v)
					began := time.Now()
					c.send(kismet.Ping{})
					if tt.want {
						if h := c.want(kismet.Pong{Seq: 1}); h.Version != tt.v {
							t.Errorf("PONG in %v", h.Version)
						}
						return
					}
					c.wantEnd()
					if d := time.Since(began); d != 0 {
						t.Errorf("ended after %v, want at once", d)
					}
					if got := srv.Rejected(); len(got) != 1 || !strings.HasPrefix(got[0], "unsupported protocol") {
						t.Errorf("rejected: %q", got)
					}
				})
			})
		}
	}
}

func TestOldServerOpensInV0UntilItHasHeardV2(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := start(t, kismettest.Config{Profile: kismettest.T23})
		c := dialWS(t, srv, kismet.V2)
		c.send(kismet.Ping{}) // changes nothing for the source
		c.want(kismet.Pong{Seq: 1})
		c.send(kismet.NewSource{Definition: "x.pcap:name=a", Type: "pcapfile", UUID: uuid1})
		h := c.want(kismet.OpenSource{Definition: "x.pcap:name=a"})
		if h.Version != kismet.V0 || h.Seq != 1 {
			t.Errorf("OPEN for a new UUID: %+v", h)
		}
		if h := c.want(kismet.Ping{}); h.Version != kismet.V0 {
			t.Errorf("PING before the report: %+v", h)
		}
		c.send(kismet.Pong{Seq: 2})
		// Any v2 frame on the source does it: the PONG was one.
		if h := c.want(kismet.Ping{}); h.Version != kismet.V2 || h.Seq != 3 {
			t.Errorf("PING after a v2 frame: %+v", h)
		}
		c.report(1, uuid1)
		_ = c.conn.Close()
		ended(t, srv, uuid1)
		c = dialTCP(t, srv, kismet.V2)
		c.send(kismet.NewSource{Definition: "x.pcap", Type: "pcapfile", UUID: uuid1})
		if h := c.want(kismet.OpenSource{Definition: "x.pcap:name=a"}); h.Version != kismet.V2 || h.Seq != 4 {
			t.Errorf("OPEN for a known UUID: %+v", h)
		}
	})
}

func TestOldServerTakesTheUUIDFromTheReport(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := start(t, kismettest.Config{Profile: kismettest.T23})
		c := dialWS(t, srv, kismet.V2)
		c.report(c.announce("pcapfile", "x", uuid1), uuid2)
		await(t, srv, func(s *kismettest.Server) bool { src, ok := s.Source(uuid2); return ok && src.Listed })
		if _, ok := srv.Source(uuid1); ok {
			t.Error("the announced UUID is still there")
		}
		for range 2 { // without a UUID each session is a new source
			c = dialWS(t, srv, kismet.V2)
			c.report(c.announce("pcapfile", "x", uuid1), "")
			n := len(srv.Sources())
			await(t, srv, func(s *kismettest.Server) bool { return s.Sources()[n-1].Listed })
			_ = c.conn.Close()
		}
		if n := len(srv.Sources()); n != 3 {
			t.Errorf("%d sources, want 3", n)
		}
	})
}

// Over legacy TCP a 2023 server loses what follows NEWSOURCE too closely.
func TestOldServerSwallowsWhatFollowsNewSource(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := start(t, kismettest.Config{Profile: kismettest.T23})
		c := dialTCP(t, srv, kismet.V2)
		p := kismet.Append(nil, kismet.V2, 1, kismet.NewSource{Definition: "x", Type: "pcapfile", UUID: uuid1})
		p = kismet.Append(p, kismet.V2, 2, kismet.Ping{})
		c.raw(append(p, kismet.Append(nil, kismet.V2, 3, kismet.Ping{})...))
		c.want(kismet.OpenSource{Definition: "x"})
		c.v = kismet.V2
		c.seq = 3
		c.send(kismet.Ping{})
		c.want(kismet.Pong{Seq: 4})
	})
}

func TestWrongChecksumOfV0IsSeenOnTheWebsocketOnly(t *testing.T) {
	for _, tr := range transports() {
		t.Run(tr.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				srv := start(t, kismettest.Config{Profile: kismettest.T23})
				c := tr.dial(t, srv, kismet.V0)
				p := kismet.Append(nil, kismet.V0, 1, kismet.Ping{})
				p[7]++
				c.raw(p)
				if tr.name == "tcp" {
					c.want(kismet.Pong{Seq: 1})
					return
				}
				c.wantEnd()
				if got := srv.Rejected(); len(got) != 1 || got[0] != "wrong checksum" {
					t.Errorf("rejected: %q", got)
				}
			})
		})
	}
}

func TestProtobufBuildAnswersAsAnnounced(t *testing.T) {
	for _, v := range []kismet.Version{kismet.V2, kismet.V3} {
		synctest.Test(t, func(t *testing.T) {
			srv := start(t, kismettest.Config{Profile: kismettest.T25PB})
			c := dialWS(t, srv, v)
			c.send(kismet.NewSource{Definition: "x", Type: "pcapfile", UUID: uuid1})
			if h, _ := c.next(); h.Version != v {
				t.Errorf("OPENREQ in %v, announced in %v", h.Version, v)
			}
			if got := source(t, srv, uuid1).Version; got != v {
				t.Errorf("source is %v", got)
			}
		})
	}
}

// Header and payload are messages of their own, an empty payload an empty one.
func TestSplitServerSendsTwoMessages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := dialWS(t, start(t, kismettest.Config{Profile: kismettest.Split}), kismet.V3)
		sizes := func() (list []int) {
			for range 2 {
				_, p, err := c.ws.ReadMessage()
				if err != nil {
					t.Fatal(err)
				}
				list = append(list, len(p))
			}
			return list
		}
		c.send(kismet.Ping{})
		if got := sizes(); got[0] != 20 || got[1] != 0 {
			t.Errorf("PONG came as %v bytes", got)
		}
		c.send(kismet.NewSource{Definition: "x", Type: "pcapfile", UUID: uuid1})
		if got := sizes(); got[0] != 20 || got[1] == 0 {
			t.Errorf("OPENREQ came as %v bytes", got)
		}
	})
}
