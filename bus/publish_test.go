//go:build !lite

package bus_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sensord/sensord/bus"
	"github.com/sensord/sensord/bus/bustest"
	"github.com/sensord/sensord/bus/pb"
)

func TestWhatARigPublishesIsHeardAndKept(t *testing.T) {
	var heard box
	r := startRig(t, rigOptions(t, "rover"))
	for _, k := range []bus.Kind{bus.KindPosition, bus.KindEvent, bus.KindStatus} {
		r.Hear(bus.Filter{Kind: k, Rig: bus.Any}, heard.put)
	}
	r.Hear(bus.Filter{Kind: bus.KindMetaGPS, Rig: bus.Any, Name: bus.Any}, heard.put)
	r.PublishEvent(event(0)) // waits for the bus
	r.connected(t)
	lat := 50.5
	bustest.Wait(t, "everything", func() bool {
		r.PublishPosition(position(1))
		r.PublishStatus(&pb.Status{State: "recording"})
		r.PublishMetaGPS(&pb.MetaGPS{Name: "phone", Lat: &lat, Lon: &lat})
		seen := make(map[bus.Kind]bool)
		for _, m := range heard.all() {
			seen[m.Kind] = true
		}
		return len(seen) == 4
	})
	bustest.Wait(t, "what is kept", func() bool {
		s := r.State()
		return s.Kept > 1 && s.Published > s.Kept
	})
	for _, m := range heard.all() {
		if m.Kind != bus.KindEvent {
			continue
		}
		e, err := pb.DecodeEvent(m.Data)
		if err != nil {
			t.Fatal(err)
		}
		h := e.GetHead()
		got := []string{h.GetFleet(), h.GetRig(), h.GetRigId(), h.GetVersion(), e.GetText()}
		if diff := cmp.Diff([]string{"fleet", "rover", "id-of-rover", "test", "event 0"}, got); diff != "" {
			t.Errorf("event (-want +got)\n%s", diff)
		}
		if h.GetSequence() != 1 || h.GetIncarnation() == 0 || h.GetSentNs() == 0 || !m.Self {
			t.Errorf("head %v, self %v", h, m.Self)
		}
	}
	if s := r.State(); s.Err != nil || s.Store.Err != nil {
		t.Errorf("state %+v", s)
	}
}
