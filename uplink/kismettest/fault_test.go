package kismettest_test

import (
	"errors"
	"net/http"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	"github.com/sensord/sensord/uplink/kismet"
	"github.com/sensord/sensord/uplink/kismettest"
)

// batch is n data reports in one write, as a coalescing sensor sends them over
// legacy TCP.
func batch(n int) (p []byte) {
	for i := range n {
		p = kismet.Append(p, kismet.V3, uint32(i+1), data(i))
	}
	return p
}

func TestResetBehindEveryNFramesLosesWhatIsBehindThem(t *testing.T) {
	for _, countOnly := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			srv := start(t, kismettest.Config{CountOnly: countOnly})
			srv.SetFaults(kismettest.Faults{ResetAfter: func(uuid string, session int) int {
				if uuid != uuid1 {
					return 0
				}
				return 10 * session
			}})
			for _, total := range []int{10, 30, 60} {
				c := dialTCP(t, srv, kismet.V3)
				c.open(uuid1)
				c.raw(batch(100))
				c.wantEnd()
				if reason := ended(t, srv, uuid1); reason != "connection closed" {
					t.Errorf("reason %q", reason)
				}
				if got := source(t, srv, uuid1).Frames; got != total {
					t.Errorf("%d frames counted, want %d", got, total)
				}
			}
			c := dialTCP(t, srv, kismet.V3)
			c.open(uuid2)
			c.raw(batch(100))
			await(t, srv, func(s *kismettest.Server) bool { return source(t, s, uuid2).Frames == 100 })
		})
	}
}

func TestPongFaults(t *testing.T) {
	for _, tt := range []struct {
		name     string
		fault    kismettest.PongFault
		answered bool
		ended    bool
	}{
		{"answer", kismettest.Answer, true, false},
		{"ignore", kismettest.Ignore, false, false},
		{"reset before", kismettest.ResetBefore, false, true},
		{"reset after", kismettest.ResetAfter, true, true},
	} {
		for _, tr := range transports() {
			t.Run(tt.name+" "+tr.name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					srv := start(t, kismettest.Config{})
					srv.SetFaults(kismettest.Faults{Pong: func(uuid string, session, ping int) kismettest.PongFault {
						if uuid == uuid1 && session == 1 && ping == 2 {
							return tt.fault
						}
						return kismettest.Answer
					}})
					c := tr.dial(t, srv, kismet.V3)
					c.open(uuid1)
					c.want(kismet.Pong{Seq: c.send(kismet.Ping{})})
					second := c.send(kismet.Ping{})
					if tt.answered {
						c.want(kismet.Pong{Seq: second})
					}
					if tt.ended {
						c.wantEnd()
						return
					}
					c.want(kismet.Pong{Seq: c.send(kismet.Ping{})})
				})
			})
		}
	}
}

func TestNoPongAndNoPing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := start(t, kismettest.Config{})
		srv.SetFaults(kismettest.Faults{NoPong: true, NoPing: true})
		c := dialWS(t, srv, kismet.V3)
		c.open(uuid1)
		c.send(kismet.Ping{})
		<-time.After(time.Hour + time.Second) // between two ticks
		srv.SetFaults(kismettest.Faults{})
		c.want(kismet.Pong{Seq: c.send(kismet.Ping{})})
		if src := source(t, srv, uuid1); src.Pings != 2 || !src.Running {
			t.Errorf("source %+v", src)
		}
	})
}

func TestStalledServerReadsNothingUntilReleased(t *testing.T) {
	for _, tr := range transports() {
		t.Run(tr.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				srv := start(t, kismettest.Config{})
				c := tr.dial(t, srv, kismet.V3)
				c.open(uuid1)
				await(t, srv, func(s *kismettest.Server) bool { return source(t, s, uuid1).Listed })
				release := srv.Stall(0)
				done := make(chan struct{})
				go func() {
					defer close(done)
					for i := range 3 {
						c.frame(i)
					}
				}()
				c.want(kismet.Ping{}) // sending goes on
				if got := source(t, srv, uuid1).Frames; got != 0 {
					t.Errorf("%d frames read while stalled", got)
				}
				release()
				release()
				<-done
				await(t, srv, func(s *kismettest.Server) bool { return source(t, s, uuid1).Frames == 3 })

				began := time.Now()
				srv.Stall(2 * time.Second)
				c.want(kismet.Pong{Seq: c.send(kismet.Ping{})})
				if d := time.Since(began); d != 2*time.Second {
					t.Errorf("answered after %v", d)
				}
			})
		})
	}
}

