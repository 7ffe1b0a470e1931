package actors

import (
	"context"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sensord/sensord/configs"
	"github.com/sensord/sensord/gps"
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
	case <-in(c.took):
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

// Nothing is told of a zone, and the log does not say that there is no position.
func TestServersCopyIsNotToldOfAZone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		machine := newFakeMachine()
		machine.plugReceiver("puck")
		world := newFakeWorld(2412)
		world.machine = machine
		world.plug("wlan0")
		lat, lon := machine.place(machine.boottime() + int64(30*time.Second))
		zone := gps.Zone{Name: "home", Lat: lat, Lon: lon, RadiusM: 300}
		r := startRigIn(t, world, kismettest.Config{APIKeys: map[string]string{adminKey: kismettest.RoleAdmin}}, nil, false, configs.Config{
			Sources: []configs.Source{radioOf(t, "wlan0:metagps=car")}, GPS: gpsOf("puck"), Privacy: configs.Privacy{Zones: []gps.Zone{zone}},
			Servers: []configs.Server{{Name: "home", REST: configs.REST{URL: "http://kismet.test:2501", APIKey: configs.Secret(adminKey)}}},
		})
		elapse(time.Minute)
		for _, u := range r.srv.MetaUpdates("car") {
			if zone.Contains(gps.Position{Lat: u.Lat, Lon: u.Lon}) {
				t.Errorf("the server was told %+v", u)
			}
		}
		if log := r.log.String(); strings.Contains(log, "no position: the server keeps") && !strings.Contains(log, "inside a zone of privacy") {
			t.Errorf("the log says\n%s", log)
		}
	})
}
