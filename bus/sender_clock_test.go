package bus

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// A line that is slow for a while is told from a clock that was set, and from
// one that runs fast.
func TestSenderClock(t *testing.T) {
	const ms = int64(time.Millisecond)
	for _, tt := range []struct {
		name     string
		steady   bool
		sent     func(second int64) int64 // ms that the sender's clock is off
		late     func(second int64) int64 // ms
		want     func(second int64) int64 // ms
		slack    int64
		from, to int64 // seconds
	}{
		{"slow for two minutes", true, zero, among(60, 180, 1000), among(60, 180, 1000), 0, 0, 400},
		{"slower from now on", true, zero, among(60, 900, 300), among(60, 225, 300), 0, 0, 900},
		{"a quartz that is 100 ppm fast", true, func(s int64) int64 { return s / 10 }, zero, zero, 19, 0, 2000},
		{"set ahead by an hour", false, among(60, 900, 3600_000), zero, zero, 0, 0, 300},
		{"set back by an hour", false, among(60, 900, -3600_000), zero, zero, 0, 63, 300},
		{"a machine that stood still for a minute", true, among(60, 900, -60_000), zero, zero, 0, 120, 300},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var c senderClock
			for s := range tt.to {
				at := hour + s*1000*ms
				got, errorNs := c.late(at+tt.sent(s)*ms+hour, at+tt.late(s)*ms, tt.steady)
				if off := got - tt.want(s)*ms; s >= tt.from && (off < -tt.slack*ms || off > tt.slack*ms) {
					t.Fatalf("second %d: %v late", s, time.Duration(got))
				}
				if errorNs < fastestErrorNs || errorNs > fastestErrorNs+4*spreadNs {
					t.Fatalf("second %d: off by %v", s, time.Duration(errorNs))
				}
			}
		})
	}
}

func zero(int64) int64 { return 0 }

func among(from, to, ms int64) func(int64) int64 {
	return func(s int64) int64 {
		if s >= from && s < to {
			return ms
		}
		return 0
	}
}

// Behind a silence nothing is known to have changed, up to ten minutes.
func TestSenderClockAfterASilence(t *testing.T) {
	for _, tt := range []struct{ silence, want time.Duration }{
		{time.Minute, 900 * time.Millisecond},
		{9 * time.Minute, 900 * time.Millisecond},
		{11 * time.Minute, 0},
	} {
		var c senderClock
		for s := range int64(60) {
			c.late(hour+s*1e9, 2*hour+s*1e9, true)
		}
		at := 60*1e9 + int64(tt.silence)
		if got, _ := c.late(hour+at, 2*hour+at+9e8, true); got != int64(tt.want) {
			t.Errorf("after %v: %v late", tt.silence, time.Duration(got))
		}
	}
}

// The error holds for the delays that links have.
func TestSenderClockSaysHowFarItIsOff(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	all, outside := 0, 0
	for range 200 {
		var c senderClock
		least := rng.Int64N(int64(80 * time.Millisecond))
		for s := range int64(60) {
			late := least + rng.Int64N(int64(time.Second))
			got, errorNs := c.late(hour+s*1e9, 2*hour+s*1e9+late, true)
			all++
			if late-got > errorNs {
				outside++
			}
		}
	}
	if share := float64(outside) / float64(all); share > 0.05 {
		t.Errorf("%.3f are outside", share)
	}
}

// Whatever a sender says, no position is of the future, nor does anything
// overflow.
func FuzzSenderClock(f *testing.F) {
	for _, seed := range [][]int64{{1, 1}, {math.MaxInt64, 1, 1, math.MaxInt64}, {math.MinInt64, math.MinInt64}, {5e9, 6e9, 6e9, 9e9, 1, 12e9}} {
		var data []byte
		for _, v := range seed {
			data = binary.LittleEndian.AppendUint64(data, uint64(v))
		}
		f.Add(data, true)
		f.Add(data, false)
	}
	f.Fuzz(func(t *testing.T, data []byte, steady bool) {
		var c senderClock
		for ; len(data) >= 16; data = data[16:] {
			sent, arrived := int64(binary.LittleEndian.Uint64(data)), int64(binary.LittleEndian.Uint64(data[8:]))
			got, errorNs := c.late(sent, arrived, steady)
			if got < 0 || errorNs < fastestErrorNs || errorNs > fastestErrorNs+4*spreadNs {
				t.Fatalf("sent %d, arrived %d: %d late, off by %d", sent, arrived, got, errorNs)
			}
		}
	})
}
