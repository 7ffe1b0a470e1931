package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/sensord/sensord/gps/feed"
	"github.com/sensord/sensord/internal/fault"
)

// otherSensords returns the processes of other sensords on this machine, and
// whether all processes are seen: who may look at their own only does not know.
func otherSensords(proc string) (pids []int, all bool) {
	names := []string{"sensord", processName(proc, "self")}
	entries, err := os.ReadDir(proc)
	if err != nil {
		return nil, false
	}
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err == nil && pid != os.Getpid() && slices.Contains(names, processName(proc, e.Name())) {
			pids = append(pids, pid)
		}
	}
	return pids, processName(proc, "1") != ""
}

// processName is what the kernel calls a process, "" if that cannot be seen.
func processName(proc, pid string) string {
	name, err := os.ReadFile(filepath.Join(proc, pid, "comm"))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(name))
}

// beside says what a check can say of a thing that a sensord may have which runs
// already. It is not ok if that is surely another program.
func (c *gpsCheck) beside(err error) (step receiverStep, ok bool) {
	pids, all := c.others()
	held, seen := errors.AsType[*feed.HeldError](err)
	text, remedy := err.Error(), fault.RemedyOf(err)
	switch {
	case seen && slices.Contains(pids, held.PID):
		return receiverStep{warn: true, code: fault.CodeOf(err), text: text, remedy: "nothing is wrong; " + askRunning(held.PID)}, true
	case seen, all && len(pids) == 0:
		return receiverStep{}, false
	case len(pids) == 0:
		return receiverStep{warn: true, code: fault.CodeOf(err), text: text + "; whether it is a sensord cannot be seen from here", remedy: "if it is, nothing is wrong; else " + remedy}, true
	}
	which, ask := fmt.Sprintf("one of the %d sensords that run here", len(pids)), "SIGUSR1 has it say how its receivers are"
	if len(pids) == 1 {
		which, ask = fmt.Sprintf("the sensord that runs here (process %d)", pids[0]), askRunning(pids[0])
	}
	return receiverStep{warn: true, code: fault.CodeOf(err), text: text + "; perhaps it is " + which, remedy: "if so, nothing is wrong, and " + ask + "; else " + remedy}, true
}

func askRunning(pid int) string {
	return fmt.Sprintf("kill -USR1 %d has it say how its receivers are", pid)
}

// busy is how the check of a receiver went that another program has.
func (c *gpsCheck) busy(err error) receiverStep {
	if step, ok := c.beside(err); ok {
		return step
	}
	return receiverStep{err: err}
}
