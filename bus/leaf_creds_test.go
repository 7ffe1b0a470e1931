//go:build !lite

package bus_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sensord/sensord/bus"
	"github.com/sensord/sensord/bus/bustest"
	"github.com/sensord/sensord/internal/fault"
)

// fails waits until a leaf says what is wrong.
func (l *aLeaf) fails(tb testing.TB, code fault.Code, text string) {
	tb.Helper()
	var last bus.LeafState
	defer func() {
		if tb.Failed() {
			tb.Logf("the leaf said %+v", last)
		}
	}()
	bustest.Wait(tb, string(code)+": "+text, func() bool {
		last = l.Leaf()
		return fault.CodeOf(last.Err) == code && strings.Contains(last.Err.Error(), text)
	})
}

func write(tb testing.TB, text string) string {
	tb.Helper()
	f := filepath.Join(tb.TempDir(), "rig.creds")
	if err := os.WriteFile(f, []byte(text), 0o600); err != nil {
		tb.Fatal(err)
	}
	return f
}

// Whatever is wrong with the credentials is named, and the rig's own server
// goes on.
func TestLeafSaysWhatIsWrongWithItsCredentials(t *testing.T) {
	hub := bustest.StartHub(t)
	other := bustest.StartHub(t, func(o *bus.HubOptions) { o.Fleets = []string{"other"} })
	good, err := os.ReadFile(hub.Creds(t, "fleet", "rover"))
	if err != nil {
		t.Fatal(err)
	}
	strange, err := os.ReadFile(other.Creds(t, "other", "rover"))
	if err != nil {
		t.Fatal(err)
	}
	token, _, _ := strings.Cut(string(good), "USER NKEY")
	_, key, _ := strings.Cut(string(strange), "USER NKEY")
	expired := hub.Issue(t, bus.IssueRequest{Fleet: "fleet", Name: "rover", Expires: time.Now().Add(-time.Hour)})
	for _, tt := range []struct {
		name, creds string
		code        fault.Code
		text        string
	}{
		{"none", "", fault.BusAuth, "does not take the credentials"},
		{"no file", filepath.Join(t.TempDir(), "none.creds"), fault.BusAuth, "no such file"},
		{"something else", write(t, "hello"), fault.BusAuth, "holds no NATS credentials"},
		{"a directory", t.TempDir(), fault.BusAuth, "is a directory"},
		{"too large", write(t, strings.Repeat("x", 1<<20)), fault.BusAuth, "holds no NATS credentials"},
		{"without the key", write(t, token), fault.BusAuth, "the key is missing"},
		{"another's key", write(t, token+"USER NKEY"+key), fault.BusAuth, "belongs to other credentials"},
		{"of another hub", other.Creds(t, "fleet", "rover"), fault.BusAuth, "does not take the credentials"},
		{"of another rig", hub.Creds(t, "fleet", "roof"), fault.BusDenied, "those of rig roof in fleet fleet, not of rig rover in fleet fleet"},
		{"of another fleet", hub.Creds(t, "north", "rover"), fault.BusDenied, "those of rig rover in fleet north, not of rig rover in fleet fleet"},
		{"of a person", hub.WatchCreds(t, "fleet", "anna"), fault.BusDenied, `those of "anna"`},
		{"expired", expired, fault.BusAuth, "they expired on "},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			l := startLeaf(t, "rover", hub.LeafURL, tt.creds)
			l.fails(t, tt.code, tt.text)
			l.stream(t)
			l.keep(t, 0, 3)
			if err := l.Leaf().Err; strings.Contains(err.Error(), "SU") && strings.Contains(err.Error(), "eyJ") {
				t.Errorf("there is a secret in %q", err)
			}
		})
	}
}

// Credentials that are put right are taken without a restart: they are read at
// every attempt.
func TestLeafTakesNewCredentialsWithoutRestart(t *testing.T) {
	hub := bustest.StartHub(t)
	file := write(t, "not yet")
	l := startLeaf(t, "rover", hub.LeafURL, file)
	l.fails(t, fault.BusAuth, "holds no NATS credentials")
	good, err := os.ReadFile(hub.Creds(t, "fleet", "rover"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, good, 0o600); err != nil {
		t.Fatal(err)
	}
	l.joined(t)
}

// Who was revoked is out within seconds, while the hub runs, and stays out.
func TestRevokedLeafIsEnded(t *testing.T) {
	hub := bustest.StartHub(t)
	rover := startLeaf(t, "rover", hub.LeafURL, hub.Creds(t, "fleet", "rover"))
	roof := startLeaf(t, "roof", hub.LeafURL, hub.Creds(t, "fleet", "roof"))
	rover.joined(t)
	roof.joined(t)
	beside, err := bus.OpenAuthority(hub.StateDir) // as another process does
	if err != nil {
		t.Fatal(err)
	}
	if n, err := beside.Revoke("fleet", "rover"); n != 1 || err != nil {
		t.Fatalf("revoked %d: %v", n, err)
	}
	rover.fails(t, fault.BusAuth, "")
	if s := roof.Leaf(); !s.Connected || s.Err != nil {
		t.Errorf("the other is %+v", s)
	}
	hub.Restart(t, nil)
	roof.joined(t)
	rover.fails(t, fault.BusAuth, "does not take the credentials")
	again := startLeaf(t, "rover", hub.LeafURL, hub.Creds(t, "fleet", "rover"))
	again.joined(t)
}

// Credentials that run out end the connection, and say so.
func TestLeafWhoseCredentialsRunOut(t *testing.T) {
	hub := bustest.StartHub(t)
	creds := hub.Issue(t, bus.IssueRequest{Fleet: "fleet", Name: "rover", Expires: time.Now().Add(4 * time.Second)})
	l := startLeaf(t, "rover", hub.LeafURL, creds)
	l.joined(t)
	l.fails(t, fault.BusAuth, "expired")
}

// Two rigs of one name end each other's connections, which both must say.
func TestTwoLeavesOfOneName(t *testing.T) {
	hub := bustest.StartHub(t)
	creds := hub.Creds(t, "fleet", "rover")
	one := startLeaf(t, "rover", hub.LeafURL, creds)
	one.joined(t)
	two := startLeaf(t, "rover", hub.LeafURL, creds)
	one.fails(t, fault.BusReplaced, "")
	two.fails(t, fault.BusReplaced, "")
}

func TestLeafNamesWhatItMeetsInPlaceOfAHub(t *testing.T) {
	t.Parallel() // it mostly waits
	hub := bustest.StartHub(t)
	creds := hub.Creds(t, "fleet", "rover")
	nobody := bustest.NewProxy(t, hub.LeafAddr())
	nobody.Cut()
	silent := bustest.NewProxy(t, hub.LeafAddr())
	silent.Freeze()
	for _, tt := range []struct {
		name, url string
		code      fault.Code
		text      string
	}{
		{"nobody", "nats://127.0.0.1:1", fault.BusRefused, "connection refused"},
		{"one who hangs up", "nats://" + nobody.Addr(), fault.BusRefused, "does not answer"},
		{"one who is silent", "nats://" + silent.Addr(), fault.BusRefused, "does not answer"},
		{"its port for clients", hub.URL, fault.BusRefused, "port for leaves"},
		{"a secret in the URL", "nats://anna:secret@127.0.0.1:1", fault.BusRefused, "hub nats://127.0.0.1:1: connection refused"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			l := startLeaf(t, "rover", tt.url, creds)
			l.fails(t, tt.code, tt.text)
			if s := l.Leaf(); strings.Contains(s.URL+s.Err.Error(), "secret") {
				t.Errorf("state is %+v", s)
			}
		})
	}
}
