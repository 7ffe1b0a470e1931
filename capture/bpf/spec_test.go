package bpf_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/capture/bpf"
	"github.com/sensord/sensord/capture/radiotap"
	"github.com/sensord/sensord/internal/fault"
)

func TestSpecOf(t *testing.T) {
	one, two, three := radiotap.MAC{2, 0, 0, 0, 0, 1}, radiotap.MAC{2, 0, 0, 0, 0, 2}, radiotap.MAC{2, 0, 0, 0, 0, 3}
	for _, tt := range []struct {
		name, in string
		spec     bpf.Spec
		locals   bpf.Locals
	}{
		{"nothing", "wlan0:name=x", bpf.Spec{}, bpf.Locals{}},
		{"switches", "wlan0:filter_mgmt=t,truncate_data=TRUE,fcsfail=tru", bpf.Spec{Mgmt: true, TruncateData: true, KeepBadFCS: true}, bpf.Locals{}},
		{"no switches", "wlan0:filter_mgmt=false,truncate_data=yes,fcsfail=,filter_locals=1", bpf.Spec{}, bpf.Locals{}},
		{"locals with all else", "wlan0:filter_locals=true,filter_mgmt=true,filter_address=02:00:00:00:00:01", bpf.Spec{Mgmt: true, Addresses: []radiotap.MAC{one}}, bpf.Locals{All: true}},
		{
			"repetition", "wlan0:filter_address=02:00:00:00:00:01,filter_interface=eth0,filter_address=02:00:00:00:00:02,filter_interface=wlan1",
			bpf.Spec{Addresses: []radiotap.MAC{one, two}},
			bpf.Locals{Interfaces: []string{"eth0", "wlan1"}},
		},
		{
			"lists", `wlan0:filter_address="02:00:00:00:00:01,02:00:00:00:00:02",filter_interface=eth0+wlan1;tun0`,
			bpf.Spec{Addresses: []radiotap.MAC{one, two}},
			bpf.Locals{Interfaces: []string{"eth0", "wlan1", "tun0"}},
		},
		{
			"lists as the server gives them back", `wlan0:filter_address=02:00:00:00:00:01,02:00:00:00:00:02,filter_interface=eth0,wlan1`,
			bpf.Spec{Addresses: []radiotap.MAC{one, two}},
			bpf.Locals{Interfaces: []string{"eth0", "wlan1"}},
		},
		{
			"each once, blanks and separators too many", `wlan0:filter_address="02:00:00:00:00:01;; 02-00-00-00-00-01 +02:00:00:00:00:03",filter_interface=eth0+,filter_interface=eth0`,
			bpf.Spec{Addresses: []radiotap.MAC{one, three}},
			bpf.Locals{Interfaces: []string{"eth0"}},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d, err := capture.ParseDefinition(tt.in)
			if err != nil {
				t.Fatal(err)
			}
			spec, locals, err := bpf.SpecOf(d)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.spec, spec, cmp.AllowUnexported(bpf.Rule{})); diff != "" {
				t.Errorf("spec (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.locals, locals); diff != "" {
				t.Errorf("locals (-want +got):\n%s", diff)
			}
			if locals.None() != (!tt.locals.All && tt.locals.Interfaces == nil) {
				t.Errorf("%+v is none: %v", locals, locals.None())
			}
		})
	}
}

func TestSpecOfNamesAMalformedAddress(t *testing.T) {
	d, err := capture.ParseDefinition("wlan0:filter_address=02:00:00:00:00:01+02:00:00:00:02")
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = bpf.SpecOf(d)
	const want = `source wlan0, filter_address: "02:00:00:00:02" is no address: want six bytes as in 00:1A:2B:3C:4D:5E`
	if err == nil || err.Error() != want || fault.CodeOf(err) != fault.ConfigSource || fault.RemedyOf(err) == "" {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}
