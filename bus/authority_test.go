//go:build !lite

package bus_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nats.go"

	"github.com/sensord/sensord/bus"
	"github.com/sensord/sensord/bus/bustest"
	"github.com/sensord/sensord/internal/fault"
)

func authority(tb testing.TB, dir string) *bus.Authority {
	tb.Helper()
	a, err := bus.OpenAuthority(dir)
	if err != nil {
		tb.Fatal(err)
	}
	return a
}

// Nobody but the owner may read what lets a rig in, and the keys stay the same.
func TestAuthorityKeepsItsKeysToItself(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "hub")
	if _, err := authority(t, dir).Issue(bus.IssueRequest{Fleet: "north", Name: "roof"}); err != nil {
		t.Fatal(err)
	}
	before := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		if info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v", path, info.Mode())
		}
		if !e.IsDir() {
			data, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			before[path] = string(data)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	fleets, err := authority(t, dir).Fleets()
	if err != nil || !cmp.Equal(fleets, []string{"north"}) {
		t.Errorf("fleets are %v: %v", fleets, err)
	}
	for path, want := range before {
		if got, err := os.ReadFile(path); err != nil || string(got) != want {
			t.Errorf("%s has changed: %v", path, err)
		}
	}
}

func TestAuthorityIssuesRevokesAndRemembers(t *testing.T) {
	a := authority(t, t.TempDir())
	later := time.Now().Add(time.Hour).Truncate(time.Second)
	for _, r := range []bus.IssueRequest{
		{Fleet: "north", Name: "roof"}, {Fleet: "north", Name: "roof", Expires: later}, {Fleet: "north", Name: "anna", Watch: true},
	} {
		creds, err := a.Issue(r)
		if err != nil {
			t.Fatal(err)
		}
		token, err := jwt.ParseDecoratedJWT(creds)
		if err != nil {
			t.Fatal(err)
		}
		if len(token) > 16<<10 {
			t.Errorf("credentials of %s are %d bytes", r.Name, len(token))
		}
		claims, err := jwt.DecodeUserClaims(token)
		if err != nil || claims.Name != r.Name || !r.Expires.IsZero() && claims.Expires != later.Unix() {
			t.Errorf("claims are %+v: %v", claims, err)
		}
	}
	for _, want := range []int{2, 0} {
		if n, err := a.Revoke("north", "roof"); n != want || err != nil {
			t.Errorf("revoked %d, want %d: %v", n, want, err)
		}
	}
	if n, err := a.Revoke("nowhere", "roof"); n != 0 || err != nil {
		t.Errorf("revoked %d of a fleet that is none: %v", n, err)
	}
	list, err := a.List("north")
	if err != nil || len(list) != 3 || list[0].Revoked.IsZero() || !list[1].Expires.Equal(later) || list[2].Name != "anna" || !list[2].Revoked.IsZero() || !list[2].Watch {
		t.Errorf("list is %+v: %v", list, err)
	}
	for _, r := range []bus.IssueRequest{{Fleet: "a.b", Name: "roof"}, {Fleet: "north", Name: ""}, {Fleet: "north", Name: "*"}, {Fleet: "..", Name: "x"}} {
		if _, err := a.Issue(r); fault.CodeOf(err) != fault.ConfigInvalid {
			t.Errorf("%+v: %v", r, err)
		}
	}
}

