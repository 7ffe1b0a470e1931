//go:build linux

package vmtest

import (
	"bytes"
	"encoding/binary"
	"net"
)

// Beacon is the beacon of an access point, as Inject takes it: 802.11 frame
// control to body, without FCS.
func Beacon(ssid string, bssid net.HardwareAddr, channel int) []byte {
	b := []byte{0x80, 0, 0, 0}
	b = append(b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff)
	b = append(b, bssid...)
	b = append(b, bssid...)
	b = append(b, 0, 0)                          // sequence, set by the radio
	b = append(b, 0, 0, 0, 0, 0, 0, 0, 0)        // its clock
	b = binary.LittleEndian.AppendUint16(b, 100) // interval
	b = binary.LittleEndian.AppendUint16(b, 1)   // an access point
	b = append(append(b, 0, byte(len(ssid))), ssid...)
	b = append(b, 1, 4, 0x82, 0x84, 0x8b, 0x96) // rates
	return append(b, 3, 1, byte(channel))
}

// Data is a data frame from a station to its access point, of 24 bytes of
// header and this payload.
func Data(bssid, from, to net.HardwareAddr, payload []byte) []byte {
	b := []byte{0x08, 0x01, 0, 0}
	b = append(b, bssid...)
	b = append(b, from...)
	b = append(b, to...)
	return append(append(b, 0, 0), payload...)
}

// BeaconOf reports whether a frame is a beacon, and whose: transmitter and SSID.
func BeaconOf(body []byte) (from net.HardwareAddr, ssid string, ok bool) {
	const elements = 24 + 12
	if len(body) < elements+2 || body[0] != 0x80 {
		return nil, "", false
	}
	from = net.HardwareAddr(bytes.Clone(body[10:16]))
	if length := int(body[elements+1]); body[elements] == 0 && len(body) >= elements+2+length {
		ssid = string(body[elements+2 : elements+2+length])
	}
	return from, ssid, true
}
