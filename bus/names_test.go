//go:build !lite

package bus_test

import (
	"strings"
	"testing"
	"time"

	"github.com/sensord/sensord/bus"
	"github.com/sensord/sensord/bus/bustest"
	"github.com/sensord/sensord/bus/pb"
	"github.com/sensord/sensord/internal/fault"
)

func TestAnotherRigOfTheSameNameIsNamedOnBoth(t *testing.T) {
	t.Parallel() // it mostly waits
	server := bustest.NATSServer(t, "")
	for _, c := range []struct{ name, id, want string }{
		{"another rig", "another-id", "another rig has this name"},
		{"a copied disk", "id-of-rover", "its disk was copied"},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := joinOptions(t, "rover", server.URL)
			a := startRig(t, o)
			o.RigID = c.id
			b := startRig(t, o)
			say := func(leaving bool) {
				a.PublishStatus(&pb.Status{State: "recording"})
				b.PublishStatus(&pb.Status{State: "recording", Leaving: leaving})
			}
			a.connected(t)
			b.connected(t)
			every := time.NewTicker(500 * time.Millisecond) // as two rigs do that are in a hurry
			defer every.Stop()
			bustest.Wait(t, "bus.replaced", func() bool {
				<-every.C
				say(false)
				_, first := a.told(fault.BusReplaced)
				_, second := b.told(fault.BusReplaced)
				return first != nil && second != nil
			})
			for _, one := range []*rig{a, b} {
				e := one.says(t, fault.BusReplaced)
				if e.Object != "rig rover" || !strings.Contains(e.Error(), c.want) || e.Remedy() == "" {
					t.Errorf("%v, %s", e, e.Remedy())
				}
			}
			if e := a.State().Err; fault.CodeOf(e) != fault.BusReplaced {
				t.Errorf("state says %v", e)
			}
			say(true)
			a.saysNoMore(t, fault.BusReplaced)
			a.stop()
			b.stop()
		})
	}
}

func TestTheRunBeforeIsNoOtherRig(t *testing.T) {
	server := bustest.NATSServer(t, "")
	o := joinOptions(t, "rover", server.URL)
	before := startRig(t, o)
	r := startRig(t, o)
	var heard box
	r.Hear(bus.Filter{Kind: bus.KindStatus, Rig: bus.Any}, heard.put)
	bustest.Wait(t, "both", func() bool {
		r.PublishStatus(&pb.Status{State: "recording"})
		return len(heard.all()) > 0
	})
	n := len(heard.all())
	bustest.Wait(t, "the last words", func() bool {
		if before.State().Published == 0 {
			before.PublishStatus(&pb.Status{State: "finished"})
		}
		return len(heard.all()) > n
	})
	if _, err := r.told(fault.BusReplaced); err != nil {
		t.Error(err)
	}
}
