package pcapfile_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/capture/pcapfile"
	"github.com/sensord/sensord/internal/fault"
)

// seen is a Record that outlives its Reader.
type seen struct {
	Frame     frame
	Interface pcapfile.Interface
	BigEndian bool
	Custom    []string
}

func TestNextTellsWhatStandsBesideAFrame(t *testing.T) {
	custom := func(e byteOrder, code uint16, pen uint32, value string) []byte {
		return option(e, code, append(e.AppendUint32(nil, pen), value...)...)
	}
	file := func(e byteOrder) []byte {
		withOptions := join(enhanced(e, 1, 7, "four"))
		// The frame's block grows by what follows its data.
		body := join(withOptions[8:len(withOptions)-4], option(e, 1, 'h', 'i'), custom(e, 2989, 5, "one"), custom(e, 2989, 6, "other"),
			custom(e, 19373, 5, "two"), custom(e, 2988, 5, "text"))
		return join(section(e, 1, 0),
			iface(e, 105, 0, option(e, 2, []byte("wlan0\x00junk")...), option(e, 3, []byte("a \xff radio")...)),
			iface(e, 127, 0), block(e, 6, body), enhanced(e, 0, 1, "plain"))
	}
	for _, e := range []byteOrder{little, big} {
		r := newReader(t, join(file(e), file(e)), pcapfile.Options{})
		var got []seen
		for {
			rec, err := r.Next(t.Context())
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			s := seen{
				Frame:     frame{rec.Frame.TimeNs, rec.Frame.OrigLen, rec.Frame.LinkType, string(rec.Frame.Data)},
				Interface: rec.Interface, BigEndian: rec.BigEndian,
			}
			for value := range rec.Custom(5) {
				s.Custom = append(s.Custom, string(value))
			}
			got = append(got, s)
		}
		isBig := e == big
		want := []seen{
			{frame{7000, 4, 127, "four"}, pcapfile.Interface{Index: 1}, isBig, []string{"one", "two"}},
			{frame{1000, 5, 105, "plain"}, pcapfile.Interface{Name: "wlan0", Description: "a ? radio"}, isBig, nil},
		}
		want = append(want, slices.Clone(want)...)
		want[2].Interface.Section, want[3].Interface.Section = 1, 1
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%v (-want +got):\n%s", e, diff)
		}
	}
}

func TestNextReadsPcapAndComesToTheSameEnd(t *testing.T) {
	want := someFrames(5)
	content := pcapOf(t, want)
	r := newReader(t, content[:len(content)-1], pcapfile.Options{})
	for i := range want[:4] {
		rec, err := r.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		got := frame{rec.Frame.TimeNs, rec.Frame.OrigLen, rec.Frame.LinkType, string(rec.Frame.Data)}
		if diff := cmp.Diff(want[i], got); diff != "" || rec.Interface != (pcapfile.Interface{}) {
			t.Errorf("%d: %+v (-want +got):\n%s", i, rec.Interface, diff)
		}
	}
	for range 2 {
		if _, err := r.Next(t.Context()); fault.CodeOf(err) != fault.SourceCorrupt {
			t.Errorf("at the damage: %v", err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := newReader(t, content, pcapfile.Options{}).Next(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if _, err := pcapfile.NewReader("x", bytes.NewReader(content), pcapfile.Options{PPS: -1}); fault.CodeOf(err) != fault.ConfigSource {
		t.Errorf("options that cannot be: %v", err)
	}
}

// A block that is longer than what is looked at has its frame and no options.
func TestNextGoesPastOptionsThatAreTooLong(t *testing.T) {
	body := join(enhanced(little, 0, 7, "four"))
	long := make([]byte, 60_000)
	file := join(section(little, 1, 0), iface(little, 127, 0),
		block(little, 6, join(body[8:len(body)-4], option(little, 1, long...), option(little, 1, long...))), enhanced(little, 0, 8, "next"))
	r := newReader(t, file, pcapfile.Options{})
	for _, want := range []string{"four", "next"} {
		rec, err := r.Next(t.Context())
		if err != nil || string(rec.Frame.Data) != want || rec.Frame.LinkType != capture.LinkTypeRadiotap {
			t.Errorf("%+v, %v", rec, err)
		}
		for value := range rec.Custom(0) {
			t.Errorf("option %q", value)
		}
	}
}
