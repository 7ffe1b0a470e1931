package main

import (
	"bytes"
	"net"
	"strconv"
	"testing"
	"time"

	"github.com/sensord/sensord/uplink/kismet"
)

const serverUUID = "5FE308BD-0000-0000-0000-020000000001"

func freeUDPPort(t *testing.T) int {
	t.Helper()
	probe, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer probe.Close()
	return probe.LocalAddr().(*net.UDPAddr).Port
}

// The whole way: an announcement, its TCP port, every frame confirmed.
func TestAutodetectReachesTheServer(t *testing.T) {
	machine(t, 20)
	s := server(t, nil)
	tcp, err := net.ResolveTCPAddr("tcp", s.TCPAddr)
	if err != nil {
		t.Fatal(err)
	}
	var errs bytes.Buffer
	a := &app{
		args: []string{"sensord", "--autodetect=" + serverUUID, "--tcp", "--source", "walk.pcap", "--once"},
		out:  &errs, errs: &errs, announcePort: freeUDPPort(t),
	}
	conn, err := net.Dial("udp4", "127.0.0.1:"+strconv.Itoa(a.announcePort))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	done := make(chan int)
	go func() { done <- a.finish(a.execute()) }()
	every := time.NewTicker(20 * time.Millisecond) // it may not listen yet
	defer every.Stop()
	for {
		select {
		case status := <-done:
			if status != 0 {
				t.Errorf("exit %d:\n%s", status, errs.String())
			}
			wantFrames(t, s, 20)
			return
		case <-every.C:
			// An error is the answer to an earlier one: nobody listened.
			_, _ = conn.Write(kismet.AppendAnnouncement(nil, kismet.Announcement{TCPPort: tcp.Port, ServerUUID: serverUUID}))
		}
	}
}
