package kismettest_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/gorilla/websocket"

	"github.com/sensord/sensord/uplink/kismet"
	"github.com/sensord/sensord/uplink/kismettest"
)

func TestConnectionWithoutAnnouncementEndsAfterFiveSeconds(t *testing.T) {
	for _, tr := range transports() {
		t.Run(tr.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				srv := start(t, kismettest.Config{})
				c := tr.dial(t, srv, kismet.V3)
				began := time.Now()
				c.send(kismet.Ping{}) // does not count
				c.want(kismet.Pong{Seq: 1})
				c.frame(1) // neither does this
				c.wantEnd()
				if d := time.Since(began); d != 5*time.Second {
					t.Errorf("ended after %v", d)
				}
				if got := srv.Rejected(); len(got) != 1 || got[0] != "no source announced in time" {
					t.Errorf("rejected: %q", got)
				}
			})
		})
	}
}

func TestSilentSensorIsDroppedAtAPingTick(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := start(t, kismettest.Config{})
		c := dialWS(t, srv, kismet.V3)
		c.open(uuid1)
		began := time.Now()
		c.want(kismet.Ping{})
		c.send(kismet.Pong{Seq: 2})
		if d := time.Since(began); d != 5*time.Second {
			t.Fatalf("first PING after %v", d)
		}
		// The last sign of life is at 5 s; 20 s is not more than 15 s later.
		report := kismet.Append(nil, kismet.V3, 9, data(1))
		done := make(chan struct{})
		go func() { // data is no sign of life
			defer close(done)
			for c.ws.WriteMessage(websocket.BinaryMessage, report) == nil {
				<-time.After(time.Second)
			}
		}()
		c.wantEnd()
		if d := time.Since(began); d != 25*time.Second {
			t.Errorf("dropped after %v, want 25s", d)
		}
		<-done
		if reason := ended(t, srv, uuid1); reason != "no PONG in time" {
			t.Errorf("reason %q", reason)
		}
	})
}

func TestUnaskedPongKeepsASourceAlive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := start(t, kismettest.Config{})
		srv.SetFaults(kismettest.Faults{NoPing: true})
		c := dialWS(t, srv, kismet.V3)
		c.open(uuid1)
		for range 60 {
			<-time.After(4 * time.Second)
			c.send(kismet.Pong{Seq: 0})
		}
		srv.SetFaults(kismettest.Faults{})
		c.want(kismet.Ping{})
		if !source(t, srv, uuid1).Running {
			t.Error("source was dropped")
		}
	})
}

// The answers to a sensor's PINGs are its acknowledgement of data: they come
// when everything before them was counted.
func TestPongComesBehindTheDataBeforeThePing(t *testing.T) {
	for _, tr := range transports() {
		t.Run(tr.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				srv := start(t, kismettest.Config{CountOnly: tr.name == "tcp"})
				c := tr.dial(t, srv, kismet.V3)
				c.open(uuid1)
				for round := range 50 {
					for i := range round {
						c.frame(i)
					}
					seq := c.send(kismet.Ping{})
					c.want(kismet.Pong{Seq: seq & 0xffff})
					if got, want := source(t, srv, uuid1).Frames, round*(round+1)/2; got != want {
						t.Fatalf("%d frames counted at the PONG, want %d", got, want)
					}
				}
			})
		})
	}
}

func TestPongCarriesWhatTheGenerationHasRoomFor(t *testing.T) {
	for _, tt := range []struct {
		name       string
		profile    kismettest.Profile
		v          kismet.Version
		ping       uint32
		seq, inner uint32
	}{
		{"v3 low half", kismettest.T25, kismet.V3, 0x12345678, 0x5678, 0x5678},
		{"v3 low half zero takes the server's number", kismettest.T25, kismet.V3, 0x10000, 1, 1},
		{"v2 whole", kismettest.T25PB, kismet.V2, 0x12345678, 1, 0x12345678},
		{"v2 to T23", kismettest.T23, kismet.V2, 0x12345678, 1, 0x12345678},
		{"v0 to T23", kismettest.T23, kismet.V0, 7, 1, 7},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := dialWS(t, start(t, kismettest.Config{Profile: tt.profile}), tt.v)
				c.seq = tt.ping - 1
				c.send(kismet.Ping{})
				if h := c.want(kismet.Pong{Seq: tt.inner}); h.Seq != tt.seq || h.Version != tt.v {
					t.Errorf("header %+v", h)
				}
			})
		})
	}
}

func TestNumbersContinueAcrossReconnects(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := start(t, kismettest.Config{})
		c := dialWS(t, srv, kismet.V3)
		c.open(uuid1)
		if h := c.want(kismet.Ping{}); h.Seq != 2 {
			t.Errorf("PING has number %d", h.Seq)
		}
		_ = c.conn.Close()
		if reason := ended(t, srv, uuid1); reason != "connection closed" {
			t.Errorf("reason %q", reason)
		}
		c = dialWS(t, srv, kismet.V3)
		if seq := c.announce("pcapfile", "x.pcap", uuid1); seq != 3 {
			t.Errorf("OPENREQ after the reconnect has number %d", seq)
		}
		c.report(3, uuid1)
		c.frame(1)
		await(t, srv, func(s *kismettest.Server) bool { return len(s.Frames(uuid1)) == 1 })
		if src := source(t, srv, uuid1); src.Sessions != 2 || src.Error != "" || srv.Frames(uuid1)[0].Session != 2 {
			t.Errorf("source %+v", src)
		}
	})
}

func TestSameUUIDReplacesTheRunningSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := start(t, kismettest.Config{})
		old := dialWS(t, srv, kismet.V3)
		old.open(uuid1)
		old.frame(1)
		await(t, srv, func(s *kismettest.Server) bool { return source(t, s, uuid1).Frames == 1 })
		c := dialTCP(t, srv, kismet.V3)
		c.open(uuid1)
		old.wantEnd()
		c.frame(2)
		await(t, srv, func(s *kismettest.Server) bool { return source(t, s, uuid1).Frames == 2 })
		if src := source(t, srv, uuid1); !src.Running || src.Error != "" || src.Sessions != 2 {
			t.Errorf("source %+v", src)
		}
	})
}

func TestAnnouncementsThatAreRefused(t *testing.T) {
	for _, tt := range []struct {
		name string
		m    kismet.NewSource
		want string
	}{
		{"unknown type", kismet.NewSource{Definition: "x", Type: "linuxWifi", UUID: uuid2}, `unknown source type "linuxWifi"`},
		{"known UUID with another type", kismet.NewSource{Definition: "x", Type: "linuxwifi", UUID: uuid1}, "source " + uuid1 + " is of type pcapfile, not linuxwifi"},
		{"uuid option that is none", kismet.NewSource{Definition: "x:uuid=nonsense", Type: "pcapfile", UUID: uuid2}, `unparsable uuid option "nonsense"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				srv := start(t, kismettest.Config{})
				first := dialWS(t, srv, kismet.V3)
				first.open(uuid1)
				synctest.Wait()
				c := dialWS(t, srv, kismet.V3)
				c.send(tt.m)
				c.wantEnd()
				if d := cmp.Diff([]string{tt.want}, srv.Rejected()); d != "" {
					t.Errorf("rejected (-want +got):\n%s", d)
				}
				if !source(t, srv, uuid1).Running {
					t.Error("the running source suffered")
				}
			})
		})
	}
}

func TestUUIDOptionThatDiffersIsAConflictOnReconnect(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := start(t, kismettest.Config{})
		c := dialWS(t, srv, kismet.V3)
		c.report(c.announce("pcapfile", "x:uuid="+uuid2, uuid1), uuid1)
		await(t, srv, func(s *kismettest.Server) bool { src, ok := s.Source(uuid2); return ok && src.Listed })
		c = dialWS(t, srv, kismet.V3)
		c.report(c.announce("pcapfile", "x:uuid="+uuid2, uuid1), uuid1)
		c.wantEnd()
	})
}

func TestSourceIsListedOnlyWithTheRightEchoInTime(t *testing.T) {
	for _, tt := range []struct {
		name  string
		delay time.Duration
		off   uint32
		want  bool
	}{
		{"right", 0, 0, true},
		{"late but in time", 29 * time.Second, 0, true},
		{"wrong echo", 0, 1, false},
		{"too late", 31 * time.Second, 0, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				srv := start(t, kismettest.Config{})
				srv.SetFaults(kismettest.Faults{NoPing: true})
				c := dialWS(t, srv, kismet.V3)
				seq := c.announce("pcapfile", "x.pcap", uuid1)
				<-time.After(tt.delay)
				c.report(seq+tt.off, uuid1)
				c.frame(1)
				await(t, srv, func(s *kismettest.Server) bool { return source(t, s, uuid1).Frames == 1 })
				if got := source(t, srv, uuid1).Listed; got != tt.want {
					t.Errorf("listed: %t", got)
				}
			})
		})
	}
}

func TestDataBeforeTheOpenReportIsLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := start(t, kismettest.Config{})
		c := dialWS(t, srv, kismet.V3)
		seq := c.announce("pcapfile", "x.pcap", uuid1)
		c.frame(1)
		c.report(seq, uuid1)
		c.frame(2)
		c.send(kismet.Data{JSON: &kismet.JSON{Type: "x", Text: "{}"}})
		await(t, srv, func(s *kismettest.Server) bool { return source(t, s, uuid1).Reports == 2 })
		if src := source(t, srv, uuid1); src.Early != 1 || src.Frames != 1 {
			t.Errorf("early %d, frames %d", src.Early, src.Frames)
		}
	})
}

func TestCloseEndsRunningSessions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := kismettest.New(kismettest.Config{})
		a, b, c := dialWS(t, srv, kismet.V3), dialTCP(t, srv, kismet.V3), dialWS(t, srv, kismet.V3)
		a.open(uuid1)
		b.open(uuid2)
		srv.Close()
		for _, s := range []*sensor{a, b, c} {
			s.wantEnd()
		}
		if _, err := srv.DialContext(t.Context(), "tcp", "x:2501"); err == nil {
			t.Error("a closed server can be dialled")
		}
	})
}
