//go:build !lite

package main

import (
	"net"
	"strings"
	"testing"

	"github.com/sensord/sensord/bus/bustest"
	"github.com/sensord/sensord/internal/fault"
)

func TestCheckOfABus(t *testing.T) {
	machine(t, 3)
	hub := bustest.StartHub(t)
	mine, others := hub.Creds(t, "fleet", "rover-1"), hub.Creds(t, "fleet", "rover-2")
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	client, leaf, nobody := "nats://"+hub.ClientAddr(), "nats://"+hub.LeafAddr(), "nats://127.0.0.1:1"
	for _, c := range []struct {
		name, bus string
		want      stepStatus
		code      fault.Code
		says      string
		exit      int
	}{
		{"inside", "embedded", stepOK, "", "a server inside this process", fault.ExitOK},
		{"joined", "{mode: '" + client + "', creds: '" + mine + "'}", stepOK, "", "lets rig rover-1 in", fault.ExitOK},
		{"leaf", "{mode: leaf, url: '" + leaf + "', creds: '" + mine + "'}", stepOK, "", "lets rig rover-1 in", fault.ExitOK},
		{"nobody there", "'" + nobody + "'", stepFail, fault.BusRefused, "connection refused", fault.ExitConnect},
		{"the hub is away", "{mode: leaf, url: '" + nobody + "', creds: '" + mine + "'}", stepWarn, fault.BusRefused, "is kept until it answers", fault.ExitOK},
		{"no credentials", "'" + client + "'", stepFail, fault.BusAuth, "", fault.ExitLogin},
		{"of another rig", "{mode: leaf, url: '" + leaf + "', creds: '" + others + "'}", stepFail, fault.BusDenied, "rover-2", fault.ExitLogin},
		{"of another rig, as a client", "{mode: '" + client + "', creds: '" + others + "'}", stepFail, fault.BusDenied, "rover-2", fault.ExitLogin},
		{"port taken", "{mode: embedded, listen: '" + taken.Addr().String() + "'}", stepOK, "", "", fault.ExitFailed},
	} {
		t.Run(c.name, func(t *testing.T) {
			writeFile(t, "rig.yaml", []byte("rig: rover-1\nsources: [{interface: walk.pcap}]\nrecord: {dir: out}\nstatus: {socket: off}\nbus: "+c.bus+"\n"))
			status, r := checkJSON(t, "--config", "rig.yaml")
			if status != c.exit {
				t.Errorf("exit %d: %s", status, names(r))
			}
			for _, s := range r.Steps {
				if s.Name != "bus" {
					continue
				}
				if s.Status != c.want || s.Code != c.code || !strings.Contains(s.Detail, c.says) || s.Object == "" || (s.Remedy == "") != (c.want == stepOK) {
					t.Errorf("%+v", s)
				}
				return
			}
			t.Errorf("no word of the bus: %s", names(r))
		})
	}
}
