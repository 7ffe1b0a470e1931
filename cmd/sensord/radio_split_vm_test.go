//go:build vm && linux

package main_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/internal/vmtest"
	"github.com/sensord/sensord/uplink/kismettest"
)

// TestVMSplitList has two radios share what both can do: what the server is
// told of them has no channel twice and misses none, and they are heard to do it.
func TestVMSplitList(t *testing.T) {
	network(t, "six", 6)
	network(t, "eleven", 11)
	network(t, "thirty-six", 36)
	left, right := vmtest.NewRadio(t, vmtest.RadioOptions{}), vmtest.NewRadio(t, vmtest.RadioOptions{})
	srv := serve(t, kismettest.Config{APIKeys: map[string]string{keyDatasource: kismettest.RoleDatasource}})
	dir := t.TempDir()
	key := write(t, dir, "key", keyDatasource+"\n")
	config := write(t, dir, "rig.yaml", fmt.Sprintf(`rig: van
servers:
  - {url: "ws://%s", apikey_file: %s}
sources:
  - interface: %s
    options: {vht_channels: false, ht_channels: false}
    hop: {mode: split, rate: 20/sec}
  - interface: %s
    options: {vht_channels: false, ht_channels: false}
    hop: {mode: split, rate: 20/sec}
state_dir: %s
`, srv.Addr, key, left.Interface, right.Interface, dir))
	check := installed().run(t, "check", "--config", config)
	t.Logf("check says\n%s", check.out.String())
	p := installed().start(t, invocation{args: []string{"run", "--config", config}})

	var parts [2][]string
	err := srv.Wait(vmtest.Context(t), func(srv *kismettest.Server) bool {
		a, _ := srv.Source(uuidOf(left))
		b, _ := srv.Source(uuidOf(right))
		parts = [2][]string{a.Hop.Channels, b.Hop.Channels}
		return a.Listed && b.Listed && len(a.Channels) > 0 && disjoint(parts[0], parts[1]) && sameNames(slices.Concat(parts[0], parts[1]), a.Channels)
	})
	if err != nil {
		t.Fatalf("the server is not told of disjoint parts that are everything: %v\n%q\n%q", err, parts[0], parts[1])
	}
	t.Logf("%s: %q\n%s: %q", left.Interface, parts[0], right.Interface, parts[1])
	if d := len(parts[0]) - len(parts[1]); d < -1 || d > 1 {
		t.Errorf("two equal radios have %d and %d channels", len(parts[0]), len(parts[1]))
	}

	// What each hears is of its part.
	now := time.Now()
	until(t, srv, uuidOf(right), "every network has been heard", func(kismettest.Source) bool {
		ssids := map[string]bool{}
		for _, r := range []*vmtest.Radio{left, right} {
			for _, h := range beacons(t, srv, uuidOf(r), now) {
				ssids[h.ssid] = true
			}
		}
		return len(ssids) == len(airOf())
	})
	for i, r := range []*vmtest.Radio{left, right} {
		for _, h := range beacons(t, srv, uuidOf(r), now) {
			if name := (capture.Channel{FreqMHz: h.mhz}).String(); !slices.Contains(parts[i], name) {
				t.Errorf("%s heard %+v, and %s is not its part", r.Interface, h, name)
			}
		}
	}

	// What is left over when one goes is for the other, until it is back.
	mac := right.MAC
	right.Delete(t)
	everything := slices.Concat(parts[0], parts[1])
	until(t, srv, uuidOf(left), "it has the whole list", func(src kismettest.Source) bool { return sameNames(src.Hop.Channels, everything) })
	right = vmtest.NewRadio(t, vmtest.RadioOptions{MAC: mac})
	until(t, srv, uuidOf(left), "it has a part again", func(src kismettest.Source) bool {
		other, _ := srv.Source(uuidOf(right))
		return disjoint(src.Hop.Channels, other.Hop.Channels) && sameNames(slices.Concat(src.Hop.Channels, other.Hop.Channels), everything)
	})
	p.finish(t)
}

func disjoint(a, b []string) bool {
	return len(a) > 0 && len(b) > 0 && !slices.ContainsFunc(a, func(s string) bool { return slices.Contains(b, s) })
}

func sameNames(a, b []string) bool {
	a, b = slices.Clone(a), slices.Clone(b)
	slices.Sort(a)
	slices.Sort(b)
	return slices.Equal(a, b)
}
