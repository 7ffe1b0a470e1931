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
	if got := feed.Holders(proc, gps); len(got) > 0 {
		t.Errorf("%v have it", got)
	}
	if err := os.Mkdir(filepath.Join(proc, "77/fd"), 0o755); err != nil {
		t.Fatal(err)
	}
	link(t, device, filepath.Join(proc, "77/fd/9"))
	if got := feed.Holders(proc, gps); len(got) != 1 || got[0].Error() != "gpsd (process 77) has it" {
		t.Errorf("%v have it", got)
	}
	if got := feed.Holders(proc, filepath.Join(root, "dev/ttyUSB1")); len(got) > 0 {
		t.Errorf("%v have what is not there", got)
	}
}

// Whoever else has the device open, gpsd is the one that reads from it.
func TestAllHoldersAreFoundGPSDFirst(t *testing.T) {
	root := machine(t, map[string]string{
		"dev/ttyUSB0": "",
		"proc/5/comm": "ldattach\n", "proc/77/comm": "gpsd\n", "proc/9/comm": "ModemManager\n",
	})
	device, err := filepath.EvalSymlinks(filepath.Join(root, "dev/ttyUSB0"))
	if err != nil {
		t.Fatal(err)
	}
	for _, pid := range []string{"5", "77", "9"} {
		fds := filepath.Join(root, "proc", pid, "fd")
		if err := os.Mkdir(fds, 0o755); err != nil {
			t.Fatal(err)
		}
		link(t, device, filepath.Join(fds, "3"))
	}
	got := feed.Holders(filepath.Join(root, "proc"), device)
	if len(got) != 3 || got[0] != (feed.HeldError{Program: "gpsd", PID: 77}) {
		t.Errorf("%v have it", got)
	}
}
