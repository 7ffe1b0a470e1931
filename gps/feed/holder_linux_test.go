package feed_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/sensord/sensord/gps/feed"
)

func TestProgramsAreFoundByName(t *testing.T) {
	proc := machine(t, map[string]string{"1/comm": "init\n", "77/comm": "gpsd\n", "self/comm": "feed\n", "meminfo": ""})
	if !feed.Runs(proc, "gpsd") || feed.Runs(proc, "feed") || feed.Runs(filepath.Join(proc, "nowhere"), "gpsd") {
		t.Error("programs are not found by their names")
	}
}

func TestHolderIsNamedByTheDeviceItself(t *testing.T) {
	root := machine(t, map[string]string{
		"dev/ttyUSB0": "", "dev/gps": "-> ttyUSB0",
		"proc/1/comm": "init\n", "proc/1/fd/0": "-> /dev/null",
		"proc/77/comm": "gpsd\n",
	})
	device, err := filepath.EvalSymlinks(filepath.Join(root, "dev/ttyUSB0"))
	if err != nil {
		t.Fatal(err)
	}
	proc, gps := filepath.Join(root, "proc"), filepath.Join(root, "dev/gps")
	if got, ok := feed.Holder(proc, gps); ok {
		t.Errorf("%s has it", got)
	}
	if err := os.Mkdir(filepath.Join(proc, "77/fd"), 0o755); err != nil {
		t.Fatal(err)
	}
	link(t, device, filepath.Join(proc, "77/fd/9"))
	if got, _ := feed.Holder(proc, gps); got != "gpsd (process 77)" {
		t.Errorf("%q has it", got)
	}
	if got, ok := feed.Holder(proc, filepath.Join(root, "dev/ttyUSB1")); ok {
		t.Errorf("%s has what is not there", got)
	}
}
