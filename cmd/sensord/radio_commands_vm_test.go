//go:build vm && linux

package main_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/sensord/sensord/internal/vmtest"
	"github.com/sensord/sensord/uplink/kismet"
	"github.com/sensord/sensord/uplink/kismettest"
)

// airOf are the networks of the tests, and the frequencies they are on. None is
// on channel 1: hwsim lets a radio without channel contexts hear where it was
// when its monitor interface came up, and that is where all begin.
func airOf() map[string]int { return map[string]int{"six": 2437, "eleven": 2462, "thirty-six": 5180} }

// TestVMServerCommandsARadio is a radio from the air to the server, by every
// transport and protocol: what the server is told of it, and that it obeys.
func TestVMServerCommandsARadio(t *testing.T) {
	network(t, "six", 6)
	network(t, "eleven", 11)
	network(t, "thirty-six", 36)
	for _, way := range []struct {
		name    string
		profile kismettest.Profile
		reach   func(*kismettest.Server) []string
		radio   vmtest.RadioOptions
	}{
		{"v3 websocket", kismettest.T25, websocket, vmtest.RadioOptions{}},
		{"v2 websocket", kismettest.T23, websocket, vmtest.RadioOptions{ChanCtx: true}},
		{"v3 tcp", kismettest.T25, tcp, vmtest.RadioOptions{Channels: 2}},
	} {
		t.Run(way.name, func(t *testing.T) {
			radio := vmtest.NewRadio(t, way.radio)
			before := wireless(t)
			cfg := unhurried()
			cfg.Profile = way.profile
			c := &commanding{radio: radio, uuid: uuidOf(radio), srv: serve(t, cfg)}
			p := captures(t, way.reach(c.srv), "", radio.Interface+":name=roof")
			c.announced(t)
			c.single(t)
			c.hop(t)
			c.refused(t)
			if src, _ := c.srv.Source(c.uuid); src.Sessions != 1 || src.Early != 0 {
				t.Errorf("the server is not content: %+v", src)
			}
			p.finish(t)
			same(t, before)
		})
	}
}

// commanding is a radio that a server commands.
type commanding struct {
	radio *vmtest.Radio
	uuid  string
	srv   *kismettest.Server
}

func (c *commanding) announced(t *testing.T) {
	t.Helper()
	src := opened(t, c.srv, c.uuid)
	if src.Type != "linuxwifi" || src.Interface != c.radio.Interface || src.Name != "roof" || src.LinkType != 127 ||
		src.CaptureInterface != c.radio.Interface+"mon" || src.Hardware != "mac80211_hwsim" {
		t.Errorf("the server is told %+v", src)
	}
	if diff := usableChannels(t, c.radio.Interface); !slices.Equal(src.Channels, diff) {
		t.Errorf("the server is told of %q, and `sensord list` of %q", src.Channels, diff)
	}
	// Until the server commands, the radio hops by itself, as the report says.
	if len(src.Hop.Channels) != len(src.Channels) || src.Hop.Rate < 4.9 || src.Hop.Rate > 5.1 || src.Channel != "" {
		t.Errorf("it hops over %d of %d channels, %v a second, channel %q; want all, 5, and none", len(src.Hop.Channels), len(src.Channels), src.Hop.Rate, src.Channel)
	}
}

// usableChannels are the names that `sensord list` has for a radio's channels.
func usableChannels(t *testing.T, name string) []string {
	t.Helper()
	var names []string
	for _, b := range listed(t, name).Bands {
		for _, c := range b.Channels {
			if c.Off == "" {
				names = append(names, c.Name)
			}
		}
	}
	return names
}

// only hears a network, and no other.
func (c *commanding) only(t *testing.T, ssid string) {
	t.Helper()
	for _, h := range hears(t, c.srv, c.uuid, 15, ssid) {
		if h.ssid != ssid || h.mhz != airOf()[ssid] {
			t.Errorf("tuned to hear %q, and heard %+v", ssid, h)
		}
	}
}

func (c *commanding) single(t *testing.T) {
	t.Helper()
	for _, step := range []struct{ channel, ssid, iw string }{
		{"6", "six", "channel 6 (2437 MHz), width: 20 MHz"},
		{"36HT40+", "thirty-six", "channel 36 (5180 MHz), width: 40 MHz, center1: 5190 MHz"},
		{"11", "eleven", "channel 11 (2462 MHz), width: 20 MHz"},
	} {
		src := commanded(t, c.srv, c.uuid, c.srv.SetChannel(c.uuid, step.channel))
		if src.LastReport.Channel != step.channel || src.LastReport.Hop != nil || src.Channel != step.channel || src.Hopping {
			t.Errorf("commanded to %s, the server is told %+v, and believes channel %q, hopping %v", step.channel, src.LastReport, src.Channel, src.Hopping)
		}
		if is := tuned(t, c.radio.Interface+"mon"); !strings.HasPrefix(is, step.iw) {
			t.Errorf("commanded to %s, the radio is on %s", step.channel, is)
		}
		c.only(t, step.ssid)
	}
}

