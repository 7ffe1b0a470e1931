package actors

import (
	"errors"
	"math"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/capture/hop"
	"github.com/sensord/sensord/capture/linuxwifi"
	"github.com/sensord/sensord/configs"
	"github.com/sensord/sensord/gps"
	"github.com/sensord/sensord/internal/fault"
	"github.com/sensord/sensord/uplink/frames"
	"github.com/sensord/sensord/uplink/kismettest"
	"github.com/sensord/sensord/web"
)

func TestReportOfARig(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		here := gps.NewFixed(52.1, 4.3, math.NaN(), "remote-fixed")
		r := startRig(t, kismettest.Config{}, false, configs.Config{
			Rig: "rover", Once: true, Sources: []configs.Source{sourceOf(t, writePcap(t, "a.pcap", 3000))}, GPS: configs.GPS{Fixed: &here},
		})
		if err := r.wait(t, time.Minute); err != nil {
			t.Fatalf("%v\n%s", err, r.log)
		}
		s := r.Report()
		f := s.Sources[0].Frames
		if s.Schema != web.StatusSchema || s.Rig != "rover" || s.Version != "test" || s.State != web.StateFinished || s.Recording || s.Sentence != "FINISHED: 3 000 frames confirmed" {
			t.Errorf("%+v", s)
		}
		if f.Captured != 3000 || f.Acked != 3000 || f.Sent != 3000 || f.Waiting != 0 || f.Oldest != nil || len(f.DroppedBy) != 0 {
			t.Errorf("%+v", f)
		}
		if diff := cmp.Diff(&web.Position{Lat: 52.1, Lon: 4.3, By: "remote-fixed"}, s.Position); diff != "" {
			t.Errorf("position (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]web.Endpoint{{Name: "home", Address: "ws://home.test:2501" + kismettest.EndpointPath}}, s.Servers); diff != "" {
			t.Errorf("servers (-want +got):\n%s", diff)
		}
	})
}

func TestReportOfARadio(t *testing.T) {
	at := func(mhz int) capture.Channel { return capture.Channel{FreqMHz: mhz, Width: capture.Width20NoHT} }
	var drops frames.Drops
	drops[frames.DropSize], drops[frames.DropPrivacy] = 3, 2
	got := reportSource(&SourceStatus{
		Name: "roof", Type: capture.TypeLinuxWifi, Capture: CaptureWaiting,
		Frames: frames.Stats{Captured: 20, Recovered: 5, Acked: 10, Dropped: 5, DroppedBy: drops, Waiting: 10, InFlight: 4, Spilled: 6, DiskBytes: 600, DiskErr: fault.New(fault.DiskFull, "spool /s", errors.New("no space left on device"))},
		Link:   LinkStatus{State: LinkStreaming, Server: "ws://home", Protocol: "v3", Links: 2, SentBytes: 5000, Since: time.Unix(1_700_000_000, 0), RoundTrip: 41_200 * time.Microsecond, CatchUp: 90 * time.Second, HasCatchUp: true, HoldsLate: true},
		Radio: &RadioStatus{
			Err: fault.New(fault.RadioGone, "radio wlan1", errors.New("it was unplugged")), Tuned: at(2437),
			Hop:      hop.Status{Hopping: true, Active: []capture.Channel{at(2412), at(2437)}, Refused: []hop.RefusedChannel{{Channel: at(2484), Err: errors.New("disabled")}, {Channel: at(2472)}}, Rate: math.NaN(), Cycle: 400 * time.Millisecond},
			Coverage: hop.Snapshot{Transmitters: 7}, Socket: linuxwifi.SocketStats{Received: 20, KernelDropped: 1, Filtered: 2, UserFiltered: 3},
		},
	}, configs.HopLocal)
	want := web.Source{
		Name: "roof", Type: "linuxwifi", Capture: "waiting for the radio",
		Link: web.Link{State: "streaming", Server: "ws://home", Protocol: "v3", Links: 2, Sent: new(uint64(5000)), Since: "2023-11-14T22:13:20.000Z", RoundTrip: new(0.041), CatchUp: new(90.0), Held: "kept frames wait until the time is known"},
		Frames: web.Frames{
			Captured: 20, Recovered: 5, Sent: 14, Acked: 10, Waiting: 10, InFlight: 4, OnDisk: 6, DiskBytes: 600, Dropped: 5, DroppedBy: map[string]uint64{"size": 3, "privacy": 2},
			Problem: &web.Problem{Code: "disk.full", Object: "spool /s", Error: "no space left on device", Remedy: fault.DiskFull.Remedy(), Exit: 1},
		},
		Radio: &web.Radio{
			Channel: "6", FreqMHz: 2437, Mode: "local", Hopping: true, Channels: []string{"1", "6"}, Cycle: 0.4, Transmitters: 7, Received: 20, KernelDropped: 1, Filtered: 5,
			Refused: []web.Refused{{Channel: "14", Error: "disabled"}, {Channel: "13"}},
		},
		Problem: &web.Problem{Code: "radio.gone", Object: "radio wlan1", Error: "it was unplugged", Remedy: fault.RadioGone.Remedy(), Exit: 7},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
