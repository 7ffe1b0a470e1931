//go:build !lite

package bus_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/sensord/sensord/bus"
	"github.com/sensord/sensord/bus/bustest"
	"github.com/sensord/sensord/internal/fault"
)

// copyFile copies a file as cp does.
func copyFile(tb testing.TB, from, to string) {
	tb.Helper()
	data, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(to, data, 0o600)
	}
	if err != nil {
		tb.Fatal(err)
	}
}

// Credentials of another rig are taken by the hub, which drops what they do not
// allow. Who does as the remedy says need not start the rig again.
func TestCredentialsOfAnotherRigThatAreMended(t *testing.T) {
	t.Parallel() // it mostly waits
	hub := bustest.StartHub(t)
	for _, o := range []bus.Options{leafOptions(t, "leaf", hub.LeafURL), joinOptions(t, "client", hub.URL)} {
		t.Run(o.Rig, func(t *testing.T) {
			t.Parallel()
			o.CredsFile = filepath.Join(t.TempDir(), "sw.creds")
			copyFile(t, hub.Creds(t, "fleet", "another"), o.CredsFile)
			r := startRig(t, o)
			r.Claim(claim("wlan0"))
			r.PublishStatus(recording())
			if e := r.says(t, fault.BusDenied); e.Object != "credentials "+o.CredsFile || e.Remedy() == "" {
				t.Errorf("says %v", e)
			}
			if o.Mode == bus.Leaf {
				r.publishKept(t, 0, 10)
			}
			people := connect(t, hub.URL, nats.UserCredentials(hub.WatchCreds(t, "fleet", "ann")), nats.CustomInboxPrefix("_INBOX_watch"))
			heard, err := people.SubscribeSync(bus.Subject("fleet", o.Rig, bus.KindStatus))
			if err != nil {
				t.Fatal(err)
			}
			if err := people.Flush(); err != nil {
				t.Fatal(err)
			}

			copyFile(t, hub.Creds(t, "fleet", "third"), o.CredsFile) // which is not it either
			if e := r.says(t, fault.BusDenied); e.Object != "credentials "+o.CredsFile {
				t.Errorf("says %v", e)
			}
			copyFile(t, hub.Creds(t, "fleet", o.Rig), o.CredsFile)
			r.saysNoMore(t, fault.BusDenied)
			if s := r.State(); s.Err != nil || s.Leaf.Err != nil {
				t.Errorf("state %+v", s)
			}
			r.PublishStatus(recording())
			if _, err := heard.NextMsg(waitForMessage); err != nil {
				t.Errorf("it is over, and the hub does not hear the rig: %v", err)
			}
			bustest.Wait(t, "claims", func() bool { return r.State().Watching })
			if o.Mode == bus.Leaf {
				checkFleet(t, watcher(t, hub), o.Rig, 10)
			}
			for _, code := range []fault.Code{fault.BusNoStore, fault.BusRefused, fault.BusAuth} {
				if began, _ := r.told(code); began != 0 {
					t.Errorf("%s was told %d times", code, began)
				}
			}
			if began, _ := r.told(fault.BusDenied); began != 1 {
				t.Errorf("%s was told %d times", fault.BusDenied, began)
			}
		})
	}
}

const waitForMessage = time.Minute
