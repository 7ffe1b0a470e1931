package export_test

import (
	"context"
	"os"
	"runtime"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/sensord/sensord/uplink/export"
)

// recordInto makes this program a rig that records beacons into the directory
// that it names, until it is killed.
const recordInto = "EXPORT_TEST_RECORD_INTO"

func TestMain(m *testing.M) {
	if dir := os.Getenv(recordInto); dir != "" {
		r := export.NewRecorder(export.RecorderOptions{
			Dir: dir, Rig: "rover-1", SizeBytes: 256 << 10, SyncEvery: 5 * time.Millisecond, Now: wall, Log: quiet(),
		})
		go func() {
			for first := 0; ; first += 64 {
				r.Add(roofSource, batch(first, 64))
				for r.Stats().Waiting > 10_000 {
					runtime.Gosched()
				}
			}
		}()
		_ = r.Run(context.Background())
		return
	}
	goleak.VerifyTestMain(m)
}
