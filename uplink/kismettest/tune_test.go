package kismettest_test

import (
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/sensord/sensord/uplink/kismet"
	"github.com/sensord/sensord/uplink/kismettest"
)

// openWifi announces a linuxwifi source with channels 1, 6 and 11.
func openWifi(t testing.TB, srv *kismettest.Server, v kismet.Version, def, uuid string) *sensor {
	t.Helper()
	c := dialWS(t, srv, v)
	seq := c.announce("linuxwifi", def, uuid)
	c.send(kismet.OpenReport{Seq: seq, OK: true, LinkType: 127, Channels: []string{"1", "6", "11"}, UUID: uuid})
	return c
}

func hop(rate float64, shuffle bool, offset uint32, channels ...string) kismet.Configure {
	return kismet.Configure{Hop: &kismet.Hop{Rate: rate, Shuffle: shuffle, Offset: offset, Channels: channels}}
}

func TestHopCommandFollowsTheOpenReport(t *testing.T) {
	for _, tt := range []struct {
		name string
		cfg  kismettest.Config
		def  string
		want kismet.Message // a PING means no command
	}{
		{"as reported", kismettest.Config{}, "w", hop(5, true, 0, "1", "6", "11")},
		{"rate and order of the server", kismettest.Config{HopRate: 0.5, InOrder: true}, "w", hop(0.5, false, 0, "1", "6", "11")},
		{"switched off in the definition", kismettest.Config{}, "w:channel_hop=false", kismet.Ping{}},
		{"not a boolean", kismettest.Config{}, "w:channel_hop=0", hop(5, true, 0, "1", "6", "11")},
		{"switched off in the server", kismettest.Config{HopRate: -1}, "w", kismet.Ping{}},
		{"channels", kismettest.Config{}, `w:channels="36,6"`, hop(5, true, 0, "36", "6")},
		{"add_channels", kismettest.Config{}, `w:add_channels="36,6"`, hop(5, true, 0, "1", "6", "11", "36")},
		{"channel", kismettest.Config{}, `w:channel=36`, hop(5, true, 0, "1", "6", "11", "36")},
		{"block_channels takes the wrong one", kismettest.Config{}, `w:block_channels="6"`, hop(5, true, 0, "6", "11")},
		{"rate of a lone source is the server's", kismettest.Config{}, `w:channel_hoprate=1/sec`, hop(5, true, 0, "1", "6", "11")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := openWifi(t, start(t, tt.cfg), kismet.V3, tt.def, uuid1)
				c.want(tt.want)
			})
		})
	}
}

func TestBlockChannelsWorksInV2(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := start(t, kismettest.Config{Profile: kismettest.T25PB})
		openWifi(t, srv, kismet.V2, `w:block_channels="6"`, uuid1).want(hop(5, true, 0, "1", "11"))
	})
}

func TestSourceWithoutChannelsGetsAnEmptyHopList(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := dialWS(t, start(t, kismettest.Config{}), kismet.V3)
		c.report(c.announce("linuxwifi", "w", uuid1), uuid1)
		if _, m := c.next(); len(m.(kismet.Configure).Hop.Channels) != 0 {
			t.Errorf("CONFIGREQ %+v", m)
		}
	})
}

func TestSourcesThatAreAlikeShareTheirChannels(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := start(t, kismettest.Config{})
		a := openWifi(t, srv, kismet.V3, "w1:channel_hoprate=2/dwell", uuid1)
		a.want(hop(5, true, 0, "1", "6", "11"))
		b := openWifi(t, srv, kismet.V3, "w2:channel_hoprate=120/min", uuid2)
		a.want(hop(0.5, true, 0, "1", "6", "11"))
		b.want(hop(2, true, 1, "1", "6", "11"))
		if n := source(t, srv, uuid1).Pending; n != 2 {
			t.Errorf("%d commands without a report, want 2", n)
		}
	})
}

