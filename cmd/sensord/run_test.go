package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/internal/fault"
	"github.com/sensord/sensord/uplink/kismettest"
)

const (
	datasourceKey = "0123456789ABCDEF0123456789ABCDEF"
	readonlyKey   = "FEDCBA9876543210FEDCBA9876543210"
)

// server starts a Kismet server that knows both keys and kismet:kismet.
func server(t *testing.T, change func(*kismettest.Config)) *kismettest.Server {
	t.Helper()
	c := kismettest.Config{
		Logins:  map[string]string{"kismet": "kismet"},
		APIKeys: map[string]string{datasourceKey: kismettest.RoleDatasource, readonlyKey: kismettest.RoleReadonly},
	}
	if change != nil {
		change(&c)
	}
	s := kismettest.Start(c)
	t.Cleanup(s.Close)
	return s
}

// wantFrames waits until a server has n frames of walk.pcap.
func wantFrames(t *testing.T, s *kismettest.Server, n int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	uuid := capture.FileUUID("walk.pcap").String()
	if err := s.Wait(ctx, func(s *kismettest.Server) bool { return len(s.Frames(uuid)) >= n }); err != nil {
		t.Fatal(err)
	}
}

func TestOnceSendsEverything(t *testing.T) {
	const frames = 200
	for _, tt := range []struct {
		name string
		args func(s *kismettest.Server) []string
	}{
		{"key", func(s *kismettest.Server) []string { return []string{"--connect", s.Addr, "--apikey", datasourceKey} }},
		{"login", func(s *kismettest.Server) []string {
			return []string{"--host=" + s.Addr, "--user", "kismet", "--password=kismet", "--fixed-gps", "0,-13.5", "--gps-name", "roof"}
		}},
		{"tcp", func(s *kismettest.Server) []string {
			return []string{"--tcp", "--connect", s.TCPAddr, "--protocol", "v3"}
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			machine(t, frames)
			s := server(t, nil)
			status, out, errs := sensord(t, append(tt.args(s), "--source", "walk.pcap:name=walk", "--once", "--once-timeout=20s", "--source=drive.pcap")...)
			if status != 0 || out != "" {
				t.Errorf("exit %d, output %q, messages:\n%s", status, out, errs)
			}
			for _, name := range []string{"walk.pcap", "drive.pcap"} {
				got := s.Frames(capture.FileUUID(name).String())
				if len(got) != frames {
					t.Errorf("%d frames of %s arrived, want %d", len(got), name, frames)
				}
				if tt.name == "login" && (len(got) == 0 || got[0].GPS == nil || got[0].GPS.Lat != 0 || got[0].GPS.Lon != -13.5 || got[0].GPS.Name != "roof") {
					t.Errorf("the position is missing in %s", name)
				}
			}
		})
	}
}

func TestRunConfiguration(t *testing.T) {
	machine(t, 50)
	s := server(t, func(c *kismettest.Config) { c.Profile = kismettest.T23 })
	writeFile(t, "home.key", []byte(datasourceKey+"\n"))
	writeFile(t, "rig.yaml", []byte("servers: [{url: 'ws://"+s.Addr+"', apikey_file: home.key}]\nsources: [{interface: walk.pcap}]\nlog: {format: text}\n"))
	status, out, errs := sensord(t, "run", "--config", "rig.yaml", "--once")
	if status != 0 || out != "" {
		t.Errorf("exit %d, output %q, messages:\n%s", status, out, errs)
	}
	wantFrames(t, s, 50)
}

