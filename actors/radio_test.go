package actors

import (
	"net"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/capture/linuxwifi"
	"github.com/sensord/sensord/configs"
	"github.com/sensord/sensord/internal/fault"
	"github.com/sensord/sensord/uplink/kismet"
	"github.com/sensord/sensord/uplink/kismettest"
)

// radioOf is the configuration of a radio whose interface has yet to be seen.
func radioOf(t testing.TB, definition string) configs.Source {
	t.Helper()
	d, err := capture.ParseDefinition(definition)
	if err != nil {
		t.Fatal(err)
	}
	return configs.Source{
		Name: d.Interface, Type: capture.TypeLinuxWifi, Definition: d,
		Hop: configs.Hop{Mode: configs.HopServer, Rate: configs.DefaultHopRate},
	}
}

// only returns the one source that the server knows.
func (r *testRig) only(t testing.TB) kismettest.Source {
	t.Helper()
	all := r.srv.Sources()
	if len(all) != 1 {
		t.Fatalf("the server knows %d sources\n%s", len(all), r.log)
	}
	return all[0]
}

func mhz(channels []capture.Channel) []int {
	var list []int
	for _, c := range channels {
		list = append(list, c.FreqMHz)
	}
	return list
}

func told(src kismettest.Source, text string) bool {
	return strings.Contains(src.LastReport.Text, text) || slices.ContainsFunc(src.Messages, func(m kismet.Text) bool { return strings.Contains(m.Text, text) })
}

func TestServerHopsAndTunesARadio(t *testing.T) {
	everywhere(t, func(t *testing.T, p kismettest.Profile, tcp bool) {
		world := newFakeWorld(2412, 2437, 2462)
		radio := world.plug("wlan0")
		r := startRigIn(t, world, kismettest.Config{Profile: p, HopRate: 5}, nil, tcp, configs.Config{Sources: []configs.Source{radioOf(t, "wlan0")}})
		elapse(10 * time.Second)
		src := r.only(t)
		if want := []string{"1", "6", "11"}; !src.Hopping || !slices.Equal(src.Channels, want) || src.Hop.Rate != 5 || !slices.Equal(src.Hop.Channels, want) {
			t.Fatalf("the server believes %+v", src.Stats)
		}
		if src.UUID != "5FE308BD-0000-0000-0000-020000000000" || src.CaptureInterface != "wlan0mon" || src.Hardware != "fake" || src.LinkType != 127 {
			t.Errorf("source %+v", src)
		}
		radio.forget()
		elapse(3 * time.Second)
		visits := mhz(radio.visited())
		if len(visits) < 14 || len(visits) > 16 {
			t.Errorf("%d hops in 3 s", len(visits))
		}
		for _, f := range []int{2412, 2437, 2462} {
			if !slices.Contains(visits, f) {
				t.Errorf("%d MHz was not visited: %v", f, visits)
			}
		}

		if err := r.srv.SetChannel(src.UUID, "6"); err != nil {
			t.Fatal(err)
		}
		elapse(3 * time.Second)
		radio.forget()
		elapse(3 * time.Second)
		src = r.only(t)
		if src.Hopping || src.Channel != "6" || src.Pending != 0 || len(radio.visited()) != 0 || radio.Tuned().FreqMHz != 2437 {
			t.Fatalf("behind a single channel: %+v, visits %v, tuned %v", src.Stats, radio.visited(), radio.Tuned())
		}

		hop := kismet.Hop{Rate: 2, Shuffle: false, Channels: []string{"11", "1"}}
		if err := r.srv.SetHop(src.UUID, hop); err != nil {
			t.Fatal(err)
		}
		elapse(10 * time.Second)
		src = r.only(t)
		if !src.Hopping || src.Hop.Rate != 2 || !slices.Equal(src.Hop.Channels, hop.Channels) {
			t.Fatalf("behind a hop command: %+v", src.Stats)
		}
		if st := r.Status().Sources[0]; st.Link.Links != 1 || st.Frames.Dropped != 0 || st.Frames.Acked == 0 {
			t.Errorf("status %+v", st)
		}
	})
}

func TestServerHearsWhatTheRadioRefuses(t *testing.T) {
	everywhere(t, func(t *testing.T, p kismettest.Profile, tcp bool) {
		world := newFakeWorld(2412, 2437, 2462)
		radio := world.plug("wlan0")
		radio.every = 10 * time.Second // there is half an hour to get through
		refusal := fault.Newf(fault.RadioChannel, "channel 6", "Channel is disabled")
		radio.refuses(capture.Channel{FreqMHz: 2437}, refusal)
		r := startRigIn(t, world, kismettest.Config{Profile: p, HopRate: 5}, nil, tcp, configs.Config{Sources: []configs.Source{radioOf(t, "wlan0")}})
		elapse(5 * time.Second)
		src := r.only(t)
		if want := []string{"1", "11"}; !src.Hopping || !slices.Equal(src.Hop.Channels, want) || !told(src, "Channel is disabled") {
			t.Fatalf("the server believes %+v", src.Stats)
		}
		if err := r.srv.SetChannel(src.UUID, "11"); err != nil {
			t.Fatal(err)
		}
		elapse(time.Second)
		for _, bad := range []string{"6", "no such channel"} {
			if err := r.srv.SetChannel(src.UUID, bad); err != nil {
				t.Fatal(err)
			}
			elapse(2 * time.Second)
			src = r.only(t)
			if !src.Running || src.Hopping || src.Channel != "11" || src.Pending != 0 {
				t.Fatalf("behind %q: %+v %s\n%s", bad, src.Stats, src.Error, r.log)
			}
		}
		radio.refuses(capture.Channel{FreqMHz: 2437}, nil)
		if err := r.srv.SetHop(src.UUID, kismet.Hop{Rate: 5}); err != nil {
			t.Fatal(err)
		}
		elapse(20 * time.Minute)
		if src = r.only(t); !slices.Contains(src.Hop.Channels, "6") {
			t.Errorf("a channel that works again is not back: %+v", src.Stats)
		}
	})
}

