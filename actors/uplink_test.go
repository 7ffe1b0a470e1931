package actors

import (
	"log/slog"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/configs"
	"github.com/sensord/sensord/uplink"
	"github.com/sensord/sensord/uplink/kismet"
	"github.com/sensord/sensord/uplink/kismettest"
)

// The rig may give a radio another part of its list just when the server asks
// how it hops: the answer is on its way, frames do not flow yet, and what
// changed must be told all the same.
func TestWhatChangesBehindTheAnswerIsToldWhenFramesFlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := kismettest.New(kismettest.Config{Profile: kismettest.T25, APIKeys: map[string]string{apiKey: kismettest.RoleDatasource}})
		t.Cleanup(srv.Close)
		log := slog.New(slog.DiscardHandler)
		cfg := configs.Config{
			Servers: []configs.Server{{Name: "home"}},
			Sources: []configs.Source{radioOf(t, "wlan0")},
			Spool:   configs.Spool{MemoryBytes: 1 << 20},
		}
		cfg.Sources[0].UUID = capture.FileUUID("wlan0")
		rig, err := newShared(Options{Config: cfg, Log: log, Dialers: []*uplink.Dialer{{
			Server:  uplink.Server{Name: "home", Host: "kismet.test", Port: 2501, Path: kismettest.EndpointPath, APIKey: apiKey},
			NetDial: srv.DialContext,
		}}})
		if err != nil {
			t.Fatal(err)
		}
		before, behind := []string{"1", "6", "11"}, []string{"1", "11"}
		system := newSystem(log)
		source := spawn(system.Root, "source", actor.PropsFromFunc(func(ctx actor.Context) {
			switch m := ctx.Message().(type) {
			case *actor.Started:
				spawn(ctx, "uplink", rig.props(func() actor.Actor { return newUplink(rig.sources[0], rig) }))
			case ServerAsked:
				e, ok := m.Event.(uplink.OpenAsked)
				if !ok {
					return
				}
				pid := ctx.Children()[0]
				ctx.Send(pid, ServerAnswer{Link: m.Link, Message: kismet.OpenReport{
					Seq: e.Seq, OK: true, LinkType: 127, UUID: cfg.Sources[0].UUID.String(), Channels: before, Hop: &kismet.Hop{Rate: 5, Channels: before},
				}})
				ctx.Send(pid, ServerTold{Message: kismet.ConfigureReport{OK: true, Hop: &kismet.Hop{Rate: 5, Channels: behind}}})
			}
		}))
		elapse(time.Second)
		src, ok := srv.Source(cfg.Sources[0].UUID.String())
		if !ok || !src.Listed || !slices.Equal(src.Hop.Channels, behind) {
			t.Errorf("the server believes %q", src.Hop.Channels)
		}
		if err := system.Root.StopFuture(source).Wait(); err != nil {
			t.Error(err)
		}
	})
}
