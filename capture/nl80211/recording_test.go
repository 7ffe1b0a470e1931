package nl80211_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/mdlayher/netlink"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/capture/nl80211"
	"github.com/sensord/sensord/capture/nl80211/nl80211test"
)

var update = flag.Bool("update", false, "rewrite testdata with what is read now")

// TestHwsim reads what a real kernel said.
func TestHwsim(t *testing.T) {
	c, _ := client(t, nl80211test.Hwsim().Answer)
	phys, err := c.Phys(background())
	if err != nil {
		t.Fatal(err)
	}
	interfaces, err := c.Interfaces(background())
	if err != nil {
		t.Fatal(err)
	}
	regulatory, err := c.Regulatory(background(), nl80211.Everyone)
	if err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	fmt.Fprintf(&got, "regulatory %+v\n", regulatory)
	for _, i := range interfaces {
		fmt.Fprintf(&got, "interface %d of phy %d: %s, %s, %s, %+v\n", i.Index, i.PhyIndex, i.Name, i.Type, i.MAC, i.Channel)
		one, err := c.Interface(background(), i.Index)
		if err != nil {
			t.Error(err)
		}
		diff(t, "interface alone", i, one)
	}
	for _, p := range phys {
		write(&got, p)
		one, err := c.Phy(background(), p.Index)
		if err != nil {
			t.Error(err)
		}
		diff(t, "phy alone", p, one)
	}
	const file = "testdata/hwsim.txt"
	if *update {
		if err := os.WriteFile(file, []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	diff(t, file, string(want), got.String())
}

// write writes a phy down.
func write(w *strings.Builder, p nl80211.Phy) {
	fmt.Fprintf(w, "phy %d %s\n  types %v\n  software %v\n  commands %v\n  active monitor %v\n",
		p.Index, p.Name, p.Types, p.SoftwareTypes, p.Commands, p.ActiveMonitor)
	for _, c := range p.Combinations {
		fmt.Fprintf(w, "  up together %+v\n", c)
	}
	for _, b := range p.Bands {
		fmt.Fprintf(w, "  band %d%s\n", b.Band, flags(b))
		for _, f := range b.Frequencies {
			fmt.Fprintf(w, "    %d", f.MHz)
			if f.OffsetKHz != 0 {
				fmt.Fprintf(w, ".%03d", f.OffsetKHz)
			}
			fmt.Fprintln(w, flags(f))
		}
	}
}

// flags names the fields that are true.
func flags[T capture.BandCapability | capture.Frequency](of T) string {
	var b strings.Builder
	v := reflect.ValueOf(of)
	for f, value := range v.Fields() {
		if value.Kind() == reflect.Bool && value.Bool() {
			b.WriteString(" " + f.Name)
		}
	}
	return b.String()
}

func TestRecordingIsReadBack(t *testing.T) {
	want := nl80211test.Recording{
		{Header: netlink.Header{Length: 21, Type: 28, Flags: netlink.Multi | netlink.DumpInterrupted, Sequence: 7, PID: 9}, Data: []byte("hello")},
		{Header: netlink.Header{Length: 20, Type: 28}, Data: []byte{1, 2, 3, 4}},
	}
	var file bytes.Buffer
	if _, err := want.WriteTo(&file); err != nil {
		t.Fatal(err)
	}
	whole := bytes.Clone(file.Bytes())
	got, err := nl80211test.Read(&file)
	if err != nil {
		t.Fatal(err)
	}
	want[0].Data = append(want[0].Data, 0, 0, 0) // padded
	want[0].Header.Length = 24
	diff(t, "recording", want, got)
	if _, err := nl80211test.Read(bytes.NewReader(whole[:len(whole)-9])); err == nil {
		t.Error("half a file is read without an error")
	}
	if _, err := nl80211test.Split([]byte("no messages, but enough bytes")); err == nil {
		t.Error("text is split without an error")
	}
}
