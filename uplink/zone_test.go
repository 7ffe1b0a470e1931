package uplink_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/sensord/sensord/gps"
)

// A frame that a zone hides by what is known when it is sent does not leave,
// and is nobody's backlog.
func TestFramesThatTurnOutToBeOfAZoneAreNotSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMoving(t)
		m.session.Zones = []gps.Zone{{Lat: 0, Lon: 2.5 * perSecond, RadiusM: 30}}
		m.fix(0)
		m.fix(1e9)
		m.run(t)
		for range 20 { // two seconds, of which half a second is inside
			m.hears()
			elapse(100 * time.Millisecond)
			m.fix(m.boottime())
		}
		elapse(3 * time.Second)
		for i := range m.heard() {
			m.place(t, i)
			if off := m.heard()[i].GPS.Lon/perSecond - 2.5; off > -0.2 && off < 0.2 {
				t.Errorf("a frame from %.2f s around the zone's centre is sent", off)
			}
		}
		if n := len(m.heard()); n < 10 || n > 17 {
			t.Errorf("%d frames of 20 are sent", n)
		}
		if st := m.session.Log.Stats(); st.Waiting != 0 {
			t.Errorf("something waits: %+v", st)
		}
	})
}
