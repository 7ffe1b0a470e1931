package kismettest

import (
	"strings"
	"testing"
)

func FuzzParseDefinition(f *testing.F) {
	f.Add(`wlan0:name=a,channels="1,6,11"`)
	f.Add(`x.pcap:foo,=,"=",a=`)
	f.Fuzz(func(t *testing.T, text string) {
		iface, options := parseDefinition(text)
		if strings.Contains(iface, ":") || !strings.HasPrefix(text, iface) {
			t.Errorf("interface %q", iface)
		}
		for name, value := range options {
			if strings.Contains(name, "=") || name != strings.ToLower(name) || strings.Contains(value, `"`) {
				t.Errorf("option %q=%q", name, value)
			}
		}
	})
}

func FuzzDecodeQuery(f *testing.F) {
	f.Add("user=a&password=b%26c+d")
	f.Add("%zz=&&==")
	f.Fuzz(func(t *testing.T, raw string) {
		for name, value := range decodeQuery(raw) {
			if strings.ContainsAny(name+value, "&=") {
				t.Errorf("%q=%q", name, value)
			}
		}
	})
}

func TestLooseUUID(t *testing.T) {
	const upper = "5FE308BD-0000-0000-0000-0200000000AF"
	for text, want := range map[string]string{
		upper:                                  upper,
		strings.ToLower(upper):                 upper,
		upper + " and more":                    upper,
		upper[:35]:                             noUUID,
		"":                                     noUUID,
		strings.Replace(upper, "5", "X", 1):    noUUID,
		strings.ReplaceAll(upper, "-", "0"):    noUUID,
		"5FE308BD-00-000000-0000-0200000000AF": noUUID,
		strings.Repeat("-", 36):                noUUID,
	} {
		if got := looseUUID(text); got != want {
			t.Errorf("looseUUID(%q) = %s, want %s", text, got, want)
		}
	}
}

func TestHopRate(t *testing.T) {
	for text, want := range map[string]float64{
		"5/sec": 5, "30/min": 0.5, "4/dwell": 0.25, "": 9, "5": 9, "x/sec": 9, "0/sec": 9, "1/day": 9,
	} {
		if got := hopRate(text, 9); got != want {
			t.Errorf("hopRate(%q) = %v, want %v", text, got, want)
		}
	}
}
