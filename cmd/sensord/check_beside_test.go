package main

import (
	"bytes"
	"errors"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/sensord/sensord/configs"
	"github.com/sensord/sensord/gps/feed"
	"github.com/sensord/sensord/internal/fault"
)

func TestOtherSensordsAreFound(t *testing.T) {
	proc := t.TempDir()
	for pid, name := range map[string]string{"1": "init", "self": "kismet_cap_linu", "7": "sensord", "8": "kismet_cap_linu", "9": "sensorder", strconv.Itoa(os.Getpid()): "sensord"} {
		if err := os.Mkdir(filepath.Join(proc, pid), 0o700); err != nil {
			t.Fatal(err)
		}
		writeFile(t, filepath.Join(proc, pid, "comm"), []byte(name+"\n"))
	}
	if pids, all := otherSensords(proc); !slices.Equal(pids, []int{7, 8}) || !all {
		t.Errorf("%v, %v", pids, all)
	}
	if err := os.RemoveAll(filepath.Join(proc, "1")); err != nil {
		t.Fatal(err)
	}
	if _, all := otherSensords(proc); all {
		t.Error("all are seen without the first one")
	}
	if pids, all := otherSensords(filepath.Join(proc, "none")); len(pids) > 0 || all {
		t.Errorf("%v, %v of nothing", pids, all)
	}
}

// What another program has is wrong unless that is, or may be, a sensord.
func TestCheckBesideARunningSensord(t *testing.T) {
	taken := fault.Newf(fault.GPSBusy, "udp :10110", "another program listens there")
	held := fault.Newf(fault.GPSBusy, "serial /dev/ttyACM0", "%w", &feed.HeldError{Program: "sensord", PID: 7})
	for _, tt := range []struct {
		name         string
		err          error
		pids         []int
		all          bool
		text, remedy string // "" is a failure
	}{
		{"another program", taken, nil, true, "", ""},
		{"nobody knows", taken, nil, false, "udp :10110: another program listens there; whether it is a sensord cannot be seen from here", "if it is, nothing is wrong; else stop the other program"},
		{"perhaps", taken, []int{7}, true, "udp :10110: another program listens there; perhaps it is the sensord that runs here (process 7)", "if so, nothing is wrong, and kill -USR1 7 has it say how its receivers are; else stop the other program"},
		{"one of them", taken, []int{7, 9}, false, "udp :10110: another program listens there; perhaps it is one of the 2 sensords that run here", "if so, nothing is wrong, and SIGUSR1 has it say how its receivers are; else stop the other program"},
		{"surely", held, []int{3, 7}, true, "serial /dev/ttyACM0: sensord (process 7) has it", "nothing is wrong; kill -USR1 7 has it say how its receivers are"},
		{"surely not", held, []int{3}, true, "", ""},
	} {
		c := newGPSCheck(&checklist{})
		c.others = func() ([]int, bool) { return tt.pids, tt.all }
		step := c.busy(tt.err)
		if step.warn != (tt.text != "") || step.text != tt.text || !strings.HasPrefix(step.remedy, tt.remedy) || (step.err == nil) == (tt.text == "") {
			t.Errorf("%s: %+v", tt.name, step)
		}
	}
}

func TestCheckOfAWebSideThatIsTaken(t *testing.T) {
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	var out bytes.Buffer
	c := testGPSCheck(&out)
	c.others = func() ([]int, bool) { return nil, true }
	c.web(t.Context(), configs.Web{Listen: busy.Addr().String(), Token: "correct-horse"})
	if c.status != fault.ExitFailed || !strings.Contains(out.String(), "FAIL  web") || !strings.Contains(out.String(), "SENSORD_WEB_LISTEN") {
		t.Errorf("exit %d\n%s", c.status, out.String())
	}
}

func TestWhereATokenCanBeMade(t *testing.T) {
	dir := t.TempDir()
	if got, err := writable(filepath.Join(dir, "a", "b")); got != dir || err != nil {
		t.Errorf("%s, %v", got, err)
	}
	writeFile(t, filepath.Join(dir, "file"), nil)
	if got, err := writable(filepath.Join(dir, "file")); got != filepath.Join(dir, "file") || !errors.Is(err, syscall.ENOTDIR) {
		t.Errorf("%s, %v", got, err)
	}
	step := asNobody(t, func() tokenStep { return findToken("/etc/sensord-test/web.token") })
	if want := "token file /etc/sensord-test/web.token: it has to be made, and not in /etc: permission denied"; fault.CodeOf(step.err) != fault.WebToken || step.err.Error() != want ||
		!strings.Contains(fault.RemedyOf(step.err), "SENSORD_STATE_DIR") {
		t.Errorf("%v (%s)", step.err, fault.RemedyOf(step.err))
	}
}
