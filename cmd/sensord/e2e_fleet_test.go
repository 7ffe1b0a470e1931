//go:build !lite

package main

import (
	"context"
	"encoding/json"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sensord/sensord/bus"
	"github.com/sensord/sensord/bus/bustest"
	"github.com/sensord/sensord/bus/pb"
	"github.com/sensord/sensord/gps/clock"
)

// onBus runs a rig that says how and where it is, until the test ends.
func onBus(t *testing.T, o bus.Options, status func() *pb.Status) {
	t.Helper()
	o.Fleet, o.RigID, o.Version = "fleet", "id-"+o.Rig, "test"
	o.Now, o.UTC = clock.Boottime, func() (int64, bool) { return time.Now().UnixNano(), true }
	b, err := bus.New(o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { _ = b.Run(ctx) })
	running.Go(func() {
		tick := time.NewTicker(100 * time.Millisecond)
		defer tick.Stop()
		for {
			b.PublishStatus(status())
			b.PublishPosition(&pb.Position{Lat: new(52.5), Lon: new(13.4), By: "test"})
			select {
			case <-tick.C:
			case <-ctx.Done():
				return
			}
		}
	})
	t.Cleanup(func() { cancel(); running.Wait() })
	bustest.Wait(t, "the bus of "+o.Rig, func() bool { return b.State().Connected })
}

// fleetSeen is what `sensord fleet --once --json` says.
func fleetSeen(t *testing.T, args ...string) (status int, v bus.FleetView, errs string) {
	t.Helper()
	status, out, errs := sensord(t, append([]string{"fleet", "--once", "--json"}, args...)...)
	if out != "" {
		if err := json.Unmarshal([]byte(out), &v); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	return status, v, errs
}

// A hub, two rigs, and somebody who looks how they are.
func TestFleetOfHub(t *testing.T) {
	hub := bustest.StartHub(t)
	for i, rig := range []string{"rover-1", "rover-2"} {
		onBus(t, bus.Options{Rig: rig, Mode: bus.Join, URLs: []string{hub.URL}, CredsFile: hub.Creds(t, "fleet", rig)}, func() *pb.Status { return roverStatus(i) })
	}
	alice := hub.WatchCreds(t, "fleet", "alice")
	status, v, errs := fleetSeen(t, "--bus", hub.URL, "--creds", alice)
	if status != 0 || v.State != bus.FleetRight || len(v.Rigs) != 2 || v.Rigs[1].Position == nil || v.Refused != 0 {
		t.Errorf("exit %d: %s%+v", status, errs, v)
	}
	status, out, errs := sensord(t, "fleet", "--bus", hub.URL, "--creds", alice, "--for", "2s")
	if status != 0 || !strings.Contains(out, "ALL RIGHT: 2 rigs, 4 sources, recording") {
		t.Errorf("exit %d: %s%s", status, errs, out)
	}
	for _, tt := range []struct {
		name string
		args []string
		exit int
		want string
	}{
		{"no credentials", nil, 5, "does not take this login"},
		{"another fleet", []string{"--creds", alice, "--fleet", "other"}, 5, "does not allow this"},
		{"no such file", []string{"--creds", "nothing.creds"}, 2, "--creds: nothing.creds: no such file"},
		{"nobody there", []string{"--creds", alice, "--bus", "nats://127.0.0.1:1"}, 4, "4222 on a hub, and that it runs\n"},
		{"no TLS there", []string{"--creds", alice, "--bus", strings.Replace(hub.URL, "nats://", "tls://", 1)}, 4, "there is no tls there\n  write nats://"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			status, _, errs := fleetSeen(t, append([]string{"--bus", hub.URL}, tt.args...)...)
			if status != tt.exit || !strings.Contains(strings.ToLower(errs), tt.want) {
				t.Errorf("exit %d: %s", status, errs)
			}
		})
	}
}