// What a person reads, and the exit status, when it does not work.
func TestWhatCannotBeReached(t *testing.T) {
	machine(t, 3)
	if err := os.Mkdir("dir.pcap", 0o700); err != nil {
		t.Fatal(err)
	}
	writeFile(t, "text.pcap", []byte("this is no capture at all, but text"))
	plain := server(t, nil)
	old := server(t, func(c *kismettest.Config) { c.Profile = kismettest.T23 })
	odd := server(t, nil)
	odd.SetFaults(kismettest.Faults{NotKismet: true})
	rejecting := server(t, nil)
	rejecting.SetFaults(kismettest.Faults{RejectSources: true})
	secure := server(t, func(c *kismettest.Config) { c.TLS = selfSigned(t, "ca.pem") })
	_ = selfSigned(t, "other.pem")
	nobody := closedPort(t)

	to := func(s *kismettest.Server, more ...string) []string {
		return append([]string{"--connect", s.Addr, "--source", "walk.pcap", "--apikey", datasourceKey}, more...)
	}
	for _, tt := range []struct {
		name   string
		args   []string
		status int
		object string // what the message begins with
		cause  string // part of what follows
		remedy string // part of the second line
	}{
		{"refused port", []string{"--tcp", "--connect", nobody, "--source", "walk.pcap"}, fault.ExitConnect, "server " + nobody + ": ", "connection refused", "start Kismet there"},
		{"wrong host", []string{"--tcp", "--connect", "no-such-host.invalid", "--source", "walk.pcap"}, fault.ExitConnect, "server no-such-host.invalid:3501: ", "no-such-host.invalid", "host name"},
		{"wrong key", []string{"--connect", plain.Addr, "--source", "walk.pcap", "--apikey", "ABC"}, fault.ExitLogin, "server " + plain.Addr + ": ", "API key refused (401)", "role datasource"},
		{"wrong role", []string{"--connect", plain.Addr, "--source", "walk.pcap", "--apikey", readonlyKey}, fault.ExitLogin, "server " + plain.Addr + ": ", "API key refused (401)", "role datasource"},
		{"wrong endpoint", to(plain, "--endpoint", "/kismet/remotesource.ws"), fault.ExitConnect, "server " + plain.Addr + ": ", "(404)", "--endpoint"},
		{"TLS to a plain port", to(plain, "--ssl"), fault.ExitConnect, "server " + plain.Addr + ": ", "does not speak TLS", "leave out --ssl"},
		{"plain to a TLS port", to(secure), fault.ExitConnect, "server " + secure.Addr + ": ", "plain HTTP sent to a TLS port", "--ssl"},
		{"unknown authority", to(secure, "--ssl"), fault.ExitConnect, "server " + secure.Addr + ": ", "unknown authority", "CA"},
		{"wrong authority", to(secure, "--ssl=other.pem"), fault.ExitConnect, "server " + secure.Addr + ": ", "unknown authority", "CA"},
		{"no Kismet", to(odd), fault.ExitConnect, "server " + odd.Addr + ": ", "no Kismet at", "host, port"},
		{"protocol of the future", to(old, "--protocol", "v3"), fault.ExitRejected, "server " + old.Addr + ": ", "hangs up on protocol v3", "--protocol auto"},
		{"protocol of the past", to(plain, "--protocol=v2"), fault.ExitRejected, "server " + plain.Addr + ": ", "hangs up on protocol v2", "--protocol auto"},
		{"rejected source", to(rejecting), fault.ExitRejected, "server " + rejecting.Addr + ": ", "hung up right after the announcement", "log"},
		{"missing file", []string{"--tcp", "--connect", plain.TCPAddr, "--source", "none.pcap"}, fault.ExitRadio, "file none.pcap: ", "no such file", "path"},
		{"directory", []string{"--tcp", "--connect", plain.TCPAddr, "--source", "dir.pcap"}, fault.ExitUsage, "--source: \"dir.pcap\" ", "is a directory", "inside"},
		{"no capture", []string{"--tcp", "--connect", plain.TCPAddr, "--source", "text.pcap"}, fault.ExitRadio, "file text.pcap: ", "no pcap", "undamaged"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			status, out, errs := sensord(t, append(tt.args, "--once", "--disable-retry", "--once-timeout", "20s")...)
			lines := strings.Split(lastMessage(errs), "\n")
			if status != tt.status || out != "" || len(lines) < 2 || !strings.HasPrefix(lines[0], "sensord: "+tt.object) || !strings.Contains(lines[0], tt.cause) ||
				!strings.HasPrefix(lines[1], "  ") || !strings.Contains(lines[1], tt.remedy) {
				t.Errorf("exit %d, want %d; want a message of %q, %q, %q:\n%s", status, tt.status, tt.object, tt.cause, tt.remedy, errs)
			}
		})
	}
}

