//go:build linux

// Package vmtest is for VM tests: it makes radios of software
// (mac80211_hwsim), access points on them (hostapd), sends and receives frames
// beside the code under test, and does to radios what happens to them in the
// field.
//
// A VM test is a function TestVM... in a file *_vm_test.go with the build tag
// vm. .ci/vm runs all of them as root in one QEMU machine, a package after the
// other, with iw, hostapd and /bin/sensord in it, the package's testdata below
// the working directory, and no network but lo. A test finds the regulatory
// domain US, which has 2.4, 5 and 6 GHz, and no radio: it makes its own. What
// it makes goes away with it. The machine is emulated and slow: nothing in it
// may depend on how long something takes.
//
//	func TestVMBeacons(t *testing.T) {
//		ap := vmtest.StartAP(t, vmtest.NewRadio(t, vmtest.RadioOptions{}), vmtest.APOptions{SSID: "roof", Channel: vmtest.Channel(6)})
//		radio := vmtest.NewRadio(t, vmtest.RadioOptions{})
//		... radio.Interface, radio.Phy, ap.BSSID
//	}
//
// Functions that take a testing.TB end the test when they fail, so they belong
// into its own goroutine. None is safe for concurrent use with the same radio.
// Radios and interfaces are watched and changed with iw, sysfs and ioctl, never
// with sensord's packages, so that these can be compared with it.
package vmtest
