package linuxwifi

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"
)

func TestNetworkManagerKeepsOffAndIsGivenBack(t *testing.T) {
	b := newFakeBus(t)
	nm := networkManager{address: b.address}
	for _, want := range []bool{true, false, true} {
		if err := nm.SetManaged(t.Context(), "wlan0", want); err != nil {
			t.Fatal(err)
		}
		if got, err := nm.Managed(t.Context(), "wlan0"); got != want || err != nil {
			t.Errorf("managed %v, %v; want %v", got, err, want)
		}
	}
}

func TestNetworkManagerThatIsNotThere(t *testing.T) {
	tests := []struct {
		name string
		nm   func(t *testing.T) networkManager
	}{
		{"no bus", func(t *testing.T) networkManager {
			return networkManager{address: "unix:path=" + filepath.Join(t.TempDir(), "none")}
		}},
		{"no address", func(*testing.T) networkManager { return networkManager{} }},
		{"nonsense for an address", func(*testing.T) networkManager { return networkManager{address: "a:b=%zz;;,"} }},
		{"not running", func(t *testing.T) networkManager {
			b := newFakeBus(t)
			b.running = false
			return networkManager{address: b.address}
		}},
		{"does not know it", func(t *testing.T) networkManager {
			b := newFakeBus(t)
			delete(b.managed, "wlan0")
			return networkManager{address: b.address}
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			nm := test.nm(t)
			if _, err := nm.Managed(t.Context(), "wlan0"); !errors.Is(err, errAbsent) {
				t.Errorf("managed: %v", err)
			}
			if err := nm.SetManaged(t.Context(), "wlan0", false); !errors.Is(err, errAbsent) {
				t.Errorf("set managed: %v", err)
			}
		})
	}
}

func TestNetworkManagerThatRefuses(t *testing.T) {
	b := newFakeBus(t)
	b.refuses = true
	err := networkManager{address: b.address}.SetManaged(t.Context(), "wlan0", false)
	if !errors.Is(err, errRefused) || err.Error() != "it refuses: Not?authorized" {
		t.Errorf("error %v", err)
	}
}

// TestBusThatHangs asks with a context that ends soon, and would not end if any
// call waited for more than that.
func TestBusThatHangs(t *testing.T) {
	for _, call := range []string{"AUTH", "Hello", "NameHasOwner", "GetDeviceByIpIface", "Set"} {
		t.Run(call, func(t *testing.T) {
			b := newFakeBus(t)
			b.deaf = call
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
			defer cancel()
			err := networkManager{address: b.address}.SetManaged(ctx, "wlan0", false)
			if err == nil || errors.Is(err, errAbsent) || errors.Is(err, errRefused) {
				t.Errorf("error %v", err)
			}
		})
	}
}

func TestBusThatTalksNonsense(t *testing.T) {
	for _, call := range []string{"AUTH", "Hello", "NameHasOwner", "GetDeviceByIpIface", "Get"} {
		t.Run(call, func(t *testing.T) {
			b := newFakeBus(t)
			b.garbage = call
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			defer cancel()
			if managed, err := (networkManager{address: b.address}).Managed(ctx, "wlan0"); err == nil {
				t.Errorf("managed %v", managed)
			}
		})
	}
}

func TestSystemBusAddress(t *testing.T) {
	t.Setenv("DBUS_SYSTEM_BUS_ADDRESS", "")
	if got := systemBus(); got != "unix:path=/run/dbus/system_bus_socket" {
		t.Errorf("address %s", got)
	}
	t.Setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/elsewhere")
	if got := systemBus(); got != "unix:path=/elsewhere" {
		t.Errorf("address %s", got)
	}
}
