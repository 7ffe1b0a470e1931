package main_test

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sensord/sensord/uplink/kismettest"
)

// A checked is what `sensord check --json` prints, as far as these tests look.
type checked struct {
	Steps []struct {
		Name, Object, Status, Detail, Code, Remedy string
	}
	Exit   int
	Failed string
}

// checked runs a check to its end.
func (e *endToEnd) checked(t *testing.T, in invocation) checked {
	t.Helper()
	in.args = append([]string{"check", "--json"}, in.args...)
	p := e.start(t, in)
	status := p.exit(t)
	var c checked
	if err := json.Unmarshal([]byte(p.out.String()), &c); err != nil {
		t.Fatal(err)
	}
	if c.Exit != status {
		t.Errorf("exit %d, and %d is told", status, c.Exit)
	}
	return c
}

// says looks for a step that says all of it, in its detail or its remedy.
func (c checked) says(t *testing.T, name, status, code string, texts ...string) {
	t.Helper()
	for _, s := range c.Steps {
		all := s.Name == name && s.Status == status && s.Code == code
		for _, text := range texts {
			all = all && strings.Contains(s.Detail+"\n"+s.Remedy, text)
		}
		if all {
			return
		}
	}
	t.Errorf("no step %s is %s, %s, %q in\n%+v", name, status, code, texts, c.Steps)
}

// checkServers checks the way to a server behind a real nginx, and through it
// the clock of the server.
func (e *endToEnd) checkServers(t *testing.T) {
	srv := serve(t, kismettest.Config{})
	dir := t.TempDir()
	ca := newAuthority(t, "Home CA")
	right := write(t, dir, "ca.pem", ca.pem())
	wrong := write(t, dir, "other-ca.pem", newAuthority(t, "Other CA").pem())
	now := time.Now()
	year := now.AddDate(1, 0, 0)
	hosts := []string{"localhost"}
	sites := map[string]*site{
		"good":    {cert: certificate{hosts: hosts, until: year}, upstream: srv.Addr},
		"down":    {cert: certificate{hosts: hosts, until: year}, upstream: closedPort(t)},
		"ending":  {cert: certificate{hosts: hosts, until: now.AddDate(0, 0, 5)}, upstream: srv.Addr},
		"expired": {cert: certificate{hosts: hosts, from: now.AddDate(-1, 0, 0), until: now.AddDate(0, 0, -2)}, upstream: srv.Addr},
		"future":  {cert: certificate{hosts: hosts, from: now.AddDate(0, 0, 2), until: year}, upstream: srv.Addr},
		"name":    {cert: certificate{hosts: []string{"kismet.example"}, until: year}, upstream: srv.Addr},
	}
	startNginx(t, e, dir, ca, sites)
	through := func(site, ca string) []string {
		return slices.Concat(login, []string{
			"--connect", "localhost:" + sites[site].port, "--ssl=" + ca, "--source", e.walk,
			"--endpoint", "/kismet/datasource/remote/remotesource.ws",
		})
	}
	plain := slices.Concat(login, []string{"--connect", srv.Addr, "--ssl=" + right, "--source", e.walk})
	for _, tt := range []struct {
		name               string
		args               []string
		exit               int
		step, status, code string
		want               []string
	}{
		{"good", through("good", right), 0, "tls", "ok", "", []string{"certificate for localhost, valid until " + year.UTC().Format(time.DateOnly), "by Home CA"}},
		{"clock", through("good", right), 0, "server clock", "ok", "", []string{"agree to "}},
		{"ending", through("ending", right), 0, "tls", "warn", "link.tls", []string{"in 4 days"}},
		{"expired", through("expired", right), 4, "tls", "fail", "link.tls", []string{"the certificate expired on " + now.AddDate(0, 0, -2).UTC().Format(time.DateOnly)}},
		{"not yet valid", through("future", right), 4, "tls", "fail", "link.tls", []string{"not valid before", "check this machine's clock"}},
		{"wrong name", through("name", right), 4, "tls", "fail", "link.tls", []string{`not for "localhost" but for kismet.example`, "server_name"}},
		{"unknown authority", through("good", wrong), 4, "tls", "fail", "link.tls", []string{"unknown authority", "--ssl=CA.pem"}},
		{"plain port", plain, 4, "tls", "fail", "link.tls", []string{"the server does not speak TLS", "leave out --ssl"}},
		{"nobody behind it", through("down", right), 4, "http", "fail", "link.refused", []string{"answered 502: no Kismet behind it"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := e.checked(t, invocation{args: tt.args})
			c.says(t, tt.step, tt.status, tt.code, tt.want...)
			failed := ""
			if tt.status == "fail" {
				failed = tt.step
			}
			if c.Exit != tt.exit || c.Failed != failed {
				t.Errorf("exit %d, %q", c.Exit, c.Failed)
			}
		})
	}
}

// checkDisks checks real disks: one that is full, one that may only be read, one
// in memory.
func (e *endToEnd) checkDisks(t *testing.T) {
	dir := t.TempDir()
	disk := filepath.Join(dir, "disk")
	config := write(t, dir, "rig.yaml", fmt.Sprintf("rig: rover-1\nsources: [{interface: %s}]\nrecord: {dir: %s, size: 16MiB, total: 64MiB}\n", e.walk, disk))
	for _, tt := range []struct {
		name, mount        string
		exit               int
		step, status, code string
		want               []string
	}{
		{"full", "mount -t tmpfs -o size=4m none $DISK", 1, "record", "fail", "disk.full", []string{"only 4.0 MiB free", "make room there"}},
		{"no room at all", "mount -t tmpfs -o size=32m,nr_inodes=1 none $DISK", 1, "record", "fail", "disk.full", []string{"no space left on device"}},
		{"less than its limit", "mount -t tmpfs -o size=32m none $DISK", 0, "record", "warn", "disk.full", []string{"full before the limit of 64 MiB"}},
		{"in memory", "mount -t tmpfs -o size=80m none $DISK", 0, "record", "warn", "", []string{"is in memory (tmpfs)"}},
		{"read-only", "mount -t tmpfs -o ro none $DISK", 1, "record", "fail", "disk.failed", []string{"read-only file system", "mount it to be written"}},
		{"not there", "rmdir $DISK", 0, "record", "ok", "", []string{"disk will be made"}},
		{"no servers", "true", 0, "server", "skip", "", []string{"frames are recorded, and sent nowhere"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := e.checked(t, invocation{
				args: []string{"--config", config},
				// In a name space of its own, where everybody may mount.
				setup: func(cmd *exec.Cmd) {
					script := "mkdir -p $DISK && " + tt.mount + ` && exec "$@"`
					shell := command(t, "unshare", append([]string{"--map-root-user", "--mount", "sh", "-c", script, "sh", e.bin}, cmd.Args[1:]...)...)
					cmd.Path, cmd.Args = shell.Path, shell.Args
					cmd.Env = append(cmd.Env, "DISK="+disk)
				},
			})
			c.says(t, tt.step, tt.status, tt.code, tt.want...)
			if c.Exit != tt.exit {
				t.Errorf("exit %d", c.Exit)
			}
		})
	}
}
