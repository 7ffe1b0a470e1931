package bpf_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/sensord/sensord/capture/bpf"
	"github.com/sensord/sensord/internal/fault"
)

func TestParseRule(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"drop", "drop"},
		{" KEEP  Type=MGMT ", "keep type=mgmt"},
		{"cut type=data", "cut type=data"},
		{"drop type=ctrl,data", "drop type=ctrl,data"},
		{"drop type=mgmt,ctrl,data,ext", "drop"},
		{"drop subtype=beacon", "drop subtype=beacon"},
		{"drop subtype=probe-resp,beacon,beacon", "drop subtype=probe-resp,beacon"},
		{"drop subtype=mgmt/8,ctrl/13,data/0", "drop subtype=beacon,ack,data"},
		{"drop subtype=ctrl/0,data/13", "drop subtype=ctrl/0,data/13"},
		{"drop type=control,management", "drop type=mgmt,ctrl"},
		{"drop subtype=management/8", "drop subtype=beacon"},
		{"drop type=data subtype=qos-null", "drop subtype=qos-null"},
		{"drop subtype=ack,qos-null type=data", "drop subtype=qos-null"},
		{"drop ta=00:1a:2b:3c:4d:5e", "drop ta=00:1A:2B:3C:4D:5E"},
		{
			"keep any=00-1a-2b-3c-4d-5e ra=ff:ff:ff:ff:ff:ff sa=02:00:00:00:00:01 da=02:00:00:00:00:02 bssid=02:00:00:00:00:03",
			"keep ra=FF:FF:FF:FF:FF:FF sa=02:00:00:00:00:01 da=02:00:00:00:00:02 bssid=02:00:00:00:00:03 any=00:1A:2B:3C:4D:5E",
		},
		{"cut len>200", "cut len>200"},
		{"drop len<60 len>40", "drop len<60 len>40"},
		{"drop len>0", "drop len>0"},
		{"drop signal<-80", "drop signal<-80"},
		{"keep signal>-40 signal<0", "keep signal<0 signal>-40"},
	} {
		r, err := bpf.ParseRule(tt.in)
		if err != nil || r.String() != tt.want {
			t.Errorf("%q is %q, %v, want %q", tt.in, r, err, tt.want)
		}
		if again, err := bpf.ParseRule(tt.want); err != nil || again != r {
			t.Errorf("%q, which %q is, is %q, %v", tt.want, tt.in, again, err)
		}
	}
}

