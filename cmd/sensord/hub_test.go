//go:build !lite

package main

import (
	"bufio"
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sensord/sensord/bus"
)

// What is said before a hub runs, in the order in which it is asked for here.
func TestHubCommands(t *testing.T) {
	want, err := filepath.Abs("testdata/hub/commands.golden")
	if err != nil {
		t.Fatal(err)
	}
	machine(t, 1)
	state := t.TempDir()
	t.Setenv("STATE_DIRECTORY", state) // only an absolute one counts
	writeFile(t, "x.pem", []byte("nothing"))
	var b strings.Builder
	for _, line := range []string{
		"hub --help", "hub rig --help", "hub revoke --help", "hub list --help",
		"hub roof", "hub rig", "hub rig a b", "hub rig a.b", "hub rig ''", "hub rig roof --fleet *", "hub rig roof --expires -1h",
		"hub rig roof --output /nowhere/roof.creds",
		"hub list", "hub list --state nowhere", "hub revoke roof --state nowhere",
		"hub rig roof", "hub rig roof", "hub rig anna --watch --fleet north", "hub list", "hub revoke roof", "hub revoke roof", "hub revoke anna",
		"hub --listen 4222", "hub --leaf :x", "hub --leaf :4222", "hub --name a.b", "hub --fleet ''", "hub --store-size much", "hub --store-size 1KiB",
		"hub --tls-cert x.pem", "hub --tls-key x.pem", "hub --tls-cert x.pem --tls-key x.pem", "hub --tls-client-ca x.pem",
		"hub --log-level loud", "hub --log-format xml", "hub --port 1", "hub --listen 192.0.2.1:4222",
	} {
		args := strings.Fields(strings.ReplaceAll(line, "''", "\x00"))
		for i := range args {
			args[i] = strings.Trim(args[i], "\x00")
		}
		status, out, errs := sensord(t, args...)
		if line == "hub list" { // with the time
			out = withoutTimes(out)
		}
		fmt.Fprintf(&b, "$ sensord %s\n%s%s-- exit %d\n\n", line, out, errs, status)
	}
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	text := strings.NewReplacer(dir, "/home/anna", state, "/state").Replace(b.String())
	golden(t, want, text)
	if creds, err := os.Stat("roof.creds"); err != nil || creds.Mode().Perm() != 0o600 {
		t.Errorf("the credentials are %v: %v", creds, err)
	}
	status, out, _ := sensord(t, "hub", "rig", "rover", "--output", "-")
	if status != 0 || !strings.Contains(out, "BEGIN NATS USER JWT") || strings.Contains(out, "wrote") {
		t.Errorf("exit %d: %s", status, out)
	}
}

// withoutTimes replaces 2026-01-02 15:04, and the spaces that it needs.
func withoutTimes(s string) string {
	lines := strings.Split(s, "\n")
	for i, l := range lines {
		words := strings.Fields(l)
		for j, w := range words {
			if len(w) == 10 && w[4] == '-' {
				words[j], words[j+1] = "DATE", "TIME"
			}
		}
		lines[i] = strings.Join(words, "  ")
	}
	return strings.Join(lines, "\n")
}

// A hub says what to write into the configuration of a rig, which works as it
// stands, and ends in order.
func TestHubRunsUntilItIsToldToEnd(t *testing.T) {
	dir := t.TempDir()
	cert, key := hubCertificate(t, dir)
	for name, more := range map[string][]string{
		"plain": nil,
		"tls":   {"--tls-cert", cert, "--tls-key", key, "--tls-client-ca", cert, "--log-format", "json"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			state := filepath.Join(t.TempDir(), "hub")
			cmd := process(t, append([]string{"hub", "--state", state, "--listen", "127.0.0.1:0", "--leaf", "127.0.0.1:0", "--fleet", "north", "--store-size", "32MiB"}, more...)...)
			var errs bytes.Buffer
			cmd.Stderr = &errs
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = cmd.Process.Kill() })
			said := ""
			lines := bufio.NewScanner(out)
			for !strings.Contains(said, "sensord fleet --bus ") && lines.Scan() {
				said += lines.Text() + "\n"
			}
			at := map[string]string{"plain": "nats://127.0.0.1:", "tls": "tls://localhost:"}[name]
			for _, want := range []string{
				"hub of fleet north in " + state, "clients: " + at, "    mode: leaf\n    url: " + at,
				"    fleet: north\n    creds: NAME.creds\n", "sensord hub rig NAME --fleet north --state " + state,
			} {
				if !strings.Contains(said, want) {
					t.Errorf("%q is missing in\n%s", want, said)
				}
			}
			if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
				t.Fatal(err)
			}
			if err := cmd.Wait(); err != nil || strings.Contains(errs.String(), "warning") {
				t.Errorf("%v: %s", err, errs.String())
			}
		})
	}
}

func TestHubTextNamesAddressesThatOthersCanUse(t *testing.T) {
	o := bus.HubOptions{StateDir: "/s", Fleets: []string{"fleet"}}
	for _, tt := range []struct{ clients, leaves, want string }{
		{"[::]:4222", ":7422", "clients: nats://192.0.2.7:4222  leaves: nats://192.0.2.7:7422"},
		{"0.0.0.0:1", "[2001:db8::1]:2", "clients: nats://192.0.2.7:1  leaves: nats://[2001:db8::1]:2"},
	} {
		if text := hubText(tt.clients, tt.leaves, o, "192.0.2.7"); !strings.Contains(text, tt.want) {
			t.Errorf("%q is missing in\n%s", tt.want, text)
		}
	}
	for addr, want := range map[string]bool{"127.0.0.1:1": true, "[::1]:1": true, "localhost:1": true, "[::]:1": false, "192.0.2.1:1": false, ":1": false} {
		if loopback(addr) != want {
			t.Errorf("%s is loopback: %t", addr, !want)
		}
	}
}

// hubCertificate writes a certificate of localhost and its key.
func hubCertificate(t *testing.T, dir string) (cert, key string) {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), DNSNames: []string{"localhost"}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &k.PublicKey, k)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	cert, key = filepath.Join(dir, "hub.pem"), filepath.Join(dir, "hub.key")
	for file, b := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: private}} {
		if err := os.WriteFile(file, pem.EncodeToMemory(b), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return cert, key
}
