//go:build !lite

package bus_test

import (
	"fmt"
	"time"

	"github.com/sensord/sensord/bus"
	"github.com/sensord/sensord/bus/pb"
	"github.com/sensord/sensord/gps"
)

// How often a rig says how it is, and how many sources each has.
const (
	statusEvery = 5 * time.Second
	rigSources  = 2
)

// claims are the sources of a rig.
func claims(rig int) []bus.ClaimRequest {
	var list []bus.ClaimRequest
	for i := range rigSources {
		list = append(list, bus.ClaimRequest{UUID: fmt.Sprintf("5FE308BD-0000-0000-%04X-02000000%04X", i, rig), Source: fmt.Sprint("wlan", i)})
	}
	return list
}

// aPosition is what a rig that drives says.
func aPosition(i int) *pb.Position {
	return pb.FromPosition(gps.Position{
		Lat: 52.1 + float64(i)*1e-5, Lon: 4.3, AltMSL: 12.5, SpeedMPS: 13.8, Heading: 271.5, AccuracyM: 3.2, Receiver: "fusion",
	}, time.Now().UnixNano(), int64(40*time.Millisecond))
}

// aStatus is what a rig with two radios says of itself.
func aStatus(rig int) *pb.Status {
	s := &pb.Status{
		Name: rigName(rig), State: "recording", Sentence: "everything is recorded and sent", Recording: true,
		StartedNs: time.Now().UnixNano(), UptimeS: 3600, EveryS: statusEvery.Seconds(),
		Receivers: []*pb.Receiver{{Name: "puck", Type: "gpsd", State: "fix"}, {Name: "phone", Type: "meta", State: "fix"}},
	}
	for _, c := range claims(rig) {
		s.Sources = append(s.Sources, &pb.Source{
			Name: c.Source, Type: "linuxwifi", Uuid: c.UUID, Capture: "capturing", Recorded: true, Channel: "6", Hopping: true,
			HopsPerS: 5, Channels: 38, LinkState: "streaming", Server: "home", Protocol: "v3",
			Captured: 1_000_000, Sent: 1_000_000, Acknowledged: 999_000, Waiting: 1000,
		})
	}
	return s
}
