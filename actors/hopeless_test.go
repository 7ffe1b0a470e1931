package actors

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sensord/sensord/configs"
	"github.com/sensord/sensord/internal/fault"
	"github.com/sensord/sensord/uplink"
	"github.com/sensord/sensord/uplink/kismettest"
)

// startStrangers starts a rig with a file that all of its servers refuse the login of.
func startStrangers(t *testing.T, once bool) *testRig {
	t.Helper()
	var dialers []*uplink.Dialer
	var srv *kismettest.Server
	for _, name := range []string{"first", "second"} {
		srv = newServer(t, kismettest.Config{})
		d := dialerTo(srv, name)
		d.Server.APIKey = "WRONG"
		dialers = append(dialers, d)
	}
	file := sourceOf(t, writePcap(t, "a.pcap", 10))
	return startRigTo(t, nil, nil, srv, dialers, configs.Config{Once: once, Sources: []configs.Source{file}})
}

// What ends when it is done does not wait for ever for servers that only a person
// can change, however many there are.
func TestOnceEndsWhereNoServerTakesTheLogin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := startStrangers(t, true)
		if err := r.wait(t, time.Minute); fault.CodeOf(err) != fault.LinkAuth {
			t.Errorf("it ended with %v\n%s", err, r.log)
		}
	})
}

// Each server's trouble is said once, also where it is the same.
func TestTheTroubleOfEachServerIsSaidOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := startStrangers(t, false)
		elapse(10 * time.Minute)
		log := r.log.String()
		for _, name := range []string{"first", "second"} {
			if n := strings.Count(log, "server "+name+" ("); n != 1 {
				t.Errorf("the trouble of the server %s is said %d times\n%s", name, n, log)
			}
		}
	})
}
