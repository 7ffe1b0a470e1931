package capture_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/internal/fault"
)

func TestChannelOptionsOfADefinition(t *testing.T) {
	for _, tt := range []struct {
		definition string
		want       capture.ChannelOptions
		wantErr    string
	}{
		{"wlan1", capture.ChannelOptions{HT: true, VHT: true}, ""},
		{"wlan1:ht_channels=f,vht_channels=FALSE,default_ht20=t,expand_ht20=tru", capture.ChannelOptions{DefaultHT20: true, ExpandHT20: true}, ""},
		{"wlan1:band5ghz=true", capture.ChannelOptions{HT: true, VHT: true, Bands: []capture.Band{capture.Band5GHz}}, ""},
		{"wlan1:band6ghz=true,band24ghz=true", capture.ChannelOptions{HT: true, VHT: true, Bands: []capture.Band{capture.Band24GHz, capture.Band6GHz}}, ""},
		{"wlan1:band6ghz=true,band24ghz=true,band5ghz=true", capture.ChannelOptions{HT: true, VHT: true}, ""},
		{"wlan1:band6ghz=false", capture.ChannelOptions{HT: true, VHT: true}, ""}, // as in Kismet, only true counts
		{`wlan1:channels="1, 6,,36HT40+"`, capture.ChannelOptions{HT: true, VHT: true, Only: []string{"1", "6", "36HT40+"}}, ""},
		{"wlan1:channels=1,6,11,name=x,add_channels=6W5,block_channels=1,2", capture.ChannelOptions{
			HT: true, VHT: true, Only: []string{"1", "6", "11"}, Add: []string{"6W5"}, Block: []string{"1", "2"},
		}, ""},
		{
			"wlan1:ht_channels=no,vht_channels=f,band5ghz=1",
			capture.ChannelOptions{HT: true},
			"source wlan1: ht_channels=no, band5ghz=1: neither true nor false, ignored",
		},
	} {
		d, err := capture.ParseDefinition(tt.definition)
		if err != nil {
			t.Fatal(err)
		}
		got, err := capture.ParseChannelOptions(d)
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got)\n%s", tt.definition, diff)
		}
		switch {
		case tt.wantErr == "" && err != nil:
			t.Error(err)
		case tt.wantErr != "" && (err == nil || err.Error() != tt.wantErr || fault.CodeOf(err) != fault.ConfigSource):
			t.Errorf("%s: error %v\nwant %s", tt.definition, err, tt.wantErr)
		}
	}
}

func TestHopListFollowsTheDefinition(t *testing.T) {
	six := []capture.BandCapability{
		{Band: capture.Band24GHz, Width5: true, Frequencies: steps(2412, 2437, 5)},
		{Band: capture.Band5GHz, Width80: true, Frequencies: []capture.Frequency{{MHz: 5180, Disabled: true}, {MHz: 5200}}},
	}
	all := capture.ListChannels(six, capture.DefaultChannelOptions())
	ht20 := capture.ListChannels(six, capture.ChannelOptions{HT: true, VHT: true, DefaultHT20: true})
	for _, tt := range []struct {
		name     string
		listed   []capture.ListedChannel
		o        capture.ChannelOptions
		want     string
		wantErrs string
	}{
		{"what is listed", all, capture.ChannelOptions{}, "1 2 3 4 5 6 40", ""},
		{"HT20", ht20, capture.ChannelOptions{}, "1HT20 2HT20 3HT20 4HT20 5HT20 6HT20 40HT20", ""},
		{"channels", all, capture.ChannelOptions{Only: []string{"6", "1", "2437", "6W5"}}, "6 1 6W5", ""},
		{"add", all, capture.ChannelOptions{Add: []string{"6W5", "6"}}, "1 2 3 4 5 6 40 6W5", ""},
		{"block", all, capture.ChannelOptions{Block: []string{"2437", "2", "200", "11"}}, "1 3 4 5 40", "option block_channels: channel \"200\": numbers from 197 on are of 6 GHz"},
		{"add goes over block", all, capture.ChannelOptions{Block: []string{"1", "40"}, Add: []string{"1"}}, "2 3 4 5 6 1", ""},
		{"block of channels", all, capture.ChannelOptions{Only: []string{"1", "6"}, Block: []string{"1"}, Add: []string{"3"}}, "6 3", ""},
		{"mistaken", all, capture.ChannelOptions{Only: []string{"36HE80", "6", "x"}, Add: []string{"2HT40"}}, "6", `option channels: channel "36HE80": "HE80" is no width
option channels: channel "x": does not begin
option add_channels: channel "2HT40": 40 MHz are written`},
		{"off", all, capture.ChannelOptions{Only: []string{"36", "5180VHT80", "40"}}, "40", `option channels: channel 36: disabled by the regulatory domain
option channels: channel 36VHT80: disabled by the regulatory domain`},
		{"wider than off, HT20", ht20, capture.ChannelOptions{Only: []string{"36"}}, "", "option channels: channel 36: disabled by the regulatory domain"},
		{"off otherwise", all, capture.ChannelOptions{Only: []string{"40VHT80"}}, "", "option channels: channel 40VHT80: needs channel 36 too, disabled by the regulatory domain"},
		{"nothing right", all, capture.ChannelOptions{Only: []string{"x"}}, "", `option channels: channel "x"`},
		{"nothing", nil, capture.ChannelOptions{}, "", ""},
	} {
		got, errs := capture.HopList(tt.listed, tt.o)
		var names []string
		for _, c := range got {
			names = append(names, c.String())
		}
		if s := strings.Join(names, " "); s != tt.want {
			t.Errorf("%s: %s\nwant %s", tt.name, s, tt.want)
		}
		var wantErrs []string
		if tt.wantErrs != "" {
			wantErrs = strings.Split(tt.wantErrs, "\n")
		}
		if len(errs) != len(wantErrs) {
			t.Errorf("%s: errors %q", tt.name, errs)
			continue
		}
		for i, err := range errs {
			code := fault.CodeOf(err)
			if !strings.HasPrefix(err.Error(), wantErrs[i]) || (code == fault.RadioChannel) == strings.Contains(err.Error(), `"`) || fault.RemedyOf(err) == "" {
				t.Errorf("%s: error %v (%s)\nwant %s", tt.name, err, code, wantErrs[i])
			}
		}
	}
}
