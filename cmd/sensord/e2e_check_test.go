package main_test

import (
	"context"
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sensord/sensord/uplink/kismettest"
)

// check looks at what a check says of receivers that are not as they should be.
func (e *endToEnd) check(t *testing.T) {
	kismet := serve(t, kismettest.Config{})
	front := []string{"check", "--tcp", "--connect", kismet.TCPAddr, "--source", e.walk}
	t.Run("beside a sensord", func(t *testing.T) { e.checkBeside(t, front) })
	t.Run("datagrams without checksums", func(t *testing.T) { e.checkOfBareDatagrams(t, front) })
	t.Run("a log that is a pipe", func(t *testing.T) { e.checkOfAPipe(t, front) })
	t.Run("servers", e.checkServers)
	t.Run("disks", e.checkDisks)
}

// checkBeside checks with the receivers that a sensord has which runs.
func (e *endToEnd) checkBeside(t *testing.T, front []string) {
	t.Parallel()
	slave := terminal(t, new(output))
	_ = slave.Close() // its name is enough, and this test is not to be the one who has it
	_, tcp, _ := net.SplitHostPort(closedPort(t))
	env := []string{"SENSORD_WEB_LISTEN=" + closedPort(t), "SENSORD_WEB_TOKEN=correct-horse"}
	receivers := []string{"--gps", "listen:host=127.0.0.1,port=" + tcp, "--gps", "meta:name=phone", "--gps", "serial:baud=9600,device=" + slave.Name()}
	running := e.start(t, invocation{args: append([]string{"gps", "--json"}, receivers...), env: env})
	running.await(t, "positions can be posted")
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for _, text := range []string{`"detail":"nobody is connected"`, `"detail":"9600 baud"`} {
		if err := running.out.wait(ctx, running.done, text); err != nil {
			t.Fatalf("no %s: %v", text, err)
		}
	}
	p := e.start(t, invocation{args: append(front, receivers...), env: env})
	if status := p.exit(t); status != 0 {
		t.Errorf("exit %d", status)
	}
	has(t, p.out.String(), "warn  receiver",
		"listen 127.0.0.1:"+tcp+": another program listens there; perhaps it is ",
		fmt.Sprintf("serial %s: sensord (process %d) has it\n", slave.Name(), running.Process.Pid),
		"warn  web", "address already in use; perhaps it is ")
	if strings.Contains(p.out.String(), "FAIL") {
		t.Error("something fails")
	}
}

func (e *endToEnd) checkOfBareDatagrams(t *testing.T, front []string) {
	t.Parallel()
	free, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(free.LocalAddr().String())
	_ = free.Close()
	p := e.start(t, invocation{args: append(front, "--gps", "udp:host=127.0.0.1,port="+port)})
	c, err := net.Dial("udp", "127.0.0.1:"+port)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for ended := false; !ended; {
		select {
		case <-tick.C:
			_, _ = c.Write([]byte("$GPGGA,123519,4807.038,N,01131.000,E,1,08,0.9,545.4,M,46.9,M,,")) // nobody may hear it yet
		case <-p.done:
			ended = true
		}
	}
	if status := p.exit(t); status != 7 {
		t.Errorf("exit %d", status)
	}
	has(t, p.out.String(), "FAIL  receiver", "udp 127.0.0.1:"+port+": ", " bytes, and no valid sentence among them; it is NMEA, and its checksums are missing\n", "checksum: optional (checksum=optional with --gps)")
}

// checkOfAPipe is over at once, though nobody writes into the pipe.
func (e *endToEnd) checkOfAPipe(t *testing.T, front []string) {
	t.Parallel()
	pipe := filepath.Join(t.TempDir(), "drive.nmea")
	if err := unix.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	p := e.start(t, invocation{args: append(front, "--gps", "replay:file="+pipe)})
	if status := p.exit(t); status != 7 {
		t.Errorf("exit %d", status)
	}
	has(t, p.out.String(), "FAIL  receiver", "replay "+pipe+": it is no regular file\n")
}
