package actors

import (
	"context"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sensord/sensord/configs"
	"github.com/sensord/sensord/uplink"
	"github.com/sensord/sensord/uplink/kismettest"
)

// A slowConn takes its time to send.
type slowConn struct {
	net.Conn
	took   time.Duration
	closed context.Context
	end    context.CancelFunc
}

func (c *slowConn) Write(p []byte) (int, error) {
	select {
	case <-time.After(c.took):
		return c.Conn.Write(p)
	case <-c.closed.Done():
		return 0, net.ErrClosed
	}
}

func (c *slowConn) Close() error {
	c.end()
	return c.Conn.Close()
}

// Over a line on which REST takes longer than an announcement may wait for it,
// the source is announced anew once, when its copy is there, and not for ever.
func TestOnePlannedReconnectForACopyThatTakesLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		machine := newFakeMachine()
		machine.plugReceiver("puck")
		world := newFakeWorld(2412)
		world.machine = machine
		world.plug("wlan0")
		srv := newServer(t, kismettest.Config{APIKeys: map[string]string{adminKey: kismettest.RoleAdmin}})
		dialer := dialerTo(srv, "home")
		dialer.NetDial = func(ctx context.Context, network, addr string) (net.Conn, error) {
			c, err := srv.DialContext(ctx, network, addr)
			if err == nil && strings.HasPrefix(addr, "rest.") {
				closed, end := context.WithCancel(context.Background())
				c = &slowConn{Conn: c, took: 4 * time.Second, closed: closed, end: end}
			}
			return c, err
		}
		r := startRigTo(t, world, world.watch, srv, []*uplink.Dialer{dialer}, configs.Config{
			Sources: []configs.Source{radioOf(t, "wlan0:metagps=car")}, GPS: gpsOf("puck"),
			Servers: []configs.Server{{Name: "home", REST: configs.REST{URL: "http://rest.test:2501", APIKey: configs.Secret(adminKey)}}},
		})
		elapse(5 * time.Minute)
		src, ok := srv.Source(r.Status().Sources[0].UUID.String())
		if !ok || src.Options["metagps"] != "car" || src.Sessions > 2 {
			t.Errorf("announced as %s, in %d sessions\n%s", src.Announced, src.Sessions, r.log)
		}
	})
}