func TestCloseEndsAStall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := kismettest.New(kismettest.Config{})
		c := dialTCP(t, srv, kismet.V3)
		c.open(uuid1)
		srv.Stall(0)
		sent := make(chan struct{})
		go func() { // the server may have stopped reading already, or take this one yet
			defer close(sent)
			_, _ = c.conn.Write(batch(1))
		}()
		synctest.Wait()
		srv.Close()
		<-sent
		c.wantEnd()
	})
}

func TestSlowServerReadsAtItsRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := start(t, kismettest.Config{})
		c := dialTCP(t, srv, kismet.V3)
		c.open(uuid1)
		srv.SetFaults(kismettest.Faults{BytesPerSecond: 1000})
		p := batch(100)
		began := time.Now()
		c.raw(p)
		await(t, srv, func(s *kismettest.Server) bool { return source(t, s, uuid1).Frames == 100 })
		d, want := time.Since(began), time.Duration(len(p))*time.Second/1000
		if d < want-200*time.Millisecond || d > want+200*time.Millisecond {
			t.Errorf("%d bytes took %v, want %v", len(p), d, want)
		}
	})
}

func TestRejectedSourceEndsBehindNewSource(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := start(t, kismettest.Config{})
		srv.SetFaults(kismettest.Faults{RejectSources: true})
		c := dialWS(t, srv, kismet.V3)
		c.want(kismet.Pong{Seq: c.send(kismet.Ping{})})
		c.send(kismet.NewSource{Definition: "x", Type: "pcapfile", UUID: uuid1})
		c.wantEnd()
		if len(srv.Sources()) != 0 {
			t.Errorf("sources %+v", srv.Sources())
		}
	})
}

func TestEndingsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := start(t, kismettest.Config{})
		a, b, c := dialWS(t, srv, kismet.V3), dialTCP(t, srv, kismet.V3), dialWS(t, srv, kismet.V3)
		a.open(uuid1)
		b.open(uuid2)
		c.want(kismet.Pong{Seq: c.send(kismet.Ping{})})
		await(t, srv, func(s *kismettest.Server) bool { return source(t, s, uuid2).Listed })
		srv.Reset(uuid1)
		a.wantEnd()
		if !source(t, srv, uuid2).Running {
			t.Error("the wrong source was reset")
		}
		srv.HalfClose("")
		b.wantEnd()
		c.wantEnd()
	})
}

func TestRefusingServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := start(t, kismettest.Config{})
		c := dialWS(t, srv, kismet.V3)
		c.open(uuid1)
		if err := srv.Refuse(true); err != nil {
			t.Fatal(err)
		}
		for _, addr := range []string{"kismet.test:2501", "kismet.test:3501"} {
			if _, err := srv.DialContext(t.Context(), "tcp", addr); !errors.Is(err, syscall.ECONNREFUSED) {
				t.Errorf("dial %s: %v", addr, err)
			}
		}
		c.frame(1) // running sessions go on
		await(t, srv, func(s *kismettest.Server) bool { return source(t, s, uuid1).Frames == 1 })
		if err := srv.Refuse(false); err != nil {
			t.Fatal(err)
		}
		dialTCP(t, srv, kismet.V3).open(uuid2)
	})
}

func TestSomeOtherWebServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := start(t, kismettest.Config{})
		srv.SetFaults(kismettest.Faults{NotKismet: true})
		for path, want := range map[string]int{"/": 200, "/session/check_session": 404} {
			if got := get(t, srv, path, basic("kismet", "kismet")); got.status != want || got.server != "" {
				t.Errorf("%s: status %d, server %q", path, got.status, got.server)
			}
		}
		d := websocket.Dialer{NetDialContext: srv.DialContext}
		_, resp, err := d.Dial(srv.Endpoint(), basic("kismet", "kismet"))
		if err == nil || resp == nil || resp.StatusCode != http.StatusNotFound {
			t.Fatalf("websocket: %v, %v", resp, err)
		}
		_ = resp.Body.Close()
	})
}
