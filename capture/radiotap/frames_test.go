package radiotap_test

import (
	"encoding/hex"
	"strings"
	"testing"
)

// Radiotap headers.
const (
	// One presence word: TSFT, flags, rate, channel, signal, antenna, RX flags.
	headHwsim = "00 00 1a 00 2f 48 00 00 8877665544332211 00 02 6c09 a000 e2 00 0000"
	// mac80211 with two chains: TSFT, flags, rate, channel, signal, RX flags,
	// MCS, then signal and antenna of each chain.
	headChains = "00 00 26 00 2f 40 00 a0 20 08 00 a0 20 08 00 00 8877665544332211 10 0c 3c14 4001 bd 00 0000 0000 bc 00 c1 01"
)

// 802.11 frames, addresses 020000000001 to ...04 in the order of the header.
const (
	a1, a2, a3, a4   = "020000000001", "020000000002", "020000000003", "020000000004"
	frameBeacon      = "8000 0000 ffffffffffff " + a2 + a2 + "1000 0000000000000000 6400 1104 0000"
	frameQoSToDS     = "8801 2c00 " + a1 + a2 + a3 + "1000 0600 aaaa0300000008004500"
	frameFourAddress = "0803 2c00 " + a1 + a2 + a3 + "1000 " + a4 + " aaaa0300000008004500"
	frameACK         = "d400 0000 " + a1
)

func unhex(tb testing.TB, s string) []byte {
	tb.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		tb.Fatal(err)
	}
	return b
}
