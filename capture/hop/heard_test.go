package hop_test

import (
	"encoding/binary"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/capture/hop"
	"github.com/sensord/sensord/internal/fault"
)

// A heard is a frame at a time since the test began.
type heard struct {
	at       time.Duration
	freq     int // 0: not told
	from     int // the transmitter
	badFCS   bool
	linkType capture.LinkType // 0: radiotap
}

// beacon is the frame's bytes: radiotap with flags and channel, then the
// header of a beacon.
func (h heard) beacon() []byte {
	var b []byte
	if h.linkType == 0 || h.linkType == capture.LinkTypeRadiotap {
		b = []byte{0, 0, 14, 0, 0x0a, 0, 0, 0, 0, 0, 0, 0, 0, 0}
		if h.badFCS {
			b[8] = 0x40
		}
		if h.freq == 0 {
			b[4] = 0x02
		}
		binary.LittleEndian.PutUint16(b[10:], uint16(h.freq))
	}
	b = append(b, 0x80, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff)
	ta := binary.BigEndian.AppendUint64(nil, uint64(h.from)<<8)
	ta[1] = 2
	b = append(b, ta[1:7]...)
	b = append(b, ta[1:7]...)
	return append(b, 0, 0, 1, 2, 3, 4)
}

// bootOffset is the wall clock less the boot clock in these tests.
var bootOffset = epoch.Add(-time.Hour).UnixNano()

// batch is one with the frames heard, up to as many as fit.
func batch(frames ...heard) *capture.Batch {
	b := capture.NewBatch()
	b.ClockOffsetNs = bootOffset
	for _, h := range frames {
		lt := h.linkType
		if lt == 0 {
			lt = capture.LinkTypeRadiotap
		}
		b.Append(epoch.Add(h.at).UnixNano(), lt, 0, h.beacon())
	}
	return b
}

func hear(c *hop.Coverage, frames ...heard) {
	b := batch(frames...)
	c.Heard(b)
	b.Release()
}

// boottime is the boot clock of these tests.
func boottime() int64 { return time.Now().UnixNano() - bootOffset }

// counts is what a snapshot has for each channel: frames, and transmitters.
func counts(s hop.Snapshot) map[string][2]int {
	out := map[string][2]int{}
	for _, c := range s.Channels {
		if c.Frames > 0 {
			out[c.Name] = [2]int{int(c.Frames), c.Transmitters}
		}
	}
	if s.Unknown > 0 {
		out["unknown"] = [2]int{int(s.Unknown)}
	}
	return out
}

