package rest

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// answerOf is a server's record at a second, of drops in given seconds.
func answerOf(at int64, dropped map[int64]float64) dropRates {
	r := dropRates{AtSec: at, Minute: make([]float64, 60)}
	for s, n := range dropped {
		if s > at-60 && s <= at {
			r.Minute[s%60] = n
		}
	}
	return r
}

func TestDropsAreCountedOncePerSecond(t *testing.T) {
	dropped := map[int64]float64{999: 7, 1001: 10, 1002: 5, 1004: 3, 1070: 100}
	for _, tt := range []struct {
		name string
		at   []int64
		want []uint64
	}{
		{"from the first answer on", []int64{1000, 1001}, []uint64{0, 0}},
		{"only seconds that are over", []int64{1000, 1001, 1002, 1003, 1004, 1005}, []uint64{0, 0, 10, 15, 15, 18}},
		{"several at once", []int64{1000, 1010}, []uint64{0, 18}},
		{"the same second twice", []int64{1000, 1003, 1003}, []uint64{0, 15, 15}},
		{"no more than the server remembers", []int64{1000, 1071}, []uint64{0, 100}},
		{"a clock that was set back", []int64{1003, 1001, 1003}, []uint64{0, 0, 15}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var d drops
			got := make([]uint64, 0, len(tt.at))
			for _, at := range tt.at {
				got = append(got, d.add(answerOf(at, dropped)))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// What a server says it dropped becomes a number that does not fall, or an error.
func FuzzDrops(f *testing.F) {
	for _, r := range []dropRates{answerOf(1000, map[int64]float64{999: 7}), answerOf(1, nil), {}, {AtSec: 1 << 62, Minute: make([]float64, 60)}} {
		body, err := json.Marshal(map[string]any{"kismet.common.rrd.serial_time": r.AtSec, "kismet.common.rrd.minute_vec": r.Minute})
		if err != nil {
			f.Fatal(err)
		}
		f.Add(body, body)
	}
	f.Add([]byte(`{"kismet.common.rrd.minute_vec":null}`), []byte(`[]`))
	f.Fuzz(func(t *testing.T, first, second []byte) {
		var d drops
		for _, body := range [][]byte{first, second} {
			r, err := parseDrops(body)
			if err != nil {
				continue
			}
			before := d.total
			if got := d.add(r); got < before || got-before > 60*mostDrops {
				t.Errorf("%d drops became %d", before, got)
			}
		}
	})
}