func (c *commanding) hop(t *testing.T) {
	t.Helper()
	want := kismet.Hop{Rate: 10, Channels: []string{"11", "6", "36"}}
	src := commanded(t, c.srv, c.uuid, c.srv.SetHop(c.uuid, want))
	if !src.Hopping || src.LastReport.Channel != "" || src.LastReport.Hop == nil || !slices.Equal(src.Hop.Channels, want.Channels) ||
		src.Hop.Rate < 9.9 || src.Hop.Rate > 10.1 {
		t.Errorf("commanded to hop, the server is told %+v and believes %+v", src.LastReport, src.Hop)
	}
	for _, h := range hears(t, c.srv, c.uuid, 5, "eleven", "six", "thirty-six") {
		if h.mhz != airOf()[h.ssid] {
			t.Errorf("hopping, and heard %+v", h)
		}
	}
	src = commanded(t, c.srv, c.uuid, c.srv.SetChannel(c.uuid, "36"))
	if src.Hopping || src.Channel != "36" {
		t.Errorf("commanded back to 36, the server believes channel %q, hopping %v", src.Channel, src.Hopping)
	}
	c.only(t, "thirty-six")
}

// refused commands what cannot be. The server hears why, and where the radio
// really is; the source goes on.
func (c *commanding) refused(t *testing.T) {
	t.Helper()
	for channel, why := range map[string]string{"14": "disabled", "36HE80": "36HE80", "5955HT40-": "5955HT40-"} {
		src := commanded(t, c.srv, c.uuid, c.srv.SetChannel(c.uuid, channel))
		if src.LastReport.Channel != "36" || src.Channel != "36" {
			t.Errorf("commanded to %s, the server is told %+v", channel, src.LastReport)
		}
		complains(t, c.srv, c.uuid, why)
	}
	if is := tuned(t, c.radio.Interface+"mon"); !strings.HasPrefix(is, "channel 36 (5180 MHz)") {
		t.Errorf("after what was refused, the radio is on %s", is)
	}
	c.only(t, "thirty-six")
}

// TestVMServerCommandsSixGHz tunes to 6 GHz, narrow and wide.
func TestVMServerCommandsSixGHz(t *testing.T) {
	radio := vmtest.NewRadio(t, vmtest.RadioOptions{})
	c := &commanding{uuid: uuidOf(radio), srv: serve(t, unhurried())}
	p := captures(t, websocket(c.srv), "", radio.Interface)
	src := opened(t, c.srv, c.uuid)
	for _, step := range []struct{ channel, iw string }{
		{"1W6e", "(5955 MHz), width: 20 MHz"},
		{"233W6e", "(7115 MHz), width: 20 MHz"},
		{"5955HT40+", "(5955 MHz), width: 40 MHz, center1: 5965 MHz"},
		{"5975VHT80-5985", "(5975 MHz), width: 80 MHz, center1: 5985 MHz"},
		{"6135VHT160-6185", "(6135 MHz), width: 160 MHz, center1: 6185 MHz"},
		{"6135EHT320-6265", "(6135 MHz), width: 320 MHz, center1: 6265 MHz"},
	} {
		if !slices.Contains(src.Channels, step.channel) {
			t.Errorf("%s is not in the list of the source", step.channel)
		}
		got := commanded(t, c.srv, c.uuid, c.srv.SetChannel(c.uuid, step.channel))
		if is := tuned(t, radio.Interface+"mon"); got.LastReport.Channel != step.channel || !strings.Contains(is, step.iw) {
			t.Errorf("commanded to %s, the server is told %+v, and the radio is on %s", step.channel, got.LastReport, is)
		}
	}

	// Access points may be there where the domain is German: the radio follows.
	vmtest.SetCountry(t, "DE")
	vmtest.StartAP(t, vmtest.NewRadio(t, vmtest.RadioOptions{}), vmtest.APOptions{SSID: "high", Channel: vmtest.Channel6GHz(5), Interval: 30})
	got := commanded(t, c.srv, c.uuid, c.srv.SetChannel(c.uuid, "5W6e"))
	if got.LastReport.Channel != "5W6e" {
		t.Errorf("commanded to 5W6e, the server is told %+v", got.LastReport)
	}
	for _, h := range hears(t, c.srv, c.uuid, 5, "high") {
		if h.mhz != 5975 {
			t.Errorf("tuned to 5W6e, and heard %+v", h)
		}
	}
	p.finish(t)
}

// What `sensord list --json` says of a radio, as far as the tests look.
type listedRadio struct {
	Interface, Phy, Driver, UUID, Mode string
	Captures, Up                       bool
	Problems                           []struct{ Code, What, Remedy string }
	Notes                              []string
	Bands                              []struct {
		Band     string
		Channels []struct {
			Name string
			MHz  int
			Off  string
		}
	}
}

// radiosOf reads the output of `sensord list --json`.
func radiosOf(t *testing.T, out string) []listedRadio {
	t.Helper()
	var machine struct{ Radios []listedRadio }
	if err := json.Unmarshal([]byte(out), &machine); err != nil {
		t.Fatalf("%v in\n%s", err, out)
	}
	return machine.Radios
}

// listed is what `sensord list` says of one radio.
func listed(t *testing.T, name string) listedRadio {
	t.Helper()
	out, err := command(t, installed().bin, "list", "--json").Output()
	if err != nil {
		t.Fatal(err)
	}
	radios := radiosOf(t, string(out))
	i := slices.IndexFunc(radios, func(r listedRadio) bool { return r.Interface == name })
	if i < 0 {
		t.Fatalf("%s is not in the list:\n%s", name, out)
	}
	return radios[i]
}