// walked runs a plan of channels 1, 6 and 6HT40+ at one hop a second for 5 s,
// tuning in 40 ms, and returns the coverage.
func walked(t *testing.T, boottime func() int64) *hop.Coverage {
	c := hop.NewCoverage(boottime)
	six := capture.Channel{FreqMHz: 2437, Width: capture.Width40, CenterMHz: 2447}
	plan := hop.Plan{Channels: []capture.Channel{{FreqMHz: 2412}, {FreqMHz: 2437}, six}, Rate: 1}
	radio := &tuner{takes: func(int) time.Duration { return 40 * time.Millisecond }}
	h := hop.New(plan, radio, c, nil)
	done := make(chan error, 1)
	go func() { done <- h.Run(t.Context()) }()
	t.Cleanup(func() {
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	wait(4900 * time.Millisecond)
	return c
}

// The radio is on 1 from 40 ms, on 6 from 1040, on 6HT40+ from 2040, on 1 from
// 3040, on 6 from 4040 ms.
func TestFramesFindTheirChannel(t *testing.T) {
	const ms = time.Millisecond
	for _, tc := range []struct {
		name   string
		frames []heard
		want   map[string][2]int
	}{
		{"by time", []heard{{at: 500 * ms}, {at: 1500 * ms}, {at: 2500 * ms}, {at: 3500 * ms}, {at: 4500 * ms}}, map[string][2]int{"1": {2, 0}, "6": {2, 1}, "6HT40+": {1, 0}}},
		{"by time, where the frequency is the same", []heard{{at: 1500 * ms, freq: 2437, from: 1}, {at: 2500 * ms, freq: 2437, from: 2}}, map[string][2]int{"6": {1, 1}, "6HT40+": {1, 1}}},
		{"in any order", []heard{{at: 4500 * ms, from: 1}, {at: 500 * ms, from: 2}, {at: 2500 * ms, from: 3}, {at: 4500 * ms, from: 4}}, map[string][2]int{"1": {1, 1}, "6": {2, 2}, "6HT40+": {1, 1}}},
		{"before the first tune", []heard{{at: -10 * ms}, {at: 10 * ms}}, map[string][2]int{"unknown": {2}}},
		{"during the first tune, already there", []heard{{at: 30 * ms, freq: 2412}}, map[string][2]int{"1": {1, 1}}},
		{"while it moves, it was still there", []heard{{at: 1020 * ms}}, map[string][2]int{"1": {1, 1}}},
		{"while it moves, and is there already", []heard{{at: 1020 * ms, freq: 2437}}, map[string][2]int{"6": {1, 1}}},
		{"seen by the kernel after the hop", []heard{{at: 1060 * ms, freq: 2412}}, map[string][2]int{"1": {1, 1}}},
		{"seen by the kernel before the hop", []heard{{at: 990 * ms, freq: 2437}}, map[string][2]int{"6": {1, 1}}},
		{"next to its channel, as strong ones are", []heard{{at: 1500 * ms, freq: 2412}, {at: 1500 * ms, freq: 2447}}, map[string][2]int{"6": {2, 1}}},
		{"without a link header", []heard{{at: 1500 * ms, linkType: capture.LinkTypeIEEE80211}}, map[string][2]int{"6": {1, 1}}},
		{"in a link header that is not read", []heard{{at: 1500 * ms, linkType: capture.LinkTypePPI}}, map[string][2]int{"6": {1, 0}}},
		{"damaged: from nobody", []heard{{at: 1500 * ms, badFCS: true, from: 7}}, map[string][2]int{"6": {1, 0}}},
		{"of one transmitter", []heard{{at: 1500 * ms}, {at: 1600 * ms}, {at: 3500 * ms}}, map[string][2]int{"1": {1, 1}, "6": {2, 0}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			for _, clock := range []func() int64{nil, boottime} {
				synctest.Test(t, func(t *testing.T) {
					c := walked(t, clock)
					hear(c, tc.frames...)
					if diff := cmp.Diff(tc.want, counts(c.Snapshot())); diff != "" {
						t.Errorf("frames and transmitters (-want +got):\n%s", diff)
					}
				})
			}
		})
	}
}

func TestFramesFindTheirChannelWhenTheClockIsSet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := walked(t, boottime)
		b := capture.NewBatch()
		defer b.Release()
		const step = int64(20 * 365 * 24 * time.Hour)
		b.ClockOffsetNs = bootOffset + step
		b.Append(epoch.Add(1500*time.Millisecond).UnixNano()+step, capture.LinkTypeRadiotap, 0, heard{}.beacon())
		c.Heard(b)
		if diff := cmp.Diff(map[string][2]int{"6": {1, 1}}, counts(c.Snapshot())); diff != "" {
			t.Errorf("frames and transmitters (-want +got):\n%s", diff)
		}
	})
}

func TestFramesOfNoClockHaveOnlyTheirFrequency(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := walked(t, boottime)
		b := capture.NewBatch()
		defer b.Release()
		for _, freq := range []int{2412, 2437, 5180, 0} {
			b.Append(1e18, capture.LinkTypeRadiotap, 0, heard{freq: freq}.beacon())
		}
		c.Heard(b)
		if diff := cmp.Diff(map[string][2]int{"1": {1, 0}, "6": {1, 1}, "unknown": {2}}, counts(c.Snapshot())); diff != "" {
			t.Errorf("frames and transmitters (-want +got):\n%s", diff)
		}
	})
}

func TestFramesWhileNobodyKnowsTheChannel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := start(t, hop.Plan{Channels: list(3), Rate: 1}, &tuner{fails: func(i int, _ capture.Channel) error {
			if i == 0 || i > 3 {
				return nil
			}
			return fault.New(fault.RadioDriver, "wlan0", errors.New(strings.Repeat("ü", 200)))
		}})
		wait(3 * time.Second)
		hear(r.cover, heard{at: 500 * time.Millisecond}, heard{at: 1500 * time.Millisecond})
		s := r.cover.Snapshot()
		if diff := cmp.Diff(map[string][2]int{"1": {1, 1}, "unknown": {1}}, counts(s)); diff != "" {
			t.Errorf("frames and transmitters (-want +got):\n%s", diff)
		}
		if s.Channels[0].Dwell != time.Second {
			t.Errorf("dwell %v", s.Channels[0].Dwell)
		}
		if text := s.Channels[1].LastError; len(text) > 204 || !strings.HasSuffix(text, "ü…") {
			t.Errorf("last error %q", text)
		}
	})
}
