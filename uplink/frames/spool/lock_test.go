package spool_test

import (
	"sync"
	"testing"

	"github.com/sensord/sensord/uplink/frames/spool"
)

// Who looks whether a source has a sensord does not keep one from starting.
func TestListKeepsNobodyFromStarting(t *testing.T) {
	dir := t.TempDir()
	open(t, spool.Options{Dir: dir})
	stop := make(chan struct{})
	var lookers sync.WaitGroup
	for range 2 {
		lookers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if _, err := spool.List(dir); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	for range 200 {
		rig := open(t, spool.Options{Dir: dir, Sync: spool.Never})
		if _, err := rig.Source(roof, "roof", "linuxwifi", true); err != nil {
			t.Error(err)
		}
		if err := rig.Close(); err != nil {
			t.Error(err)
		}
	}
	close(stop)
	lookers.Wait()
}
