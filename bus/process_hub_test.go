//go:build !lite

package bus_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/sensord/sensord/bus"
)

// roleHub is a process that is what `sensord hub` runs.
const roleHub = "hub"

// testFleet is the fleet of the tests that use processes.
const testFleet = "fleet"

// hubWith is what a hub's process is started with.
type hubWith struct{ StateDir, Listen, LeafListen string }

// hubPlace is where a hub listens, host:port.
type hubPlace struct{ Client, Leaf string }

// A hubProcess is a hub in a process of its own.
type hubProcess struct {
	*process
	hubPlace
	StateDir string
	creds    string // directory
}

// startHubProcess starts a hub on ports of the kernel's choice.
func startHubProcess(tb testing.TB) *hubProcess {
	tb.Helper()
	h := &hubProcess{StateDir: tb.TempDir(), creds: tb.TempDir()}
	h.start(tb, hubPlace{"127.0.0.1:0", "127.0.0.1:0"})
	return h
}

func (h *hubProcess) start(tb testing.TB, at hubPlace) {
	tb.Helper()
	h.process = startProcess(tb, roleHub, hubWith{h.StateDir, at.Client, at.Leaf})
	h.ask(tb, "where", &h.hubPlace)
}

// restart starts the hub again after it was killed, where it was.
func (h *hubProcess) restart(tb testing.TB) {
	tb.Helper()
	h.start(tb, h.hubPlace)
}

// issue makes credentials for so many rigs, and for one who watches, and
// returns the directory that they are in.
func (h *hubProcess) issue(tb testing.TB, rigs int) string {
	tb.Helper()
	var made int
	h.ask(tb, fmt.Sprint("issue ", h.creds, " ", rigs), &made)
	if made != rigs+1 {
		tb.Fatalf("%d credentials, want %d", made, rigs+1)
	}
	return h.creds
}

// processCost is what a process has cost so far.
type processCost struct {
	CPUNs          int64
	RSSKiB         int64
	Mallocs, Bytes uint64 // allocated
}

// since is what it cost from then on; the memory is what it has now.
func (c processCost) since(then processCost) processCost {
	c.CPUNs -= then.CPUNs
	c.Mallocs -= then.Mallocs
	c.Bytes -= then.Bytes
	return c
}

func (h *hubProcess) cost(tb testing.TB) (c processCost) {
	tb.Helper()
	h.ask(tb, "cost", &c)
	return c
}

// runHub is the hub's process.
func runHub(o *orders) error {
	var with hubWith
	if err := o.with(&with); err != nil {
		return err
	}
	hub, err := bus.StartHub(context.Background(), bus.HubOptions{
		Name: "hub", StateDir: with.StateDir, Listen: with.Listen, LeafListen: with.LeafListen,
		Fleets: []string{testFleet}, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		return err
	}
	defer hub.Close()
	return o.each(func(words []string) (any, error) {
		switch words[0] {
		case "where":
			return hubPlace{hub.ClientAddr(), hub.LeafAddr()}, nil
		case "issue":
			return issueAll(hub.Authority(), words[1], words[2])
		case "cost":
			return cost()
		}
		return nil, errOrder
	})
}

var errOrder = fmt.Errorf("there is no such order")

// issueAll writes credentials of so many rigs, and of somebody who watches.
func issueAll(a *bus.Authority, dir, number string) (int, error) {
	n, err := strconv.Atoi(number)
	if err != nil {
		return 0, err
	}
	requests := []bus.IssueRequest{{Fleet: testFleet, Name: watcherName, Watch: true}}
	for i := range n {
		requests = append(requests, bus.IssueRequest{Fleet: testFleet, Name: rigName(i)})
	}
	for _, r := range requests {
		creds, err := a.Issue(r)
		if err != nil {
			return 0, err
		}
		if err := os.WriteFile(credsFile(dir, r.Name), creds, 0o600); err != nil {
			return 0, err
		}
	}
	debug.FreeOSMemory() // another process does this at a real hub
	return len(requests), nil
}

const watcherName = "people"

func rigName(i int) string { return fmt.Sprintf("rig-%04d", i) }

func credsFile(dir, name string) string { return filepath.Join(dir, name+".creds") }

// cost asks the kernel what this process has cost.
func cost() (c processCost, err error) {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		return c, err
	}
	c.CPUNs = u.Utime.Nano() + u.Stime.Nano()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	c.Mallocs, c.Bytes = m.Mallocs, m.TotalAlloc
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return c, err
	}
	c.RSSKiB, err = statusKiB(string(status), "VmRSS:")
	return c, err
}

// statusKiB is an entry of /proc/self/status.
func statusKiB(status, entry string) (int64, error) {
	for line := range strings.Lines(status) {
		if rest, ok := strings.CutPrefix(line, entry); ok {
			return strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
		}
	}
	return 0, fmt.Errorf("no %s in the status", entry)
}
