package feed

import (
	"bytes"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sensord/sensord/gps"
	"github.com/sensord/sensord/gps/nmea"
	"github.com/sensord/sensord/internal/fault"
)

// A hall is a hearer inside a bubble, and what it told.
type hall struct {
	*hearer

	t       *testing.T
	notices []string
}

func newHall(t *testing.T) *hall {
	t.Helper()
	r, err := New(Options{Kind: UDP, Now: func() int64 { return 0 }})
	if err != nil {
		t.Fatal(err)
	}
	h := &hall{t: t}
	h.hearer = &hearer{r: r, lastByte: time.Now(), tell: func(e gps.Event) {
		if n, ok := e.(gps.Notice); ok {
			h.notices = append(h.notices, n.Device+": "+n.Text)
		}
	}}
	return h
}

func (h *hall) say(host int, text []byte) {
	h.t.Helper()
	addr := netip.MustParseAddrPort(fmt.Sprintf("192.0.2.%d:4444", host))
	h.hear(piece{addr: addr, data: text, at: time.Now()})
	if _, err := h.check(time.Now()); err != nil {
		h.t.Fatal(err)
	}
}

// until waits until the feed ends, as its own loop would, and returns when.
func (h *hall) until() (time.Duration, error) {
	begin := time.Now()
	for {
		due, err := h.check(time.Now())
		if err != nil {
			return time.Since(begin), err
		}
		<-time.After(time.Until(due))
	}
}

func sentence(n int) []byte {
	f := gps.NewFix()
	f.Mode, f.Lat, f.Lon, f.TimeNs = gps.Mode2D, 1, 2, int64(1_800_000_000+n)*1e9
	return nmea.AppendRMC(nil, "GP", f)
}

func TestSendersOfGarbageMakeRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHall(t)
		for s := range 11 {
			h.say(1, sentence(s))
			for host := 2; host <= 8; host++ {
				h.say(host, []byte("garbage"))
			}
			<-time.After(time.Second)
		}
		h.say(9, sentence(0))
		if len(h.senders) != maxSenders || h.senders[7].device != "192.0.2.9" || h.senders[0].device != "192.0.2.1" {
			t.Errorf("%s; notices %q", h.r.Detail(), h.notices)
		}
	})
}

func TestSendersThatReportStay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHall(t)
		for s := range 70 {
			for host := 1; host <= 8; host++ {
				h.say(host, sentence(s))
			}
			h.say(100+s, sentence(s))
			<-time.After(time.Second)
		}
		want := []string{
			"192.0.2.100: sender refused: there are 8 already",
			"192.0.2.160: 60 senders refused: there are 8 already",
		}
		if strings.Join(h.notices, "\n") != strings.Join(want, "\n") {
			t.Errorf("notices %q, want %q", h.notices, want)
		}
	})
}

func TestSendersAreForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHall(t)
		h.say(1, sentence(0))
		for s := range 61 {
			h.say(2, sentence(s))
			<-time.After(time.Second)
		}
		h.say(2, sentence(61))
		if got, want := h.r.Detail(), "from 192.0.2.2"; got != want {
			t.Errorf("detail %q, want %q", got, want)
		}
	})
}

func TestUDPEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHall(t)
		<-time.After(3 * time.Second)
		h.say(1, sentence(0))
		took, err := h.until()
		if took != 5*time.Second || fault.CodeOf(err) != fault.GPSSilent || err.Error() != "udp :10110: not one datagram in 5s" {
			t.Errorf("after %s: %v", took, err)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		h := newHall(t)
		h.say(2, sentence(0))
		for range 9 {
			<-time.After(time.Second)
			h.say(1, bytes.Repeat([]byte{0xB5, 0x62}, 50))
		}
		took, err := h.until()
		if took != time.Second || fault.CodeOf(err) != fault.GPSGarbled {
			t.Errorf("after %s: %v", took, err)
		}
		want := "udp :10110: 900 bytes in 10s from 192.0.2.2, 192.0.2.1, and no valid sentence among them; it looks like u-blox's binary protocol"
		if err.Error() != want || !strings.Contains(fault.RemedyOf(err), "gpsctl") {
			t.Errorf("%q, want %q; %q", err, want, fault.RemedyOf(err))
		}
	})
}

// Datagrams without a checksum, with a line end or without, are what they are
// before they have been too many.
func TestUDPWithoutChecksums(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, end := range []string{"\r\n", ""} {
			h := newHall(t)
			bare := append(bytes.TrimRight(sentence(0), "\r\n0123456789ABCDEF*"), end...)
			h.say(1, bare)
			came, err := h.r.Came()
			if want := "and no valid sentence among them; it is NMEA, and its checksums are missing"; !came || err == nil || !strings.HasSuffix(err.Error(), want) {
				t.Errorf("%v, %v", came, err)
			}
			took, err := h.until()
			want := fmt.Sprintf("udp :10110: %d bytes from 192.0.2.1, no valid sentence among them, and then nothing in 5s; it is NMEA, and its checksums are missing", len(bare))
			if took != 5*time.Second || fault.CodeOf(err) != fault.GPSGarbled || err.Error() != want || !strings.Contains(fault.RemedyOf(err), "checksum: optional") {
				t.Errorf("after %s: %v; %s", took, err, fault.RemedyOf(err))
			}
			h.say(1, sentence(0))
			if came, err := h.r.Came(); !came || err != nil {
				t.Errorf("%v, %v of a sentence", came, err)
			}
		}
	})
}
