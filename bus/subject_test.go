package bus_test

import (
	"strings"
	"testing"

	"github.com/sensord/sensord/bus"
)

func TestSubjectsAndTheirAddresses(t *testing.T) {
	for _, tt := range []struct {
		subject string
		address bus.Address
	}{
		{bus.Subject("fleet", "rover-1", bus.KindPosition), bus.Address{Fleet: "fleet", Rig: "rover-1", Kind: bus.KindPosition}},
		{bus.Subject("f_2", "R", bus.KindStatus), bus.Address{Fleet: "f_2", Rig: "R", Kind: bus.KindStatus}},
		{bus.Subject("fleet", "rover-1", bus.KindEvent), bus.Address{Fleet: "fleet", Rig: "rover-1", Kind: bus.KindEvent}},
		{bus.MetaGPSSubject("fleet", "rover-1", "phone"), bus.Address{Fleet: "fleet", Rig: "rover-1", Kind: bus.KindMetaGPS, Name: "phone"}},
	} {
		got, ok := bus.ParseSubject(tt.subject)
		if !ok || got != tt.address {
			t.Errorf("%s: %+v %t, want %+v", tt.subject, got, ok, tt.address)
		}
		if s := got.Subject(); s != tt.subject {
			t.Errorf("%+v: subject %s, want %s", got, s, tt.subject)
		}
	}
	for got, want := range map[string]string{
		bus.Subject("fleet", "rover-1", bus.KindPosition):    "sensord.v1.fleet.rover-1.position",
		bus.Subject("fleet", bus.Any, bus.KindEvent):         "sensord.v1.fleet.*.event",
		bus.MetaGPSSubject("fleet", "rover-1", "phone"):      "sensord.v1.fleet.rover-1.metagps.phone",
		bus.MetaGPSSubject("fleet", bus.Any, bus.Any):        "sensord.v1.fleet.*.metagps.*",
		bus.MetaGPSSubject("fleet", bus.Any, "phone-of-Ann"): "sensord.v1.fleet.*.metagps.phone-of-Ann",
	} {
		if got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

func TestSubjectsOfOthers(t *testing.T) {
	for _, s := range []string{
		"", ".", "sensord", "sensord.v1", "sensord.v1.", "sensord.v1.fleet", "sensord.v1.fleet.rover", "sensord.v1.fleet.rover.",
		"sensord.v1.fleet.rover.frames", "sensord.v1.fleet.rover.position.", "sensord.v1.fleet.rover.position.x", "sensord.v1.fleet..position",
		"sensord.v1..rover.position", "sensord.v1.fleet.*.position", "sensord.v1.fleet.>", "sensord.v1.>", "sensord.v2.fleet.rover.position",
		"sensord.v1.fleet.rover.metagps", "sensord.v1.fleet.rover.metagps.", "sensord.v1.fleet.rover.metagps.*", "sensord.v1.fleet.rover.metagps.a.b",
		"sensord.v1.fleet.r\x00ver.position", "sensord.v1.fleet.röver.position", " sensord.v1.fleet.rover.position", "sensord.v1.fleet.rover.position ",
		"sensord.v1." + strings.Repeat("f", 65) + ".rover.position", "$KV.rigs_fleet.rover",
	} {
		if a, ok := bus.ParseSubject(s); ok || a != (bus.Address{}) {
			t.Errorf("%q: %+v %t", s, a, ok)
		}
	}
}

func FuzzParseSubject(f *testing.F) {
	for _, s := range []string{"sensord.v1.fleet.rover-1.position", "sensord.v1.fleet.rover-1.metagps.phone", "sensord.v1.fleet.*.status", "", "sensord.v1....."} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		a, ok := bus.ParseSubject(s)
		if !ok {
			if a != (bus.Address{}) {
				t.Errorf("%q: refused, and %+v", s, a)
			}
			return
		}
		if a.Subject() != s {
			t.Errorf("%q: %+v, which is %q", s, a, a.Subject())
		}
		for what, token := range map[string]string{"fleet": a.Fleet, "rig": a.Rig} {
			if err := bus.CheckToken(what, token); err != nil {
				t.Errorf("%q: %v", s, err)
			}
		}
	})
}

func TestCheckToken(t *testing.T) {
	for token, want := range map[string]string{
		"rover-1":                  "",
		"a":                        "",
		strings.Repeat("aZ9_", 16): "",
		"":                         "rig is missing",
		strings.Repeat("x", 65):    "rig is longer than 64 characters",
		"rover 1":                  `rig "rover 1" has other characters than letters, digits, - and _`,
		"rover.1":                  `rig "rover.1" has other characters than letters, digits, - and _`,
		"*":                        `rig "*" has other characters than letters, digits, - and _`,
		"r\x1b":                    `rig "r\x1b" has other characters than letters, digits, - and _`,
		"röver":                    `rig "röver" has other characters than letters, digits, - and _`,
	} {
		got := ""
		if err := bus.CheckToken("rig", token); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%q: error %q, want %q", token, got, want)
		}
	}
}

func TestToken(t *testing.T) {
	for name, want := range map[string]string{
		"rover-1":                      "rover-1",
		"rover 1":                      "rover-1",
		"pi.example.org":               "pi-example-org",
		"Käfer":                        "K-fer",
		"  van ":                       "van",
		"a\nb":                         "a-b",
		"_x_":                          "_x_",
		"":                             "",
		"...":                          "",
		"車":                            "",
		"-_-":                          "",
		strings.Repeat("x", 99):        strings.Repeat("x", 64),
		strings.Repeat("é", 63) + "ab": "a",
	} {
		got := bus.Token(name)
		if got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
		if got != "" && bus.CheckToken("rig", got) != nil {
			t.Errorf("%q: %q is no token", name, got)
		}
	}
}
