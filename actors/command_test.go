package actors

import (
	"slices"
	"testing"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/capture/hop"
	"github.com/sensord/sensord/configs"
	"github.com/sensord/sensord/uplink/kismet"
)

func TestWhoCommandsTheRadio(t *testing.T) {
	own := hop.Plan{Channels: []capture.Channel{{FreqMHz: 2412}}, Rate: 5}
	theirs := kismet.Hop{Rate: 2, Offset: 1, Channels: []string{"6", "11"}}
	for name, tt := range map[string]struct {
		mode   configs.HopMode
		server bool
		want   []int
		rate   float64
	}{
		"server, before it spoke":  {configs.HopServer, false, []int{2412}, 5},
		"server":                   {configs.HopServer, true, []int{2437, 2462}, 2},
		"local":                    {configs.HopLocal, true, []int{2412}, 5},
		"split":                    {configs.HopSplit, true, []int{2412}, 5},
		"adaptive":                 {configs.HopAdaptive, true, []int{2412}, 5},
		"off, before it spoke":     {configs.HopOff, false, []int{2412}, 0},
		"off, and somebody clicks": {configs.HopOff, true, []int{2437, 2462}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			c := command{source: "source x", mode: tt.mode, plan: own}
			if tt.server {
				err := c.hop(theirs)
				if (err != nil) != hopsItself(tt.mode) {
					t.Errorf("the server is told %v", err)
				}
			}
			if p := c.effect(); !slices.Equal(mhz(p.Channels), tt.want) || p.Rate != tt.rate {
				t.Errorf("in effect: %+v", p)
			}
		})
	}
}

func TestHopCommandsOfAServer(t *testing.T) {
	c := command{source: "source x", mode: configs.HopServer, plan: hop.Plan{Channels: []capture.Channel{{FreqMHz: 2412}}}}
	if err := c.single("6"); err != nil || c.lock.FreqMHz != 2437 {
		t.Fatalf("single channel: %v %v", c.lock, err)
	}
	if err := c.hop(kismet.Hop{Rate: 3}); err != nil || !c.lock.IsZero() {
		t.Fatalf("an empty list: %v, lock %v", err, c.lock)
	}
	if p := c.effect(); p.Rate != 3 || len(p.Channels) != 1 {
		t.Errorf("an empty list changes how and not where: %+v", p)
	}
	names := []string{"1", "nonsense", "5180HT40+", "36ht40+", "", "x", "y", "z"}
	err := c.hop(kismet.Hop{Rate: 3, Channels: names, Offset: 1 << 31, Skip: 1 << 31})
	if err == nil || len(err.Error()) > 400 {
		t.Errorf("told: %v", err)
	}
	p := c.effect()
	if got := mhz(p.Channels); !slices.Contains(got, 2412) || !slices.Contains(got, 5180) {
		t.Errorf("channels %v", got)
	}
	many := make([]string, 5000)
	for i := range many {
		many[i] = "1"
	}
	if err := c.hop(kismet.Hop{Rate: 1, Channels: many}); err != nil || len(c.effect().Channels) > maxHopChannels {
		t.Errorf("%d channels taken: %v", len(c.effect().Channels), err)
	}
}
