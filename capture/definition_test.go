package capture_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/internal/fault"
)

func options(pairs ...string) []capture.Option {
	var opts []capture.Option
	for i := 0; i < len(pairs); i += 2 {
		opts = append(opts, capture.Option{Name: pairs[i], Value: pairs[i+1]})
	}
	return opts
}

func TestParseDefinition(t *testing.T) {
	for _, tc := range []struct {
		name, in, iface string
		opts            []capture.Option
	}{
		{"interface alone", "wlan1", "wlan1", nil},
		{"colon and nothing", "wlan1:", "wlan1", nil},
		{"one option", "wlan1:name=roof", "wlan1", options("name", "roof")},
		{"quoted list", `wlan1:name=roof,channels="1,6,11"`, "wlan1", options("name", "roof", "channels", "1,6,11")},
		{
			"list as the server gives it back", "wlan1:channel_hop=true,channels=1,6,11,name=roof", "wlan1",
			options("channel_hop", "true", "channels", "1,6,11", "name", "roof"),
		},
		{"list at the end", "wlan1:channels=1,6,11", "wlan1", options("channels", "1,6,11")},
		{"shell's leftover", `wlan1:channels=\"6W5,36W5\",name=x`, "wlan1", options("channels", "6W5,36W5", "name", "x")},
		{"quotes in the middle", `wlan1:name=a"b,c"d`, "wlan1", options("name", "ab,cd")},
		{"quotes around the option", `wlan1:"channels=1,6",name=x`, "wlan1", options("channels", "1,6", "name", "x")},
		{"names are lower-cased, values not", "wlan1:NAME=Roof", "wlan1", options("name", "Roof")},
		{
			"repeats stay in order", "wlan1:filter_address=b,name=x,filter_address=a", "wlan1",
			options("filter_address", "b", "name", "x", "filter_address", "a"),
		},
		{"colons belong to values", "wlan1:filter_address=AA:BB:CC:DD:EE:FF", "wlan1", options("filter_address", "AA:BB:CC:DD:EE:FF")},
		{"equals signs belong to values", "wlan1:name=a=b", "wlan1", options("name", "a=b")},
		{"empty value", "wlan1:name=,pps=5", "wlan1", options("name", "", "pps", "5")},
		{"commas too many", "wlan1:,name=x,,pps=5,", "wlan1", options("name", "x", "pps", "5")},
		{"space around a name", "wlan1:name=x, pps =5", "wlan1", options("name", "x", "pps", "5")},
		{"other backslashes stay", `C\x.pcap:name=a\b\`, `C\x.pcap`, options("name", `a\b\`)},
		{"file", "/var/lib/a, b.pcapng:pps=100", "/var/lib/a, b.pcapng", options("pps", "100")},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := capture.ParseDefinition(tc.in)
			if err != nil {
				t.Fatalf("ParseDefinition(%s): %v", tc.in, err)
			}
			want := capture.Definition{Interface: tc.iface, Options: tc.opts}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("ParseDefinition(%s) (-want +got):\n%s", tc.in, diff)
			}
		})
	}
}

func TestParseDefinitionErrors(t *testing.T) {
	for _, tc := range []struct{ name, in, want string }{
		{"empty", "", "source : definition names no interface or file in front of the colon"},
		{"no interface", ":name=x", "source :name=x: definition names no interface or file in front of the colon"},
		{"blank interface", "  :name=x", "source   :name=x: definition names no interface or file in front of the colon"},
		{"quote not closed", `wlan1:name=x,channels="1,6`, `source wlan1:name=x,channels="1,6: closing quote is missing in channels="1,6`},
		{"shell's quote not closed", `wlan1:channels=\"1,6`, `source wlan1:channels=\"1,6: closing quote is missing in channels=\"1,6`},
		{"option without value", "wlan1:verbose", "source wlan1:verbose: option verbose has no value, want verbose=VALUE"},
		{"no name", "wlan1:=x", `source wlan1:=x: option name "" is none: it may have letters, digits, dots, dashes and underscores`},
		{"impossible name", `wlan1:"a,b"=x`, `source wlan1:"a,b"=x: option name "a,b" is none: it may have letters, digits, dots, dashes and underscores`},
		{"not UTF-8", "wlan1:name=\xff", "source wlan1:name=\xff: definition is not UTF-8"},
		{"control character", "wlan1:name=a\nb", "source wlan1:name=a\nb: definition has the control character '\\n' at byte 12"},
		{
			"hostile length", "wlan1:name=" + strings.Repeat("x", 20000),
			"source wlan1:name=" + strings.Repeat("x", 49) + "...: definition has 20011 bytes, 16384 are the most",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			d, err := capture.ParseDefinition(tc.in)
			if err == nil {
				t.Fatalf("ParseDefinition(%s) = %v, want an error", tc.in, d)
			}
			if diff := cmp.Diff(tc.want, err.Error()); diff != "" {
				t.Errorf("text (-want +got):\n%s", diff)
			}
			if code := fault.CodeOf(err); code != fault.ConfigSource {
				t.Errorf("code %q, want %q", code, fault.ConfigSource)
			}
		})
	}
}