// A hub whose clock was ahead when it issued credentials refuses them all the same
// when they are revoked after it was set right.
func TestRevokedByAClockThatWentBack(t *testing.T) {
	hub := bustest.StartHub(t)
	creds := hub.Creds(t, "fleet", "rover")
	nc := connect(t, hub.URL, nats.UserCredentials(creds), nats.NoReconnect())
	file := filepath.Join(hub.StateDir, "fleets", "fleet", "issued.json")
	if n, err := hub.Authority().Revoke("fleet", "rover"); n != 1 || err != nil {
		t.Fatalf("revoked %d: %v", n, err)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	data = regexp.MustCompile(`"revoked": \d+`).ReplaceAll(data, []byte(`"revoked": 1000000000`))
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
	bustest.Wait(t, "the connection to end", nc.IsClosed)
	hub.Restart(t, nil)
	if nc, err := nats.Connect(hub.URL, nats.UserCredentials(creds)); !errors.Is(err, nats.ErrAuthorization) {
		t.Errorf("connected: %v", err)
		nc.Close()
	}
}

// A hub knows so many fleets: one more is refused, and not made.
func TestAuthorityRefusesAFleetTooMany(t *testing.T) {
	dir := t.TempDir()
	a := authority(t, dir)
	for i := range 64 {
		if err := a.AddFleet(fmt.Sprint("fleet-", i)); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		_, err := a.Issue(bus.IssueRequest{Fleet: "one-more", Name: "roof"})
		if fault.CodeOf(err) != fault.ConfigInvalid || !strings.Contains(err.Error(), "64 fleets") || fault.RemedyOf(err) == "" {
			t.Errorf("%v (%s)", err, fault.RemedyOf(err))
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "fleets", "one-more")); err == nil {
		t.Error("it was made")
	}
	if _, err := a.Issue(bus.IssueRequest{Fleet: "fleet-63", Name: "roof"}); err != nil {
		t.Error(err)
	}
}

// What watchers are answered, no rig can hear.
func TestNoRigHasTheNameOfWatchers(t *testing.T) {
	a := authority(t, t.TempDir())
	if _, err := a.Issue(bus.IssueRequest{Fleet: "north", Name: "watch"}); fault.CodeOf(err) != fault.ConfigInvalid {
		t.Errorf("%v", err)
	}
	if _, err := a.Issue(bus.IssueRequest{Fleet: "north", Name: "watch", Watch: true}); err != nil {
		t.Error(err)
	}
}

// A process that was killed while it wrote a key leaves nothing behind.
func TestAuthorityTidiesUp(t *testing.T) {
	dir := t.TempDir()
	if err := authority(t, dir).AddFleet("north"); err != nil {
		t.Fatal(err)
	}
	left := []string{filepath.Join(dir, ".new-1"), filepath.Join(dir, "fleets", "north", ".new-2")}
	for _, name := range left {
		if err := os.WriteFile(name, []byte("half a key"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	authority(t, dir)
	for _, name := range left {
		if _, err := os.Stat(name); err == nil {
			t.Errorf("%s is still there", name)
		}
	}
}

// Several commands at once lose nothing of each other.
func TestAuthorityIsSharedBetweenProcesses(t *testing.T) {
	dir := t.TempDir()
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			a, err := bus.OpenAuthority(dir)
			if err != nil {
				t.Error(err)
				return
			}
			for range 5 {
				if _, err := a.Issue(bus.IssueRequest{Fleet: "north", Name: "roof"}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if list, err := authority(t, dir).List("north"); err != nil || len(list) != 40 {
		t.Errorf("%d are listed: %v", len(list), err)
	}
}

func TestAuthorityThatIsDamaged(t *testing.T) {
	for _, tt := range []struct{ file, text string }{
		{"operator.nk", "hello"},
		{"system.nk", ""},
		{"fleets/north/account.nk", "SUACSSL3UAHUDXKFSNVUZRF5UHPMWZ6BFDTJ7M6USDXIEDNPPQYYYCU3VY"},
		{"fleets/north/issued.json", "{"},
		{"fleets/north/issued.json", `[{"name":"..","key":"x"}]`},
	} {
		dir := t.TempDir()
		if _, err := authority(t, dir).Issue(bus.IssueRequest{Fleet: "north", Name: "roof"}); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, tt.file), []byte(tt.text), 0o600); err != nil {
			t.Fatal(err)
		}
		a, err := bus.OpenAuthority(dir)
		if err == nil {
			_, err = a.Issue(bus.IssueRequest{Fleet: "north", Name: "rover"})
		}
		if fault.CodeOf(err) != fault.BusStore || !strings.Contains(err.Error(), tt.file) || !strings.Contains(fault.RemedyOf(err), "backup") {
			t.Errorf("%s: %v (%s)", tt.file, err, fault.RemedyOf(err))
		}
	}
	if _, err := bus.OpenAuthority(write(t, "a file")); fault.CodeOf(err) != fault.BusStore {
		t.Errorf("a file: %v", err)
	}
}
