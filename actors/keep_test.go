package actors

import (
	"context"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/configs"
	"github.com/sensord/sensord/uplink"
	"github.com/sensord/sensord/uplink/kismettest"
)

// A disk that is slow has a worker left behind that writes a log or a recording:
// nothing else writes there meanwhile, and the end waits for it.
func TestWhoIsStuckInTheDiskIsWaitedForAtTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := newServer(t, kismettest.Config{})
		src := radioOf(t, "wlan0")
		src.UUID = capture.FileUUID("wlan0")
		s, err := newShared(Options{Log: slog.New(slog.DiscardHandler), Dialers: []*uplink.Dialer{dialerTo(srv, "home")}, Config: configs.Config{
			Servers: []configs.Server{{Name: "home"}}, Sources: []configs.Source{src},
			Record: configs.Record{Dir: t.TempDir()},
			Spool:  configs.Spool{MemoryBytes: 1 << 20, Dir: t.TempDir(), SizeBytes: 1 << 30, After: time.Second, Sync: configs.SyncEvery, SyncEvery: time.Second},
		}})
		if err != nil {
			t.Fatal(err)
		}
		for name, tt := range map[string]struct {
			work func(context.Context) error
			end  func()
		}{
			"log":       {s.sources[0].spill, func() { s.settle(s.sources[0]) }},
			"recording": {s.record, func() { s.recording.last(func() {}) }},
		} {
			stuck, free := context.WithCancel(t.Context())
			go tt.work(stuck)
			synctest.Wait()
			ended := make(chan struct{})
			go func() { tt.end(); close(ended) }()
			synctest.Wait()
			select {
			case <-ended:
				t.Errorf("%s: the end does not wait", name)
			default:
			}
			free()
			<-ended
		}
		if err := s.spool.Close(); err != nil {
			t.Error(err)
		}
	})
}