func TestConfigReportIsWhatTheServerShows(t *testing.T) {
	plan := &kismet.Hop{Rate: 3, Shuffle: true, Skip: 4, Channels: []string{"1", "6"}}
	for _, tt := range []struct {
		name    string
		v       kismet.Version
		report  kismet.ConfigureReport
		channel string
		hopping bool
	}{
		{"channel", kismet.V3, kismet.ConfigureReport{Channel: "6"}, "6", false},
		{"hop", kismet.V3, kismet.ConfigureReport{Hop: plan}, "", true},
		{"both, v3", kismet.V3, kismet.ConfigureReport{Channel: "6", Hop: plan}, "6", true},
		{"both, v2", kismet.V2, kismet.ConfigureReport{Channel: "6", Hop: plan}, "6", false},
		{"hop, v2", kismet.V2, kismet.ConfigureReport{Hop: plan}, "", true},
		{"rate 0, v2", kismet.V2, kismet.ConfigureReport{Hop: &kismet.Hop{}}, "", false},
		{"neither", kismet.V3, kismet.ConfigureReport{}, "", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				srv := start(t, kismettest.Config{Profile: kismettest.T25PB})
				c := openWifi(t, srv, tt.v, "w", uuid1)
				h, _ := c.next()
				tt.report.OK, tt.report.Seq = true, h.Seq
				c.send(tt.report)
				await(t, srv, func(s *kismettest.Server) bool { return source(t, s, uuid1).ConfigReports == 1 })
				src := source(t, srv, uuid1)
				if src.Channel != tt.channel || src.Hopping != tt.hopping || src.Pending != 0 {
					t.Errorf("channel %q, hopping %t, pending %d", src.Channel, src.Hopping, src.Pending)
				}
				if tt.hopping && cmp.Diff(*plan, src.Hop) != "" {
					t.Errorf("hop %+v, want %+v", src.Hop, *plan)
				}
			})
		})
	}
}

func TestCommandsReachTheSensor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := start(t, kismettest.Config{HopRate: -1})
		if err := srv.SetChannel(uuid1, "6"); err == nil {
			t.Error("a source that is not there can be tuned")
		}
		c := openWifi(t, srv, kismet.V3, "w", uuid1)
		await(t, srv, func(s *kismettest.Server) bool { return source(t, s, uuid1).Listed })
		if err := srv.SetChannel(uuid1, "6HT40+"); err != nil {
			t.Fatal(err)
		}
		c.want(kismet.Configure{Channel: "6HT40+"})
		if err := srv.SetHop(uuid1, kismet.Hop{Rate: 1, Offset: 2, Channels: []string{"1"}}); err != nil {
			t.Fatal(err)
		}
		c.want(hop(1, false, 2, "1"))
		if err := srv.CloseSource(uuid1); err != nil {
			t.Fatal(err)
		}
		c.wantEnd()
		if reason := ended(t, srv, uuid1); reason != "source closed" {
			t.Errorf("reason %q", reason)
		}
	})
}

// What comes back in OPENREQ.
func TestDefinitionIsRegenerated(t *testing.T) {
	for _, tt := range []struct{ name, announced, want string }{
		{"sorted, lower case", "wlan0:Name=b,A=1", "wlan0:a=1,name=b"},
		{"quotes are lost", `wlan0:channels="1,6,11",name=x`, "wlan0:channels=1,6,11,name=x"},
		{"quotes within a value", `wlan0:name=a"b,c"d`, "wlan0:name=ab,cd"},
		{"no = joins the next name", "wlan0:foo,name=x", "wlan0:foo,name=x"},
		{"no = at the end", "wlan0:name=x,foo", "wlan0:name=x"},
		{"empty last value", "wlan0:name=x,foo=", "wlan0:name=x"},
		{"empty value before others", "wlan0:foo=,name=x", "wlan0:foo=,name=x"},
		{"last of a name wins", "wlan0:name=x,name=y", "wlan0:name=y"},
		{"no options", "wlan0", "wlan0"},
		{"server's own options", "wlan0:HT_channels=true", "wlan0:ht_channels=true"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				srv := start(t, kismettest.Config{})
				c := dialWS(t, srv, kismet.V3)
				c.send(kismet.NewSource{Definition: tt.announced, Type: "linuxwifi", UUID: uuid1})
				c.want(kismet.OpenSource{Definition: tt.want})
				if got := source(t, srv, uuid1).Announced; got != tt.announced {
					t.Errorf("announced %q", got)
				}
			})
		})
	}
}

func TestOptionsAreNeverForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := start(t, kismettest.Config{HopRate: -1, WifiOptions: map[string]string{"filter_mgmt": "true", "name": "no"}})
		_ = openWifi(t, srv, kismet.V3, "wlan0:name=a,timestamp=false", uuid1).conn.Close()
		ended(t, srv, uuid1)
		c := dialWS(t, srv, kismet.V3)
		c.send(kismet.NewSource{Definition: "wlan9:name=b", Type: "linuxwifi", UUID: uuid1})
		c.want(kismet.OpenSource{Definition: "wlan9:filter_mgmt=true,name=b,timestamp=false"})
		if src := source(t, srv, uuid1); src.Name != "b" || src.Options["timestamp"] != "false" {
			t.Errorf("source %+v", src)
		}
	})
}