func TestWardriveOptionsOfTheServer(t *testing.T) {
	wardrive := map[string]string{"filter_mgmt": "true", "ht_channels": "false", "metagps": "ignored"}
	for name, tt := range map[string]struct {
		definition string
		ignore     bool
		mgmt       bool
		ht         bool
	}{
		"adopted":          {"wlan0", false, true, false},
		"the user's count": {"wlan0:filter_mgmt=false,ht_channels=true", false, false, true},
		"ignored":          {"wlan0", true, false, true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				world := newFakeWorld(2412, 2417, 2422, 2427, 2432)
				world.bands[0].HT40 = true
				radio := world.plug("wlan0")
				cfg := radioOf(t, tt.definition)
				cfg.IgnoreServerOptions = tt.ignore
				r := startRigIn(t, world, kismettest.Config{HopRate: 5, WifiOptions: wardrive}, nil, false, configs.Config{Sources: []configs.Source{cfg}})
				elapse(10 * time.Second)
				src := r.only(t)
				if got := slices.Contains(src.Channels, "1HT40+"); got != tt.ht {
					t.Errorf("HT40 listed: %v, channels %q", got, src.Channels)
				}
				last := radio.filter()
				data := append([]byte{0, 0, 8, 0, 0, 0, 0, 0, 0x08, 0}, make([]byte, 60)...)
				if got := last.Keep(data, len(data)) == 0; got != tt.mgmt {
					t.Errorf("data frames left out: %v", got)
				}
			})
		})
	}
}

func TestFilterFollowsTheMachinesAddresses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		world := newFakeWorld(2412)
		radio := world.plug("wlan0")
		r := startRigIn(t, world, kismettest.Config{HopRate: 5}, nil, false, configs.Config{Sources: []configs.Source{radioOf(t, "wlan0")}})
		elapse(5 * time.Second)
		frame := append([]byte{0, 0, 8, 0, 0, 0, 0, 0, 0x80, 0, 0, 0}, []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 9, 9, 2, 0, 0, 0, 9, 9, 0, 0, 1, 2, 3, 4}...)
		keeps := func() bool {
			return radio.filter().Keep(frame, len(frame)) > 0
		}
		own := []linuxwifi.LinkAddress{{Name: "wlp3s0", MAC: net.HardwareAddr{2, 0, 0, 0, 9, 9}, Up: true}}
		world.tell(own, false)
		elapse(time.Second)
		if !keeps() {
			t.Error("frames are left out although the server is not reached over Wi-Fi")
		}
		world.tell(own, true)
		elapse(time.Second)
		if keeps() {
			t.Error("the machine's own frames are captured although it reaches the server over Wi-Fi")
		}
		if !strings.Contains(r.log.String(), "filter_locals=false") {
			t.Errorf("nobody said so:\n%s", r.log)
		}
		world.tell(nil, false)
		elapse(time.Second)
		if !keeps() {
			t.Error("an address that is gone is still left out")
		}
	})
}

func TestRigSplitsAListOverItsRadios(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		world := newFakeWorld(2412, 2417, 2422, 2427, 2432, 2437)
		a, b := world.plug("wlan0"), world.plug("wlan1")
		cfg := configs.Config{Sources: []configs.Source{radioOf(t, "wlan0"), radioOf(t, "wlan1")}}
		for i := range cfg.Sources {
			cfg.Sources[i].Hop.Mode = configs.HopSplit
		}
		r := startRigIn(t, world, kismettest.Config{HopRate: 5}, nil, false, cfg)
		elapse(10 * time.Second)
		a.forget()
		b.forget()
		elapse(10 * time.Second)
		first, second := distinct(a.visited()), distinct(b.visited())
		if len(first) != 3 || len(second) != 3 || slices.ContainsFunc(first, func(f int) bool { return slices.Contains(second, f) }) {
			t.Fatalf("parts %v and %v", first, second)
		}
		src, _ := r.srv.Source(r.Status().Sources[0].UUID.String())
		if src.Options["channel_hop"] != "false" || !src.Hopping || len(src.Hop.Channels) != 3 {
			t.Errorf("the server believes %+v, options %v", src.Stats, src.Options)
		}
		world.unplug("wlan1")
		elapse(5 * time.Second)
		a.forget()
		elapse(10 * time.Second)
		if all := distinct(a.visited()); len(all) != 6 {
			t.Errorf("alone it visits %v", all)
		}
	})
}

func distinct(channels []capture.Channel) []int {
	list := mhz(channels)
	slices.Sort(list)
	return slices.Compact(list)
}

func TestOnceEndsRadiosBehindTheLastFile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		world := newFakeWorld(2412)
		radio := world.plug("wlan0")
		file := sourceOf(t, writePcap(t, "a.pcap", 1000)+":realtime=true")
		r := startRigIn(t, world, kismettest.Config{HopRate: 5}, nil, false, configs.Config{Once: true, Sources: []configs.Source{file, radioOf(t, "wlan0")}})
		_ = r.wait(t, time.Minute)
		if st := r.Status().Sources[1]; st.Frames.Acked == 0 || st.Frames.Acked != st.Frames.Captured || !radio.closed {
			t.Errorf("the radio's frames: %+v", st.Frames)
		}
	})
}
