package linuxwifi

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/godbus/dbus/v5"
)

// managerTimeout bounds every conversation with NetworkManager: a radio does
// not wait for a daemon that hangs.
const managerTimeout = 2 * time.Second

// networkManager asks NetworkManager over the system bus, each time on a
// connection of its own: it is asked twice in a radio's life.
type networkManager struct {
	address string // of the bus, as D-Bus writes it
}

const (
	managerName   = "org.freedesktop.NetworkManager"
	managerDevice = managerName + ".Device"
	managerPath   = dbus.ObjectPath("/org/freedesktop/NetworkManager")
)

// systemBus is where the system bus listens.
func systemBus() string {
	if address := os.Getenv("DBUS_SYSTEM_BUS_ADDRESS"); address != "" {
		return address
	}
	return "unix:path=/run/dbus/system_bus_socket"
}

// Managed reports whether NetworkManager manages the interface.
func (n networkManager) Managed(ctx context.Context, name string) (bool, error) {
	var managed bool
	err := n.device(ctx, name, func(ctx context.Context, device dbus.BusObject) error {
		var v dbus.Variant
		err := device.CallWithContext(ctx, "org.freedesktop.DBus.Properties.Get", dbus.FlagNoAutoStart,
			managerDevice, "Managed").Store(&v)
		if err != nil {
			return err
		}
		return v.Store(&managed)
	})
	return managed, err
}

// SetManaged tells NetworkManager to keep off the interface, or to take it
// back. It remembers that until it is restarted or the interface vanishes.
func (n networkManager) SetManaged(ctx context.Context, name string, managed bool) error {
	return n.device(ctx, name, func(ctx context.Context, device dbus.BusObject) error {
		return device.CallWithContext(ctx, "org.freedesktop.DBus.Properties.Set", dbus.FlagNoAutoStart,
			managerDevice, "Managed", dbus.MakeVariant(managed)).Err
	})
}

// said turns NetworkManager's own no into errRefused, unlike no answer.
func said(err error) error {
	if e, ok := errors.AsType[dbus.Error](err); ok {
		return fmt.Errorf("%w: %s", errRefused, clean(e.Error()))
	}
	return err
}

// device calls f with NetworkManager's object for an interface.
func (n networkManager) device(ctx context.Context, name string, f func(context.Context, dbus.BusObject) error) error {
	ctx, cancel := context.WithTimeout(ctx, managerTimeout)
	defer cancel()
	// The connection ends with the context, also in the middle of logging in.
	conn, err := dbus.Connect(n.address, dbus.WithContext(ctx))
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return errAbsent // no bus, so nobody on it
	}
	defer conn.Close()
	var there bool
	err = conn.BusObject().CallWithContext(ctx, "org.freedesktop.DBus.NameHasOwner", 0, managerName).Store(&there)
	if err != nil {
		return err
	}
	if !there {
		return errAbsent
	}
	var path dbus.ObjectPath
	err = conn.Object(managerName, managerPath).
		CallWithContext(ctx, managerName+".GetDeviceByIpIface", dbus.FlagNoAutoStart, name).Store(&path)
	if err != nil {
		if e, ok := errors.AsType[dbus.Error](err); ok && e.Name == managerName+".UnknownDevice" {
			return errAbsent
		}
		return said(err)
	}
	return said(f(ctx, conn.Object(managerName, path)))
}
