package hop_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/sensord/sensord/capture"
	"github.com/sensord/sensord/capture/hop"
)

const (
	ms     = time.Millisecond
	period = 200 * ms // of five hops per second
)

// band returns channels of n numbers from a frequency on, 5 MHz apart.
func band(freq, n int) []capture.Channel {
	out := make([]capture.Channel, n)
	for i := range out {
		out[i].FreqMHz = freq + 5*i
	}
	return out
}

func spell(cs []capture.Channel) string {
	if len(cs) > 1 && cs[len(cs)-1].FreqMHz-cs[0].FreqMHz == 5*(len(cs)-1) {
		return fmt.Sprintf("%d+%d", cs[0].FreqMHz, len(cs))
	}
	var s []int
	for _, c := range cs {
		s = append(s, c.FreqMHz)
	}
	return fmt.Sprint(s)
}

func TestSplit(t *testing.T) {
	low, high := band(2412, 13), band(5180, 25)
	all := slices.Concat(low, high)
	for _, tc := range []struct {
		name   string
		list   []capture.Channel
		radios []hop.SplitRadio
		want   []string
		nobody int
	}{
		{"no radios", all, nil, nil, 38},
		{"one radio", all, []hop.SplitRadio{{Channels: all}}, []string{spell(all)}, 0},
		{"no channels", nil, []hop.SplitRadio{{Channels: all}}, []string{"[]"}, 0},
		{"two alike", all, []hop.SplitRadio{{Channels: all}, {Channels: all}}, []string{spell(all[:19]), spell(all[19:])}, 0},
		{
			"one of 2.4 GHz only",
			all,
			[]hop.SplitRadio{{Channels: low}, {Channels: all}},
			[]string{"2412+13", "5180+25"},
			0,
		},
		{
			"the one with more bands helps out",
			slices.Concat(low, high[:5]),
			[]hop.SplitRadio{{Channels: low}, {Channels: all}},
			[]string{"2412+9", spell(slices.Concat(low[9:], high[:5]))},
			0,
		},
		{
			"half as fast",
			band(2412, 12),
			[]hop.SplitRadio{{Channels: all, Period: 50 * ms, Switch: 10 * ms}, {Channels: all, Period: 50 * ms, Switch: 90 * ms}},
			[]string{"2412+8", "2452+4"},
			0,
		},
		{
			"slow, but not as slow as the plan",
			band(2412, 12),
			[]hop.SplitRadio{{Channels: all, Switch: 1 * ms}, {Channels: all, Switch: 90 * ms}},
			[]string{"2412+6", "2442+6"},
			0,
		},
		{"none can", high, []hop.SplitRadio{{Channels: low}}, []string{"[]"}, 25},
		{"twice in the list", slices.Concat(low[:2], low[:2]), []hop.SplitRadio{{Channels: all}}, []string{"2412+2"}, 0},
		{
			"more radios than channels",
			low[:3],
			[]hop.SplitRadio{{Channels: all}, {Channels: all}, {Channels: all}, {Channels: all}, {Channels: low[:2]}, {Channels: high}},
			[]string{"[2422]", "[2412]", "[2417]", "2412+3 extra from 0", "2412+2 extra from 1", "[]"},
			0,
		},
		{
			"too slow to be of help",
			low[:4],
			[]hop.SplitRadio{{Channels: all}, {Channels: all, Switch: 5 * time.Second}},
			[]string{"2412+4", "2412+4 extra from 2"},
			0,
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			shares, nobody := hop.Split(tc.list, tc.radios)
			var got []string
			for _, s := range shares {
				text := spell(s.Channels)
				if s.Extra {
					text += fmt.Sprintf(" extra from %d", s.Offset)
				}
				got = append(got, text)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("shares (-want +got):\n%s", diff)
			}
			if len(nobody) != tc.nobody {
				t.Errorf("nobody's are %v", nobody)
			}
		})
	}
}

// drawSplit is a list and radios, each with some of it or some of a band.
func drawSplit(t *rapid.T, maxChannels, maxRadios int) ([]capture.Channel, []hop.SplitRadio) {
	n := rapid.IntRange(0, maxChannels).Draw(t, "channels")
	bands := [][]capture.Channel{band(2412, (n+2)/3), band(5180, (n+1)/3), band(5955, n/3)}
	list := slices.Concat(bands...)
	radios := make([]hop.SplitRadio, rapid.IntRange(1, maxRadios).Draw(t, "radios"))
	for i := range radios {
		r := &radios[i]
		r.Switch = time.Duration(rapid.IntRange(0, 400).Draw(t, "switch")) * ms
		for _, b := range bands {
			if rapid.Bool().Draw(t, "band") {
				r.Channels = append(r.Channels, b...)
			}
		}
		if rapid.IntRange(0, 4).Draw(t, "odd") == 0 {
			for _, c := range list {
				if rapid.Bool().Draw(t, "can") && !slices.Contains(r.Channels, c) {
					r.Channels = append(r.Channels, c)
				}
			}
		}
	}
	return list, radios
}

