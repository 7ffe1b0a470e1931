package hop_test

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/capture/hop"
)

// list returns n different channels, neighbours in frequency.
func list(n int) []capture.Channel {
	out := make([]capture.Channel, n)
	for i := range out {
		out[i] = capture.Channel{FreqMHz: 2412 + 5*i}
	}
	return out
}

// Kismet 2025-09 misses channels of 32 of these 119 lists with its step of 4.
func TestEveryListIsWalkedWhole(t *testing.T) {
	sizes := []int{1, 1000}
	for n := 2; n <= 120; n++ {
		sizes = append(sizes, n)
	}
	for _, n := range sizes {
		offsets := []int{-1, -n, n, n + 3, math.MaxInt, math.MinInt}
		skips := []int{-3, n, n + 7, math.MaxInt, math.MinInt}
		for i := range min(n, 120) {
			offsets = append(offsets, i)
			skips = append(skips, i)
		}
		seen := make([]int, n)
		round := 0
		channels := list(n)
		for _, shuffle := range []bool{false, true} {
			for _, skip := range skips {
				for _, offset := range offsets {
					round++
					p := hop.Plan{Channels: channels, Rate: 5, Shuffle: shuffle, Skip: skip, Offset: offset}
					order := p.Order()
					different := 0
					for _, i := range order {
						if seen[i] != round {
							seen[i] = round
							different++
						}
					}
					if len(order) != n || different != n {
						t.Fatalf("%d channels, shuffle %v, skip %d, offset %d: order %v", n, shuffle, skip, offset, order)
					}
					if want := (offset%n + n) % n; order[0] != want {
						t.Fatalf("%d channels, offset %d: begins at %d", n, offset, order[0])
					}
				}
				if !shuffle {
					break
				}
			}
		}
	}
}

func TestNeighboursAreApart(t *testing.T) {
	for n := 1; n <= 1000; n++ {
		for _, skip := range []int{0, 2, 3, 4, 5, 9, n / 2, n - 1, n, 5000} {
			order := hop.Plan{Channels: list(n), Shuffle: true, Skip: skip}.Order()
			if n < 5 || n == 6 || skip == 1 {
				continue // cannot be, or shall not
			}
			for k, i := range order {
				next := order[(k+1)%n]
				if d := next - i; d == 1 || d == -1 {
					t.Fatalf("%d channels, skip %d: %d is followed by %d", n, skip, i, next)
				}
			}
		}
	}
}

func TestStride(t *testing.T) {
	for _, tc := range []struct {
		n, skip, want int
	}{
		{0, 0, 1},
		{1, 0, 1},
		{3, 0, 1},
		{5, 0, 3},
		{6, 0, 1},
		{7, 0, 4},
		{8, 0, 5},
		{11, 0, 4},
		{14, 0, 5},
		{24, 0, 5},
		{38, 0, 5},
		{40, 4, 3},
		{120, 4, 7},
		{30, 4, 7},
		{30, 1, 1},
		{14, 100, 11},
		{14, 7, 9},
	} {
		p := hop.Plan{Channels: list(tc.n), Shuffle: true, Skip: tc.skip}
		if got := p.Stride(); got != tc.want {
			t.Errorf("%d channels, skip %d: stride %d, want %d", tc.n, tc.skip, got, tc.want)
		}
		if p.Shuffle = false; p.Stride() != 1 {
			t.Errorf("%d channels in order: stride %d", tc.n, p.Stride())
		}
	}
}

func TestPlanTimes(t *testing.T) {
	type times struct{ Period, Cycle time.Duration }
	for _, tc := range []struct {
		n        int
		rate     float64
		adaptive bool
		want     times
	}{
		{38, 10, false, times{100 * time.Millisecond, 3800 * time.Millisecond}},
		{38, 10, true, times{100 * time.Millisecond, 7600 * time.Millisecond}},
		{1, 5, true, times{200 * time.Millisecond, 200 * time.Millisecond}},
		{0, 5, false, times{200 * time.Millisecond, 0}},
		{3, 1.0 / 60, false, times{time.Minute, 3 * time.Minute}},
		{3, 100, false, times{10 * time.Millisecond, 30 * time.Millisecond}},
		{3, 1e9, false, times{10 * time.Millisecond, 30 * time.Millisecond}},
		{3, math.Inf(1), false, times{10 * time.Millisecond, 30 * time.Millisecond}},
		{3, 1e-30, false, times{24 * time.Hour, 72 * time.Hour}},
		{3, 0, true, times{}},
		{3, -1, false, times{}},
		{3, math.NaN(), false, times{}},
		{200_000, 1e-30, false, times{24 * time.Hour, math.MaxInt64}},
	} {
		t.Run(fmt.Sprint(tc.n, tc.rate, tc.adaptive), func(t *testing.T) {
			p := hop.Plan{Channels: list(tc.n), Rate: tc.rate, Adaptive: tc.adaptive}
			if diff := cmp.Diff(tc.want, times{p.Period(), p.Cycle()}); diff != "" {
				t.Errorf("times (-want +got):\n%s", diff)
			}
		})
	}
}
