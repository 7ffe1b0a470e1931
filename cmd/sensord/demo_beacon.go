package main

import (
	"bufio"
	"encoding/binary"
	"io"
	"math/rand/v2"
	"time"
)

// accessPoint is one of the fictitious stations of the demo's capture.
type accessPoint struct {
	ssid    string // empty is hidden
	channel uint8
	open    bool
	signal  int // dBm, on average
}

// neighbourhood returns who is on air around a demo.
func neighbourhood() []accessPoint {
	return []accessPoint{
		{ssid: "Cafe Lumen", channel: 1, open: true, signal: -48},
		{ssid: "Cafe Lumen Staff", channel: 1, signal: -49},
		{ssid: "heron-42", channel: 1, signal: -77},
		{ssid: "Hotel Meridian", channel: 6, open: true, signal: -61},
		{ssid: "Hotel Meridian Office", channel: 6, signal: -63},
		{ssid: "printer-setup", channel: 6, open: true, signal: -83},
		{ssid: "", channel: 11, signal: -70},
		{ssid: "Waterfront Free WiFi", channel: 11, open: true, signal: -66},
		{ssid: "heron-42-5G", channel: 36, signal: -80},
		{ssid: "Hotel Meridian", channel: 44, open: true, signal: -58},
		{ssid: "Studio Nord", channel: 52, signal: -74},
		{ssid: "Cafe Lumen", channel: 149, open: true, signal: -52},
	}
}

// beaconInterval is 100 time units of 1 024 us, as nearly everywhere.
const beaconInterval = 102_400 * time.Microsecond

// writeBeacons writes a pcap file of n beacons with radiotap headers: those of
// a handful of stations in turn, 102.4 ms apart each, with signals that change
// as those of a sensor that moves do. It is the same each time.
func writeBeacons(w io.Writer, n int) error {
	le := binary.LittleEndian
	buf := le.AppendUint32(nil, 0xa1b23c4d) // times in nanoseconds
	buf = le.AppendUint16(buf, 2)
	buf = le.AppendUint16(buf, 4)
	buf = append(buf, make([]byte, 8)...) // time zone and accuracy: unused
	buf = le.AppendUint32(buf, 65535)     // longest frame
	buf = le.AppendUint32(buf, 127)       // radiotap

	out := bufio.NewWriterSize(w, 64<<10)
	stations := neighbourhood()
	random := rand.New(rand.NewPCG(1, 2))
	start := time.Date(2026, time.May, 1, 10, 0, 0, 0, time.UTC).UnixNano()
	step := int64(beaconInterval) / int64(len(stations))
	for i := range n {
		at := start + int64(i)*step + random.Int64N(step/2)
		ap, round := i%len(stations), i/len(stations)
		frame := stations[ap].beacon(ap, round, at-start, random)
		buf = le.AppendUint32(buf, uint32(at/1e9))
		buf = le.AppendUint32(buf, uint32(at%1e9))
		buf = le.AppendUint32(buf, uint32(len(frame)))
		buf = le.AppendUint32(buf, uint32(len(frame)))
		buf = append(buf, frame...)
		if _, err := out.Write(buf); err != nil {
			return err
		}
		buf = buf[:0]
	}
	return out.Flush()
}

// beacon is a station's beacon number round, heard ns after the start.
func (ap *accessPoint) beacon(index, round int, ns int64, random *rand.Rand) []byte {
	le := binary.LittleEndian
	// Radiotap: TSFT, flags, rate, channel, signal, noise, antenna.
	ap.signal += random.IntN(3) - 1
	ap.signal = min(max(ap.signal, -92), -38)
	rate, band := byte(2), uint16(0x00a0) // 1 Mbit/s, CCK in 2.4 GHz
	if ap.channel > 14 {
		rate, band = 12, 0x0140 // 6 Mbit/s, OFDM in 5 GHz
	}
	b := []byte{0, 0, 25, 0}
	b = le.AppendUint32(b, 1<<0|1<<1|1<<2|1<<3|1<<5|1<<6|1<<11)
	b = le.AppendUint64(b, uint64(ns/1000))
	b = append(b, 0, rate)
	b = le.AppendUint16(b, frequency(ap.channel))
	b = le.AppendUint16(b, band)
	b = append(b, byte(int8(ap.signal)), byte(0xa1), 0) // noise -95 dBm

	bssid := [6]byte{0x02, 0x53, 0x45, 0x4e, 0x00, byte(index + 1)} // locally administered: nobody's
	b = append(b, 0x80, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff)
	b = append(b, bssid[:]...)
	b = append(b, bssid[:]...)
	b = le.AppendUint16(b, uint16(round&0xfff)<<4)
	b = le.AppendUint64(b, uint64(index+1)*86_400_000_000+uint64(ns/1000))
	b = le.AppendUint16(b, 100)
	return ap.elements(b)
}

// elements appends the capabilities and what follows them in a beacon.
func (ap *accessPoint) elements(b []byte) []byte {
	capabilities := uint16(0x0411) // station of an ESS, privacy, short slots
	if ap.open {
		capabilities = 0x0401
	}
	b = binary.LittleEndian.AppendUint16(b, capabilities)
	b = append(b, 0, byte(len(ap.ssid)))
	b = append(b, ap.ssid...)
	b = append(b, 1, 8, 0x82, 0x84, 0x8b, 0x96, 0x0c, 0x12, 0x18, 0x24) // rates
	b = append(b, 3, 1, ap.channel)
	b = append(b, 5, 4, 0, 1, 0, 0) // traffic map
	if !ap.open {                   // WPA2 with a pre-shared key, CCMP
		b = append(b, 48, 20, 1, 0, 0, 0x0f, 0xac, 4, 1, 0, 0, 0x0f, 0xac, 4, 1, 0, 0, 0x0f, 0xac, 2, 0, 0)
	}
	b = append(b, 61, 22, ap.channel) // HT operation
	return append(b, make([]byte, 21)...)
}

// frequency returns a channel's frequency in MHz.
func frequency(channel uint8) uint16 {
	if channel > 14 {
		return 5000 + 5*uint16(channel)
	}
	return 2407 + 5*uint16(channel)
}
