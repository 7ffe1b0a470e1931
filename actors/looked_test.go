package actors

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/sensord/sensord/configs"
	"github.com/sensord/sensord/internal/fault"
	"github.com/sensord/sensord/uplink"
)

// The first server may be found alive between two links. The next one goes there
// then, and is like any other: what ends it is said, and another network counts.
func TestTheFirstServerFoundBetweenLinksPlansNothing(t *testing.T) {
	rig, err := newShared(Options{
		Config: configs.Config{
			Servers: []configs.Server{{Name: "first"}, {Name: "second"}}, Sources: []configs.Source{radioOf(t, "wlan0")},
			Spool: configs.Spool{MemoryBytes: 1 << 20},
		},
		Log: slog.New(slog.DiscardHandler), Dialers: []*uplink.Dialer{{}, {}},
	})
	if err != nil {
		t.Fatal(err)
	}
	k := newUplink(rig.sources[0], rig)
	now := time.Now()
	k.servers.Failed(fault.Newf(fault.LinkRefused, "server first", "connection refused"), now)
	k.servers.Healthy(now)
	k.servers.Looked(true, now)
	_, cancel := context.WithCancel(t.Context())
	k.task, k.look = &task{cancel: cancel}, &task{cancel: cancel}
	k.enter(LinkWaiting) // the link was ended for another reason
	k.lookedAt(lookedAt{task: k.look, alive: true})
	if k.servers.Current() != 0 || k.planned {
		t.Errorf("the next link goes to server %d, and planned is %v", k.servers.Current(), k.planned)
	}
}
