package main_test

import (
	"bytes"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sensord/sensord/uplink/kismet"
	"github.com/sensord/sensord/uplink/kismettest"
)

// here is a position as --fixed-gps 52.1,4.3,10 gives it.
var here = kismet.GPS{
	Lat: 52.1, Lon: 4.3, AltM: 10, Fix: 3, Type: "remote-fixed", Name: "remote-fixed",
	SpeedKMH: math.NaN(), Heading: math.NaN(), Precision: math.NaN(),
}

// source returns the one source that a server knows.
func source(t *testing.T, srv *kismettest.Server) kismettest.Source {
	t.Helper()
	sources := srv.Sources()
	if len(sources) != 1 {
		t.Fatalf("the server has %d sources, want 1; rejected: %q", len(sources), srv.Rejected())
	}
	return sources[0]
}

// arrived compares what a server got of a source with the frames of a capture:
// all of them, in order, byte for byte, with their times and a position, or
// with none.
func arrived(t *testing.T, got []kismettest.Frame, want []frame, at *kismet.GPS) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%d frames arrived, want %d", len(got), len(want))
	}
	for i := range min(len(got), len(want)) {
		w := wire(want[i], at)
		g := got[i]
		g.Session = 0
		if !sameFrame(g, w) {
			t.Fatalf("frame %d (-want +got):\n%s", i, cmp.Diff(w, g))
		}
	}
}

// wire returns a frame as a server gets it.
func wire(f frame, at *kismet.GPS) kismettest.Frame {
	sec, usec := uint64(f.time.Unix()), uint64(f.time.Nanosecond()/1000)
	w := kismettest.Frame{
		LinkType: uint32(radiotap), Sec: sec, Usec: usec, OrigLen: uint32(f.origLen), Content: f.data,
	}
	if at != nil {
		gps := *at
		gps.Sec, gps.Usec = sec, usec
		w.GPS = &gps
	}
	return w
}

// sameFrame compares by hand what cmp would need minutes for.
func sameFrame(a, b kismettest.Frame) bool {
	return a.LinkType == b.LinkType && a.Sec == b.Sec && a.Usec == b.Usec && a.OrigLen == b.OrigLen &&
		bytes.Equal(a.Content, b.Content) && a.Signal == nil && b.Signal == nil && samePlace(a.GPS, b.GPS)
}

func samePlace(a, b *kismet.GPS) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Sec == b.Sec && a.Usec == b.Usec && a.Fix == b.Fix && a.Type == b.Type && a.Name == b.Name && a.UUID == b.UUID &&
		sameNumber(a.Lat, b.Lat) && sameNumber(a.Lon, b.Lon) && sameNumber(a.AltM, b.AltM) &&
		sameNumber(a.SpeedKMH, b.SpeedKMH) && sameNumber(a.Heading, b.Heading) && sameNumber(a.Precision, b.Precision)
}

// sameNumber takes an absent number for 0: v2 has no other way to say it.
func sameNumber(a, b float64) bool {
	known := func(x float64) float64 {
		if math.IsNaN(x) {
			return 0
		}
		return x
	}
	return known(a) == known(b)
}

// firsts returns the frames in the order in which each arrived first, and how
// many came again.
func firsts(got []kismettest.Frame) (first []kismettest.Frame, again int) {
	seen := make(map[string]bool, len(got))
	for _, f := range got {
		if key := string(f.Content); !seen[key] {
			seen[key] = true
			first = append(first, f)
			continue
		}
		again++
	}
	return first, again
}

// has reports which of the texts a message lacks.
func has(t *testing.T, message string, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if !strings.Contains(message, text) {
			t.Errorf("there is no %q in\n%s", text, message)
		}
	}
}
