package main_test

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sensord/sensord/uplink/kismettest"
)

// worldFrames is how many frames the captures of a world have.
const worldFrames = 100

// Keys that the world's servers know.
const (
	keyDatasource = "00000000000000000000000000DA7A50"
	keyReadonly   = "000000000000000000000000000EAD00"
)

func newWorld(t *testing.T, e *endToEnd) *world {
	t.Helper()
	w := &world{endToEnd: e, dir: worldFiles(t, e.frames[:worldFrames])}
	logins := map[string]string{"kismet": "kismet"}
	keys := map[string]string{keyDatasource: kismettest.RoleDatasource, keyReadonly: kismettest.RoleReadonly}
	kismet := func(cfg kismettest.Config, faults kismettest.Faults) *kismettest.Server {
		cfg.Logins, cfg.APIKeys = logins, keys
		srv := serve(t, cfg)
		srv.SetFaults(faults)
		return srv
	}
	ca := newAuthority(t, "Home CA")
	write(t, w.dir, "ca.pem", ca.pem())
	write(t, w.dir, "other-ca.pem", newAuthority(t, "Other CA").pem())
	worldModes(t, w.dir)

	t25 := kismet(kismettest.Config{Profile: kismettest.T25}, kismettest.Faults{})
	t23 := kismet(kismettest.Config{Profile: kismettest.T23}, kismettest.Faults{})
	rejecting := kismet(kismettest.Config{}, kismettest.Faults{RejectSources: true})
	tls := kismet(kismettest.Config{TLS: ca.serve(t, certificate{hosts: []string{"localhost"}})}, kismettest.Faults{})
	places := []string{
		"{t25}", t25.Addr, "{t25-tcp}", t25.TCPAddr, "{t23}", t23.Addr, "{t23-tcp}", t23.TCPAddr,
		"{rejecting}", rejecting.Addr, "{rejecting-tcp}", rejecting.TCPAddr,
		"{web}", kismet(kismettest.Config{}, kismettest.Faults{NotKismet: true}).Addr,
		"{mute}", kismet(kismettest.Config{}, kismettest.Faults{NoPong: true}).Addr,
		"{resetting}", kismet(kismettest.Config{}, kismettest.Faults{ResetAfter: func(string, int) int { return worldFrames / 2 }}).Addr,
		"{tls}", strings.Replace(tls.Addr, "127.0.0.1", "localhost", 1),
		"{closed}", closedPort(t), "{silent}", silentServer(t), "{full}", fullServer(t),
		"{datasource-key}", keyDatasource, "{readonly-key}", keyReadonly,
	}
	w.places = strings.NewReplacer(places...)
	back := []string{w.dir + "/", ""}
	for i := 0; i < len(places); i += 2 {
		back = append(back, places[i+1], places[i])
	}
	w.words = strings.NewReplacer(back...)
	return w
}

// worldFiles makes a directory of good and bad captures.
func worldFiles(t *testing.T, frames []frame) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"walk.pcap", "drive.pcap", "locked.pcap"} {
		writePcap(t, filepath.Join(dir, name), frames)
	}
	cut := func(name string, encode encoder) {
		path := filepath.Join(dir, name)
		writeCapture(t, path, frames, encode)
		info, err := os.Stat(path)
		if err == nil {
			err = os.Truncate(path, info.Size()/2)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	cut("truncated.pcap", encodePcap)
	cut("truncated.pcap.gz", zipped(encodePcap))
	write(t, dir, "empty.pcap", "")
	write(t, dir, "notes.pcap", "channels of the walk: 1, 6, 11\n")
	write(t, dir, "no-ca.pem", "this is no certificate\n")
	if err := os.Mkdir(filepath.Join(dir, "captures"), 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// worldModes lets everybody read the files but one.
func worldModes(t *testing.T, dir string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		mode := os.FileMode(0o755)
		if entry.Name() == "locked.pcap" {
			mode = 0
		}
		if err := os.Chmod(filepath.Join(dir, entry.Name()), mode); err != nil {
			t.Fatal(err)
		}
	}
	for _, d := range []string{dir, filepath.Dir(dir)} {
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
}

// closedPort returns an address where nobody listens.
func closedPort(t *testing.T) string {
	t.Helper()
	l := listen(t)
	defer l.Close()
	return l.Addr().String()
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

// silentServer accepts by way of the kernel and never says a word.
func silentServer(t *testing.T) string {
	t.Helper()
	return listen(t).Addr().String()
}

// fullServer has no room for another connection: its kernel drops what asks
// for one, as a firewall does.
func fullServer(t *testing.T) string {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Close(fd) })
	err = errors.Join(
		syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}),
		syscall.Listen(fd, 0),
	)
	bound, nameErr := syscall.Getsockname(fd)
	if err = errors.Join(err, nameErr); err != nil {
		t.Fatal(err)
	}
	address := (&net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: bound.(*syscall.SockaddrInet4).Port}).String()
	for range 20 {
		c, err := net.DialTimeout("tcp", address, 200*time.Millisecond)
		if err != nil {
			return address
		}
		t.Cleanup(func() { _ = c.Close() })
	}
	t.Fatal("there is always room for one more connection")
	return ""
}
