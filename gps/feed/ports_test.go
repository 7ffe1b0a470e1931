package feed_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sensord/sensord/gps/feed"
)

// machine makes the files and, where the text begins with "-> ", the symbolic
// links of a machine.
func machine(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		target, isLink := strings.CutPrefix(text, "-> ")
		if isLink {
			if err := os.Symlink(target, path); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func TestPortsListsWhatMayBeAReceiver(t *testing.T) {
	const usb = "sys/devices/pci0000:00/usb1/"
	root := machine(t, map[string]string{
		"sys/class/tty/tty0/dev": "4:0\n", // a terminal

		// A serial chip that is there, and the place of one that is not.
		"sys/class/tty/ttyS0":                              "-> ../../devices/pnp0/00:04/tty/ttyS0",
		"sys/devices/pnp0/00:04/tty/ttyS0/type":            "4\n",
		"sys/devices/pnp0/00:04/tty/ttyS0/device":          "-> ../../../00:04",
		"sys/devices/pnp0/00:04/driver":                    "-> ../../../bus/pnp/drivers/serial",
		"sys/class/tty/ttyS1":                              "-> ../../devices/platform/serial8250/tty/ttyS1",
		"sys/devices/platform/serial8250/tty/ttyS1/type":   "0\n",
		"sys/devices/platform/serial8250/tty/ttyS1/device": "-> ../../../serial8250",

		// A receiver.
		"sys/class/tty/ttyACM0":                 "-> ../../devices/pci0000:00/usb1/1-2/1-2:1.0/tty/ttyACM0",
		usb + "1-2/1-2:1.0/tty/ttyACM0/dev":     "166:0\n",
		usb + "1-2/1-2:1.0/tty/ttyACM0/device":  "-> ../../../1-2:1.0",
		usb + "1-2/1-2:1.0/driver":              "-> ../../../../../bus/usb/drivers/cdc_acm",
		usb + "1-2/idVendor":                    "1546\n",
		usb + "1-2/manufacturer":                "u-blox AG - www.u-blox.com\n",
		usb + "1-2/product":                     "u-blox 7 - \x1b[31mGPS/GNSS Receiver\n",
		"dev/serial/by-id/usb-u-blox_AG_7-if00": "-> ../../ttyACM0",

		// An adapter, with a folder more between.
		"sys/class/tty/ttyUSB0":                        "-> ../../devices/pci0000:00/usb1/1-1/1-1:1.0/ttyUSB0/tty/ttyUSB0",
		usb + "1-1/1-1:1.0/ttyUSB0/tty/ttyUSB0/dev":    "188:0\n",
		usb + "1-1/1-1:1.0/ttyUSB0/tty/ttyUSB0/device": "-> ../../../ttyUSB0",
		usb + "1-1/1-1:1.0/ttyUSB0/driver":             "-> ../../../../../../bus/usb-serial/drivers/pl2303",
		usb + "1-1/idVendor":                           "067b\n",
		usb + "1-1/product":                            "USB-Serial Controller D\n",

		// The kernel's own kind of receiver.
		"sys/class/gnss/gnss0":                           "-> ../../devices/platform/serial1/gnss/gnss0",
		"sys/devices/platform/serial1/gnss/gnss0/type":   "UBX\n",
		"sys/devices/platform/serial1/gnss/gnss0/device": "-> ../../../serial1",
	})
	for _, driver := range []string{"pnp/drivers/serial", "usb/drivers/cdc_acm", "usb-serial/drivers/pl2303"} {
		if err := os.MkdirAll(filepath.Join(root, "sys/bus", driver), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	got, err := feed.PortsBelow(root)
	if err != nil {
		t.Fatal(err)
	}
	want := []feed.Port{
		{Path: "/dev/gnss0", Likely: true},
		{
			Path: "/dev/ttyACM0", ByID: "/dev/serial/by-id/usb-u-blox_AG_7-if00", Driver: "cdc_acm",
			Product: "u-blox 7 - [31mGPS/GNSS Receiver", Likely: true,
		},
		{Path: "/dev/ttyS0", Driver: "serial"},
		{Path: "/dev/ttyUSB0", Driver: "pl2303", Product: "USB-Serial Controller D"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("ports (-want +got):\n%s", diff)
	}
	if got[1].Name() != got[1].ByID || got[2].Name() != "/dev/ttyS0" {
		t.Errorf("names %q and %q", got[1].Name(), got[2].Name())
	}
}

func TestPortsOfAMachineWithoutAny(t *testing.T) {
	got, err := feed.PortsBelow(t.TempDir())
	if err != nil || got != nil {
		t.Errorf("%v, %v", got, err)
	}
	if _, err := feed.Ports(); err != nil {
		t.Error(err)
	}
}
