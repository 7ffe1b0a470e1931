package actors

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sensord/sensord/configs"
	"github.com/sensord/sensord/internal/fault"
)

// A recording that nothing could be written to is no success.
func TestARecordingThatLacksFramesIsIncomplete(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		r := startRigTo(t, nil, nil, nil, nil, configs.Config{
			Rig: "rover", Once: true, Servers: []configs.Server{}, Sources: []configs.Source{sourceOf(t, writePcap(t, "a.pcap", 10))},
			Record: configs.Record{Dir: filepath.Join(file, "recordings")},
		})
		err := r.wait(t, time.Minute)
		if fault.CodeOf(err) != fault.Incomplete || !strings.Contains(err.Error(), "10 of 10 frames were not written: not a directory") || !strings.Contains(fault.RemedyOf(err), "--record") {
			t.Errorf("it ended with %v: %s\n%s", err, fault.RemedyOf(err), r.log)
		}
	})
}