// lastMessage returns the message that the program ended with.
func lastMessage(errs string) string {
	i := strings.LastIndex("\n"+errs, "\nsensord: ")
	return errs[max(i, 0):]
}

// closedPort returns an address where nobody listens.
func closedPort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// selfSigned makes a certificate for 127.0.0.1 and writes it to a file.
func selfSigned(t *testing.T, file string) *tls.Config {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "private authority"}, IsCA: true, BasicConstraintsValid: true, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Unix(0, 0), NotAfter: time.Unix(1<<33, 0),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
}

func TestTLSWithPrivateAuthority(t *testing.T) {
	machine(t, 20)
	s := server(t, func(c *kismettest.Config) { c.TLS = selfSigned(t, "ca.pem") })
	status, _, errs := sensord(t, "--connect", s.Addr, "--ssl=ca.pem", "--apikey", datasourceKey, "--source", "walk.pcap", "--once")
	if status != 0 {
		t.Errorf("exit %d:\n%s", status, errs)
	}
}

// The first signal ends in order, with what was captured confirmed.
func TestSignalEndsInOrder(t *testing.T) {
	for _, signal := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		t.Run(signal.String(), func(t *testing.T) {
			machine(t, 5)
			s := server(t, nil)
			cmd := process(t, "--tcp", "--connect", s.TCPAddr, "--source", "walk.pcap:pps=50")
			var errs strings.Builder
			cmd.Stderr = &errs
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			wantFrames(t, s, 3)
			if err := cmd.Process.Signal(signal); err != nil {
				t.Error(err)
			}
			if err := cmd.Wait(); err != nil || !strings.Contains(errs.String(), "stopping") {
				t.Errorf("%v, messages:\n%s", err, errs.String())
			}
		})
	}
}

// stuck is a rig that stops when it is released, or when its context ends.
type stuck struct {
	release chan struct{}
	heeds   bool // the context
}

func (s *stuck) Stop(ctx context.Context) error {
	if s.heeds {
		<-ctx.Done()
		return errors.New("given up")
	}
	<-s.release
	return nil
}

func TestSecondSignalEndsAtOnce(t *testing.T) {
	for _, tt := range []struct {
		name  string
		heeds bool
		took  time.Duration
		want  string
		exit  int
	}{
		{"rig gives up", true, 0, "given up", fault.ExitFailed},
		{"rig is stuck", false, countTime, "ended by a second terminated: what was not confirmed is not counted", fault.ExitIncomplete},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				signals := make(chan os.Signal, 1)
				signals <- syscall.SIGTERM
				rig := &stuck{release: make(chan struct{}), heeds: tt.heeds}
				began := time.Now()
				err := stopInOrder(rig, signals)
				if took := time.Since(began); err == nil || err.Error() != tt.want || fault.Exit(err) != tt.exit || took != tt.took {
					t.Errorf("%v, exit %d, after %v", err, fault.Exit(err), took)
				}
				close(rig.release)
			})
		})
	}
}

func TestOrderedEndIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		err := stopInOrder(&stuck{heeds: true}, nil)
		if took := time.Since(began); err == nil || took != flushTime {
			t.Errorf("%v after %v, want %v", err, took, flushTime)
		}
	})
}

// A second signal ends sensord even if nobody looks at the first.
func TestSecondSignalEndsWhatIsStuck(t *testing.T) {
	exited := make(chan int, 1)
	signals, stop := watchSignals(func(status int) { exited <- status })
	defer stop()
	for range 2 {
		if err := syscall.Kill(os.Getpid(), syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		<-signals // they are one, if the first is not taken
	}
	select {
	case status := <-exited:
		if status != fault.ExitIncomplete {
			t.Errorf("exit %d", status)
		}
	case <-time.After(30 * time.Second):
		t.Error("still there")
	}
}