// A configuration says where to listen, and as whom.
func TestFleetOfConfig(t *testing.T) {
	hub := bustest.StartHub(t)
	creds := hub.Creds(t, "fleet", "rover-1")
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	_ = l.Close()
	onBus(t, bus.Options{Rig: "rover-1", Mode: bus.Join, URLs: []string{hub.URL}, CredsFile: creds}, func() *pb.Status { return roverStatus(1) })
	onBus(t, bus.Options{Rig: "home", Mode: bus.Embedded, Listen: address, StoreBytes: 1 << 20}, func() *pb.Status { return pulled(roverStatus(2)) })
	dir := t.TempDir()
	for name, tt := range map[string]struct {
		config string
		exit   int
		want   string
	}{
		"join":     {"rig: rover-1\nbus: {url: " + hub.URL + ", creds: " + creds + "}\n", 0, "ALL RIGHT: 1 rig, 2 sources, recording"},
		"embedded": {"rig: home\nbus: {mode: embedded, listen: " + address + ", store: off}\n", 1, "NOT ALL RIGHT: home: roof: wlan1: it is gone"},
		"no port":  {"bus: {mode: embedded, store: off}\n", 2, "its bus has no port for others"},
		"no bus":   {"rig: x\n", 2, "it has no bus"},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(dir, strings.ReplaceAll(name, " ", "-")+".yaml")
			if err := os.WriteFile(file, []byte(tt.config), 0o600); err != nil {
				t.Fatal(err)
			}
			status, v, errs := fleetSeen(t, "--config", file)
			if status != tt.exit || v.Sentence != tt.want && !strings.Contains(errs, tt.want) {
				t.Errorf("exit %d: %s%s", status, errs, v.Sentence)
			}
		})
	}
}

func TestFleetRefuses(t *testing.T) {
	for _, tt := range []struct {
		args []string
		exit int
		want string
	}{
		{[]string{"--for", "0s"}, 2, "nothing can be heard in that time"},
		{[]string{"--bus", ""}, 2, "it has no value"},
		{[]string{"--bus", "off"}, 2, "--bus"},
		{[]string{"--bus", "embedded"}, 2, "--bus"},
		{[]string{"--bus", "nats://alice:secret@hub"}, 2, "a login does not belong in the url"},
		{[]string{"--config", "/no/such.yaml"}, 2, "no such file"},
		{[]string{"--bus", "nats://127.0.0.1:1", "--once"}, 4, "connection refused"},
		{[]string{"rover-1"}, 2, "unexpected argument"},
	} {
		status, out, errs := sensord(t, append([]string{"fleet"}, tt.args...)...)
		if status != tt.exit || !strings.Contains(errs, tt.want) || strings.Contains(errs+out, "secret") {
			t.Errorf("%v: exit %d\n%s%s", tt.args, status, errs, out)
		}
	}
}

// Without --bus and --config, this machine is listened to, as whoever --creds
// and --fleet say, unless the environment names another bus.
func TestFleetOfThisMachine(t *testing.T) {
	creds := filepath.Join(t.TempDir(), "alice.creds")
	writeFile(t, creds, []byte("-----BEGIN NATS USER JWT-----\ne30\n------END NATS USER JWT------\n\n"+
		"-----BEGIN USER NKEY SEED-----\nSU\n------END USER NKEY SEED------\n"))
	for _, tt := range []struct {
		v       fleetFlags
		environ []string
		url     string
	}{
		{fleetFlags{}, nil, fleetDefault},
		{fleetFlags{creds: creds, fleet: "north"}, nil, fleetDefault},
		{fleetFlags{}, []string{"SENSORD_BUS_CREDS=" + creds}, fleetDefault},
		{fleetFlags{creds: creds}, []string{"SENSORD_BUS=nats://hub.example:4223"}, "nats://hub.example:4223"},
	} {
		o, err := (&app{environ: tt.environ}).fleetBus(&tt.v)
		if err != nil || len(o.URLs) != 1 || o.URLs[0] != tt.url || (o.CredsFile == "") != (tt.v.creds == "" && len(tt.environ) == 0) {
			t.Errorf("%+v: %v, %v", tt.v, o.URLs, err)
		}
	}
}
