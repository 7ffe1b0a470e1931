package feed

import (
	"cmp"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// A Port is a serial device that may be a receiver.
type Port struct {
	Path    string // "/dev/ttyACM0"
	ByID    string // its name that survives a replug, below /dev/serial/by-id; "" if it has none
	Driver  string // the kernel's: "cdc_acm"; "" if unknown
	Product string // what the USB device calls itself: "u-blox 7 - GPS/GNSS Receiver"; "" if it is none
	Likely  bool   // its maker or its name says that it is a receiver
}

// Name is what to write into a configuration: ByID, or else Path.
func (p Port) Name() string { return cmp.Or(p.ByID, p.Path) }

// Ports lists the serial devices of this machine that may be a receiver, likely
// ones first. It opens none of them. The error is that of reading /sys; without
// /sys there are no ports and no error.
func Ports() ([]Port, error) { return portsBelow("/") }

// portsBelow is Ports for the file system below root.
func portsBelow(root string) ([]Port, error) {
	byID := serialNames(root)
	var ports []Port
	for _, class := range []string{"tty", "gnss"} {
		dir := filepath.Join(root, "sys/class", class)
		entries, err := os.ReadDir(dir)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			if p, ok := portAt(filepath.Join(dir, e.Name())); ok {
				p.ByID = byID[e.Name()]
				p.Likely = p.Likely || class == "gnss"
				ports = append(ports, p)
			}
		}
	}
	slices.SortStableFunc(ports, func(a, b Port) int {
		if a.Likely != b.Likely {
			if a.Likely {
				return -1
			}
			return 1
		}
		return cmp.Compare(a.Path, b.Path)
	})
	return ports, nil
}

// portAt describes the device of a folder below /sys/class. Terminals and the
// places of serial chips that are not there have no hardware: those are not ok.
func portAt(class string) (Port, bool) {
	device, err := filepath.EvalSymlinks(filepath.Join(class, "device"))
	if err != nil {
		return Port{}, false
	}
	// drivers/tty/serial/serial_core.c: type 0 is PORT_UNKNOWN.
	if kind, ok := readLine(filepath.Join(class, "type")); ok && kind == "0" {
		return Port{}, false
	}
	p := Port{Path: "/dev/" + filepath.Base(class)}
	if driver, err := os.Readlink(filepath.Join(device, "driver")); err == nil {
		p.Driver = filepath.Base(driver)
	}
	usb, ok := usbDevice(device)
	if !ok {
		return p, true
	}
	maker, _ := readLine(filepath.Join(usb, "manufacturer"))
	product, _ := readLine(filepath.Join(usb, "product"))
	vendor, _ := readLine(filepath.Join(usb, "idVendor"))
	p.Product = product
	p.Likely = likely(vendor, maker+" "+product)
	return p, true
}

// usbDevice returns the folder of the USB device that a device belongs to.
func usbDevice(device string) (string, bool) {
	for range 5 { // tty, port, interface, device
		if _, err := os.Stat(filepath.Join(device, "idVendor")); err == nil {
			return device, true
		}
		device = filepath.Dir(device)
	}
	return "", false
}

// likely reports whether a USB device is a receiver, and not an adapter, a
// telephone or a microcontroller that may have one behind it or not.
func likely(vendor, text string) bool {
	if vendor == "1546" || vendor == "091e" { // u-blox, Garmin
		return true
	}
	text = strings.ToLower(text)
	for _, word := range []string{"gps", "gnss", "u-blox", "glonass", "beidou", "galileo"} {
		if strings.Contains(text, word) {
			return true
		}
	}
	return false
}

// serialNames returns the names below /dev/serial/by-id of devices.
func serialNames(root string) map[string]string {
	const byID = "/dev/serial/by-id"
	names := map[string]string{}
	entries, err := os.ReadDir(filepath.Join(root, byID))
	if err != nil {
		return names // udev has made none
	}
	for _, e := range entries {
		if target, err := os.Readlink(filepath.Join(root, byID, e.Name())); err == nil {
			names[filepath.Base(target)] = filepath.Join(byID, e.Name())
		}
	}
	return names
}

// readLine reads a file of one short line.
func readLine(path string) (string, bool) {
	b, err := os.ReadFile(path)
	if err != nil {
		return "", false
	}
	// What a device says of itself ends in a terminal: no control characters.
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7F {
			return -1
		}
		return r
	}, strings.TrimSpace(string(b))), true
}