func TestParseRuleNamesTheMistake(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"", `filter rule "": it is empty`},
		{"  ", `filter rule "  ": it is empty`},
		{"pass type=data", `filter rule "pass type=data": "pass" is no action: there are drop, keep and cut`},
		{"drop beacon", `filter rule "drop beacon": "beacon" is no condition`},
		{"drop type=beacons", `filter rule "drop type=beacons": "beacons" is no frame type: there are mgmt, ctrl, data and ext`},
		{"drop type=", `filter rule "drop type=": "" is no frame type: there are mgmt, ctrl, data and ext`},
		{"drop subtype=probe", `filter rule "drop subtype=probe": "probe" is no subtype: want a name as in beacon or qos-data, or type and number as in ctrl/13`},
		{"drop subtype=ctrl/16", `filter rule "drop subtype=ctrl/16": "ctrl/16" is no subtype: want a name as in beacon or qos-data, or type and number as in ctrl/13`},
		{"drop subtype=beacon,", `filter rule "drop subtype=beacon,": "" is no subtype: want a name as in beacon or qos-data, or type and number as in ctrl/13`},
		{"drop type=data subtype=beacon", `filter rule "drop type=data subtype=beacon": no subtype in it is of the type in it`},
		{"drop ta=00:1a:2b", `filter rule "drop ta=00:1a:2b": "00:1a:2b" is no address: want six bytes as in 00:1A:2B:3C:4D:5E`},
		{"drop ta<00:1a:2b:3c:4d:5e", `filter rule "drop ta<00:1a:2b:3c:4d:5e": "ta<" is no condition: ` + conditions},
		{"drop addr1=00:1a:2b:3c:4d:5e", `filter rule "drop addr1=00:1a:2b:3c:4d:5e": "addr1=" is no condition: ` + conditions},
		{"drop len=40", `filter rule "drop len=40": "len=" is no condition: ` + conditions},
		{"drop len>=40", `filter rule "drop len>=40": "=40" is no number from 0 to 65535`},
		{"drop len<70000", `filter rule "drop len<70000": "70000" is no number from 0 to 65535`},
		{"drop len<0", `filter rule "drop len<0": no number is within its bounds`},
		{"drop len<10 len>20", `filter rule "drop len<10 len>20": no number is within its bounds`},
		{"drop signal<loud", `filter rule "drop signal<loud": "loud" is no number from -1000 to 1000`},
		{"drop ta=00:1a:2b:3c:4d:5e ta=00:1a:2b:3c:4d:5f", `filter rule "drop ta=00:1a:2b:3c:4d:5e ta=00:1a:2b:3c:4d:5f": ta= is given twice: use two rules`},
		{"drop " + strings.Repeat("x", 3000), `filter rule "drop ` + strings.Repeat("x", 55) + `...": it has 3005 bytes, 2048 are the most`},
	} {
		r, err := bpf.ParseRule(tt.in)
		if err == nil || err.Error() != tt.want {
			t.Errorf("%q is %q, error\n%v, want\n%s", tt.in, r, err, tt.want)
		}
		if fault.CodeOf(err) != fault.ConfigInvalid || fault.RemedyOf(err) == "" {
			t.Errorf("%q: code %q, remedy %q", tt.in, fault.CodeOf(err), fault.RemedyOf(err))
		}
	}
}

const conditions = "there are type= subtype= ra= ta= sa= da= any= bssid= len< len> signal< signal>"

// Every type and subtype has one name, which is read back.
func TestEverySubtypeHasAName(t *testing.T) {
	seen := make(map[string]string)
	for _, typ := range []string{"mgmt", "ctrl", "data", "ext"} {
		for sub := range 16 {
			in := "drop subtype=" + typ + "/" + itoa(sub)
			r, err := bpf.ParseRule(in)
			if err != nil {
				t.Fatal(err)
			}
			if again, err := bpf.ParseRule(r.String()); err != nil || again != r {
				t.Errorf("%s is %s is %s, %v", in, r, again, err)
			}
			if other, ok := seen[r.String()]; ok {
				t.Errorf("%s and %s are both %s", in, other, r)
			}
			seen[r.String()] = in
		}
	}
}

func TestEmptyRuleIsRefused(t *testing.T) {
	_, err := bpf.Compile(bpf.Spec{Rules: make([]bpf.Rule, 1)}, 127, 1000)
	if want := "filter rule 1: it is empty"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestRulesReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text, _ := drawRule(t)
		r, err := bpf.ParseRule(text)
		if err != nil {
			t.Fatal(err)
		}
		again, err := bpf.ParseRule(r.String())
		if err != nil || again != r {
			t.Fatalf("%q is %q is %q, %v", text, r, again, err)
		}
	})
}

func FuzzParseRule(f *testing.F) {
	for _, s := range []string{
		"drop", "keep type=mgmt,data", "cut type=data len>200", "drop subtype=beacon,ctrl/13 any=00:1A:2B:3C:4D:5E signal<-80 signal>-90", "drop len<", "x", "\x00",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		r, err := bpf.ParseRule(s)
		if err != nil {
			if e, ok := errors.AsType[*fault.Error](err); !ok || e.Code != fault.ConfigInvalid || r != (bpf.Rule{}) {
				t.Fatalf("%q: rule %q, error %v", s, r, err)
			}
			return
		}
		again, err := bpf.ParseRule(r.String())
		if diff := cmp.Diff(r.String(), again.String()); err != nil || again != r {
			t.Fatalf("%q, %v (-once +twice):\n%s", s, err, diff)
		}
		if _, err := bpf.Compile(bpf.Spec{Rules: []bpf.Rule{r}}, 127, 2000); err != nil {
			t.Fatal(err)
		}
	})
}