func parse(t testing.TB, s string) capture.Definition {
	t.Helper()
	d, err := capture.ParseDefinition(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestGetTakesTheLastOfRepeatedOptions(t *testing.T) {
	d := parse(t, "wlan1:channel=1,name=x,channel=6")
	if v, ok := d.Get("Channel"); v != "6" || !ok {
		t.Errorf("Get = %q, %v, want 6, true", v, ok)
	}
	if v, ok := d.Get("vif"); v != "" || ok {
		t.Errorf("Get of an absent option = %q, %v", v, ok)
	}
	if diff := cmp.Diff([]string{"1", "6"}, d.Values("CHANNEL")); diff != "" {
		t.Errorf("Values (-want +got):\n%s", diff)
	}
	if vs := d.Values("vif"); vs != nil {
		t.Errorf("Values of an absent option = %q, want nil", vs)
	}
}

func TestBoolReadsAsKismetDoes(t *testing.T) {
	for value, want := range map[string][2]bool{ // with default false, with default true
		"t": {true, true}, "TR": {true, true}, "true": {true, true},
		"f": {false, false}, "Fals": {false, false}, "false": {false, false},
		"": {false, true}, "1": {false, true}, "0": {false, true}, "yes": {false, true}, "truely": {false, true},
	} {
		d := parse(t, "x.pcap").With("realtime", value)
		if got := [2]bool{d.Bool("realtime", false), d.Bool("realtime", true)}; got != want {
			t.Errorf("realtime=%s: with default false and true %v, want %v", value, got, want)
		}
	}
	if !parse(t, "x.pcap").Bool("realtime", true) {
		t.Error("an absent option is not its default")
	}
}

func TestWithReplacesAllOccurrencesByOne(t *testing.T) {
	d := parse(t, "wlan1:uuid=a,name=x,uuid=b")
	before := d.String()
	for _, tc := range []struct{ name, value, want string }{
		{"UUID", "c", "wlan1:uuid=c,name=x"},
		{"channels", "1,6", `wlan1:uuid=a,name=x,uuid=b,channels="1,6"`},
		{"name", `the "roof"`, "wlan1:uuid=a,name=the roof,uuid=b"},
	} {
		if got := d.With(tc.name, tc.value).String(); got != tc.want {
			t.Errorf("With(%s, %s) = %s, want %s", tc.name, tc.value, got, tc.want)
		}
	}
	if after := d.String(); after != before {
		t.Errorf("With changed its receiver from %s to %s", before, after)
	}
}

// Whatever ParseDefinition can return, String writes and ParseDefinition reads
// back.
func TestDefinitionRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := capture.Definition{Interface: rapid.StringMatching(`[a-z/ ".,=\\]{0,8}[a-z]`).Draw(t, "interface")}
		for range rapid.IntRange(0, 6).Draw(t, "options") {
			want.Options = append(want.Options, capture.Option{
				Name:  rapid.StringMatching(`[a-z0-9_.-]{1,6}`).Draw(t, "name"),
				Value: rapid.StringMatching(`[a-z0-9 =:,\\;é]{0,10}`).Draw(t, "value"),
			})
		}
		text := want.String()
		got, err := capture.ParseDefinition(text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("%s (-want +got):\n%s", text, diff)
		}
	})
}

func FuzzParseDefinition(f *testing.F) {
	for _, s := range []string{
		"wlan1", "wlan1:name=roof,channels=\"1,6,11\"", "wlan1:channels=1,6,11,name=x", `wlan1:channels=\"6W5,36W5\"`,
		"beacons.pcap:name=golden", `a:b="`, ":", `a:"b=c,d"`, `a:b=\,\`, `a:b="c,\"`, "a:b", "a:,,b=,,",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := capture.ParseDefinition(s)
		if err != nil {
			if !cmp.Equal(d, capture.Definition{}) {
				t.Fatalf("error %v and value %v", err, d)
			}
			return
		}
		d.UnknownOptions()
		text := d.String()
		if len(text) > capture.MaxDefinitionBytes { // the quotes made it longer
			return
		}
		again, err := capture.ParseDefinition(text)
		if err != nil {
			t.Fatalf("%q gave %q: %v", s, text, err)
		}
		if diff := cmp.Diff(d, again); diff != "" {
			t.Fatalf("%q gave %q (-first +second):\n%s", s, text, diff)
		}
	})
}

func TestDefinitionWithout(t *testing.T) {
	d, err := capture.ParseDefinition("wlan1:name=x,metagps=car,channel=6")
	if err != nil {
		t.Fatal(err)
	}
	if got := d.Without("metagps").String(); got != "wlan1:name=x,channel=6" {
		t.Errorf("without metagps: %s", got)
	}
	if got := d.String(); got != "wlan1:name=x,metagps=car,channel=6" {
		t.Errorf("the definition itself is now %s", got)
	}
}