func hopTime(r hop.SplitRadio) time.Duration { return max(period, r.Switch+hop.MinDwell) }

// longest is the longest cycle of a division.
func longest(shares []hop.Share, radios []hop.SplitRadio) time.Duration {
	var most time.Duration
	for i, s := range shares {
		if !s.Extra {
			most = max(most, time.Duration(len(s.Channels))*hopTime(radios[i]))
		}
	}
	return most
}

func TestSplitGivesEachChannelToOneThatCan(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		list, radios := drawSplit(t, 120, 6)
		shares, nobody := hop.Split(list, radios)
		if again, _ := hop.Split(list, radios); !cmp.Equal(shares, again) {
			t.Errorf("the second time it is another:\n%s", cmp.Diff(shares, again))
		}
		given := map[capture.Channel]int{}
		for _, c := range nobody {
			given[c]++
		}
		for i, s := range shares {
			for k, c := range s.Channels {
				if !slices.Contains(radios[i].Channels, c) {
					t.Errorf("radio %d gets %v, which it cannot", i, c)
				}
				if k > 0 && slices.Index(list, s.Channels[k-1]) >= slices.Index(list, c) {
					t.Errorf("radio %d: %v is not in the list's order", i, s.Channels)
				}
				if !s.Extra {
					given[c]++
				}
			}
			if len(s.Channels) == 0 && slices.ContainsFunc(list, func(c capture.Channel) bool { return slices.Contains(radios[i].Channels, c) }) {
				t.Errorf("radio %d has nothing to do", i)
			}
			if s.Extra && s.Offset >= len(s.Channels) {
				t.Errorf("radio %d begins at %d of %d", i, s.Offset, len(s.Channels))
			}
		}
		for _, c := range list {
			if given[c] != 1 {
				t.Errorf("%v is given %d times", c, given[c])
			}
		}
	})
}

// shortest tries every division and returns the shortest longest cycle.
func shortest(list []capture.Channel, radios []hop.SplitRadio, counts []int) time.Duration {
	if len(list) == 0 {
		var most time.Duration
		for i, n := range counts {
			most = max(most, time.Duration(n)*hopTime(radios[i]))
		}
		return most
	}
	best, able := time.Duration(-1), false
	for i, r := range radios {
		if !slices.Contains(r.Channels, list[0]) {
			continue
		}
		able = true
		counts[i]++
		if d := shortest(list[1:], radios, counts); best < 0 || d < best {
			best = d
		}
		counts[i]--
	}
	if !able {
		return shortest(list[1:], radios, counts)
	}
	return best
}

func TestSplitIsAsShortAsCanBe(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		list, radios := drawSplit(t, 7, 3)
		shares, _ := hop.Split(list, radios)
		want := shortest(list, radios, make([]int, len(radios)))
		if got := longest(shares, radios); got != want {
			t.Errorf("longest cycle %v, could be %v", got, want)
		}
	})
}

// owners is who has each channel.
func owners(shares []hop.Share) map[capture.Channel]int {
	out := map[capture.Channel]int{}
	for i, s := range shares {
		for _, c := range s.Channels {
			if !s.Extra {
				out[c] = i
			}
		}
	}
	return out
}

func TestSplitIsStable(t *testing.T) {
	worst := 0.0
	rapid.Check(t, func(t *rapid.T) {
		list, radios := drawSplit(t, 120, 4)
		before, _ := hop.Split(list, radios)
		change := rapid.IntRange(0, 2).Draw(t, "change")
		slower := slices.Clone(radios)
		changed := slices.Clone(list)
		switch {
		case change == 0 && len(list) > 0: // a channel less
			i := rapid.IntRange(0, len(list)-1).Draw(t, "without")
			changed = slices.Delete(changed, i, i+1)
		case change == 1: // a channel more, that all can
			extra := capture.Channel{FreqMHz: 5000}
			changed = append(changed, extra)
			for i := range slower {
				slower[i].Channels = append(slices.Clone(slower[i].Channels), extra)
			}
		default: // a radio somewhat slower
			slower[0].Switch += 3 * ms
		}
		after, _ := hop.Split(changed, slower)
		moved, was := 0, owners(before)
		for c, r := range owners(after) {
			if old, ok := was[c]; ok && old != r {
				moved++
			}
		}
		worst = max(worst, float64(moved))
		if moved > 12 {
			t.Errorf("%d of %d channels moved", moved, len(list))
		}
	})
	t.Logf("at most %v channels moved", worst)
}
